#include "net/noise/handshake.hpp"

#include "base/endian.hpp"
#include "codec/protobuf.hpp"
#include "net/noise/detail/symmetric.hpp"

namespace codex::net::noise {
namespace {

constexpr std::string_view kNoiseName = "Noise_XX_25519_ChaChaPoly_SHA256";
constexpr std::string_view kStaticKeyDomain = "noise-libp2p-static-key:";
constexpr int kMessages = 3;
constexpr std::uint32_t kIdentityKey = 1;
constexpr std::uint32_t kIdentitySignature = 2;

Bytes signed_static_key(const Key& static_key) {
    Bytes bytes(kStaticKeyDomain.begin(), kStaticKeyDomain.end());
    append(bytes, static_key);
    return bytes;
}

/// The key that a peer proves to have.
Result<PublicKey> check_payload(BytesView payload, const Key& static_key) {
    std::optional<BytesView> encoded;
    std::optional<BytesView> signature;
    codec::protobuf::Reader reader(payload);
    for (;;) {
        const auto field = reader.next();
        if (!field)
            return fail(Errc::noise_identity, "what the peer says of itself: {}",
                        field.error().text());
        if (!*field)
            break;
        if ((*field)->is_bytes(kIdentityKey))
            encoded = (*field)->bytes;
        else if ((*field)->is_bytes(kIdentitySignature))
            signature = (*field)->bytes;
    }
    if (!encoded || !signature)
        return fail(Errc::noise_identity, "the peer does not say its {}",
                    encoded ? "signature" : "key");
    const auto key = PublicKey::decode(*encoded);
    if (!key)
        return fail(Errc::noise_identity, "the peer's key: {}", key.error().text());
    if (!key->verify(signed_static_key(static_key), *signature))
        return fail(Errc::noise_identity, "the peer's signature is wrong");
    return *key;
}

} // namespace

Bytes identity_proof(const SecretKey& identity, const KeyPair& static_keys) {
    codec::protobuf::Writer writer;
    writer.bytes(kIdentityKey, identity.public_key().encoded());
    writer.bytes(kIdentitySignature, identity.sign(signed_static_key(static_keys.public_key())));
    return writer.take();
}

struct Handshake::State {
    State(Role role_of, BytesView own_proof, const KeyPair& own_static,
          std::optional<PeerId> expected_peer)
        : role(role_of), proof(own_proof), static_keys(&own_static), expected(expected_peer) {
        symmetric.mix_hash({}); // the empty prologue
    }

    [[nodiscard]] Result<void> agree(const KeyPair& own, const Key& theirs);
    [[nodiscard]] Result<void> write(Bytes& out);
    [[nodiscard]] Result<void> read(BytesView message);
    [[nodiscard]] Result<void> read_ephemeral(BytesView& message);
    [[nodiscard]] Result<void> read_identity(BytesView& message);
    [[nodiscard]] Result<void> write_identity(Bytes& out);
    [[nodiscard]] Result<void> check_peer(BytesView payload);

