#include "proof/detail/secret.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <cstring>
#include <sys/random.h>

namespace codex::proof::detail {

using crypto::Fr;
using crypto::FrParams;
using crypto::Limbs;

void random_bytes(MutableBytes bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::getrandom(bytes.data(), bytes.size(), 0);
        CODEX_ASSERT(n > 0 || errno == EINTR);
        if (n > 0)
            bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

crypto::Fr random_scalar() {
    Secret<std::array<std::uint8_t, 64>> bytes;
    random_bytes(*bytes);
    Limbs low;
    Limbs high;
    std::memcpy(low.data(), bytes->data(), 32);
    std::memcpy(high.data(), bytes->data() + 32, 32);
    // Montgomery products take any 256-bit factor: low * 1 and high * 2^256, reduced.
    const Fr value = Fr::from_limbs(low) + Fr::from_limbs(high) * Fr::from_limbs(FrParams::kOne);
    wipe(low.data(), sizeof low);
    wipe(high.data(), sizeof high);
    return value;
}

void wipe(void* memory, std::size_t size) {
    ::explicit_bzero(memory, size);
}

} // namespace codex::proof::detail
