// Records of nodes of the DHT: peer records that are kept and handed on byte for byte
// (codex-dht(7), RECORDS).
#pragma once

#include "base/network.hpp"
#include "net/dht/id.hpp"
#include "net/identity/peer_record.hpp"

namespace codex::net::dht {

/// A record that was opened, and its envelope as it came.
struct NodeRecord {
    Id id; ///< of the peer
    PeerRecord record;
    PublicKey key; ///< of secp256k1
    Bytes envelope;

    friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

/// Costs the check of a signature. Errors: of open_peer_record(); record_invalid, too, when its key
/// is none of secp256k1, with which alone a session can be agreed on.
[[nodiscard]] Result<NodeRecord> open_node_record(BytesView envelope);

/// Where the node of a record is reached: its first address of an IP address, a UDP port other than
/// 0 and nothing else. Nothing where there is none, as in records of providers.
[[nodiscard]] std::optional<SocketAddress> udp_address(const PeerRecord& record);

/// The address of a record of a node that is reached there.
[[nodiscard]] Multiaddr udp_multiaddr(const SocketAddress& address);

} // namespace codex::net::dht
