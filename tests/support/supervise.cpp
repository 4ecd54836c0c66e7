// codex-testsupervise SAID PORTS SOCKETS COMMAND...: starts the command as a service manager does,
// with SOCKETS listening sockets of this host from descriptor 3 on, whose ports are lines of the
// file PORTS, and "@1", "@2" in words of the command stand for them; and with NOTIFY_SOCKET, an
// abstract name, where what comes is put into the file SAID, each datagram with an empty line
// behind it. SIGTERM goes to the command; ends as that does.
#include "base/fd.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

using codex::Fd;

volatile pid_t child = 0;

void pass_on(int signal) {
    if (child > 0)
        ::kill(child, signal);
}

[[noreturn]] void refuse(const char* what) {
    ::perror(what);
    ::_exit(70);
}

/// Listens at a port of this host that is free.
int listen_somewhere(Fd& socket) {
    socket = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const where = reinterpret_cast<sockaddr*>(&at);
    if (!socket || ::bind(socket.get(), where, size) != 0 || ::listen(socket.get(), 16) != 0 ||
        ::getsockname(socket.get(), where, &size) != 0)
        refuse("a listening socket");
    return ntohs(at.sin_port);
}

/// Gives the name, as NOTIFY_SOCKET has it.
std::string bind_datagrams(Fd& socket) {
    socket = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    socklen_t size = sizeof(sa_family_t); // the system chooses a name
    auto* const where = reinterpret_cast<sockaddr*>(&at);
    if (!socket || ::bind(socket.get(), where, size) != 0)
        refuse("a socket of datagrams");
    size = sizeof at;
    if (::getsockname(socket.get(), where, &size) != 0)
        refuse("a socket of datagrams");
    return "@" + std::string(at.sun_path + 1, size - offsetof(sockaddr_un, sun_path) - 1);
}

[[noreturn]] void become(const std::vector<std::string>& words, const std::vector<Fd>& sockets,
                         const std::string& notify) {
    // First to where none of them is yet.
    std::vector<int> copies;
    for (const Fd& socket : sockets)
        copies.push_back(::fcntl(socket.get(), F_DUPFD_CLOEXEC, 100));
    for (std::size_t i = 0; i < copies.size(); ++i)
        if (::dup2(copies[i], static_cast<int>(3 + i)) < 0)
            refuse("dup2");
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(sockets.size()).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", "unknown", 1);
    ::setenv("NOTIFY_SOCKET", notify.c_str(), 1);
    std::vector<char*> argv;
    for (const std::string& word : words)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    refuse(argv[0]);
}

void replace(std::string& word, const std::string& what, const std::string& by) {
    if (const std::size_t at = word.find(what); at != word.npos)
        word.replace(at, what.size(), by);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 5)
        return 64;
    std::vector<Fd> sockets(static_cast<std::size_t>(std::atoi(argv[3])));
    std::vector<std::string> words(argv + 4, argv + argc);
    std::string ports;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        const std::string port = std::to_string(listen_somewhere(sockets[i]));
        ports += port + "\n";
        for (std::string& word : words)
            replace(word, "@" + std::to_string(i + 1), port);
    }
    Fd datagrams;
    const std::string notify = bind_datagrams(datagrams);
    const Fd said(::open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    struct sigaction pass = {};
    pass.sa_handler = pass_on;
    ::sigaction(SIGTERM, &pass, nullptr);
    child = ::fork();
    if (child == 0)
        become(words, sockets, notify);
    sockets.clear();
    if (!codex::write_file_atomic(argv[2], codex::as_bytes(ports)))
        refuse(argv[2]);
    for (int status = 0;;) {
        pollfd ready{datagrams.get(), POLLIN, 0};
        const int come = ::poll(&ready, 1, 20);
        codex::Bytes bytes(4096);
        if (come == 1) {
            const ssize_t size = ::recv(datagrams.get(), bytes.data(), bytes.size(), 0);
            if (size > 0) {
                const std::string text(reinterpret_cast<const char*>(bytes.data()),
                                       static_cast<std::size_t>(size));
                if (!codex::write_full(said.get(), codex::as_bytes(text + "\n\n"), argv[1]))
                    refuse(argv[1]);
            }
            continue;
        }
        if (::waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}
