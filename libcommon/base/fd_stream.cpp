#include "base/fd_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex {

namespace detail {

Result<StopSignal> StopSignal::create() {
    Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event)
        return fail(system_error(errno, "eventfd"));
    return StopSignal(std::move(event));
}

void StopSignal::send() const {
    const std::uint64_t one = 1;
    // Cannot fail but by a full counter, and then it is readable already.
    [[maybe_unused]] const ssize_t n = ::write(event_.get(), &one, sizeof one);
}

Result<bool> StopSignal::wait(int fd, short events, std::string_view what) const {
    std::array<pollfd, 2> waits{pollfd{fd, events, 0}, pollfd{event_.get(), POLLIN, 0}};
    while (::poll(waits.data(), waits.size(), -1) < 0)
        if (errno != EINTR)
            return fail(system_error(errno, fmt::format("poll {}", what)));
    return waits[1].revents == 0;
}

} // namespace detail

namespace {

/// What one write(2) to a file takes at most: cancel() is asked for between two of them.
constexpr std::size_t kPieceBytes = std::size_t{8} << 20;

/// Errors: io, of what is no descriptor, for which poll(2) would wait for ever.
Result<struct stat> status_of(int fd, std::string_view doing, std::string_view name) {
    struct stat status{};
    if (::fstat(fd, &status) != 0)
        return fail(system_error(errno, fmt::format("{} {}", doing, name)));
    return status;
}

} // namespace

Result<FdSource> FdSource::create(int fd, std::string_view name) {
    CODEX_CHECK(status_of(fd, "read", name));
    CODEX_TRY(stop, detail::StopSignal::create());
    // Both only make it faster; files take no pipe size and pipes no read-ahead advice.
    constexpr int kPipeBytes = 1 << 20;
    static_cast<void>(::fcntl(fd, F_SETPIPE_SZ, kPipeBytes));
    static_cast<void>(::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
    return FdSource(fd, name, std::move(stop));
}

Result<std::size_t> FdSource::take(MutableBytes to) {
    for (;;) {
        CODEX_TRY(ready, stop_.wait(fd_, POLLIN, name()));
        if (!ready)
            return fail(cancelled("read", name()));
        const ssize_t n = ::read(fd_, to.data(), to.size());
        if (n >= 0)
            return static_cast<std::size_t>(n);
        if (errno != EINTR && errno != EAGAIN)
            return fail(system_error(errno, fmt::format("read {}", name())));
    }
}

std::uint64_t FdSource::remaining_bytes() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode))
        return 0;
    const off_t at = ::lseek(fd_, 0, SEEK_CUR);
    return at < 0 || at >= status.st_size ? 0 : static_cast<std::uint64_t>(status.st_size - at);
}

Result<FdSink> FdSink::create(int fd, std::string_view name) {
    CODEX_TRY(status, status_of(fd, "write", name));
    CODEX_TRY(stop, detail::StopSignal::create());
    FdSink sink(fd, name, std::move(stop));
    if (S_ISSOCK(status.st_mode)) {
        sink.way_ = Way::socket;
    } else if (S_ISFIFO(status.st_mode) || ::isatty(fd) != 0) {
        // O_NONBLOCK set on `fd` itself would hold for all who share it, after us, too.
        const std::string path = fmt::format("/proc/self/fd/{}", fd);
        sink.own_ = Fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        sink.way_ = sink.own_ ? Way::ready : Way::pieces; // no /proc, or another user's pipe
    }
    return sink;
}

ssize_t FdSink::write_some(BytesView bytes) const {
    switch (way_) {
    case Way::plain:
        return ::write(fd_, bytes.data(), std::min(bytes.size(), kPieceBytes));
    case Way::ready:
        return ::write(own_.get(), bytes.data(), bytes.size());
    case Way::socket:
        return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    case Way::pieces:
        break;
    }
    return ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
}

Result<void> FdSink::write(BytesView bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        CODEX_TRY(ready, stop_.wait(fd_, POLLOUT, name()));
        if (!ready)
            return fail(cancelled("write", name()));
        const ssize_t n = write_some(bytes.subspan(done));
        if (n == 0)
            return fail(Errc::io, "write {}: only {} of {} bytes taken", name(), done,
                        bytes.size());
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return fail(system_error(errno, fmt::format("write {}", name())));
        done += n < 0 ? 0 : static_cast<std::size_t>(n);
    }
    return {};
}

} // namespace codex
