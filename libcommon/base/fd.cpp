#include "base/fd.hpp"

#include "base/pipe.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <poll.h>
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

/// A name beside `path` that nobody else takes: hidden, and no longer than a name may be.
std::string hidden_name(const std::string& path) {
    static unsigned counter = 0;
    const std::size_t slash = path.rfind('/');
    const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
    const std::string tail =
        fmt::format(".{}-{}.tmp", ::getpid(), __atomic_fetch_add(&counter, 1, __ATOMIC_RELAXED));
    return fmt::format("{}.{}{}", path.substr(0, start),
                       path.substr(start, NAME_MAX - 1 - tail.size()), tail);
}

std::string self_path(int fd) {
    return fmt::format("/proc/self/fd/{}", fd);
}

/// Calls `call` again after a signal, and waits for `events` where the descriptor is not ready.
template <class Call> ssize_t insist(int fd, short events, Call call) {
    for (;;) {
        const ssize_t n = call();
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
        if (errno == EAGAIN) {
            pollfd wait{fd, events, 0};
            static_cast<void>(::poll(&wait, 1, -1)); // what is wrong, the call itself will say
        }
    }
}

template <class Call>
Result<std::size_t> transfer(std::size_t size, std::string_view what, std::string_view name,
                             Call call) {
    std::size_t done = 0;
    while (done < size) {
        const ssize_t n = call(done, std::min(size - done, kMaxTransfer));
        if (n == 0)
            break;
        if (n < 0)
            return fail(system_error(errno, fmt::format("{} {}", what, name)));
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

/// What a name has that leads to no file, now or ever: to whoever gives it as good as one of no
/// file. Who follows no link, or wants a folder, asks what stands there, and is told that.
static bool leads_nowhere(int error, int flags) {
    const bool asks = (flags & (O_NOFOLLOW | O_DIRECTORY)) != 0;
    return !asks && (error == ENAMETOOLONG || error == ENOTDIR || error == ELOOP);
}

Result<Fd> open_file(const std::string& path, int flags, unsigned mode) {
    if (path.empty())
        return fail(Error(Errc::not_found, "the name of a file is empty")
                        .hint("perhaps it is a variable that was never set"));
    for (;;) {
        const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
        if (fd >= 0)
            return Fd(fd);
        const int why = errno;
        if (why == EINTR)
            continue;
        Error error = system_error(why, fmt::format("open {}", path));
        return leads_nowhere(why, flags) ? fail(Errc::not_found, "{}", error.text())
                                         : fail(std::move(error));
    }
}

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(system_error(errno, "make a pipe"));
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<std::size_t> read_some(int fd, MutableBytes to, std::string_view name) {
    const std::size_t wanted = std::min(to.size(), kMaxTransfer);
    const ssize_t n = insist(fd, POLLIN, [&] { return ::read(fd, to.data(), wanted); });
    if (n < 0)
        return fail(system_error(errno, fmt::format("read {}", name)));
    return static_cast<std::size_t>(n);
}

Result<std::size_t> read_full(int fd, MutableBytes to, std::string_view name) {
    return transfer(to.size(), "read", name, [&](std::size_t done, std::size_t n) {
        return insist(fd, POLLIN, [&] { return ::read(fd, to.data() + done, n); });
    });
}

Result<std::size_t> pread_full(int fd, MutableBytes to, std::uint64_t offset,
                               std::string_view name) {
    return transfer(to.size(), "read", name, [&](std::size_t done, std::size_t n) {
        return insist(fd, POLLIN, [&] {
            return ::pread(fd, to.data() + done, n, static_cast<off_t>(offset + done));
        });
    });
}

Result<void> write_full(int fd, BytesView from, std::string_view name) {
    return require_all(
        transfer(from.size(), "write", name,
                 [&](std::size_t done, std::size_t n) {
                     return insist(fd, POLLOUT, [&] { return ::write(fd, from.data() + done, n); });
                 }),
        from.size(), name);
}

Result<void> pwrite_full(int fd, BytesView from, std::uint64_t offset, std::string_view name) {
    return require_all(transfer(from.size(), "write", name,
                                [&](std::size_t done, std::size_t n) {
                                    return insist(fd, POLLOUT, [&] {
                                        return ::pwrite(fd, from.data() + done, n,
                                                        static_cast<off_t>(offset + done));
                                    });
                                }),
                       from.size(), name);
}

Result<Bytes> read_all(int fd, std::string_view name, std::uint64_t max_bytes) {
    constexpr std::size_t kStep = std::size_t{1} << 16;
    Bytes content;
    // Not by st_size: it is 0 for /proc files and pipes, and may change meanwhile.
    for (std::size_t got = kStep; got == kStep;) {
        const std::size_t had = content.size();
        content.resize(had + kStep);
        CODEX_TRY(n, read_full(fd, MutableBytes(content).subspan(had), name));
        got = n;
        content.resize(had + got);
        if (content.size() > max_bytes)
            return fail(Errc::limit_exceeded, "{}: larger than {} bytes", name, max_bytes);
    }
    return content;
}

Result<Bytes> read_file(const std::string& path, std::uint64_t max_bytes) {
    CODEX_TRY(fd, open_file(path, O_RDONLY));
    return read_all(fd.get(), path, max_bytes);
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

Result<void> write_new_file(const std::string& path, BytesView content, unsigned mode) {
    CODEX_TRY(file, AtomicFile::create(path, mode));
    CODEX_CHECK(write_full(file.fd(), content, path));
    return file.commit_new();
}

namespace {

/// What an error of opening `path` says, without what was opened.
std::string reason(const Error& error, std::string_view path) {
    const std::string text = error.text();
    for (const std::string& said : {fmt::format("open {}: ", path), std::string("open: ")})
        if (text.starts_with(said))
            return text.substr(said.size());
    return text;
}

/// A new file under a hidden name beside `path`; `name` is set to it. The error is about `wanted`:
/// nobody has asked for that name.
Result<Fd> create_hidden(const std::string& path, unsigned mode, std::string& name,
                         const std::string& wanted) {
    name = hidden_name(path);
    auto made = open_file(name, O_CREAT | O_EXCL | O_RDWR, mode);
    if (!made)
        return fail(creation_error(wanted, {made.error().code(), reason(made.error(), name)}));
    return made;
}

/// Of a file that is whole, and cannot have the name of `path`.
Error naming_error(int error, const std::string& path) {
    if (error == ENAMETOOLONG || error == ENOTDIR || error == ENOENT || error == ELOOP)
        return creation_error(path, system_error(error, "open"));
    return system_error(error, fmt::format("link {}", path));
}

} // namespace

Result<Fd> unnamed_file(const std::string& folder) {
    auto unnamed = open_file(folder, O_TMPFILE | O_RDWR, 0600);
    if (unnamed)
        return unnamed;
    std::string name;
    auto named = create_hidden(folder + "/unnamed", 0600, name, folder);
    if (!named)
        return named;
    ::unlink(name.c_str());
    return named;
}

bool can_be_named(int fd) {
    // /proc may not be there, or be that of other processes.
    struct stat file{};
    struct stat seen{};
    return ::fstat(fd, &file) == 0 && ::stat(self_path(fd).c_str(), &seen) == 0 &&
           file.st_ino == seen.st_ino && file.st_dev == seen.st_dev;
}

Error creation_error(const std::string& path, const Error& cause) {
    const Errc code = cause.code();
    const bool place = code == Errc::io || code == Errc::not_found || code == Errc::unsupported;
    Error error(place ? Errc::cannot_create : code,
                fmt::format("cannot create {}: {}", path, reason(cause, path)));
    return place ? std::move(error) : std::move(error).way_out_of(cause);
}

Result<AtomicFile> AtomicFile::create(const std::string& path, unsigned mode) {
    AtomicFile file;
    file.path_ = path;
    auto unnamed = open_file(folder_of(path), O_TMPFILE | O_RDWR, mode);
    if (unnamed && can_be_named(unnamed->get())) {
        file.fd_ = std::move(*unnamed);
        return file;
    }
    std::string name;
    auto named = create_hidden(path, mode, name, path);
    if (!named)
        return fail(std::move(named).error());
    file.fd_ = std::move(*named);
    file.temporary_ = std::move(name);
    return file;
}

AtomicFile::~AtomicFile() {
    if (fd_ && !temporary_.empty())
        ::unlink(temporary_.c_str());
}

bool AtomicFile::link_to(const std::string& name) const {
    return ::linkat(AT_FDCWD, self_path(fd_.get()).c_str(), AT_FDCWD, name.c_str(),
                    AT_SYMLINK_FOLLOW) == 0;
}

Result<void> AtomicFile::prepare() {
    if (::fsync(fd_.get()) != 0)
        return fail(system_error(errno, fmt::format("fsync {}", path_)));
    if (!temporary_.empty())
        return {};
    std::string name = hidden_name(path_);
    if (!link_to(name))
        return fail(naming_error(errno, path_));
    temporary_ = std::move(name);
    return {};
}

Result<void> AtomicFile::commit() {
    if (::fsync(fd_.get()) != 0)
        return fail(system_error(errno, fmt::format("fsync {}", path_)));
    // linkat refuses to replace, so an existing target needs a second name and a rename.
    if (!temporary_.empty() || !link_to(path_)) {
        CODEX_CHECK(prepare());
        if (::rename(temporary_.c_str(), path_.c_str()) != 0)
            return errno == EISDIR ? fail(Errc::cannot_create, "{}: is a folder", path_)
                                   : fail(system_error(errno, fmt::format("rename {}", path_)));
        temporary_.clear();
    }
    return sync_name();
}

Result<void> AtomicFile::commit_new() {
    if (::fsync(fd_.get()) != 0)
        return fail(system_error(errno, fmt::format("fsync {}", path_)));
    const bool named =
        temporary_.empty() ? link_to(path_) : ::link(temporary_.c_str(), path_.c_str()) == 0;
    if (!named)
        return errno == EEXIST ? fail(Errc::exists, "{} exists", path_)
                               : fail(naming_error(errno, path_));
    if (!temporary_.empty())
        ::unlink(temporary_.c_str());
    temporary_.clear();
    return sync_name();
}

Result<void> AtomicFile::sync_name() {
    auto synced = sync_directory(folder_of(path_));
    // A folder that may be written to but not be listed cannot be opened; its file system can be
    // synced as a whole.
    if (!synced && synced.error().code() == Errc::permission && ::syncfs(fd_.get()) == 0)
        synced = {};
    fd_.reset();
    return synced;
}

} // namespace codex
