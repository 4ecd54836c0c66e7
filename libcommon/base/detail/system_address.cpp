#include "base/detail/system_address.hpp"

#include "base/detail/socket_error.hpp"

#include <netinet/in.h>

namespace codex::detail {

namespace {

SocketAddress address_of(const sockaddr_in& v4) {
    return {BytesView(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), 4), ntohs(v4.sin_port)};
}

SocketAddress address_of(const sockaddr_in6& v6) {
    return {BytesView(v6.sin6_addr.s6_addr, 16), ntohs(v6.sin6_port)};
}

/// What stands behind a pointer to something of which only the kind is known.
template <class T> T read_as(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

} // namespace

SystemAddress::SystemAddress(const SocketAddress& address) {
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

template <class T> void SystemAddress::take(const T& address) {
    std::memcpy(&bytes_, &address, sizeof address);
    size = sizeof address;
}

SocketAddress SystemAddress::address() const {
    return family() == AF_INET ? address_of(read_as<sockaddr_in>(&bytes_))
                               : address_of(read_as<sockaddr_in6>(&bytes_));
}

std::optional<SocketAddress> SystemAddress::of(const sockaddr* one) {
    if (one != nullptr && one->sa_family == AF_INET)
        return address_of(read_as<sockaddr_in>(one));
    if (one != nullptr && one->sa_family == AF_INET6) {
        const auto v6 = read_as<sockaddr_in6>(one);
        if (!IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr))
            return address_of(v6);
    }
    return std::nullopt;
}

Result<SocketAddress> SystemAddress::local_of(int socket) {
    SystemAddress got;
    if (::getsockname(socket, got.get(), &got.size) != 0)
        return fail(socket_error(errno, "look where a socket is"));
    return got.address();
}

Result<SocketAddress> SystemAddress::remote_of(int socket) {
    SystemAddress got;
    if (::getpeername(socket, got.get(), &got.size) != 0)
        return fail(socket_error(errno, "look where a connection goes"));
    return got.address();
}

} // namespace codex::detail
