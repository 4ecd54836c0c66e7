#include "net/address/announce.hpp"

#include "net/address/multiaddr.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace codex::net {

namespace {

constexpr std::string_view kExternal = "extip:";

Multiaddr as_multiaddr(const SocketAddress& address) {
    return Multiaddr::tcp(address.ip_view(), address.port);
}
bool is_global(const SocketAddress& address) {
    return as_multiaddr(address).is_global();
}
bool is_loopback(const SocketAddress& address) {
    return as_multiaddr(address).is_loopback();
}

std::optional<SocketAddress> parse_ip(const std::string& text) {
    std::array<std::uint8_t, 16> ip{};
    if (::inet_pton(AF_INET, text.c_str(), ip.data()) == 1)
        return SocketAddress(BytesView(ip).first(4), 0);
    if (::inet_pton(AF_INET6, text.c_str(), ip.data()) == 1)
        return SocketAddress(ip, 0);
    return std::nullopt;
}

/// Those that are bound, with each interface for the address of all; that of this host alone is
/// left out there when there are others, as to others it would lead astray.
std::vector<SocketAddress> expanded(const Reachable& node) {
    std::vector<SocketAddress> all;
    for (const SocketAddress& bound : node.bound) {
        if (!as_multiaddr(bound).is_unspecified()) {
            all.push_back(bound);
            continue;
        }
        std::vector<SocketAddress> here;
        for (const SocketAddress& one : node.interfaces)
            if (one.ip_bytes == bound.ip_bytes)
                here.emplace_back(one.ip_view(), bound.port);
        if (here.empty() && node.outward && node.outward->ip_bytes == bound.ip_bytes)
            here.emplace_back(node.outward->ip_view(), bound.port);
        if (!std::ranges::all_of(here, is_loopback))
            std::erase_if(here, is_loopback);
        all.insert(all.end(), here.begin(), here.end());
    }
    return all;
}

/// No host has it for its own: "this network", multicast, broadcast, and what is reserved (RFC
/// 6890, RFC 4291 section 2.7).
bool is_of_no_host(const SocketAddress& address) {
    const BytesView ip = address.ip_view();
    return ip.size() == 4 ? ip[0] == 0 || ip[0] >= 224
                          : ip[0] == 0xff || as_multiaddr(address).is_unspecified();
}

void add_once(std::vector<SocketAddress>& to, const SocketAddress& address) {
    if (std::ranges::find(to, address) == to.end())
        to.push_back(address);
}

} // namespace

Result<NatChoice> parse_nat(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    constexpr std::pair<std::string_view, NatKind> kNames[] = {{"any", NatKind::any},
                                                               {"none", NatKind::none},
                                                               {"upnp", NatKind::upnp},
                                                               {"pmp", NatKind::pmp}};
    for (const auto& [name, kind] : kNames)
        if (lower == name)
            return NatChoice{kind, {}};
    if (!lower.starts_with(kExternal))
        return fail(
            Error(Errc::argument_invalid,
                  fmt::format("{}: no way to be reached that is known", text))
                .hint("there are any, none, upnp, pmp, and extip with a colon and an IP address"));
    const auto ip = parse_ip(lower.substr(kExternal.size()));
    if (!ip)
        return fail(
            Error(Errc::argument_invalid, fmt::format("{}: no IP address behind extip:", text))
                .hint("name an IP address, and no name of a host, for example extip:192.0.2.1"));
    if (is_of_no_host(*ip))
        return fail(Error(Errc::argument_invalid,
                          fmt::format("{}: nobody can be reached at that address", text))
                        .hint("name the address by which others see this host, or its router"));
    return NatChoice{NatKind::extip, *ip};
}

Announced announced(const Reachable& node, const NatChoice& nat) {
    Announced said;
    std::vector<SocketAddress> all = expanded(node);
    if (nat.kind == NatKind::extip) {
        // A port of the other kind has mostly another number; where there are no others, somebody
        // has arranged that they lead here.
        const auto other_kind = [&](const SocketAddress& one) {
            return one.ip_bytes != nat.external.ip_bytes;
        };
        if (!std::ranges::all_of(all, other_kind))
            std::erase_if(all, other_kind);
        for (SocketAddress& one : all)
            one = SocketAddress(nat.external.ip_view(), one.port);
    }
    // Some look at the first one alone, and at one of IPv4. Of private nets the one that leads out
    // is that of others mostly, and not one that this host has within itself.
    const auto leads_out = [&](const SocketAddress& one) {
        return node.outward && std::ranges::equal(one.ip_view(), node.outward->ip_view());
    };
    const auto rank = [&](const SocketAddress& one) {
        return std::tuple(!is_global(one), is_loopback(one), one.ip_bytes, !leads_out(one));
    };
    std::vector<std::pair<std::size_t, SocketAddress>> ordered;
    for (std::size_t i = 0; i < all.size(); ++i)
        ordered.emplace_back(i, all[i]);
    std::ranges::sort(ordered, {}, [&](const auto& one) {
        return std::tuple_cat(rank(one.second), std::tuple(one.first));
    });
    for (const auto& [number, one] : ordered) {
        add_once(said.tcp, one);
        add_once(said.udp, SocketAddress(one.ip_view(), node.discovery_port));
    }
    if (nat.kind == NatKind::extip || std::ranges::any_of(said.tcp, is_global))
        return said;
    said.is_hidden = nat.kind == NatKind::none;
    said.asks_for_mapping = !said.is_hidden;
    return said;
}

} // namespace codex::net
