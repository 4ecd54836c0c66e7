// Names of nodes and of content in the DHT: points of one space (codex-dht(7), IDS).
#pragma once

#include "codec/cid.hpp"
#include "net/identity/peer_id.hpp"

namespace codex::net::dht {

/// A number of 256 bits, the highest byte first. Threads: as a number.
struct Id {
    static constexpr std::size_t kBytes = 32;
    std::array<std::uint8_t, kBytes> bytes{};

    /// Of a node: Keccak-256 of its peer id in binary.
    [[nodiscard]] static Id of_peer(const PeerId& peer);
    /// Of what nodes provide: Keccak-256 of its binary CID, with the version that it has.
    [[nodiscard]] static Id of_content(const Cid& cid);
    /// Of an Ethereum address: Keccak-256 of its bytes.
    [[nodiscard]] static Id of_account(std::span<const std::uint8_t, 20> address);
    /// From 32 bytes.
    [[nodiscard]] static Id from_bytes(BytesView bytes);

    /// 64 digits.
    [[nodiscard]] std::string text() const;

    friend auto operator<=>(const Id&, const Id&) = default;
};

/// How far apart: the bits of a xor b without the zeros in front; 0 when they are equal, 256 at
/// most.
[[nodiscard]] unsigned log_distance(const Id& a, const Id& b);

} // namespace codex::net::dht
