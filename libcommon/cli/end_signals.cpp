#include "cli/end_signals.hpp"

#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace codex::cli {

EndSignals::EndSignals(std::chrono::milliseconds grace) : grace_(grace) {
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
    // What came while it ended has had its way.
    signalfd_siginfo late{};
    while (ends_ && ::read(signals_.get(), &late, sizeof late) == sizeof late) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool EndSignals::start(std::function<void(int signal)> told) {
    if (!signals_ || !stopped_)
        return false;
    told_ = std::move(told);
    return waiter_.start([this] {
        for (;;) {
            pollfd fds[] = {{signals_.get(), POLLIN, 0}, {stopped_.get(), POLLIN, 0}};
            if (::poll(fds, 2, -1) < 0)
                continue; // a signal of another kind
            if (fds[1].revents != 0)
                return;
            signalfd_siginfo info{};
            if (::read(signals_.get(), &info, sizeof info) != sizeof info)
                continue;
            if (info.ssi_signo != SIGHUP)
                ends_ = true;
            tell(static_cast<int>(info.ssi_signo));
            if (info.ssi_signo != SIGHUP)
                return let_others_end();
        }
    });
}

void EndSignals::tell(int signal) {
    const std::lock_guard lock(mutex_);
    if (told_)
        told_(signal);
}

void EndSignals::stop_telling() {
    ends_ = true;
    const std::lock_guard lock(mutex_);
    told_ = nullptr;
}

void EndSignals::let_others_end() {
    pollfd stopped{stopped_.get(), POLLIN, 0};
    int ready = 0;
    do
        ready = ::poll(&stopped, 1, static_cast<int>(grace_.count()));
    while (ready < 0 && errno == EINTR);
    if (ready != 0)
        return;
    signalfd_siginfo same{}; // of the first
    while (::read(signals_.get(), &same, sizeof same) == sizeof same) {
    }
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    ::pthread_sigmask(SIG_UNBLOCK, &ends, nullptr); // in this thread, which is enough
    while (::poll(&stopped, 1, -1) < 0 && errno == EINTR) {
    }
}

void EndSignals::stop() {
    const std::uint64_t one = 1;
    if (stopped_) [[maybe_unused]]
        const auto written = ::write(stopped_.get(), &one, sizeof one);
    waiter_.wait();
}

} // namespace codex::cli
