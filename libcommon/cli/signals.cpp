#include "cli/signals.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace codex::cli {

namespace {

volatile int g_request_fd = -1;

extern "C" void on_usr1(int /*signal*/) {
    const int saved = errno;
    const std::uint64_t one = 1;
    // Fails only when the counter is full: then a request is pending anyway.
    [[maybe_unused]] const auto written = ::write(g_request_fd, &one, sizeof one);
    errno = saved;
}

} // namespace

void set_up_signals() {
    std::signal(SIGPIPE, SIG_DFL);
    std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of the write, and no end
    g_request_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action{};
    action.sa_handler = on_usr1;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR1, &action, nullptr);
}

int progress_request_fd() {
    return g_request_fd;
}

} // namespace codex::cli
