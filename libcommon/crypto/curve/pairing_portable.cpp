#include "crypto/curve/detail/pairing_scalar.hpp"

namespace codex::crypto::detail {

const PairingKernel& pairing_portable() {
    return ScalarPairing::kKernel;
}

} // namespace codex::crypto::detail
