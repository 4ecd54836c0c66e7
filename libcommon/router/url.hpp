// What a router says of where it is, which anyone may have said.
#pragma once

#include "base/network.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace codex::router {

/// Whom a URL leads to: "http://", an address of IPv4, perhaps a port, and a path without blanks or
/// control characters. Nothing, where it has another form: names are not looked up for anybody.
[[nodiscard]] std::optional<SocketAddress> host_of(std::string_view url);

/// An address of this host, of IPv4, and which others are in the same net.
struct Net {
    SocketAddress own;
    std::uint32_t mask = 0; ///< in the order of the host
};
/// Whether `host` is another host of one of these nets.
[[nodiscard]] bool is_neighbour(const SocketAddress& host, const std::vector<Net>& nets);
/// Those of this host's interfaces that are up, without that of itself. Errors: io.
[[nodiscard]] Result<std::vector<Net>> own_nets();

} // namespace codex::router
