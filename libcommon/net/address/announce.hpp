// Where a node says that it is (codex-libp2p(7), ANNOUNCED ADDRESSES).
#pragma once

#include "base/network.hpp"

#include <optional>
#include <string_view>

namespace codex::net {

enum class NatKind : std::uint8_t {
    any,  ///< ask whoever there is for a way in, where one is needed
    none, ///< nobody
    upnp,
    pmp,
    extip, ///< the way in is known
};

struct NatChoice {
    NatKind kind = NatKind::any;
    SocketAddress external; ///< of extip; its port is 0

    friend bool operator==(const NatChoice&, const NatChoice&) = default;
};

/// "any", "none", "upnp", "pmp" or "extip:" and an IP address, whatever the case of the letters.
/// Errors: argument_invalid.
[[nodiscard]] Result<NatChoice> parse_nat(std::string_view text);

/// What is known of where a node can be reached.
struct Reachable {
    std::vector<SocketAddress> bound; ///< where it takes connections, as it was bound
    std::uint16_t discovery_port = 0; ///< where it takes datagrams
    std::vector<SocketAddress> interfaces;
    /// The address that it sends from to the internet, where there is a way: what stands for all
    /// interfaces when they are not known.
    std::optional<SocketAddress> outward;
};

struct Announced {
    std::vector<SocketAddress> tcp; ///< the one that reaches farthest in front, each once
    std::vector<SocketAddress> udp; ///< of the same addresses, at the discovery port
    /// None of them is reached from the internet, and somebody is to be asked for a way in.
    bool asks_for_mapping = false;
    /// The same, and nobody is to be asked: to be said to the user.
    bool is_hidden = false;
};

[[nodiscard]] Announced announced(const Reachable& node, const NatChoice& nat);

} // namespace codex::net
