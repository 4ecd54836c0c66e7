// Nodes of a table that nobody has to sign for.
#pragma once

#include "base/endian.hpp"
#include "net/dht/table.hpp"
#include "network_vectors.hpp"

namespace codex::net::dht {

inline SocketAddress address_of(std::uint32_t ip, std::uint16_t port = 8090) {
    std::array<std::uint8_t, 4> bytes{};
    store_be(bytes.data(), ip);
    return {bytes, port};
}

/// Of net `net` of 10.0.0.0/8, host `host`.
inline SocketAddress in_net(std::uint32_t net, std::uint32_t host, std::uint16_t port = 8090) {
    return address_of((10u << 24) + (net << 8) + host, port);
}

/// A record whose id is not that of its key, as a table does not ask.
inline NodeRecord unsigned_record(const Id& id, const SocketAddress& at,
                                  std::uint64_t sequence = 1) {
    static const SecretKey key = identity_named("dht_a");
    const PeerId peer(key.public_key());
    return {id, {peer, sequence, {udp_multiaddr(at)}}, key.public_key(), {}};
}

inline Id random_id(Random& random) {
    Id id;
    test::must(random.fill(id.bytes));
    return id;
}

/// One that has at least the first `bits` of `like`.
inline Id random_id_near(Random& random, const Id& like, unsigned bits) {
    Id id = random_id(random);
    for (unsigned i = 0; i < bits; ++i) {
        const auto mask = static_cast<std::uint8_t>(0x80 >> i % 8);
        id.bytes[i / 8] =
            static_cast<std::uint8_t>((id.bytes[i / 8] & ~mask) | (like.bytes[i / 8] & mask));
    }
    return id;
}

inline std::uint64_t below(Random& random, std::uint64_t bound) {
    return test::must(random.below(bound));
}

} // namespace codex::net::dht
