#include "way_in.hpp"

#include "router_program.hpp"

#include <algorithm>

namespace codex::serve_tool {

namespace {

/// Routers lead to addresses of IPv4, and not to what is this host's alone.
bool can_be_led_to(const SocketAddress& address) {
    return address.ip_bytes == 4 &&
           !net::Multiaddr::tcp(address.ip_view(), address.port).is_loopback();
}

} // namespace

std::unique_ptr<net::nat::WayIn> begin_way_in(Node& node, node::DhtNode& discovery,
                                              const net::NatChoice& nat, const log::Logger& log) {
    node::Announcer& announcer = discovery.announcer();
    const net::Announced& announced = announcer.announced();
    if (!announced.asks_for_mapping)
        return nullptr;
    const auto tcp = std::ranges::find_if(announced.tcp, can_be_led_to);
    if (tcp == announced.tcp.end())
        return nullptr;
    const auto bound = node.host->bound();
    std::optional<SocketAddress> own; // it may not be the one from which routers are asked
    if (std::ranges::find(bound, *tcp) != bound.end())
        own = *tcp;
    auto ways = net::nat::ways_of(nat.kind, node.loop, node.programs, &program_for, own);
    if (ways.empty())
        return nullptr;
    net::nat::WayInOptions options;
    options.tcp_port = tcp->port;
    if (std::ranges::any_of(announced.udp, can_be_led_to))
        options.udp_port = discovery.dht().local().port;
    options.changed = [&announcer](const std::optional<net::nat::Entrance>& entrance) {
        if (entrance)
            announcer.set_external(node::External{entrance->tcp, entrance->udp});
        else
            announcer.set_external({});
    };
    options.advice = "codex-serve(1), WITHOUT A WAY IN";
    options.logger = log;
    return std::make_unique<net::nat::WayIn>(node.loop, std::move(ways), std::move(options));
}

} // namespace codex::serve_tool
