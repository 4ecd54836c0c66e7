// The Noise handshake XX as libp2p uses it (codex-libp2p(7), NOISE), without sockets: bytes go in,
// bytes come out.
#pragma once

#include "net/identity/peer_id.hpp"
#include "net/identity/secret_key.hpp"
#include "net/noise/x25519.hpp"

#include <optional>

namespace codex::net::noise {

/// Who speaks first: the one who dialled.
enum class Role : std::uint8_t { initiator, responder };

/// What a process says of itself in each of its handshakes: the key of `identity`, and that this
/// has signed that `static_keys` are its own. Nothing else is said (codex-libp2p(7), NOISE).
[[nodiscard]] Bytes identity_proof(const SecretKey& identity, const KeyPair& static_keys);

/// What a handshake leaves.
struct Established {
    Sealer sealer;
    Opener opener;
    PublicKey peer_key; ///< proved
    Digest hash;        ///< of the whole handshake, the same on both sides and nowhere else
};

/// One handshake. Bytes of the peer go into receive(), what is to be sent comes out of start() and
/// receive(); when done(), finish() has the rest.
/// Threads: one at a time.
class Handshake {
public:
    /// `proof` is that of identity_proof() for `static_keys`, and both outlive it. With `expected`
    /// another peer is refused; of an initiator, before it has said who it is.
    Handshake(Role role, BytesView proof, const KeyPair& static_keys,
              std::optional<PeerId> expected = std::nullopt);
    ~Handshake();
    Handshake(Handshake&&) noexcept;
    Handshake& operator=(Handshake&&) noexcept;

    /// Makes the ephemeral keys, and of an initiator the first frame, appended to `out`. Called
    /// once, first. Errors: those of fill().
    [[nodiscard]] Result<void> start(SecretRandom& random, Bytes& out);

    /// Takes bytes of the peer up to the end of the next message, and appends what is to be
    /// answered to `out`; returns how many it took. Call it again while it takes some; what it
    /// leaves once it is done is the beginning of the encrypted bytes. Errors, after which the
    /// connection is to be closed: noise_message (of another form, low-order key), noise_decrypt,
    /// noise_identity (no proof of the identity key, or of a kind not supported), peer_wrong.
    [[nodiscard]] Result<std::size_t> receive(BytesView input, Bytes& out);

    [[nodiscard]] bool done() const;
    /// Once, when done().
    [[nodiscard]] Established finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace codex::net::noise
