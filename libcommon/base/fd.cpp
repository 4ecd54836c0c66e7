#include "base/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex {

namespace {

/// Linux moves at most this much in one call; also keeps ssize_t out of trouble.
constexpr std::size_t kMaxTransfer = std::size_t{1} << 30;

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string hidden_name(const std::string& path) {
    static unsigned counter = 0;
    const std::size_t slash = path.rfind('/');
    const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
    return fmt::format("{}.{}.{}-{}.tmp", path.substr(0, start), path.substr(start), ::getpid(),
                       __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED));
}

template <class Call>
Result<std::size_t> transfer(std::size_t size, std::string_view what, std::string_view name,
                             Call call) {
    std::size_t done = 0;
    while (done < size) {
        const ssize_t n = call(done, std::min(size - done, kMaxTransfer));
        if (n == 0)
            break;
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return fail(system_error(errno, fmt::format("{} {}", what, name)));
        }
        done += static_cast<std::size_t>(n);
    }
    return done;
}

Result<void> require_all(Result<std::size_t> moved, std::size_t wanted, std::string_view name) {
    if (!moved)
        return fail(std::move(moved).error());
    if (*moved != wanted)
        return fail(Errc::io, "write {}: only {} of {} bytes taken", name, *moved, wanted);
    return {};
}

} // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

void Fd::reset() {
    if (fd_ >= 0)
        ::close(std::exchange(fd_, -1));
}

Result<Fd> open_file(const std::string& path, int flags, unsigned mode) {
    for (;;) {
        const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
        if (fd >= 0)
            return Fd(fd);
        if (errno != EINTR)
            return fail(system_error(errno, fmt::format("open {}", path)));
    }
}

Result<std::size_t> read_full(int fd, MutableBytes to, std::string_view name) {
    return transfer(to.size(), "read", name, [&](std::size_t done, std::size_t n) {
        return ::read(fd, to.data() + done, n);
    });
}

Result<std::size_t> pread_full(int fd, MutableBytes to, std::uint64_t offset,
                               std::string_view name) {
    return transfer(to.size(), "read", name, [&](std::size_t done, std::size_t n) {
        return ::pread(fd, to.data() + done, n, static_cast<off_t>(offset + done));
    });
}

Result<void> write_full(int fd, BytesView from, std::string_view name) {
    return require_all(transfer(from.size(), "write", name,
                                [&](std::size_t done, std::size_t n) {
                                    return ::write(fd, from.data() + done, n);
                                }),
                       from.size(), name);
}

Result<void> pwrite_full(int fd, BytesView from, std::uint64_t offset, std::string_view name) {
    return require_all(transfer(from.size(), "write", name,
                                [&](std::size_t done, std::size_t n) {
                                    return ::pwrite(fd, from.data() + done, n,
                                                    static_cast<off_t>(offset + done));
                                }),
                       from.size(), name);
}

Result<Bytes> read_file(const std::string& path, std::uint64_t max_bytes) {
    CODEX_TRY(fd, open_file(path, O_RDONLY));
    Bytes content;
    // Not by st_size alone: it is 0 for /proc files and pipes, and may change meanwhile.
    for (;;) {
        const std::size_t had = content.size();
        if (had > max_bytes)
            return fail(Errc::limit_exceeded, "{}: larger than {} bytes", path, max_bytes);
        content.resize(had + 65536);
        CODEX_TRY(n, read_full(fd.get(), MutableBytes(content).subspan(had), path));
        content.resize(had + n);
        if (n < 65536)
            break;
    }
    if (content.size() > max_bytes)
        return fail(Errc::limit_exceeded, "{}: larger than {} bytes", path, max_bytes);
    return content;
}

Result<void> sync_directory(const std::string& path) {
    CODEX_TRY(fd, open_file(path, O_RDONLY | O_DIRECTORY));
    if (::fsync(fd.get()) != 0)
        return fail(system_error(errno, fmt::format("fsync {}", path)));
    return {};
}

Result<void> write_file_atomic(const std::string& path, BytesView content, unsigned mode) {
    CODEX_TRY(file, AtomicFile::create(path, mode));
    CODEX_CHECK(write_full(file.fd(), content, path));
    return file.commit();
}

namespace {

/// A new file under a hidden name beside `path`; `name` is set to it.
Result<Fd> create_hidden(const std::string& path, unsigned mode, std::string& name) {
    name = hidden_name(path);
    auto named = open_file(name, O_CREAT | O_EXCL | O_RDWR, mode);
    if (!named) {
        const Errc code =
            named.error().code() == Errc::io ? Errc::cannot_create : named.error().code();
        return fail(code, "cannot create {}: {}", path, named.error().text());
    }
    return named;
}

} // namespace

Result<Fd> unnamed_file(const std::string& folder) {
    auto unnamed = open_file(folder, O_TMPFILE | O_RDWR, 0600);
    if (unnamed)
        return unnamed;
    std::string name;
    CODEX_TRY(named, create_hidden(folder + "/unnamed", 0600, name));
    ::unlink(name.c_str());
    return named;
}

Result<AtomicFile> AtomicFile::create(const std::string& path, unsigned mode) {
    AtomicFile file;
    file.path_ = path;
    auto unnamed = open_file(folder_of(path), O_TMPFILE | O_RDWR, mode);
    if (unnamed) {
        file.fd_ = std::move(*unnamed);
        return file;
    }
    std::string name;
    CODEX_TRY(named, create_hidden(path, mode, name));
    file.fd_ = std::move(named);
    file.temporary_ = std::move(name);
    return file;
}

AtomicFile::~AtomicFile() {
    if (fd_ && !temporary_.empty())
        ::unlink(temporary_.c_str());
}

Result<void> AtomicFile::commit() {
    if (::fsync(fd_.get()) != 0)
        return fail(system_error(errno, fmt::format("fsync {}", path_)));
    const std::string self = fmt::format("/proc/self/fd/{}", fd_.get());
    const auto link_to = [&self](const std::string& name) {
        return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
    };
    // linkat refuses to replace, so an existing target needs a second name and a rename.
    if (!temporary_.empty() || !link_to(path_)) {
        if (temporary_.empty()) {
            std::string name = hidden_name(path_);
            if (!link_to(name))
                return fail(system_error(errno, fmt::format("link {}", path_)));
            temporary_ = std::move(name);
        }
        if (::rename(temporary_.c_str(), path_.c_str()) != 0)
            return fail(system_error(errno, fmt::format("rename {}", path_)));
        temporary_.clear();
    }
    fd_.reset();
    return sync_directory(folder_of(path_));
}

} // namespace codex
