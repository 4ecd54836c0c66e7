// Where a node says that it is, row by row.
#include "net/address/announce.hpp"

#include "must.hpp"
#include "net/address/multiaddr.hpp"

#include <gtest/gtest.h>

namespace codex::net::announce_test {
namespace {

using codex::test::must;
using codex::test::must_fail;
using Texts = std::vector<std::string>;

/// From "/ip4/192.0.2.1/tcp/8070".
SocketAddress at(std::string_view text) {
    const auto endpoint = must(Multiaddr::from_text(text)).tcp_endpoint();
    return {endpoint->ip, endpoint->port};
}
Texts texts(const std::vector<SocketAddress>& of) {
    Texts all;
    for (const SocketAddress& one : of)
        all.push_back(one.text());
    return all;
}

struct Row {
    std::string_view what;
    std::string_view nat;
    std::vector<std::string_view> bound;
    std::vector<std::string_view> interfaces;
    std::string_view outward; ///< empty: there is no way
    Texts tcp;
    Texts udp;
    bool asks;
    bool hidden;
};

const Row kRows[] = {
    {"the address that is known, ports as they are",
     "extip:5.6.7.8",
     {"/ip4/192.168.1.2/tcp/8070", "/ip4/10.0.0.1/tcp/9000"},
     {},
     "",
     {"5.6.7.8:8070", "5.6.7.8:9000"},
     {"5.6.7.8:8090"},
     false,
     false},
    {"the ports of its kind alone",
     "extip:5.6.7.8",
     {"/ip6/2a00::5/tcp/9000", "/ip4/192.168.1.2/tcp/8070"},
     {},
     "",
     {"5.6.7.8:8070"},
     {"5.6.7.8:8090"},
     false,
     false},
    {"all of them, where there are none of its kind",
     "extip:2a00::1",
     {"/ip4/192.168.1.2/tcp/8070"},
     {},
     "",
     {"[2a00::1]:8070"},
     {"[2a00::1]:8090"},
     false,
     false},
    {"the same for all interfaces, once",
     "extip:127.0.0.1",
     {"/ip4/0.0.0.0/tcp/8070"},
     {"/ip4/127.0.0.1/tcp/0", "/ip4/10.0.0.1/tcp/0"},
     "",
     {"127.0.0.1:8070"},
     {"127.0.0.1:8090"},
     false,
     false},
    {"bound where the internet leads",
     "any",
     {"/ip4/5.6.7.8/tcp/8070"},
     {},
     "",
     {"5.6.7.8:8070"},
     {"5.6.7.8:8090"},
     false,
     false},
    {"the same, and nobody would be asked",
     "none",
     {"/ip4/5.6.7.8/tcp/8070"},
     {},
     "",
     {"5.6.7.8:8070"},
     {"5.6.7.8:8090"},
     false,
     false},
    {"interfaces: the one that reaches farthest first, and this host's own not at all",
     "any",
     {"/ip4/0.0.0.0/tcp/8070"},
     {"/ip4/127.0.0.1/tcp/0", "/ip4/10.0.0.1/tcp/0", "/ip4/5.6.7.8/tcp/0", "/ip6/2a00::1/tcp/0"},
     "",
     {"5.6.7.8:8070", "10.0.0.1:8070"},
     {"5.6.7.8:8090", "10.0.0.1:8090"},
     false,
     false},
    {"interfaces that are not known: the address towards the internet",
     "any",
     {"/ip4/0.0.0.0/tcp/8070"},
     {},
     "/ip4/5.6.7.8/tcp/0",
     {"5.6.7.8:8070"},
     {"5.6.7.8:8090"},
     false,
     false},
    {"behind a router",
     "any",
     {"/ip4/0.0.0.0/tcp/8070"},
     {"/ip4/127.0.0.1/tcp/0", "/ip4/192.168.1.2/tcp/0"},
     "/ip4/192.168.1.2/tcp/0",
     {"192.168.1.2:8070"},
     {"192.168.1.2:8090"},
     true,
     false},
    {"the same, by one way alone",
     "upnp",
     {"/ip4/192.168.1.2/tcp/8070"},
     {},
     "",
     {"192.168.1.2:8070"},
     {"192.168.1.2:8090"},
     true,
     false},
    {"and by the other",
     "pmp",
     {"/ip4/192.168.1.2/tcp/8070"},
     {},
     "",
     {"192.168.1.2:8070"},
     {"192.168.1.2:8090"},
     true,
     false},
    {"behind a router, and nobody is to be asked",
     "none",
     {"/ip4/192.168.1.2/tcp/8070"},
     {},
     "",
     {"192.168.1.2:8070"},
     {"192.168.1.2:8090"},
     false,
     true},
    {"this host alone",
     "none",
     {"/ip4/127.0.0.1/tcp/8070", "/ip6/::1/tcp/8070"},
     {},
     "",
     {"127.0.0.1:8070", "[::1]:8070"},
     {"127.0.0.1:8090", "[::1]:8090"},
     false,
     true},
    {"a host without a net",
     "none",
     {"/ip4/0.0.0.0/tcp/8070"},
     {"/ip4/127.0.0.1/tcp/0"},
     "",
     {"127.0.0.1:8070"},
     {"127.0.0.1:8090"},
     false,
     true},
    {"both kinds of addresses: IPv4 in front, as some know no other",
     "any",
     {"/ip6/::/tcp/8070", "/ip4/0.0.0.0/tcp/8070"},
     {"/ip4/5.6.7.8/tcp/0", "/ip6/2a00::1/tcp/0"},
     "",
     {"5.6.7.8:8070", "[2a00::1]:8070"},
     {"5.6.7.8:8090", "[2a00::1]:8090"},
     false,
     false},
};

TEST(Announce, SaysOfEachCaseWhatItIs) {
    for (const Row& row : kRows) {
        Reachable node;
        node.discovery_port = 8090;
        for (const auto text : row.bound)
            node.bound.push_back(at(text));
        for (const auto text : row.interfaces)
            node.interfaces.push_back(at(text));
        if (!row.outward.empty())
            node.outward = at(row.outward);
        const Announced said = announced(node, must(parse_nat(row.nat)));
        EXPECT_EQ(texts(said.tcp), row.tcp) << row.what;
        EXPECT_EQ(texts(said.udp), row.udp) << row.what;
        EXPECT_EQ(said.asks_for_mapping, row.asks) << row.what;
        EXPECT_EQ(said.is_hidden, row.hidden) << row.what;
    }
}

TEST(Announce, TakesWaysToBeReachedInAnyCase) {
    EXPECT_EQ(must(parse_nat("Any")).kind, NatKind::any);
    EXPECT_EQ(must(parse_nat("NONE")).kind, NatKind::none);
    EXPECT_EQ(must(parse_nat("UPnP")).kind, NatKind::upnp);
    EXPECT_EQ(must(parse_nat("pmp")).kind, NatKind::pmp);
    EXPECT_EQ(must(parse_nat("ExtIP:5.6.7.8")).external.text(), "5.6.7.8:0");
    EXPECT_EQ(must(parse_nat("extip:2A00::1")).external.text(), "[2a00::1]:0");
    for (const char* text :
         {"", "auto", "any ", "extip", "extip:", "extip:host", "extip:1.2.3", "extip:1.2.3.4:5",
          "extip:0.0.0.0", "extip:::", "extip:0.1.2.3", "extip:224.0.0.1", "extip:255.255.255.255",
          "extip:ff02::1", "5.6.7.8"})
        EXPECT_EQ(must_fail(parse_nat(text)).code(), Errc::argument_invalid) << text;
}

} // namespace
} // namespace codex::net::announce_test
