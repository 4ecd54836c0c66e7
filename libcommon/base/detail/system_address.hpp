// Addresses as the system writes them.
#pragma once

#include "base/network.hpp"

#include <sys/socket.h>

namespace codex::detail {

/// Of IPv4 or IPv6, both ways. Threads: as a number.
class SystemAddress {
public:
    /// Room for one that the system says.
    SystemAddress() = default;
    explicit SystemAddress(const SocketAddress& address);

    [[nodiscard]] int family() const { return bytes_.ss_family; }
    [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&bytes_); }
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes_); }
    socklen_t size = sizeof(sockaddr_storage);

    [[nodiscard]] SocketAddress address() const;
    /// One in a list of the system's; nothing, when it is of another kind, and of a link-local one
    /// of IPv6, which means nothing without the name of its interface.
    [[nodiscard]] static std::optional<SocketAddress> of(const sockaddr* one);

    /// The end of a socket that is here, or the other one. Errors: of socket_error().
    [[nodiscard]] static Result<SocketAddress> local_of(int socket);
    [[nodiscard]] static Result<SocketAddress> remote_of(int socket);

private:
    template <class T> void take(const T& address);
    sockaddr_storage bytes_{};
};

} // namespace codex::detail
