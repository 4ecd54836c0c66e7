#include "cli/settings_file.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace codex::cli {

namespace {

/// A FIFO that has a name in a file system: read before anybody has opened it for writing, it seems
/// to have ended. A pipe of a shell, /dev/fd/63, has its writer from the beginning.
bool is_named_fifo(const Fd& fd, const struct stat& info) {
    struct statfs system{};
    return S_ISFIFO(info.st_mode) &&
           (::fstatfs(fd.get(), &system) != 0 || system.f_type != PIPEFS_MAGIC);
}

Error not_waited_for(const std::string& path) {
    return Error(Errc::config_invalid,
                 fmt::format("{}: is no regular file, and nobody waits for another", path))
        .hint("what a node that serves reads again has to be a file that stays");
}

/// Whether there is something to read before `nap` is over, or nobody is left who could write it.
bool wait_to_read(const Fd& fd, Clock::Duration nap) {
    const auto most = std::chrono::ceil<std::chrono::milliseconds>(nap).count();
    pollfd wait{fd.get(), POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(most, INT_MAX))) > 0;
}

/// Reads what is no regular file to its end.
Result<Bytes> read_stream(const Fd& fd, const std::string& path, std::uint64_t max_bytes,
                          const std::optional<Deadline>& until, bool named_fifo) {
    constexpr std::size_t kStep = std::size_t{1} << 12;
    Bytes content;
    bool begun = !named_fifo;
    for (;;) {
        const std::size_t had = content.size();
        content.resize(had + kStep);
        const ssize_t got = ::read(fd.get(), content.data() + had, kStep);
        const int error = errno;
        content.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got == 0 && begun)
            return content;
        if (got < 0 && error != EAGAIN && error != EINTR)
            return fail(system_error(error, "read " + path));
        if (content.size() > max_bytes)
            return fail(Errc::limit_exceeded, "{}: larger than {} bytes", path, max_bytes);
        if (until && until->passed())
            return fail(Errc::timeout, "the time is over: {} is no regular file, and has not ended",
                        path);
        if (got > 0) {
            begun = true;
            continue;
        }
        if (!until)
            return fail(not_waited_for(path));
        if (wait_to_read(fd, until->clock().nap(until->at())))
            begun = true; // somebody has opened it, and written or left
    }
}

} // namespace

Result<Bytes> read_settings_file(const std::string& path, std::uint64_t max_bytes,
                                 const std::optional<Deadline>& until) {
    CODEX_TRY(fd, open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0)
        return fail(system_error(errno, "look at " + path));
    if (S_ISREG(info.st_mode))
        return read_all(fd.get(), path, max_bytes);
    if (!until && !S_ISCHR(info.st_mode) && !S_ISDIR(info.st_mode))
        return fail(not_waited_for(path));
    return read_stream(fd, path, max_bytes, until, is_named_fifo(fd, info));
}

} // namespace codex::cli
