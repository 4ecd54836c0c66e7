// The key a node is known by: secp256k1, the one kind that all peers of the network take
// (codex-libp2p(7), KEYS).
#pragma once

#include "base/random.hpp"
#include "base/secret.hpp"
#include "net/identity/public_key.hpp"

namespace codex::net {

/// A secp256k1 key pair. The secret half lies in pages of its own (base/secret.hpp).
/// Threads: const calls from any thread, at once.
class SecretKey {
public:
    /// Bytes of the protobuf form, which is that of a key file.
    static constexpr std::size_t kEncodedBytes = 36;

    /// Errors: those of fill().
    [[nodiscard]] static Result<SecretKey> generate(SecretRandom& random);
    /// From 32 bytes, the highest first. Errors: key_file_invalid, when that number is 0 or not
    /// below the order of the group.
    [[nodiscard]] static Result<SecretKey> from_scalar(BytesView scalar);
    /// From the protobuf form: exactly 08 02 12 20 and a scalar. Errors: key_file_invalid, which
    /// says what it is instead, as far as that shows.
    [[nodiscard]] static Result<SecretKey> decode(BytesView encoded);

    [[nodiscard]] SecretBytes encode() const;
    [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
    /// Over SHA-256 of `message`, in DER, 70 to 72 bytes nearly always; the same each time
    /// (codex-libp2p(7), SIGNATURES).
    [[nodiscard]] Bytes sign(BytesView message) const;
    /// What the holder of this key and the one of `theirs` alone can compute: the product of the
    /// secret number and the other's point, compressed, 33 bytes. Errors: unsupported, when
    /// `theirs` is of another kind.
    [[nodiscard]] Result<SecretBytes> agree(const PublicKey& theirs) const;

private:
    explicit SecretKey(BytesView scalar, const PublicKey& public_key);
    SecretBytes scalar_;
    PublicKey public_key_;
};

} // namespace codex::net
