#include "base/local_network.hpp"

#include "base/detail/socket_error.hpp"
#include "base/detail/stream_socket.hpp"

#include <fcntl.h>
#include <optional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace codex {

namespace {

using detail::Descriptor;
using detail::DescriptorPtr;
using detail::StreamSocket;

constexpr int kBacklog = 64;
constexpr Clock::Duration kFullPause = std::chrono::milliseconds(10);

/// A path that is not there is one where nobody listens.
Error local_error(int number, const std::string& what) {
    if (number == ENOENT || number == ENOTDIR)
        return {Errc::unavailable, fmt::format("{}: {}", what, std::strerror(number))};
    return detail::socket_error(number, what);
}

/// The name of a socket as the system takes it: one that is too long is that of an open folder, and
/// what stands in it. The folder stays open as long as this does.
struct LocalName {
    sockaddr_un address{};
    Fd folder;

    [[nodiscard]] static Result<LocalName> of(const std::string& path) {
        LocalName name;
        name.address.sun_family = AF_UNIX;
        std::string text = path;
        if (text.size() >= sizeof name.address.sun_path) {
            const std::size_t slash = path.rfind('/');
            if (slash == std::string::npos)
                return fail(Errc::argument_invalid, "{}: too long for a socket", path);
            const std::string folder = path.substr(0, slash + 1);
            name.folder = Fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
            if (!name.folder)
                return fail(local_error(errno, "open " + folder));
            text = fmt::format("/proc/self/fd/{}/{}", name.folder.get(), path.substr(slash + 1));
            if (text.size() >= sizeof name.address.sun_path)
                return fail(Errc::argument_invalid, "{}: too long for a socket", path);
        }
        std::copy(text.begin(), text.end(), name.address.sun_path);
        return name;
    }
    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&address);
    }
};

Result<Fd> local_socket(const std::string& path) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd)
        return fail(local_error(errno, "make a socket for " + path));
    return fd;
}

/// The process at the other end, when its user may be spoken to.
std::optional<pid_t> trusted_process(int fd) {
    ucred other{};
    socklen_t size = sizeof other;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &other, &size) != 0)
        return std::nullopt;
    if (other.uid != ::geteuid() && other.uid != 0)
        return std::nullopt;
    return other.pid;
}

class LocalAcceptor final : public detail::StreamAcceptor {
public:
    explicit LocalAcceptor(DescriptorPtr of) : StreamAcceptor(std::move(of)) {}
    ~LocalAcceptor() override { LocalAcceptor::close(); }

    [[nodiscard]] SocketAddress local() const override { return {}; }
    void close() override {
        if (descriptor().closed())
            return;
        ::unlink(descriptor().name().c_str());
        StreamAcceptor::close();
    }

private:
    [[nodiscard]] Result<std::unique_ptr<Socket>> take(Fd fd) override {
        if (!trusted_process(fd.get()))
            return std::unique_ptr<Socket>();
        CODEX_TRY(of, Descriptor::make(descriptor().loop(), std::move(fd), descriptor().name()));
        return std::unique_ptr<Socket>(std::make_unique<StreamSocket>(std::move(of)));
    }
};

/// What a process that listens no more has left there goes.
Result<void> clear(const std::string& path) {
    struct stat there{};
    if (::lstat(path.c_str(), &there) != 0)
        return errno == ENOENT ? Result<void>() : fail(system_error(errno, "look at " + path));
    if (!S_ISSOCK(there.st_mode))
        return fail(Errc::cannot_create, "{} is there, and is no socket", path);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return fail(system_error(errno, "remove " + path));
    return {};
}

} // namespace

Result<std::unique_ptr<Acceptor>> LocalNetwork::listen(const std::string& path) {
    CODEX_CHECK(clear(path));
    CODEX_TRY(name, LocalName::of(path));
    CODEX_TRY(fd, local_socket(path));
    // What the socket has before it has a name is what its file gets.
    if (::fchmod(fd.get(), 0600) != 0 || ::bind(fd.get(), name.get(), sizeof name.address) != 0 ||
        ::listen(fd.get(), kBacklog) != 0)
        return fail(system_error(errno, "listen at " + path));
    CODEX_TRY(of, Descriptor::make(loop_, std::move(fd), path));
    return std::unique_ptr<Acceptor>(std::make_unique<LocalAcceptor>(std::move(of)));
}

Task<Result<LocalConnection>> LocalNetwork::connect(std::string path, Clock::Instant until) {
    SystemLoop& loop = loop_;
    auto name = LocalName::of(path);
    if (!name)
        co_return fail(std::move(name).error());
    auto fd = local_socket(path);
    if (!fd)
        co_return fail(std::move(fd).error());
    while (::connect(fd->get(), name->get(), sizeof name->address) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            co_return fail(local_error(errno, "connect to " + path));
        if (loop.now() >= until)
            co_return fail(Errc::timeout, "connect to {}: no answer in time", path);
        co_await loop.pause_until(std::min(until, loop.now() + kFullPause));
    }
    const auto process = trusted_process(fd->get());
    if (!process)
        co_return fail(Errc::permission, "{}: another user listens there", path);
    auto of = Descriptor::make(loop, std::move(*fd), path);
    if (!of)
        co_return fail(std::move(of).error());
    LocalConnection connection;
    connection.process = *process;
    connection.socket = std::make_unique<StreamSocket>(std::move(*of));
    co_return std::move(connection);
}

} // namespace codex
