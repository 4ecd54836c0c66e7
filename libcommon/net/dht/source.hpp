// Who is told apart by where his datagrams come from.
#pragma once

#include "base/network.hpp"

namespace codex::net::dht {

/// An address of IPv4; of one of IPv6 the first half, as whoever has one has all of the other.
/// Threads: as a number.
struct Source {
    std::array<std::uint8_t, 8> bytes{};
    std::uint8_t size = 0; ///< of it, 4 or 8; 0 is this node itself

    /// IPv4 written as IPv6 (::ffff:192.0.2.1) is IPv4.
    [[nodiscard]] static Source of(const SocketAddress& address);
    /// This host: 127.0.0.0/8, ::1.
    [[nodiscard]] bool is_loopback() const;
    /// "192.0.2.1", "2001:db8::/64".
    [[nodiscard]] std::string text() const;

    friend auto operator<=>(const Source&, const Source&) = default;
};

} // namespace codex::net::dht
