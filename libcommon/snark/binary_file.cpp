#include "snark/binary_file.hpp"

#include "base/endian.hpp"
#include "base/fault.hpp"
#include "base/temporary.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace codex::snark {

namespace {

constexpr std::uint64_t kMaxStreamBytes = std::uint64_t{8} << 30;
/// More sections than any of the formats has, with room for extensions.
constexpr std::uint32_t kMaxSections = 64;
constexpr std::size_t kHeadBytes = 12; // of the file, and of each section
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
/// Of a stream.
constexpr std::uint64_t kMemoryBytes = std::uint64_t{4} << 20;

} // namespace

struct BinaryFile::Impl {
    std::string name;
    Bytes owned;
    std::uint64_t taken = 0; // from a stream
    GuardedMapping mapping;
    Fd file;               // of the mapping
    struct stat info = {}; // when it was mapped
    std::uint32_t version = 0;
    std::vector<std::pair<std::uint32_t, BytesView>> sections;

    /// How many sections the file has, from its first 12 bytes.
    Result<std::uint32_t> head(BytesView bytes, std::string_view magic, std::uint32_t max_version) {
        if (bytes.size() < kHeadBytes || as_text(bytes.first(4)) != magic)
            return fail(Errc::malformed, "{}: not a .{} file", name, magic);
        version = load_le<std::uint32_t>(bytes.data() + 4);
        if (version == 0 || version > max_version)
            return fail(Errc::malformed, "{}: .{} version {} is not known", name, magic, version);
        const auto count = load_le<std::uint32_t>(bytes.data() + 8);
        if (count > kMaxSections)
            return fail(Errc::malformed, "{}: {} sections", name, count);
        return count;
    }

    /// What a stream has given so far; in a file without a name once it is too large for memory.
    Result<void> keep(BytesView bytes) {
        taken += bytes.size();
        if (!file && taken > kMemoryBytes) {
            CODEX_TRY(spooled, unnamed_file(temporary_folder()));
            CODEX_CHECK(write_full(spooled.get(), owned, "temporary file"));
            file = std::move(spooled);
            owned = {};
        }
        if (file)
            return write_full(file.get(), bytes, "temporary file");
        append(owned, bytes);
        return {};
    }

    /// Keeps what comes, at most `bytes`, and leaves the last piece of it in `buffer`; false when
    /// less came.
    Result<bool> take(int fd, std::uint64_t bytes, Bytes& buffer) {
        while (bytes > 0) {
            buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kBufferBytes)));
            CODEX_TRY(got, read_full(fd, buffer, name));
            const bool whole = got == buffer.size();
            buffer.resize(got);
            CODEX_CHECK(keep(buffer));
            if (!whole)
                return false;
            bytes -= got;
        }
        return true;
    }

    /// Reads sections until the count is full or the stream ends; index() sees what is wrong with
    /// them.
    Result<void> take_all(int fd, std::string_view magic, std::uint32_t max_version) {
        Bytes buffer;
        CODEX_CHECK(take(fd, kHeadBytes, buffer));
        if (buffer.empty())
            return fail(Errc::input_empty, "{}: empty: no .{} file came", name, magic);
        CODEX_TRY(count, head(buffer, magic, max_version));
        for (std::uint32_t i = 0; i < count; ++i) {
            CODEX_TRY(whole, take(fd, kHeadBytes, buffer));
            if (!whole)
                return {};
            const auto size = load_le<std::uint64_t>(buffer.data() + 4);
            if (size > kMaxStreamBytes - taken)
                return fail(Errc::limit_exceeded,
                            "{}: section {} has {} bytes, a stream at most {}", name, i + 1, size,
                            kMaxStreamBytes);
            CODEX_TRY(complete, take(fd, size, buffer));
            if (!complete)
                return {};
        }
        return {};
    }

    /// Maps `file`, and finds the sections.
    Result<void> map_file(std::string_view magic, std::uint32_t max_version) {
        if (::fstat(file.get(), &info) != 0)
            return fail(system_error(errno, fmt::format("stat {}", name)));
        CODEX_TRY(mapped,
                  GuardedMapping::map(file.get(), static_cast<std::size_t>(info.st_size), name));
        mapping = std::move(mapped);
        return index(mapping.bytes(), magic, max_version);
    }

    Result<void> index(BytesView bytes, std::string_view magic, std::uint32_t max_version) {
        CODEX_TRY(count, head(bytes, magic, max_version));
        std::size_t at = kHeadBytes;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (bytes.size() - at < 12)
                return fail(Errc::malformed, "{}: ends in the head of section {} at offset {}",
                            name, i + 1, at);
            const auto type = load_le<std::uint32_t>(bytes.data() + at);
            const auto size = load_le<std::uint64_t>(bytes.data() + at + 4);
            at += 12;
            if (size > bytes.size() - at)
                return fail(Errc::malformed, "{}: section {} has {} bytes, the file only {} more",
                            name, type, size, bytes.size() - at);
            for (const auto& section : sections)
                if (section.first == type)
                    return fail(Errc::malformed, "{}: section {} stands twice", name, type);
            sections.emplace_back(type, bytes.subspan(at, size));
            at += size;
        }
        return {};
    }
};

BinaryFile::BinaryFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BinaryFile::~BinaryFile() = default;
BinaryFile::BinaryFile(BinaryFile&&) noexcept = default;
BinaryFile& BinaryFile::operator=(BinaryFile&&) noexcept = default;

