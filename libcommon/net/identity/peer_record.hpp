// Where a peer can be reached, said by itself (codex-libp2p(7), PEER RECORDS).
#pragma once

#include "net/address/multiaddr.hpp"
#include "net/identity/peer_id.hpp"
#include "net/identity/secret_key.hpp"

#include <functional>

namespace codex::net {

/// Most addresses that are kept of a record.
constexpr std::size_t kMaxRecordAddresses = 64;

/// A record, not signed. Of two of one peer the one with the higher number holds.
struct PeerRecord {
    PeerId peer;
    std::uint64_t sequence = 0;
    std::vector<Multiaddr> addresses; ///< without /p2p

    friend bool operator==(const PeerRecord&, const PeerRecord&) = default;
};

/// The payload of a record's envelope.
[[nodiscard]] Bytes encode_peer_record(const PeerRecord& record);
/// Errors: record_invalid: peer or number is missing, there are addresses and none can be read.
/// Single addresses that cannot be read are left out.
[[nodiscard]] Result<PeerRecord> decode_peer_record(BytesView payload);

/// The envelope of a record about the key's own peer.
[[nodiscard]] Bytes seal_peer_record(const SecretKey& key, std::uint64_t sequence,
                                     std::span<const Multiaddr> addresses);
/// The record in an envelope: signature, kind, and that the signer is the peer are right. Errors:
/// record_invalid, limit_exceeded.
[[nodiscard]] Result<PeerRecord> open_peer_record(BytesView envelope);

/// The text of an envelope: "spr:" and base64url without padding.
[[nodiscard]] std::string spr_text(BytesView envelope);
/// The envelope in such a text, not opened. Errors: record_invalid, limit_exceeded.
[[nodiscard]] Result<Bytes> spr_bytes(std::string_view text);

/// Is told the number of each record before it is signed, to be kept for the next time.
using SequenceKeeper = std::function<void(std::uint64_t sequence)>;
/// The number of the next record, which is above all before it and, where the clock is right, says
/// when it was made: max(last + 1, unix_seconds). `keeper`, if there is one, knows it then: a
/// number that was used twice would hide the later record from others.
[[nodiscard]] std::uint64_t next_sequence(std::uint64_t last, std::uint64_t unix_seconds,
                                          const SequenceKeeper& keeper = {});

} // namespace codex::net
