#include "base/detail/reactor.hpp"
#include "base/detail/socket_error.hpp"
#include "base/fd.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

namespace codex {

namespace {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

/// What may wait in the kernel while this thread does something else: a second of what a busy node
/// is sent. The system may give less.
constexpr int kReceiveBytes = 1 << 20;
/// What ICMP brought back about datagrams before is passed over so often in one call.
constexpr int kMaxOldErrors = 16;

/// An address as the system takes it.
struct SystemAddress {
    SystemAddress() = default;
    explicit SystemAddress(const SocketAddress& address) {
        if (address.ip_bytes == 4) {
            sockaddr_in v4{};
            v4.sin_family = AF_INET;
            v4.sin_port = htons(address.port);
            std::memcpy(&v4.sin_addr, address.ip.data(), 4);
            take(v4);
        } else {
            sockaddr_in6 v6{};
            v6.sin6_family = AF_INET6;
            v6.sin6_port = htons(address.port);
            std::memcpy(&v6.sin6_addr, address.ip.data(), 16);
            take(v6);
        }
    }

    sockaddr_storage bytes{};
    socklen_t size = sizeof bytes;

    [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes); }
    [[nodiscard]] SocketAddress address() const {
        if (bytes.ss_family == AF_INET) {
            sockaddr_in v4;
            std::memcpy(&v4, &bytes, sizeof v4);
            const auto* ip = reinterpret_cast<const std::uint8_t*>(&v4.sin_addr);
            return {BytesView(ip, 4), ntohs(v4.sin_port)};
        }
        sockaddr_in6 v6;
        std::memcpy(&v6, &bytes, sizeof v6);
        return {BytesView(v6.sin6_addr.s6_addr, 16), ntohs(v6.sin6_port)};
    }

private:
    template <class T> void take(const T& address) {
        std::memcpy(&bytes, &address, sizeof address);
        size = sizeof address;
    }
};

/// A descriptor and who waits for it. Handlers that the reactor holds keep it alive.
struct Bound {
    Bound(boost::asio::io_context& context, EventLoop& loop, Fd fd, const SocketAddress& at)
        : descriptor(context), local(at), can_read(loop), can_write(loop) {
        error_code ignored; // a number that is open can be had
        descriptor.assign(fd.release(), ignored);
    }

    stream_descriptor descriptor;
    SocketAddress local;
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
    static void ask_read(const std::shared_ptr<Bound>& self) {
        if (self->awaits_read)
            return;
        self->descriptor.async_wait(stream_descriptor::wait_read, [self](error_code) {
            self->awaits_read = false;
            self->can_read.notify();
        });
        self->awaits_read = true; // not before, for asking may throw
    }
    static void ask_write(const std::shared_ptr<Bound>& self) {
        if (self->awaits_write)
            return;
        self->descriptor.async_wait(stream_descriptor::wait_write, [self](error_code) {
            self->awaits_write = false;
            self->can_write.notify();
        });
        self->awaits_write = true;
    }
};
using BoundPtr = std::shared_ptr<Bound>;

/// What ICMP brought back about a datagram that was sent some time ago.
bool about_another(int number) {
    switch (number) {
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENOPROTOOPT:
    case EPROTO:
    case EMSGSIZE:
        return true;
    default:
        return false;
    }
}

class SystemDatagrams final : public DatagramSocket {
public:
    explicit SystemDatagrams(BoundPtr of) : of_(std::move(of)) {}
    ~SystemDatagrams() override { of_->close(); }

    [[nodiscard]] Result<std::optional<Arrived>> try_receive(MutableBytes to) override {
        if (of_->closed)
            return fail(closed_here());
        for (int i = 0; i < kMaxOldErrors; ++i) {
            SystemAddress from;
            // With MSG_TRUNC it gives the whole length of one that is cut.
            const ssize_t size = ::recvfrom(of_->fd(), to.data(), to.size(),
                                            MSG_DONTWAIT | MSG_TRUNC, from.get(), &from.size);
            if (size >= 0)
                return std::optional(Arrived{static_cast<std::size_t>(size), from.address()});
            if (errno == EAGAIN)
                return std::optional<Arrived>();
            if (errno != EINTR && !about_another(errno))
                return fail(detail::socket_error(errno, "receive at " + of_->local.text()));
        }
        return std::optional<Arrived>();
    }

    [[nodiscard]] Result<bool> try_send(const SocketAddress& to, BytesView bytes) override {
        if (of_->closed)
            return fail(closed_here());
        if (to.ip_bytes != of_->local.ip_bytes)
            return fail(Errc::unavailable, "send to {}: no way there from {}", to.text(),
                        of_->local.text());
        SystemAddress there(to);
        for (int i = 0; i < 2; ++i) { // the first may be told what became of one before
            if (::sendto(of_->fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                         there.get(), there.size) >= 0)
                return true;
            if (errno == EAGAIN)
                return false;
            if (errno == ENOBUFS) // it was taken, and dropped on the way out
                return true;
        }
        return fail(detail::socket_error(errno, "send to " + to.text()));
    }

    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        return wait(of_, Bound::ask_read, &Bound::can_read, until, "nothing came in time");
    }
    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        return wait(of_, Bound::ask_write, &Bound::can_write, until, "took nothing in time");
    }
    [[nodiscard]] SocketAddress local() const override { return of_->local; }
    void close() override { of_->close(); }

private:
    [[nodiscard]] Error closed_here() const {
        return {Errc::cancelled, fmt::format("{} is closed", of_->local.text())};
    }
    [[nodiscard]] static Task<Result<void>> wait(BoundPtr of, void (*ask)(const BoundPtr&),
                                                 Signal Bound::* signal, Clock::Instant until,
                                                 const char* too_late) {
        if (of->closed)
            co_return fail(Errc::cancelled, "{} is closed", of->local.text());
        ask(of);
        Signal& changed = (*of).*signal;
        const auto in_time = co_await changed.wait(until);
        if (of->closed)
            co_return fail(Errc::cancelled, "{} is closed", of->local.text());
        if (!in_time)
            co_return fail(Errc::timeout, "{}: {}", of->local.text(), too_late);
        co_return Result<void>();
    }

    BoundPtr of_;
};

} // namespace

Result<std::unique_ptr<DatagramSocket>> SystemNetwork::bind_datagrams(const SocketAddress& at) {
    const std::string what = fmt::format("bind {} for datagrams", at.text());
    const bool v4 = at.ip_bytes == 4;
    Fd fd(::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd)
        return fail(detail::socket_error(errno, what));
    // IPv4 has a socket of its own, so that both can have one port.
    constexpr int kOn = 1;
    if (!v4 && ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &kOn, sizeof kOn) != 0)
        return fail(detail::socket_error(errno, what));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
    SystemAddress address(at);
    if (::bind(fd.get(), address.get(), address.size) != 0)
        return fail(detail::socket_error(errno, what));
    SystemAddress got;
    if (::getsockname(fd.get(), got.get(), &got.size) != 0)
        return fail(detail::socket_error(errno, what));
    return std::unique_ptr<DatagramSocket>(std::make_unique<SystemDatagrams>(
        std::make_shared<Bound>(loop_.reactor_->context, loop_, std::move(fd), got.address())));
}

} // namespace codex
