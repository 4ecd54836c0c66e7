// How two nodes agree on keys, and how the one that was challenged proves who it is
// (codex-dht(7), HANDSHAKE).
#pragma once

#include "net/dht/packet.hpp"
#include "net/identity/secret_key.hpp"

namespace codex::net::dht {

/// The keys of a session, named by whose messages they seal; wiped when they go.
struct SessionKeys {
    SessionKey initiator{}; ///< of the node that was challenged
    SessionKey recipient{};

    SessionKeys() = default;
    SessionKeys(const SessionKeys&) = default;
    SessionKeys& operator=(const SessionKeys&) = default;
    ~SessionKeys();
};

/// From one's own secret key and the other's public one, of which the initiator's pair is made for
/// this handshake alone. `challenge` is Packet::header of the challenge. Errors: unsupported, when
/// the key is none of secp256k1.
[[nodiscard]] Result<SessionKeys> agree_on_keys(const SecretKey& own, const PublicKey& theirs,
                                                const Id& initiator, const Id& recipient,
                                                BytesView challenge);

/// That the node with `own` key answers the challenge of `recipient`, by an ephemeral key, which is
/// in the form in which it is sent.
[[nodiscard]] Bytes sign_id(const SecretKey& own, BytesView challenge, BytesView ephemeral_key,
                            const Id& recipient);
[[nodiscard]] bool verify_id(const PublicKey& key, BytesView signature, BytesView challenge,
                             BytesView ephemeral_key, const Id& recipient);

} // namespace codex::net::dht
