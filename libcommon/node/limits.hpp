// The limits of a node as its options set them, and as they are shown.
#pragma once

#include "exchange/server.hpp"
#include "net/dht/source_limits.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace codex::node {

/// What the parts of a node are begun with, each of which has some of the limits.
struct Limits {
    net::HostLimits host;
    exchange::PeersOptions peers;
    exchange::ServerOptions server;
    net::dht::SourceLimits discovery;
};

/// Sets one that may be set, by its name (codex-libp2p(7), LIMITS): `text` is NAME=VALUE, and the
/// value a number, a size or a duration, as the limit has it. Errors: argument_invalid, saying what
/// is wrong.
[[nodiscard]] Result<void> set_limit(Limits& limits, std::string_view text);
/// As set_limit() takes it; empty for one that may not be set.
[[nodiscard]] std::string limit_value(net::Limit limit, const Limits& limits);
/// Those that may be set, in the order of the table.
[[nodiscard]] std::vector<std::string_view> settable_limits();

} // namespace codex::node
