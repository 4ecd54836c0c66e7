// A peer that says anything at all: the first byte says where. In a handshake it can do no more
// than make it fail; frames that it cannot seal are refused.
#include "net/noise/detail/symmetric.hpp"
#include "net/noise/handshake.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::net;
using namespace codex::net::noise;

namespace {

/// The same secrets in each run.
class KnownSecrets final : public SecretRandom {
public:
    [[nodiscard]] Result<void> fill(MutableBytes out) override { return random_.fill(out); }

private:
    SeededRandom random_{1};
};

/// Raw input to one end, in two pieces.
void talk(Role role, BytesView input) {
    KnownSecrets random;
    const auto identity = SecretKey::generate(random);
    const auto statics = KeyPair::generate(random);
    const Bytes proof = identity_proof(*identity, *statics);
    Handshake handshake(role, proof, *statics);
    Bytes out;
    FUZZ_CHECK(handshake.start(random, out).has_value());
    for (const BytesView part : {input.first(input.size() / 2), input.subspan(input.size() / 2)}) {
        const auto taken = handshake.receive(part, out);
        FUZZ_CHECK(!taken || *taken <= part.size());
        if (!taken)
            break;
    }
    FUZZ_CHECK(!handshake.done());
}

/// A responder that does all rightly, but says the input of itself.
void claim(BytesView payload) {
    KnownSecrets random;
    const auto identity = SecretKey::generate(random);
    const auto statics = KeyPair::generate(random);
    const Bytes proof = identity_proof(*identity, *statics);
    Handshake handshake(Role::initiator, proof, *statics);
    Bytes first;
    FUZZ_CHECK(handshake.start(random, first).has_value());
    const auto ephemeral = KeyPair::generate(random);
    const auto own = KeyPair::generate(random);
    const BytesView theirs = BytesView(first).subspan(kLengthBytes);
    noise::detail::SymmetricState state("Noise_XX_25519_ChaChaPoly_SHA256");
    state.mix_hash({});
    state.mix_hash(theirs);
    state.mix_hash({});
    state.mix_hash(ephemeral->public_key());
    Bytes message;
    append(message, ephemeral->public_key());
    Key shared{};
    FUZZ_CHECK(ephemeral->agree(theirs, shared).has_value());
    state.mix_key(shared);
    FUZZ_CHECK(state.encrypt_and_hash(own->public_key(), message).has_value());
    FUZZ_CHECK(own->agree(theirs, shared).has_value());
    state.mix_key(shared);
    FUZZ_CHECK(
        state.encrypt_and_hash(payload.first(std::min<std::size_t>(payload.size(), 60000)), message)
            .has_value());
    Bytes frame = {static_cast<std::uint8_t>(message.size() >> 8),
                   static_cast<std::uint8_t>(message.size())};
    append(frame, message);
    Bytes out;
    const auto taken = handshake.receive(frame, out);
    FUZZ_CHECK(!taken && taken.error().code() == Errc::noise_identity);
}

void frames(BytesView input) {
    Opener opener{CipherState(Key{})};
    Bytes copy(input.begin(), input.end());
    const auto opened = opener.open(copy);
    FUZZ_CHECK(!opened || !*opened || (*opened)->size <= copy.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const BytesView input(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        talk(Role::initiator, input);
        break;
    case 1:
        talk(Role::responder, input);
        break;
    case 2:
        claim(input);
        break;
    default:
        frames(input);
        break;
    }
    return 0;
}
