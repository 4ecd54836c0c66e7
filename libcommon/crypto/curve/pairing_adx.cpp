#include "crypto/curve/detail/pairing_scalar.hpp"

namespace codex::crypto::detail {

const PairingKernel& pairing_adx() {
    return ScalarPairing::kKernel;
}

} // namespace codex::crypto::detail
