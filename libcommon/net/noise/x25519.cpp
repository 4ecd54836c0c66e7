#include "net/noise/x25519.hpp"

#include "net/detail/sodium.hpp"

#include <sodium.h>

namespace codex::net::noise {

Result<KeyPair> KeyPair::generate(SecretRandom& random) {
    static_assert(crypto_scalarmult_curve25519_BYTES == kKeyBytes &&
                  crypto_scalarmult_curve25519_SCALARBYTES == kKeyBytes);
    net::detail::prepare_sodium();
    KeyPair pair;
    CODEX_CHECK(random.fill(pair.secret_));
    CODEX_ASSERT(crypto_scalarmult_curve25519_base(pair.public_key_.data(), pair.secret_.data()) ==
                 0);
    return pair;
}

Result<void> KeyPair::agree(BytesView theirs, Key& shared) const {
    CODEX_ASSERT(theirs.size() == kKeyBytes);
    if (crypto_scalarmult_curve25519(shared.data(), secret_.data(), theirs.data()) != 0)
        return fail(Errc::noise_message, "a public key of small order");
    return {};
}

} // namespace codex::net::noise
