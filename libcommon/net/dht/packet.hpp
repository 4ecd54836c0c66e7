// Datagrams of the DHT: a masked header and a sealed message (codex-dht(7), PACKETS).
#pragma once

#include "net/dht/id.hpp"

#include <optional>
#include <variant>

namespace codex::net::dht {

/// The shortest datagram that can be one: a challenge.
constexpr std::size_t kMinDatagramBytes = 63;
/// What sealing adds to a message.
constexpr std::size_t kSealBytes = 16;

/// Not used twice under one key; of a challenge, that of the packet it answers.
using Nonce = std::array<std::uint8_t, 12>;
/// Makes equal headers look different.
using MaskingIv = std::array<std::uint8_t, 16>;
/// What a challenge wants to have signed, random.
using IdNonce = std::array<std::uint8_t, 16>;
/// Of AES-128, for one direction.
using SessionKey = std::array<std::uint8_t, 16>;

/// Of a message under keys that both sides have; or of no message, where its sender has none, and
/// wants to be challenged.
struct OrdinaryHead {
    Id source;
    friend bool operator==(const OrdinaryHead&, const OrdinaryHead&) = default;
};
/// Who are you? There is no message.
struct ChallengeHead {
    IdNonce id_nonce{};
    std::uint64_t sequence = 0; ///< of the record that its sender has of the other; 0 is none
    friend bool operator==(const ChallengeHead&, const ChallengeHead&) = default;
};
/// Of the message that answers a challenge.
struct HandshakeHead {
    Id source;
    Bytes signature;     ///< up to 255 bytes
    Bytes ephemeral_key; ///< in protobuf; up to 255 bytes
    Bytes record;        ///< an envelope, not opened; or empty
    friend bool operator==(const HandshakeHead&, const HandshakeHead&) = default;
};
using Head = std::variant<OrdinaryHead, ChallengeHead, HandshakeHead>;

/// A packet whose header was unmasked.
struct Packet {
    Nonce nonce{};
    Head head;
    /// Masking IV and header in the clear, which the seal of the message covers; of a challenge,
    /// what keys are derived from and signatures are over.
    Bytes header;
    Bytes message; ///< sealed; empty of a challenge
};

/// Errors: malformed: of another length than it must have, for another node (whose header looks
/// random then), of another protocol or version.
[[nodiscard]] Result<Packet> open_packet(const Id& own, BytesView datagram);

/// Packet::header of a new packet.
[[nodiscard]] Bytes make_header(const MaskingIv& masking_iv, const Nonce& nonce, const Head& head);
/// A message for `header`, which has the same nonce.
[[nodiscard]] Bytes seal_message(const SessionKey& key, const Nonce& nonce, BytesView header,
                                 BytesView plain);
/// The message of a packet; nothing, when this is not its key, or something was changed.
[[nodiscard]] std::optional<Bytes> open_message(const SessionKey& key, const Packet& packet);
/// The datagram to node `to`.
[[nodiscard]] Bytes make_datagram(const Id& to, BytesView header, BytesView message);

} // namespace codex::net::dht
