// The key pairs of Noise: X25519 (RFC 7748).
#pragma once

#include "base/random.hpp"
#include "base/secret.hpp"
#include "net/noise/aead.hpp"

namespace codex::net::noise {

/// A key pair. A process has one static pair for all of its connections, and a new ephemeral one
/// for each. Threads: const calls from any thread, at once.
class KeyPair {
public:
    /// Errors: those of fill().
    [[nodiscard]] static Result<KeyPair> generate(SecretRandom& random);

    KeyPair(KeyPair&&) noexcept = default;
    KeyPair& operator=(KeyPair&&) noexcept = default;

    [[nodiscard]] const Key& public_key() const { return public_key_; }
    /// What both sides can compute. Errors: noise_message, when `theirs` is a point of small order,
    /// which gives the same to everybody. The caller wipes `shared`.
    [[nodiscard]] Result<void> agree(BytesView theirs, Key& shared) const;

private:
    KeyPair() : secret_(kKeyBytes) {}
    SecretBytes secret_;
    Key public_key_{};
};

} // namespace codex::net::noise
