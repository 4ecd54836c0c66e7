#include "circuits/detail/circuit_unpack.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <memory>

namespace codex::circuits::detail {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;

constexpr std::array<std::string_view, kCircuitFiles> kNames = {
    "proof_main.r1cs", "proof_main.wasm", "proof_main.bin", "proof_main_verification_key.json",
    "proof_main.zkey"};

struct FreeArchive {
    void operator()(archive* a) const { archive_read_free(a); }
};

class Unpacker {
public:
    Unpacker(const std::string& name, const UnpackLimits& limits,
             const std::function<Result<int>(CircuitFile)>& create)
        : name_(name), limits_(limits), create_(create), archive_(archive_read_new()),
          buffer_(kBufferBytes) {}

    Result<Unpacked> run(int fd) {
        archive* const a = archive_.get();
        CODEX_ASSERT(a != nullptr);
        // ARCHIVE_WARN: by an external program, which there is none of.
        if (archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
            archive_read_support_format_tar(a) != ARCHIVE_OK ||
            archive_read_open_fd(a, fd, kBufferBytes) != ARCHIVE_OK)
            return broken();
        for (std::size_t entries = 0;; ++entries) {
            archive_entry* entry = nullptr;
            const int status = archive_read_next_header(a, &entry);
            if (status == ARCHIVE_EOF)
                return std::move(unpacked_);
            if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
                return broken();
            if (entries == kMaxArchiveEntries)
                return fail(Errc::limit_exceeded, "{}: more than {} entries", name_, entries);
            CODEX_CHECK(take(entry));
        }
    }

private:
    Result<void> take(archive_entry* entry) {
        const char* const path = archive_entry_pathname(entry); // null: not representable
        const std::string_view label = path != nullptr ? path : "";
        const std::int64_t size = archive_entry_size(entry);
        if (size < 0 || static_cast<std::uint64_t>(size) > limits_.file_bytes)
            return fail(Errc::limit_exceeded,
                        "{}: an entry of {} bytes; the circuit needs none "
                        "larger than {}",
                        name_, size, limits_.file_bytes);
        if (archive_filter_bytes(archive_.get(), 0) >
            static_cast<std::int64_t>(limits_.total_bytes))
            return fail(Errc::limit_exceeded, "{}: unpacks to more than {} bytes", name_,
                        limits_.total_bytes);
        const std::string_view bare = label.starts_with("./") ? label.substr(2) : label;
        for (std::size_t i = 0; i < kCircuitFiles; ++i)
            if (bare == kNames[i])
                return extract(entry, static_cast<CircuitFile>(i));
        // "./" itself is in every tar of a folder.
        if (!bare.empty() && bare != "." && unpacked_.skipped.size() < kMaxSkippedNames)
            unpacked_.skipped.emplace_back(label);
        return {};
    }

    Result<void> extract(archive_entry* entry, CircuitFile file) {
        const std::string_view label = name_of(file);
        bool& taken = unpacked_.taken[static_cast<std::size_t>(file)];
        if (taken)
            return fail(Errc::malformed, "{}: {} stands twice", name_, label);
        taken = true;
        if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
            return fail(Errc::malformed, "{}: {} is not a file", name_, label);
        const auto size = static_cast<std::uint64_t>(archive_entry_size(entry));
        if (file == CircuitFile::verification_key && size > kMaxVerificationKeyBytes)
            return fail(Errc::limit_exceeded, "{}: {} has {} bytes", name_, label, size);
        CODEX_TRY(out, create_(file));
        std::uint64_t written = 0;
        for (;;) {
            const la_ssize_t got =
                archive_read_data(archive_.get(), buffer_.data(), buffer_.size());
            if (got < 0)
                return broken();
            if (got == 0)
                break;
            written += static_cast<std::uint64_t>(got);
            if (written > size)
                return fail(Errc::malformed, "{}: {} is longer than it says", name_, label);
            CODEX_CHECK(
                write_full(out, BytesView(buffer_).first(static_cast<std::size_t>(got)), label));
        }
        if (written != size)
            return fail(Errc::malformed, "{}: {} is cut short", name_, label);
        return {};
    }

    [[nodiscard]] Unexpected<Error> broken() const {
        const char* const why = archive_error_string(archive_.get());
        return fail(Errc::malformed, "{}: not a gzip tar: {}", name_,
                    why != nullptr ? why : "it cannot be read");
    }

    const std::string& name_;
    const UnpackLimits& limits_;
    const std::function<Result<int>(CircuitFile)>& create_;
    const std::unique_ptr<archive, FreeArchive> archive_;
    Bytes buffer_;
    Unpacked unpacked_;
};

} // namespace

std::string_view name_of(CircuitFile file) {
    return kNames[static_cast<std::size_t>(file)];
}

Result<Unpacked> unpack_circuit(int fd, const std::string& name, const UnpackLimits& limits,
                                const std::function<Result<int>(CircuitFile)>& create) {
    return Unpacker(name, limits, create).run(fd);
}

} // namespace codex::circuits::detail
