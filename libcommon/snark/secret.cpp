#include "snark/detail/secret.hpp"

#include "base/error.hpp"

#include <cerrno>
#include <sys/random.h>

namespace codex::snark::detail {

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
    std::array<Limbs, 2> words;
    random_bytes({reinterpret_cast<std::uint8_t*>(words.data()), sizeof words});
    // Montgomery products take any 256-bit factor: low * 1 and high * 2^256, reduced.
    const Fr value =
        Fr::from_limbs(words[0]) + Fr::from_limbs(words[1]) * Fr::from_limbs(FrParams::kOne);
    wipe(words.data(), sizeof words);
    return value;
}

} // namespace codex::snark::detail