Result<BinaryFile> BinaryFile::open(const std::string& path, std::string_view magic,
                                    std::uint32_t max_version) {
    CODEX_TRY(fd, open_file(path, O_RDONLY));
    struct stat info = {};
    if (::fstat(fd.get(), &info) != 0)
        return fail(system_error(errno, fmt::format("stat {}", path)));
    if (S_ISREG(info.st_mode))
        return map(fd.get(), path, magic, max_version);
    return read(fd.get(), path, magic, max_version);
}

Result<BinaryFile> BinaryFile::read(int fd, std::string name, std::string_view magic,
                                    std::uint32_t max_version) {
    auto impl = std::make_unique<Impl>();
    impl->name = std::move(name);
    CODEX_CHECK(impl->take_all(fd, magic, max_version));
    auto indexed = impl->file ? impl->map_file(magic, max_version)
                              : impl->index(impl->owned, magic, max_version);
    BinaryFile file(std::move(impl));
    CODEX_CHECK(file.if_intact(std::move(indexed)));
    return file;
}

Result<BinaryFile> BinaryFile::map(int fd, std::string name, std::string_view magic,
                                   std::uint32_t max_version) {
    auto impl = std::make_unique<Impl>();
    impl->name = std::move(name);
    impl->file = Fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!impl->file || ::fstat(fd, &impl->info) != 0)
        return fail(system_error(errno, fmt::format("stat {}", impl->name)));
    if (!S_ISREG(impl->info.st_mode))
        return fail(Errc::malformed, "{}: not a regular file", impl->name);
    auto indexed = impl->map_file(magic, max_version);
    BinaryFile file(std::move(impl));
    CODEX_CHECK(file.if_intact(std::move(indexed)));
    return file;
}

Result<BinaryFile> BinaryFile::parse(Bytes bytes, std::string_view magic,
                                     std::uint32_t max_version) {
    auto impl = std::make_unique<Impl>();
    impl->name = "input";
    impl->owned = std::move(bytes);
    CODEX_CHECK(impl->index(impl->owned, magic, max_version));
    return BinaryFile(std::move(impl));
}

const std::string& BinaryFile::name() const {
    return impl_->name;
}
std::uint32_t BinaryFile::version() const {
    return impl_->version;
}
const std::vector<std::pair<std::uint32_t, BytesView>>& BinaryFile::sections() const {
    return impl_->sections;
}

bool BinaryFile::has(std::uint32_t type) const {
    for (const auto& section : impl_->sections)
        if (section.first == type)
            return true;
    return false;
}

Result<BytesView> BinaryFile::section(std::uint32_t type) const {
    for (const auto& section : impl_->sections)
        if (section.first == type)
            return section.second;
    return fail(Errc::malformed, "{}: section {} is missing", impl_->name, type);
}

Result<BytesView> BinaryFile::points(std::uint32_t type, std::uint64_t count,
                                     std::size_t each) const {
    CODEX_TRY(bytes, section(type));
    if (bytes.size() != count * each)
        return fail(Errc::malformed, "{}: section {} has {} bytes, {} points need {}", impl_->name,
                    type, bytes.size(), count, count * each);
    return bytes;
}

Result<void> BinaryFile::intact() const {
    if (!impl_->file)
        return {};
    struct stat now = {};
    const struct stat& then = impl_->info;
    if (!impl_->mapping.damaged() && ::fstat(impl_->file.get(), &now) == 0 &&
        now.st_size == then.st_size && now.st_mtim.tv_sec == then.st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == then.st_mtim.tv_nsec)
        return {};
    return fail(Errc::io, "{}: was changed, or could not be read, while it was in use",
                impl_->name);
}

Result<BinaryWriter> BinaryWriter::begin(int fd, std::string name, std::string_view magic,
                                         std::uint32_t version, std::uint32_t sections) {
    CODEX_ASSERT(magic.size() == 4);
    BinaryWriter writer;
    writer.fd_ = fd;
    writer.name_ = std::move(name);
    writer.buffer_.reserve(kBufferBytes + 64);
    CODEX_CHECK(writer.write(as_bytes(magic)));
    CODEX_CHECK(writer.write_u32(version));
    CODEX_CHECK(writer.write_u32(sections));
    return writer;
}

Result<void> BinaryWriter::flush() {
    CODEX_CHECK(pwrite_full(fd_, buffer_, written_, name_));
    written_ += buffer_.size();
    buffer_.clear();
    return {};
}

Result<void> BinaryWriter::write(BytesView bytes) {
    append(buffer_, bytes);
    if (buffer_.size() >= kBufferBytes)
        return flush();
    return {};
}

Result<void> BinaryWriter::write_u32(std::uint32_t value) {
    std::array<std::uint8_t, 4> bytes;
    store_le(bytes.data(), value);
    return write(bytes);
}

Result<void> BinaryWriter::write_u64(std::uint64_t value) {
    std::array<std::uint8_t, 8> bytes;
    store_le(bytes.data(), value);
    return write(bytes);
}

Result<void> BinaryWriter::begin_section(std::uint32_t type) {
    CODEX_CHECK(write_u32(type));
    section_at_ = written_ + buffer_.size();
    return write_u64(0); // filled in by end_section()
}

Result<void> BinaryWriter::end_section() {
    CODEX_CHECK(flush());
    std::array<std::uint8_t, 8> size;
    store_le(size.data(), written_ - section_at_ - 8);
    return pwrite_full(fd_, size, section_at_, name_);
}

Result<void> BinaryWriter::finish() {
    return flush();
}

} // namespace codex::snark
