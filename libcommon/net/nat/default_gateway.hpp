// The router that this host sends to what is for none of its nets.
#pragma once

#include "base/network.hpp"

#include <optional>

namespace codex::net::nat {

/// Out of a table of routes as /proc/net/route has it: the gateway of the default route that is
/// taken first, with port 0; nothing, when there is none. Lines of another form are passed over.
[[nodiscard]] std::optional<SocketAddress> gateway_of(std::string_view routes);
/// That of this host, now; of IPv4.
[[nodiscard]] std::optional<SocketAddress> default_gateway();

} // namespace codex::net::nat
