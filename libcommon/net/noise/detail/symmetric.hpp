// The symmetric state of a Noise handshake (codex-libp2p(7), NOISE): a hash of all that was said, a
// chaining key, and the key that follows from it.
#pragma once

#include "net/noise/aead.hpp"

#include <optional>

namespace codex::net::noise::detail {

/// Two or three keys from a chaining key and more input: HKDF with HMAC-SHA-256.
void hkdf2(const Key& chaining_key, BytesView input, Key& first, Key& second);

class SymmetricState {
public:
    /// `name` of the protocol has at most 32 bytes.
    explicit SymmetricState(std::string_view name);
    ~SymmetricState();
    SymmetricState(const SymmetricState&) = delete;
    SymmetricState& operator=(const SymmetricState&) = delete;

    void mix_hash(BytesView data);
    void mix_key(const Key& input);
    /// Appends `plain` to `out`, encrypted once there is a key, and takes it into the hash.
    [[nodiscard]] Result<void> encrypt_and_hash(BytesView plain, Bytes& out);
    /// The plain bytes of `message`. Errors: noise_decrypt.
    [[nodiscard]] Result<Bytes> decrypt_and_hash(BytesView message);
    /// The keys of the directions: what the initiator sends, what the responder sends.
    void split(Key& first, Key& second) const;
    [[nodiscard]] const Digest& hash() const { return hash_; }
    /// Bytes that encryption adds by now.
    [[nodiscard]] std::size_t tag_bytes() const { return cipher_ ? kTagBytes : 0; }

private:
    Digest hash_{};
    Key chaining_key_{};
    std::optional<CipherState> cipher_;
};

} // namespace codex::net::noise::detail
