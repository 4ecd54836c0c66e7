#include "net/detail/sodium.hpp"
#include "net/identity/detail/curves.hpp"

#include <sodium.h>

namespace codex::net::detail {

bool is_ed25519_point(BytesView point) {
    prepare_sodium();
    return point.size() == crypto_core_ed25519_BYTES &&
           crypto_core_ed25519_is_valid_point(point.data()) == 1;
}

bool ed25519_verify(BytesView point, BytesView message, BytesView signature) {
    return point.size() == crypto_sign_ed25519_PUBLICKEYBYTES &&
           signature.size() == crypto_sign_ed25519_BYTES &&
           crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(),
                                               point.data()) == 0;
}

} // namespace codex::net::detail
