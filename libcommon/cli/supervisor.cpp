#include "cli/supervisor.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace codex::cli {

namespace {

constexpr int kFirstSocket = 3;
constexpr int kMostSockets = 64;
constexpr time_t kPatienceSeconds = 1;

/// The value of a variable, which is no more.
std::string take_variable(const char* name) {
    const char* value = std::getenv(name);
    std::string taken = value == nullptr ? std::string() : std::string(value);
    ::unsetenv(name);
    return taken;
}

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto read = std::from_chars(text.begin(), text.end(), value);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.end())
        return std::nullopt;
    return value;
}

} // namespace

Supervisor Supervisor::of_process() {
    Said said;
    said.notify_socket = take_variable("NOTIFY_SOCKET");
    said.listen_pid = take_variable("LISTEN_PID");
    said.listen_fds = take_variable("LISTEN_FDS");
    take_variable("LISTEN_FDNAMES");
    return of(said);
}

Supervisor Supervisor::of(const Said& said) {
    Supervisor supervisor;
    // A path from the root, or an abstract name; a longer one is of nobody that could listen there.
    const bool is_path = said.notify_socket.starts_with('/') || said.notify_socket.starts_with('@');
    if (is_path && said.notify_socket.size() < sizeof(sockaddr_un::sun_path))
        supervisor.notify_socket_ = said.notify_socket;
    const auto process = number(said.listen_pid);
    const int sockets = number(said.listen_fds).value_or(0);
    if (process != ::getpid() || sockets < 0 || sockets > kMostSockets)
        return supervisor;
    for (int fd = kFirstSocket; fd < kFirstSocket + sockets; ++fd)
        if (::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
            supervisor.sockets_.emplace_back(fd);
    return supervisor;
}

void Supervisor::ready(std::string_view status) const {
    say(fmt::format("READY=1\nSTATUS={}", status));
}
void Supervisor::stopping() const {
    say("STOPPING=1\nSTATUS=Stopping");
}

void Supervisor::say(std::string_view lines) const {
    if (notify_socket_.empty())
        return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, notify_socket_.data(), notify_socket_.size());
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0';
    const auto size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + notify_socket_.size());
    const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd)
        return;
    timeval patience{};
    patience.tv_sec = kPatienceSeconds;
    static_cast<void>(::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience));
    // That nobody is there any more is no matter of this process.
    static_cast<void>(::sendto(fd.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&to), size));
}

} // namespace codex::cli