    Role role;
    BytesView proof;
    const KeyPair* static_keys;
    std::optional<PeerId> expected;
    detail::SymmetricState symmetric{kNoiseName};
    std::optional<KeyPair> ephemeral;
    Key their_ephemeral{};
    Key their_static{};
    std::optional<PublicKey> peer_key;
    Bytes partial;    ///< of a message, its length in front
    int messages = 0; ///< read and written
};

Result<void> Handshake::State::agree(const KeyPair& own, const Key& theirs) {
    Key shared{};
    CODEX_CHECK(own.agree(theirs, shared));
    symmetric.mix_key(shared);
    wipe(shared.data(), shared.size());
    return {};
}

Result<void> Handshake::State::read_ephemeral(BytesView& message) {
    if (message.size() < kKeyBytes)
        return fail(Errc::noise_message, "message {} has {} bytes, fewer than a key", messages + 1,
                    message.size());
    std::copy_n(message.begin(), kKeyBytes, their_ephemeral.begin());
    symmetric.mix_hash(their_ephemeral);
    message = message.subspan(kKeyBytes);
    return {};
}

/// The encrypted static key, then the payload, which is the rest.
Result<void> Handshake::State::read_identity(BytesView& message) {
    constexpr std::size_t kEncryptedKey = kKeyBytes + kTagBytes;
    if (message.size() < kEncryptedKey + kTagBytes)
        return fail(Errc::noise_message, "message {} ends {} bytes behind its keys", messages + 1,
                    message.size());
    CODEX_TRY(key, symmetric.decrypt_and_hash(message.first(kEncryptedKey)));
    std::copy(key.begin(), key.end(), their_static.begin());
    message = message.subspan(kEncryptedKey);
    CODEX_CHECK(agree(*ephemeral, their_static)); // es of message 2, se of message 3
    CODEX_TRY(payload, symmetric.decrypt_and_hash(message));
    return check_peer(payload);
}

Result<void> Handshake::State::check_peer(BytesView payload) {
    CODEX_SET(peer_key, check_payload(payload, their_static));
    const PeerId peer(*peer_key);
    if (expected && *expected != peer)
        return fail(Errc::peer_wrong, "it is {}, not {}", peer.text(), expected->text());
    return {};
}

Result<void> Handshake::State::write_identity(Bytes& out) {
    CODEX_CHECK(symmetric.encrypt_and_hash(static_keys->public_key(), out));
    CODEX_CHECK(agree(*static_keys, their_ephemeral));
    return symmetric.encrypt_and_hash(proof, out);
}

/// Message 1: e. 2: e, ee, s, es. 3: s, se.
Result<void> Handshake::State::read(BytesView message) {
    if (messages == 0) {
        CODEX_CHECK(read_ephemeral(message));
        // Its payload is not encrypted yet; libp2p says nothing in it.
        CODEX_CHECK(symmetric.decrypt_and_hash(message));
    } else if (messages == 1) {
        CODEX_CHECK(read_ephemeral(message));
        CODEX_CHECK(agree(*ephemeral, their_ephemeral));
        CODEX_CHECK(read_identity(message));
    } else {
        CODEX_CHECK(read_identity(message));
    }
    ++messages;
    return {};
}

Result<void> Handshake::State::write(Bytes& out) {
    const std::size_t at = out.size();
    out.resize(at + kLengthBytes);
    if (messages < 2) {
        append(out, ephemeral->public_key());
        symmetric.mix_hash(ephemeral->public_key());
    }
    if (messages == 0) {
        CODEX_CHECK(symmetric.encrypt_and_hash({}, out));
    } else {
        if (messages == 1)
            CODEX_CHECK(agree(*ephemeral, their_ephemeral));
        CODEX_CHECK(write_identity(out));
    }
    store_be(out.data() + at, static_cast<std::uint16_t>(out.size() - at - kLengthBytes));
    ++messages;
    return {};
}

Handshake::Handshake(Role role, BytesView proof, const KeyPair& static_keys,
                     std::optional<PeerId> expected)
    : state_(std::make_unique<State>(role, proof, static_keys, expected)) {}
Handshake::~Handshake() = default;
Handshake::Handshake(Handshake&&) noexcept = default;
Handshake& Handshake::operator=(Handshake&&) noexcept = default;

Result<void> Handshake::start(SecretRandom& random, Bytes& out) {
    CODEX_ASSERT(!state_->ephemeral);
    CODEX_TRY(pair, KeyPair::generate(random));
    state_->ephemeral.emplace(std::move(pair));
    if (state_->role == Role::initiator)
        return state_->write(out);
    return {};
}

Result<std::size_t> Handshake::receive(BytesView input, Bytes& out) {
    State& state = *state_;
    CODEX_ASSERT(state.ephemeral.has_value());
    if (done())
        return std::size_t{0};
    std::size_t taken = 0;
    const auto take_up_to = [&](std::size_t wanted) {
        const std::size_t part = std::min(wanted - state.partial.size(), input.size() - taken);
        append(state.partial, input.subspan(taken, part));
        taken += part;
        return state.partial.size() == wanted;
    };
    if (state.partial.size() < kLengthBytes && !take_up_to(kLengthBytes))
        return taken;
    const std::size_t size = load_be<std::uint16_t>(state.partial.data());
    if (!take_up_to(kLengthBytes + size))
        return taken;
    const Bytes message = std::exchange(state.partial, {});
    CODEX_CHECK(state.read(BytesView(message).subspan(kLengthBytes)));
    if (state.messages < kMessages)
        CODEX_CHECK(state.write(out));
    return taken;
}

bool Handshake::done() const {
    return state_->messages == kMessages;
}

Established Handshake::finish() {
    CODEX_ASSERT(done() && state_->peer_key);
    Key first{};
    Key second{};
    state_->symmetric.split(first, second);
    const bool initiator = state_->role == Role::initiator;
    Established established{Sealer(CipherState(initiator ? first : second)),
                            Opener(CipherState(initiator ? second : first)), *state_->peer_key,
                            state_->symmetric.hash()};
    wipe(first.data(), first.size());
    wipe(second.data(), second.size());
    return established;
}

} // namespace codex::net::noise
