#include "net/address/multiaddr.hpp"

#include "network_vectors.hpp"

namespace codex::net {
namespace {

using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

Multiaddr address(std::string_view text) {
    return must(Multiaddr::from_text(text));
}

const char* const kPeerText = "16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY";

TEST(Multiaddrs, VectorsBothWays) {
    for (const auto& vector : network()["multiaddr"]["vectors"]) {
        const Multiaddr from_text = address(vector["text"].get<std::string>());
        EXPECT_TRUE(equal(from_text.bytes(), unhex(vector["hex"]))) << vector["text"];
        const Multiaddr from_bytes = must(Multiaddr::from_bytes(unhex(vector["hex"])));
        EXPECT_EQ(from_bytes.text(), vector["text"].get<std::string>());
        EXPECT_EQ(from_bytes, from_text);
    }
}

TEST(Multiaddrs, EveryProtocolBothWays) {
    const std::vector<std::string> texts = {
        "/ip4/192.0.2.7/udp/4001/quic-v1",
        "/ip4/192.0.2.7/udp/4001/quic/p2p/" + std::string(kPeerText),
        "/ip6zone/eth0/ip6/fe80::1/tcp/1",
        "/dns/example.org/tcp/443/wss",
        "/dns6/example.org/tcp/443/tls/ws",
        "/dnsaddr/bootstrap.libp2p.io",
        "/ip4/10.0.0.1/tcp/80/http",
        "/ip4/10.0.0.1/tcp/443/https",
        "/ip4/10.0.0.1/udp/9/webrtc-direct",
        "/ip4/10.0.0.1/udp/9/quic-v1/webtransport",
        "/ip4/10.0.0.1/tcp/9/noise",
        "/ip4/10.0.0.1/tcp/9/p2p/" + std::string(kPeerText) + "/p2p-circuit",
        "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
    };
    for (const std::string& text : texts) {
        EXPECT_EQ(address(text).text(), text);
        EXPECT_EQ(must(Multiaddr::from_bytes(address(text).bytes())), address(text));
    }
    EXPECT_EQ(address("/ip4/1.2.3.4/tcp/5/ipfs/" + std::string(kPeerText)).text(),
              "/ip4/1.2.3.4/tcp/5/p2p/" + std::string(kPeerText));
    EXPECT_EQ(address("/ip6/2001:DB8:0::1/tcp/0").text(), "/ip6/2001:db8::1/tcp/0");
}

TEST(Multiaddrs, TruncationAtEveryByteGivesAPrefixOrAnError) {
    const Multiaddr whole = address("/dns4/example.org/tcp/443/p2p/" + std::string(kPeerText));
    std::size_t clean = 0;
    for (std::size_t size = 0; size < whole.bytes().size(); ++size)
        clean += Multiaddr::from_bytes(whole.bytes().first(size)).has_value() ? 1 : 0;
    EXPECT_EQ(clean, 2u) << "only the two borders between parts";
}

TEST(Multiaddrs, BinaryRefusalsNameTheByte) {
    const auto refusal = [](std::string_view hex) {
        Error error = must_fail(Multiaddr::from_bytes(must(from_hex(hex))));
        EXPECT_EQ(error.code(), Errc::multiaddr_invalid);
        return error.text();
    };
    EXPECT_THAT(refusal(""), HasSubstr("0 bytes"));
    EXPECT_THAT(refusal("047f00000163"), HasSubstr("protocol 99 at byte 5 is not known"));
    EXPECT_THAT(refusal("047f0000"), HasSubstr("cut: 3 of 4"));
    EXPECT_THAT(refusal("35ff7f61"), HasSubstr("dns at byte 0 is cut"));
    EXPECT_THAT(refusal("3500"), HasSubstr("0 characters"));
    EXPECT_THAT(refusal("3503612f62"), HasSubstr("no"));
    EXPECT_THAT(refusal("35031b5b6d"), HasSubstr("\\x1b"));
    EXPECT_THAT(refusal("a503020100"), HasSubstr("p2p at byte 0"));
    EXPECT_THAT(refusal("8400"
                        "7f000001"),
                HasSubstr("shortest form"));
    std::string many;
    for (int i = 0; i < 17; ++i)
        many += "dd03"; // ws
    EXPECT_THAT(refusal(many), HasSubstr("more than 16 parts"));
    EXPECT_TRUE(Multiaddr::from_bytes(must(from_hex(many.substr(4)))).has_value());
    EXPECT_THAT(refusal(std::string(1026, '0')), HasSubstr("513 bytes"));
}

TEST(Multiaddrs, TextRefusalsNameThePart) {
    const auto refusal = [](const std::string& text) {
        Error error = must_fail(Multiaddr::from_text(text));
        EXPECT_EQ(error.code(), Errc::multiaddr_invalid) << text;
        EXPECT_FALSE(error.hint().empty());
        return error.text();
    };
    EXPECT_THAT(refusal(""), HasSubstr("empty"));
    EXPECT_THAT(refusal("192.0.2.7:8070"), HasSubstr("no slash"));
    EXPECT_THAT(refusal("/"), HasSubstr("no protocol"));
    EXPECT_THAT(refusal("/ip4"), HasSubstr("nothing follows ip4"));
    EXPECT_THAT(refusal("/ip4/"), HasSubstr("no IPv4 address"));
    EXPECT_THAT(refusal("/ip4/1.2.3/tcp/1"), HasSubstr("no IPv4 address"));
    EXPECT_THAT(refusal("/ip4/1.2.3.256/tcp/1"), HasSubstr("no IPv4 address"));
    EXPECT_THAT(refusal("/ip6/::g/tcp/1"), HasSubstr("no IPv6 address"));
    for (const char* port : {"65536", "-1", "+1", "01", "", "1x", "0x1", " 1"})
        EXPECT_THAT(refusal("/ip4/1.2.3.4/tcp/" + std::string(port)), HasSubstr("no port")) << port;
    EXPECT_THAT(refusal("/ip4/1.2.3.4/tcp/1/"), HasSubstr("ends with a slash"));
    EXPECT_THAT(refusal("/ip4/1.2.3.4//tcp/1"), HasSubstr("no protocol"));
    EXPECT_THAT(refusal("/ip4/1.2.3.4/sctp/1"), HasSubstr("\"sctp\""));
    EXPECT_THAT(refusal("/dns4/a b/tcp/1"), HasSubstr("none can have"));
    EXPECT_THAT(refusal("/dns4/" + std::string(254, 'a')), HasSubstr("254 characters"));
    EXPECT_THAT(refusal("/p2p/peer"), HasSubstr("not a peer id"));
    EXPECT_THAT(refusal("/" + std::string(1024, 'a')), HasSubstr("1025 characters"));
    EXPECT_THAT(refusal("/\x1b[31m"), HasSubstr("\\x1b"));
    address("/dns4/" + std::string(253, 'a'));
    address("/ip4/1.2.3.4/tcp/65535");
}

TEST(Multiaddrs, PeersAreSplitOffAndPutBehind) {
    const PeerId peer = must(PeerId::from_text(kPeerText));
    const Multiaddr bare = address("/ip4/1.2.3.4/tcp/5");
    const Multiaddr whole = must(bare.with_peer(peer));
    EXPECT_EQ(whole.text(), "/ip4/1.2.3.4/tcp/5/p2p/" + std::string(kPeerText));
    EXPECT_EQ(whole.peer(), peer);
    EXPECT_EQ(whole.without_peer(), bare);
    EXPECT_EQ(bare.peer(), std::nullopt);
    EXPECT_EQ(bare.without_peer(), bare);
    const PeerId other(identity_named("dht_a").public_key());
    EXPECT_EQ(must(whole.with_peer(other)).peer(), other);
    EXPECT_EQ(address("/p2p/" + std::string(kPeerText)).without_peer(), std::nullopt);
    // Behind a relay, the peer in front of the circuit is not the one that is meant.
    const Multiaddr relayed = address(whole.text() + "/p2p-circuit");
    EXPECT_EQ(relayed.peer(), std::nullopt);
    EXPECT_EQ(must(relayed.with_peer(other)).peer(), other);
}

TEST(Multiaddrs, OnlySocketsOfTcpAreDialled) {
    EXPECT_EQ(address("/ip4/1.2.3.4/tcp/5").tcp_endpoint(),
              (TcpEndpoint{{1, 2, 3, 4}, "", Protocol::ip4, 5}));
    EXPECT_EQ(address("/dns4/example.org/tcp/5/p2p/" + std::string(kPeerText)).tcp_endpoint(),
              (TcpEndpoint{{}, "example.org", Protocol::dns4, 5}));
    const Multiaddr made = Multiaddr::tcp(Bytes(16, 0xfe), 443);
    EXPECT_EQ(made.tcp_endpoint()->ip, Bytes(16, 0xfe));
    EXPECT_EQ(must(Multiaddr::from_bytes(made.bytes())), made);
    for (const char* text : {"/ip4/1.2.3.4/udp/5", "/ip4/1.2.3.4/tcp/5/ws", "/ip4/1.2.3.4",
                             "/dnsaddr/example.org/tcp/5", "/ip4/0.0.0.0/tcp/5", "/ip6/::/tcp/5",
                             "/ip4/1.2.3.4/tcp/0", "/ip4/1.2.3.4/udp/1/quic-v1"})
        EXPECT_FALSE(address(text).is_dialable()) << text;
    for (const char* text : {"/ip4/1.2.3.4/tcp/5", "/ip6/::1/tcp/5", "/dns/localhost/tcp/5"})
        EXPECT_TRUE(address(text).is_dialable()) << text;
}

/// Addresses, and the kind of net they are of.
const std::vector<std::pair<std::string, std::string>> kNets = {{"127.0.0.1", "loopback"},
                                                                {"127.255.255.255", "loopback"},
                                                                {"126.255.255.255", "global"},
                                                                {"128.0.0.0", "global"},
                                                                {"10.0.0.0", "private"},
                                                                {"11.0.0.0", "global"},
                                                                {"172.15.255.255", "global"},
                                                                {"172.16.0.0", "private"},
                                                                {"172.31.255.255", "private"},
                                                                {"172.32.0.0", "global"},
                                                                {"192.168.0.1", "private"},
                                                                {"192.169.0.1", "global"},
                                                                {"100.63.255.255", "global"},
                                                                {"100.64.0.0", "private"},
                                                                {"100.128.0.0", "global"},
                                                                {"169.254.1.1", "private"},
                                                                {"0.0.0.0", "unspecified"},
                                                                {"0.0.0.1", "none"},
                                                                {"192.0.2.1", "none"},
                                                                {"198.18.0.1", "none"},
                                                                {"198.20.0.1", "global"},
                                                                {"224.0.0.1", "none"},
                                                                {"255.255.255.255", "none"},
                                                                {"223.255.255.255", "global"},
                                                                {"::1", "loopback"},
                                                                {"::", "unspecified"},
                                                                {"::2", "none"},
                                                                {"fe80::1", "private"},
                                                                {"febf::1", "private"},
                                                                {"fec0::1", "none"},
                                                                {"fc00::1", "private"},
                                                                {"fdff::1", "private"},
                                                                {"2001:db8::1", "none"},
                                                                {"2001:db9::1", "global"},
                                                                {"3fff:1::1", "global"},
                                                                {"4000::1", "none"},
                                                                {"ff02::1", "none"},
                                                                {"::ffff:127.0.0.1", "loopback"},
                                                                {"::ffff:1.2.3.4", "global"}};

TEST(Multiaddrs, NetsAtTheirBounds) {
    const auto reach = [](const std::string& ip) {
        const std::string kind = ip.find(':') == std::string::npos ? "ip4" : "ip6";
        const Multiaddr at = address("/" + kind + "/" + ip + "/tcp/1");
        return std::string(at.is_loopback()      ? "loopback"
                           : at.is_private()     ? "private"
                           : at.is_unspecified() ? "unspecified"
                           : at.is_global()      ? "global"
                                                 : "none");
    };
    for (const auto& [ip, expected] : kNets)
        EXPECT_EQ(reach(ip), expected) << ip;
    EXPECT_FALSE(address("/dns4/localhost/tcp/1").is_loopback()) << "a name says nothing yet";
}

} // namespace
} // namespace codex::net
