// Nodes of the DHT without sockets, for tests of what they send each other.
#pragma once

#include "net/dht/transport.hpp"
#include "network_vectors.hpp"

#include <map>

namespace codex::net::dht {

/// The records that a node of a test has, to be filled by hand.
class ListedNodes final : public KnownNodes {
public:
    [[nodiscard]] std::optional<KnownNode> find(const Id& id) const override {
        const auto found = nodes.find(id);
        return found == nodes.end() ? std::nullopt : std::optional(found->second);
    }
    std::map<Id, KnownNode> nodes;
};

/// A node at an address, with the secrets of a seed.
struct Node {
    Node(std::uint64_t seed, std::uint8_t host, TransportLimits limits = {})
        : random(seed), key(test::must(SecretKey::generate(random))),
          address(std::array<std::uint8_t, 4>{10, 0, 0, host}, 8090),
          transport(key, random, known, limits) {
        const std::vector<Multiaddr> addresses = {
            test::must(Multiaddr::from_text("/ip4/10.0.0." + std::to_string(host) + "/udp/8090"))};
        record = seal_peer_record(key, kSequence, addresses);
        transport.set_record(record, kSequence);
    }

    [[nodiscard]] Endpoint endpoint() const { return {transport.id(), address}; }
    [[nodiscard]] Contact contact() const { return {endpoint(), key.public_key()}; }

    static constexpr std::uint64_t kSequence = 1'700'000'000;
    SeededSecrets random;
    SecretKey key;
    SocketAddress address;
    ListedNodes known;
    Transport transport;
    Bytes record;
};

/// A ping that can be told from others.
inline Message ping(std::uint64_t number) {
    return {test::must(RequestId::from_bytes(Bytes{static_cast<std::uint8_t>(number)})),
            Ping{number}};
}

/// The one datagram of an output that has nothing else.
inline Bytes only_datagram(const Output& out) {
    EXPECT_EQ(out.datagrams.size(), 1u);
    EXPECT_TRUE(out.messages.empty() && out.learned.empty());
    return out.datagrams.empty() ? Bytes() : out.datagrams[0].bytes;
}

/// The one message of an output that has no datagram.
inline Message only_message(const Output& out) {
    EXPECT_EQ(out.messages.size(), 1u);
    EXPECT_TRUE(out.datagrams.empty());
    return out.messages.empty() ? Message{} : out.messages[0].message;
}

} // namespace codex::net::dht
