#include "base/detail/socket_error.hpp"
#include "base/detail/stream_socket.hpp"
#include "base/detail/system_address.hpp"

#include <algorithm>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace codex {

namespace {

using detail::Descriptor;
using detail::DescriptorPtr;
using detail::socket_error;
using detail::StreamSocket;
using detail::SystemAddress;

/// Unsent bytes beyond which the kernel takes no more: more would only make what is urgent wait.
constexpr int kUnsentBytes = 256 * 1024;
constexpr int kOn = 1;

Result<Fd> tcp_socket(int family, const std::string& what) {
    Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd)
        return fail(socket_error(errno, what));
    return fd;
}

/// Of one that is connected; false, when it has gone again.
bool set_up(StreamSocket& socket, int fd) {
    // An old kernel may not know the second, and then all goes on without.
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
    ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes, sizeof kUnsentBytes);
    return socket.look_at_ends().has_value();
}

class TcpAcceptor final : public detail::StreamAcceptor {
public:
    TcpAcceptor(DescriptorPtr of, const SocketAddress& at)
        : StreamAcceptor(std::move(of)), local_(at) {}
    [[nodiscard]] SocketAddress local() const override { return local_; }

private:
    [[nodiscard]] Result<std::unique_ptr<Socket>> take(Fd fd) override {
        const auto from = SystemAddress::remote_of(fd.get());
        if (!from) // it has gone again
            return std::unique_ptr<Socket>();
        CODEX_TRY(of, Descriptor::make(descriptor().loop(), std::move(fd), from->text()));
        const int socket = of->fd();
        auto accepted = std::make_unique<StreamSocket>(std::move(of));
        if (!set_up(*accepted, socket))
            return std::unique_ptr<Socket>();
        return std::unique_ptr<Socket>(std::move(accepted));
    }

    SocketAddress local_;
};

/// What became of a connection that was being made, an errno or 0; nothing, while that is not
/// known.
std::optional<int> outcome_of(int socket) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    if (error != 0)
        return error;
    SystemAddress there;
    if (::getpeername(socket, there.get(), &there.size) == 0)
        return 0;
    return errno == ENOTCONN ? std::nullopt : std::optional(errno);
}

} // namespace

namespace {

Result<Fd> listening_socket(const SocketAddress& at, const std::string& what) {
    const SystemAddress address(at);
    CODEX_TRY(fd, tcp_socket(address.family(), what));
    const auto set = [&fd](int level, int option) {
        return ::setsockopt(fd.get(), level, option, &kOn, sizeof kOn) == 0;
    };
    // IPv4 has a socket of its own, so that both can have one port.
    if (!set(SOL_SOCKET, SO_REUSEADDR) || (at.ip_bytes == 16 && !set(IPPROTO_IPV6, IPV6_V6ONLY)) ||
        ::bind(fd.get(), address.get(), address.size) != 0 || ::listen(fd.get(), SOMAXCONN) != 0)
        return fail(socket_error(errno, what));
    return fd;
}

/// Of a socket; -1, where it has none.
int option_of(const Fd& socket, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket.get(), SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

} // namespace

Result<SocketAddress> SystemNetwork::inherit(Fd listening) {
    const int family = option_of(listening, SO_DOMAIN);
    if (option_of(listening, SO_TYPE) != SOCK_STREAM || option_of(listening, SO_ACCEPTCONN) != 1 ||
        (family != AF_INET && family != AF_INET6))
        return fail(Errc::argument_invalid, "descriptor {} is no socket of TCP that listens",
                    listening.get());
    const int flags = ::fcntl(listening.get(), F_GETFL);
    if (flags < 0 || ::fcntl(listening.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        return fail(system_error(errno, "take a socket that listens"));
    CODEX_TRY(at, SystemAddress::local_of(listening.get()));
    inherited_.emplace_back(at, std::move(listening));
    return at;
}

std::vector<SocketAddress> SystemNetwork::inherited() const {
    std::vector<SocketAddress> all;
    for (const auto& [at, socket] : inherited_)
        all.push_back(at);
    return all;
}

Result<std::unique_ptr<Acceptor>> SystemNetwork::listen(const SocketAddress& at) {
    Fd fd;
    const auto given = std::ranges::find(inherited_, at, [](const auto& one) { return one.first; });
    if (given != inherited_.end()) {
        fd = std::move(given->second);
        inherited_.erase(given);
    } else {
        CODEX_SET(fd, listening_socket(at, "listen at " + at.text()));
    }
    CODEX_TRY(local, SystemAddress::local_of(fd.get()));
    CODEX_TRY(of, Descriptor::make(loop_, std::move(fd), local.text()));
    return std::unique_ptr<Acceptor>(std::make_unique<TcpAcceptor>(std::move(of), local));
}

Task<Result<std::unique_ptr<Socket>>> SystemNetwork::connect(SocketAddress to,
                                                             Clock::Instant until) {
    SystemLoop& loop = loop_;
    const std::string what = "connect to " + to.text();
    const SystemAddress address(to);
    auto fd = tcp_socket(address.family(), what);
    if (!fd)
        co_return fail(std::move(fd).error());
    if (::connect(fd->get(), address.get(), address.size) != 0 && errno != EINPROGRESS &&
        errno != EINTR)
        co_return fail(socket_error(errno, what));
    // Not waited for before: what is neither connected nor on its way counts as broken.
    auto made = Descriptor::make(loop, std::move(*fd), to.text());
    if (!made)
        co_return fail(std::move(made).error());
    const DescriptorPtr of = std::move(*made);
    auto socket = std::make_unique<StreamSocket>(of); // closes it, if nobody wants it any more
    for (;;) {
        const std::optional<int> outcome = outcome_of(of->fd());
        if (outcome && *outcome != 0)
            co_return fail(socket_error(*outcome, what));
        if (outcome)
            break;
        const auto in_time = co_await Descriptor::writable(of, until);
        if (!in_time)
            co_return fail(Errc::timeout, "{}: no answer in time", what);
    }
    if (!set_up(*socket, of->fd()))
        co_return fail(socket_error(ECONNRESET, what));
    co_return std::unique_ptr<Socket>(std::move(socket));
}

std::optional<SocketAddress> SystemNetwork::outward() {
    // Whoever is there: a datagram socket that is connected has an address, and sends nothing.
    sockaddr_in somewhere{};
    somewhere.sin_family = AF_INET;
    somewhere.sin_port = htons(53);
    somewhere.sin_addr.s_addr = htonl(0x01010101);
    sockaddr_in own{};
    socklen_t size = sizeof own;
    const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&somewhere), sizeof somewhere) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0)
        return std::nullopt;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&own.sin_addr);
    return SocketAddress(BytesView(bytes, 4), 0);
}

Result<std::vector<SocketAddress>> SystemNetwork::interfaces() const {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0)
        return fail(system_error(errno, "list the interfaces of this host"));
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(first, &::freeifaddrs);
    std::vector<SocketAddress> addresses;
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        const auto address = SystemAddress::of(one->ifa_addr);
        if (!address || (one->ifa_flags & IFF_UP) == 0)
            continue;
        addresses.emplace_back(address->ip_view(), std::uint16_t{0});
    }
    std::ranges::stable_partition(addresses,
                                  [](const auto& address) { return address.ip_bytes == 4; });
    return addresses;
}

} // namespace codex
