#include "cli/end_signals.hpp"

#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace codex::cli {

EndSignals::EndSignals() {
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &ours, &before_);
    signals_ = Fd(::signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
    stopped_ = Fd(::eventfd(0, EFD_CLOEXEC));
}

EndSignals::~EndSignals() {
    stop();
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool EndSignals::start(std::function<void(int signal)> told) {
    if (!signals_ || !stopped_)
        return false;
    return waiter_.start([this, told = std::move(told)] {
        for (;;) {
            pollfd fds[] = {{signals_.get(), POLLIN, 0}, {stopped_.get(), POLLIN, 0}};
            if (::poll(fds, 2, -1) < 0)
                continue; // a signal of another kind
            if (fds[1].revents != 0)
                return;
            signalfd_siginfo info{};
            if (::read(signals_.get(), &info, sizeof info) != sizeof info)
                continue;
            told(static_cast<int>(info.ssi_signo));
            if (info.ssi_signo != SIGHUP)
                return;
        }
    });
}

void EndSignals::stop() {
    const std::uint64_t one = 1;
    if (stopped_) [[maybe_unused]]
        const auto written = ::write(stopped_.get(), &one, sizeof one);
    waiter_.wait();
}

} // namespace codex::cli
