// Waiting for others to append (codex-ledger(5), FOLLOWING).
#include "ledger/detail/parts.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace codex::ledger {

namespace {

/// Where the system tells nothing (too many watch, or the folder is another machine's).
constexpr std::chrono::milliseconds kLookAgain{1000};

/// Readable when a file was written to, or taken away.
Fd watch(const std::string& path) {
    Fd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (fd && ::inotify_add_watch(fd.get(), path.c_str(), IN_MODIFY | IN_ATTRIB) < 0)
        fd.reset();
    return fd;
}

void empty(const Fd& fd) {
    std::array<std::uint8_t, 4096> events{};
    while (::read(fd.get(), events.data(), events.size()) > 0) {
    }
}

} // namespace

Result<bool> Ledger::wait(std::uint64_t after, const Deadline& deadline,
                          std::stop_token stop) const {
    const Fd stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!stopped)
        return fail(system_error(errno, "eventfd"));
    const std::stop_callback wake(stop, [&] {
        const std::uint64_t one = 1;
        (void)!::write(stopped.get(), &one, sizeof one);
    });
    // Before it is looked: what comes afterwards is told.
    const Fd watched = watch(path() + "/durable");
    for (;;) {
        CODEX_CHECK(parts_->still_here());
        CODEX_TRY(there, head());
        if (there.sequence > after)
            return true;
        if (stop.stop_requested())
            return false;
        const Clock::Duration nap =
            deadline.is_never() ? Clock::Duration(kLookAgain) : deadline.clock().nap(deadline.at());
        if (nap == Clock::Duration::zero())
            return false;
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::min<Clock::Duration>(nap, kLookAgain));
        std::array<pollfd, 2> wanted{pollfd{stopped.get(), POLLIN, 0},
                                     pollfd{watched.get(), POLLIN, 0}}; // -1 is left out
        (void)::poll(wanted.data(), wanted.size(), static_cast<int>(ms.count()) + 1);
        if (watched)
            empty(watched);
    }
}

} // namespace codex::ledger
