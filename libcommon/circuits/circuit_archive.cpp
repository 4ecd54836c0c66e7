#include "circuits/circuit_archive.hpp"

#include "base/hex.hpp"
#include "circuits/detail/circuit_unpack.hpp"
#include "crypto/hash/sha256.hpp"
#include "snark/groth16.hpp"

#include <bit>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::circuits {

namespace {

using detail::CircuitFile;
using snark::BinaryFile;

/// Of any file of a circuit: the key, the largest one, has about 610 bytes a wire, and the graphs
/// of witness generators are not far from it.
constexpr std::uint64_t kMaxBytesAWire = 4096;
constexpr std::uint64_t kMaxBytesBesides = std::uint64_t{16} << 20;
constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

detail::UnpackLimits limits_for(const proof::CircuitParameters& parameters) {
    const std::uint64_t file = wire_count(parameters) * kMaxBytesAWire + kMaxBytesBesides;
    return {file, file * detail::kCircuitFiles};
}

/// A folder that goes again, if it was made, unless it is kept.
class Folder {
public:
    static Result<Folder> make(const std::string& path) {
        Folder folder;
        if (::mkdir(path.c_str(), 0777) == 0)
            folder.made_ = path;
        else if (errno != EEXIST)
            return fail(Errc::cannot_create, "{}",
                        system_error(errno, fmt::format("make {}", path)).text());
        return folder;
    }
    Folder(Folder&& other) noexcept : made_(std::exchange(other.made_, {})) {}
    Folder& operator=(Folder&&) = delete;
    ~Folder() {
        if (!made_.empty())
            ::rmdir(made_.c_str());
    }
    /// On the disk, too.
    Result<void> keep() {
        if (const std::string made = std::exchange(made_, {}); !made.empty())
            return sync_directory(made + "/..");
        return {};
    }

private:
    Folder() = default;
    std::string made_;
};

/// All of `from` in a file that nobody else can change, if its hash is right.
Result<Fd> checked_copy(int from, const std::string& name, const Digest& sha256,
                        std::uint64_t max_bytes, const std::string& folder) {
    CODEX_TRY(copy, unnamed_file(folder));
    crypto::Sha256 hash;
    Bytes buffer(kCopyBytes);
    for (std::uint64_t size = 0;;) {
        CODEX_TRY(got, read_full(from, buffer, name));
        const BytesView part = BytesView(buffer).first(got);
        hash.update(part);
        CODEX_CHECK(pwrite_full(copy.get(), part, size, folder));
        size += got;
        if (size > max_bytes)
            return fail(Errc::limit_exceeded, "{}: larger than {} bytes", name, max_bytes);
        if (got < buffer.size())
            break;
    }
    const Digest found = hash.finish();
    if (found != sha256)
        return fail(Error(Errc::malformed, fmt::format("{}: the SHA-256 is {}, not {}", name,
                                                       to_hex(found), to_hex(sha256)))
                        .remedy({Remedy::check_input,
                                 "the right one is zkeyHash in the marketplace contract's "
                                 "configuration; perhaps the download is not complete"}));
    return copy;
}

/// The files of the archive, without names yet.
struct Files {
    std::array<std::optional<AtomicFile>, detail::kCircuitFiles> files;

