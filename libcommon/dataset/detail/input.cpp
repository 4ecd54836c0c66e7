#include "dataset/detail/input.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::dataset::detail {

Result<CancellableInput> CancellableInput::create(int fd, std::string_view name) {
    Fd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!stop)
        return fail(system_error(errno, "eventfd"));
    // Both only make it faster; files take no pipe size and pipes no read-ahead advice.
    constexpr int kPipeBytes = 1 << 20;
    static_cast<void>(::fcntl(fd, F_SETPIPE_SZ, kPipeBytes));
    static_cast<void>(::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
    return CancellableInput(fd, std::string(name), std::move(stop));
}

Result<std::size_t> CancellableInput::read_some(MutableBytes to) {
    for (;;) {
        std::array<pollfd, 2> waits{pollfd{fd_, POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
        if (::poll(waits.data(), waits.size(), -1) < 0) {
            if (errno == EINTR)
                continue;
            return fail(system_error(errno, fmt::format("poll {}", name_)));
        }
        if (waits[1].revents != 0)
            return 0;
        const ssize_t n = ::read(fd_, to.data(), to.size());
        if (n >= 0) {
            bytes_read_ += static_cast<std::size_t>(n);
            return static_cast<std::size_t>(n);
        }
        if (errno != EINTR && errno != EAGAIN)
            return fail(system_error(errno, fmt::format("read {}", name_)));
    }
}

Result<std::size_t> CancellableInput::read(MutableBytes to) {
    std::size_t done = 0;
    while (done < to.size()) {
        CODEX_TRY(n, read_some(to.subspan(done)));
        if (n == 0)
            break;
        done += n;
    }
    return done;
}

void CancellableInput::cancel() {
    const std::uint64_t one = 1;
    // Cannot fail but by a full counter, and then it is readable already.
    [[maybe_unused]] const ssize_t n = ::write(stop_.get(), &one, sizeof one);
}

std::uint64_t CancellableInput::remaining_bytes() const {
    struct stat status{};
    if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode))
        return 0;
    const off_t at = ::lseek(fd_, 0, SEEK_CUR);
    return at < 0 || at >= status.st_size ? 0 : static_cast<std::uint64_t>(status.st_size - at);
}

} // namespace codex::dataset::detail
