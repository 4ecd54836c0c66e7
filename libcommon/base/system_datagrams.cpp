#include "base/detail/asked_at.hpp"
#include "base/detail/descriptor.hpp"
#include "base/detail/socket_error.hpp"
#include "base/detail/system_address.hpp"

#include <algorithm>
#include <netinet/in.h>

namespace codex {

namespace {

using detail::AskedAt;
using detail::Descriptor;
using detail::DescriptorPtr;
using detail::socket_error;
using detail::SystemAddress;

/// What may wait in the kernel while this thread does something else: a second of what a busy node
/// is sent. The system may give less.
constexpr int kReceiveBytes = 1 << 20;
/// What ICMP brought back about datagrams before is passed over so often in one call.
constexpr int kMaxOldErrors = 16;

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
    /// `asked_at` is there where it is bound to all addresses.
    SystemDatagrams(DescriptorPtr of, const SocketAddress& at, std::unique_ptr<AskedAt> asked_at)
        : of_(std::move(of)), local_(at), asked_at_(std::move(asked_at)) {}
    ~SystemDatagrams() override { of_->close(); }

    [[nodiscard]] Result<std::optional<Arrived>> try_receive(MutableBytes to) override {
        if (of_->closed())
            return fail(of_->closed_here());
        for (int i = 0; i < kMaxOldErrors; ++i) {
            SystemAddress from;
            iovec room{to.data(), to.size()};
            msghdr message = message_of(from, room);
            if (asked_at_)
                asked_at_->prepare(message);
            // With MSG_TRUNC it gives the whole length of one that is cut.
            const ssize_t size = ::recvmsg(of_->fd(), &message, MSG_DONTWAIT | MSG_TRUNC);
            if (size >= 0) {
                const SocketAddress sender = from.address();
                if (asked_at_)
                    asked_at_->heard(sender, message);
                return std::optional(Arrived{static_cast<std::size_t>(size), sender});
            }
            if (errno == EAGAIN)
                return std::optional<Arrived>();
            if (errno != EINTR && !about_another(errno))
                return fail(socket_error(errno, "receive at " + of_->name()));
        }
        return std::optional<Arrived>();
    }

    [[nodiscard]] Result<bool> try_send(const SocketAddress& to, BytesView bytes) override {
        if (of_->closed())
            return fail(of_->closed_here());
        if (to.ip_bytes != local_.ip_bytes)
            return fail(Errc::unavailable, "send to {}: no way there from {}", to.text(),
                        of_->name());
        SystemAddress there(to);
        iovec content{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
        for (int i = 0; i < 3; ++i) { // the first may be told what became of one before
            msghdr message = message_of(there, content);
            const bool from_there = asked_at_ && asked_at_->say(to, message);
            if (::sendmsg(of_->fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
                return true;
            if (errno == EAGAIN)
                return false;
            if (errno == ENOBUFS) // it was taken, and dropped on the way out
                return true;
            if (from_there && i != 0) // the host may have that address no more
                asked_at_->forget(to);
        }
        return fail(socket_error(errno, "send to " + to.text()));
    }

    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        return Descriptor::readable(of_, until);
    }
    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        return Descriptor::writable(of_, until);
    }
    [[nodiscard]] SocketAddress local() const override { return local_; }
    void close() override { of_->close(); }

private:
    [[nodiscard]] static msghdr message_of(SystemAddress& other, iovec& content) {
        msghdr message{};
        message.msg_name = other.get();
        message.msg_namelen = other.size;
        message.msg_iov = &content;
        message.msg_iovlen = 1;
        return message;
    }

    DescriptorPtr of_;
    SocketAddress local_;
    std::unique_ptr<AskedAt> asked_at_;
};

} // namespace

Result<std::unique_ptr<DatagramSocket>> SystemNetwork::bind_datagrams(const SocketAddress& at) {
    const std::string what = "take datagrams at " + at.text();
    const SystemAddress address(at);
    const bool v4 = at.ip_bytes == 4;
    Fd fd(::socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd)
        return fail(socket_error(errno, what));
    // IPv4 has a socket of its own, so that both can have one port.
    constexpr int kOn = 1;
    if (!v4 && ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &kOn, sizeof kOn) != 0)
        return fail(socket_error(errno, what));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
    if (::bind(fd.get(), address.get(), address.size) != 0)
        return fail(socket_error(errno, what));
    CODEX_TRY(local, SystemAddress::local_of(fd.get()));
    const bool at_all =
        std::ranges::all_of(at.ip_view(), [](std::uint8_t byte) { return byte == 0; });
    auto asked_at = at_all && AskedAt::ask(fd.get(), v4) ? std::make_unique<AskedAt>() : nullptr;
    CODEX_TRY(of, Descriptor::make(loop_, std::move(fd), local.text()));
    return std::unique_ptr<DatagramSocket>(
        std::make_unique<SystemDatagrams>(std::move(of), local, std::move(asked_at)));
}

} // namespace codex
