// What a peer is called: a multihash of its public key (codex-libp2p(7), PEER IDS).
#pragma once

#include "net/identity/public_key.hpp"

#include <compare>
#include <functional>
#include <optional>
#include <string>

namespace codex::net {

/// An immutable peer id, held inline. Of the kinds of key that are used here it holds the whole
/// key; of longer ones the SHA-256, so that such peers can be named, too, though not connected to.
/// Threads: as a number.
class PeerId {
public:
    /// Identity multihash of the longest key.
    static constexpr std::size_t kMaxBytes = 2 + PublicKey::kMaxBytes;
    /// Longest text that is looked at.
    static constexpr std::size_t kMaxTextChars = 128;

    explicit PeerId(const PublicKey& key);

    /// Exactly one peer id in binary: the identity multihash of a key that can be, or sha2-256; so
    /// a mistyped one is mostly refused. Errors: peer_id_invalid.
    [[nodiscard]] static Result<PeerId> from_bytes(BytesView bytes);
    /// Base58btc as it is written ("16Uiu2HA...", "12D3KooW...", "Qm..."), or a CIDv1 of codec
    /// libp2p-key in any multibase of codex-cid(5), TEXT FORM. Errors: peer_id_invalid, with a hint
    /// where a likely cause is known.
    [[nodiscard]] static Result<PeerId> from_text(std::string_view text);

    [[nodiscard]] BytesView bytes() const { return {bytes_.data(), size_}; }
    /// Base58btc without multibase prefix.
    [[nodiscard]] std::string text() const;
    /// The key in it. Errors: unsupported, when only the hash of a key is in it.
    [[nodiscard]] Result<PublicKey> public_key() const;

    friend bool operator==(const PeerId& a, const PeerId& b) { return equal(a.bytes(), b.bytes()); }
    /// An order for maps; no other meaning.
    friend std::strong_ordering operator<=>(const PeerId& a, const PeerId& b);

private:
    PeerId() = default;
    std::array<std::uint8_t, kMaxBytes> bytes_{};
    std::uint8_t size_ = 0;
};

} // namespace codex::net

/// The bytes are those of a key, so the last eight are the hash, nearly uniform.
template <> struct std::hash<codex::net::PeerId> {
    std::size_t operator()(const codex::net::PeerId& peer) const noexcept;
};
