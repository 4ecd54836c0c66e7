#include "base/local_network.hpp"

#include "base/detail/reactor.hpp"
#include "base/fd.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <optional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace codex {

namespace {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

constexpr int kBacklog = 64;
constexpr Clock::Duration kFullPause = std::chrono::milliseconds(10);

Error local_error(int number, const std::string& what) {
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
        return {Errc::unavailable, fmt::format("{}: {}", what, std::strerror(number))};
    case EMFILE:
    case ENFILE:
        return Error(Errc::no_space, fmt::format("{}: {}", what, std::strerror(number)))
            .hint("allow more open files (ulimit -n), then try again");
    case ENOBUFS:
    case ENOMEM:
        return {Errc::no_space, fmt::format("{}: {}", what, std::strerror(number))};
    default:
        return system_error(number, what);
    }
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

/// A descriptor and who waits for it. Handlers that the reactor holds keep it alive.
struct LocalDescriptor {
    LocalDescriptor(boost::asio::io_context& context, EventLoop& event_loop, Fd fd, std::string at)
        : loop(event_loop), descriptor(context), path(std::move(at)), can_read(event_loop),
          can_write(event_loop) {
        error_code ignored; // a number that is open can be had
        descriptor.assign(fd.release(), ignored);
    }

    EventLoop& loop;
    stream_descriptor descriptor;
    std::string path;
    Signal can_read;
    Signal can_write;
    bool awaits_read = false; ///< the reactor was asked
    bool awaits_write = false;
    bool closed = false;

    [[nodiscard]] int fd() { return descriptor.native_handle(); }
    void close() {
        if (std::exchange(closed, true))
            return;
        error_code ignored;
        descriptor.close(ignored);
        can_read.notify();
        can_write.notify();
    }
    static void ask_read(const std::shared_ptr<LocalDescriptor>& self) {
        if (self->awaits_read)
            return;
        self->descriptor.async_wait(stream_descriptor::wait_read, [self](error_code) {
            self->awaits_read = false;
            self->can_read.notify();
        });
        self->awaits_read = true; // not before, for asking may throw
    }
    static void ask_write(const std::shared_ptr<LocalDescriptor>& self) {
        if (self->awaits_write)
            return;
        self->descriptor.async_wait(stream_descriptor::wait_write, [self](error_code) {
            self->awaits_write = false;
            self->can_write.notify();
        });
        self->awaits_write = true;
    }
};
using LocalDescriptorPtr = std::shared_ptr<LocalDescriptor>;

class LocalSocket final : public Socket {
public:
    explicit LocalSocket(LocalDescriptorPtr of) : of_(std::move(of)) {}
    ~LocalSocket() override { of_->close(); }

    [[nodiscard]] Result<std::optional<std::size_t>> try_read(MutableBytes to) override {
        if (of_->closed)
            return fail(Errc::cancelled, "connection is closed");
        const ssize_t size = ::recv(of_->fd(), to.data(), to.size(), MSG_DONTWAIT);
        if (size >= 0)
            return std::optional<std::size_t>(static_cast<std::size_t>(size));
        if (errno == EAGAIN || errno == EINTR)
            return std::optional<std::size_t>();
        return fail(local_error(errno, "read from " + of_->path));
    }
    [[nodiscard]] Result<std::size_t> try_write(BytesView bytes) override {
        if (of_->closed)
            return fail(Errc::cancelled, "connection is closed");
        const ssize_t size =
            ::send(of_->fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size >= 0)
            return static_cast<std::size_t>(size);
        if (errno == EAGAIN || errno == EINTR)
            return std::size_t{0};
        return fail(local_error(errno, "write to " + of_->path));
    }
    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        return wait(of_, LocalDescriptor::ask_read, &LocalDescriptor::can_read, until,
                    "gave nothing in time");
    }
    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        return wait(of_, LocalDescriptor::ask_write, &LocalDescriptor::can_write, until,
                    "took nothing in time");
    }
    void end() override {
        if (!of_->closed)
            ::shutdown(of_->fd(), SHUT_WR);
    }
    void close() override { of_->close(); }
    [[nodiscard]] SocketAddress local() const override { return {}; }
    [[nodiscard]] SocketAddress remote() const override { return {}; }

private:
    [[nodiscard]] static Task<Result<void>> wait(LocalDescriptorPtr of,
                                                 void (*ask)(const LocalDescriptorPtr&),
                                                 Signal LocalDescriptor::* signal,
                                                 Clock::Instant until, const char* too_late) {
        if (of->closed)
            co_return fail(Errc::cancelled, "connection is closed");
        ask(of);
        Signal& changed = (*of).*signal;
        const auto in_time = co_await changed.wait(until);
        if (of->closed)
            co_return fail(Errc::cancelled, "connection is closed");
        if (!in_time)
            co_return fail(Errc::timeout, "{} {}", of->path, too_late);
        co_return Result<void>();
    }

    LocalDescriptorPtr of_;
};

class LocalAcceptor final : public Acceptor {
public:
    LocalAcceptor(LocalDescriptorPtr of, boost::asio::io_context& context)
        : of_(std::move(of)), context_(context) {}
    ~LocalAcceptor() override { LocalAcceptor::close(); }

    [[nodiscard]] Task<Result<std::unique_ptr<Socket>>> accept() override {
        const LocalDescriptorPtr of = of_;
        boost::asio::io_context& context = context_;
        while (!of->closed) {
            Fd fd(::accept4(of->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (fd) {
                if (!trusted_process(fd.get()))
                    continue;
                std::unique_ptr<Socket> accepted = std::make_unique<LocalSocket>(
                    std::make_shared<LocalDescriptor>(context, of->loop, std::move(fd), of->path));
                co_return Result<std::unique_ptr<Socket>>(std::move(accepted));
            }
            if (errno == ECONNABORTED || errno == EINTR)
                continue;
            if (errno != EAGAIN)
                co_return fail(local_error(errno, "accept at " + of->path));
            LocalDescriptor::ask_read(of);
            co_await of->can_read.wait();
        }
        co_return fail(Errc::cancelled, "{} listens no more", of->path);
    }
    [[nodiscard]] SocketAddress local() const override { return {}; }
    void close() override {
        if (of_->closed)
            return;
        ::unlink(of_->path.c_str());
        of_->close();
    }

private:
    LocalDescriptorPtr of_;
    boost::asio::io_context& context_;
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
    boost::asio::io_context& context = loop_.reactor_->context;
    return std::unique_ptr<Acceptor>(std::make_unique<LocalAcceptor>(
        std::make_shared<LocalDescriptor>(context, loop_, std::move(fd), path), context));
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
    LocalConnection connection;
    connection.process = *process;
    connection.socket = std::make_unique<LocalSocket>(
        std::make_shared<LocalDescriptor>(loop.reactor_->context, loop, std::move(*fd), path));
    co_return std::move(connection);
}

} // namespace codex
