// Public keys of peers, in libp2p's protobuf form (codex-libp2p(7), KEYS).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace codex::net {

/// The kinds that libp2p numbers. Peers of the network have secp256k1; Ed25519 is taken from
/// others; of the rest only the number is known.
enum class KeyKind : std::uint8_t { rsa = 0, ed25519 = 1, secp256k1 = 2, ecdsa = 3 };

/// A public key whose signatures can be checked, held inline.
/// Threads: as a number.
class PublicKey {
public:
    /// Longest encoded form.
    static constexpr std::size_t kMaxBytes = 37;

    /// From the protobuf form. Fields in another order and unknown ones are read, as everywhere;
    /// encoded() is the one form that peer ids are over. Errors: public_key_invalid (malformed, not
    /// a point of the curve), unsupported (RSA, ECDSA), protobuf_invalid.
    [[nodiscard]] static Result<PublicKey> decode(BytesView protobuf);
    /// From the 33 bytes of a compressed point. Errors: public_key_invalid.
    [[nodiscard]] static Result<PublicKey> secp256k1(BytesView compressed);
    /// From 32 bytes. Errors: public_key_invalid.
    [[nodiscard]] static Result<PublicKey> ed25519(BytesView point);

    [[nodiscard]] KeyKind kind() const { return kind_; }
    /// The bare key: 33 bytes of secp256k1, 32 of Ed25519.
    [[nodiscard]] BytesView data() const { return encoded().subspan(kHeadBytes); }
    /// The protobuf form, 37 or 36 bytes.
    [[nodiscard]] BytesView encoded() const { return {bytes_.data(), size_}; }

    /// Whether `signature` is one of this key over `message`: of secp256k1 in DER, over the SHA-256
    /// of the message, low s only (codex-libp2p(7), SIGNATURES).
    [[nodiscard]] bool verify(BytesView message, BytesView signature) const;

    friend bool operator==(const PublicKey& a, const PublicKey& b) {
        return equal(a.encoded(), b.encoded());
    }

private:
    static constexpr std::size_t kHeadBytes = 4;
    PublicKey(KeyKind kind, BytesView data);

    std::array<std::uint8_t, kMaxBytes> bytes_{};
    std::uint8_t size_ = 0;
    KeyKind kind_ = KeyKind::secp256k1;
};

} // namespace codex::net
