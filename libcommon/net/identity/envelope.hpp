// Signed envelopes: bytes of some kind, and who said them (codex-libp2p(7), SIGNED ENVELOPES).
#pragma once

#include "net/identity/secret_key.hpp"

namespace codex::net {

/// Longest envelope that is read.
constexpr std::size_t kMaxEnvelopeBytes = 16 * 1024;

/// An envelope whose signature holds.
struct Envelope {
    PublicKey key;
    Bytes payload_type;
    Bytes payload;
};

/// Signs `payload` for `domain`, which keeps signatures for one purpose from being shown for
/// another.
[[nodiscard]] Bytes seal_envelope(const SecretKey& key, std::string_view domain,
                                  BytesView payload_type, BytesView payload);

/// Errors: record_invalid (malformed, a field is missing, the signature is wrong for the key and
/// this domain), limit_exceeded.
[[nodiscard]] Result<Envelope> open_envelope(BytesView bytes, std::string_view domain);

} // namespace codex::net
