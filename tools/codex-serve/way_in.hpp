// A way in for a node behind a router, where it needs one.
#pragma once

#include "base/log.hpp"
#include "net/nat/way_in.hpp"
#include "node/dht_node.hpp"
#include "serve.hpp"

namespace codex::serve_tool {

/// Asks routers as `nat` says, and tells `discovery` of what they grant; nothing, where the node
/// needs nobody's help, or wants none, or takes no connections but this host's. All outlive it.
[[nodiscard]] std::unique_ptr<net::nat::WayIn> begin_way_in(Node& node, node::DhtNode& discovery,
                                                            const net::NatChoice& nat,
                                                            const log::Logger& log);

} // namespace codex::serve_tool