    [[nodiscard]] const std::optional<AtomicFile>& operator[](CircuitFile file) const {
        return files[static_cast<std::size_t>(file)];
    }
    [[nodiscard]] Result<BinaryFile> map(CircuitFile file, std::string_view magic) const {
        return BinaryFile::map((*this)[file]->fd(), std::string(name_of(file)), magic, 1);
    }
};

Result<void> check_key(const Files& files, const proof::CircuitParameters& parameters) {
    CODEX_TRY(file, files.map(CircuitFile::zkey, "zkey"));
    CODEX_TRY(key, snark::ProvingKey::read(std::move(file)));
    const std::uint64_t rows = constraint_count(parameters) + 3;
    if (key.wires != wire_count(parameters) || key.public_count != 3 ||
        key.domain_log2 != static_cast<std::uint32_t>(std::bit_width(rows)))
        return fail(
            Error(Errc::malformed,
                  fmt::format("the key is for {} wires, {} public inputs and a domain of 2^{}; the "
                              "circuit has {}, 3 and 2^{}",
                              key.wires, key.public_count, key.domain_log2, wire_count(parameters),
                              std::bit_width(rows)))
                .remedy(Remedy::name_circuit));
    const int json_fd = files[CircuitFile::verification_key]->fd();
    Bytes json(detail::kMaxVerificationKeyBytes);
    CODEX_TRY(got, pread_full(json_fd, json, 0, name_of(CircuitFile::verification_key)));
    auto expected = snark::verifying_key_from_json(as_text(BytesView(json).first(got)));
    if (!expected)
        return fail(std::move(expected).error().context(name_of(CircuitFile::verification_key)));
    if (*expected != key.verifying_key())
        return fail(Errc::malformed, "{} is not the verification key of {}",
                    name_of(CircuitFile::verification_key), name_of(CircuitFile::zkey));
    return {};
}

Result<void> check_constraints(const Files& files, const proof::CircuitParameters& parameters) {
    CODEX_TRY(file, files.map(CircuitFile::r1cs, "r1cs"));
    CODEX_TRY(system, snark::R1cs::read(file));
    if (system.wires != wire_count(parameters) || system.public_count() != 3 ||
        system.constraint_count() != constraint_count(parameters))
        return fail(Errc::malformed,
                    "{} has {} wires, {} public ones and {} constraints, the circuit {}, 3 and {}",
                    name_of(CircuitFile::r1cs), system.wires, system.public_count(),
                    system.constraint_count(), wire_count(parameters),
                    constraint_count(parameters));
    return {};
}

} // namespace

Result<Digest> archive_hash_from_text(std::string_view hex) {
    if (hex.starts_with("0x") || hex.starts_with("0X"))
        hex.remove_prefix(2);
    CODEX_TRY(bytes, from_hex(hex));
    Digest digest;
    if (bytes.size() != digest.size())
        return fail(Errc::hex_invalid, "a SHA-256 has 64 hex digits, not {}", hex.size());
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

Result<InstalledCircuit> install_circuit(int fd, const std::string& name, const Digest& sha256,
                                         const proof::CircuitParameters& parameters,
                                         const std::string& folder) {
    CODEX_CHECK(validate(parameters));
    const detail::UnpackLimits limits = limits_for(parameters);
    CODEX_TRY(made, Folder::make(folder));
    CODEX_TRY(archive, checked_copy(fd, name, sha256, limits.total_bytes, folder));
    Files files;
    const auto path_of = [&](CircuitFile file) {
        return fmt::format("{}/{}", folder, name_of(file));
    };
    const auto create = [&](CircuitFile file) -> Result<int> {
        CODEX_TRY(created, AtomicFile::create(path_of(file)));
        auto& slot = files.files[static_cast<std::size_t>(file)];
        slot.emplace(std::move(created));
        return slot->fd();
    };
    CODEX_TRY(unpacked, detail::unpack_circuit(archive.get(), name, limits, create));
    for (const CircuitFile file :
         {CircuitFile::zkey, CircuitFile::r1cs, CircuitFile::verification_key})
        if (!files[file])
            return fail(Errc::malformed, "{}: {} is missing", name, name_of(file));
    for (const auto check : {check_key, check_constraints})
        if (auto right = check(files, parameters); !right)
            return fail(std::move(right).error().context(name));
    CODEX_CHECK(made.keep());
    InstalledCircuit installed{{}, std::move(unpacked.skipped)};
    for (std::size_t i = 0; i < detail::kCircuitFiles; ++i) {
        auto& file = files.files[i];
        if (!file)
            continue;
        struct stat info = {};
        if (::fstat(file->fd(), &info) != 0)
            return fail(system_error(errno, "stat " + path_of(static_cast<CircuitFile>(i))));
        CODEX_CHECK(file->commit());
        installed.files.push_back(
            {path_of(static_cast<CircuitFile>(i)), static_cast<std::uint64_t>(info.st_size)});
    }
    return installed;
}

} // namespace codex::circuits
