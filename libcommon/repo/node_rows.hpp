// Rows of REPO/node/dht.mdb (codex-repo(5), WHAT A NODE KEEPS). Each has a checksum over its key
// and value: what it does not fit is nothing.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <optional>

namespace codex::repo {

constexpr std::size_t kMostPeerBytes = 64;
constexpr std::size_t kMostEnvelopeBytes = 4096;

/// That a peer provides something. Its key is content and peer.
struct ProviderRow {
    std::array<std::uint8_t, 32> content{};
    Bytes peer;              ///< 1 to kMostPeerBytes
    std::uint64_t until = 0; ///< seconds since 1970
    bool first_hand = false; ///< its record names the address that said it
    Bytes source;            ///< what is kept of that address, up to 16 bytes

    friend bool operator==(const ProviderRow&, const ProviderRow&) = default;
};
[[nodiscard]] Bytes provider_key(const ProviderRow& row);
[[nodiscard]] Bytes encode(const ProviderRow& row);
[[nodiscard]] std::optional<ProviderRow> decode_provider_row(BytesView key, BytesView value);

/// The record of a provider. Its key is the peer.
struct RecordRow {
    Bytes peer;
    std::uint64_t sequence = 0;
    Bytes envelope; ///< 1 to kMostEnvelopeBytes

    friend bool operator==(const RecordRow&, const RecordRow&) = default;
};
[[nodiscard]] Bytes encode(const RecordRow& row);
[[nodiscard]] std::optional<RecordRow> decode_record_row(BytesView key, BytesView value);

/// A node that was known. Its key is its id.
struct NodeRow {
    std::array<std::uint8_t, 32> id{};
    std::uint64_t last_seen = 0;   ///< seconds since 1970
    std::uint32_t reliability = 0; ///< in millionths, up to a million
    Bytes envelope;                ///< 1 to kMostEnvelopeBytes

    friend bool operator==(const NodeRow&, const NodeRow&) = default;
};
[[nodiscard]] Bytes encode(const NodeRow& row);
[[nodiscard]] std::optional<NodeRow> decode_node_row(BytesView key, BytesView value);

/// A number under a name.
[[nodiscard]] Bytes encode_number_row(BytesView key, std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> decode_number_row(BytesView key, BytesView value);

} // namespace codex::repo
