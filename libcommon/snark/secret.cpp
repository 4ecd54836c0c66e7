#include "snark/detail/secret.hpp"

#include "base/error.hpp"

namespace codex::snark::detail {

using crypto::Fr;
using crypto::FrParams;
using crypto::Limbs;

void random_bytes(MutableBytes bytes, SecretRandom& random) {
    const auto filled = random.fill(bytes);
    CODEX_ASSERT(filled.has_value());
}

crypto::Fr random_scalar(SecretRandom& random) {
    std::array<Limbs, 2> words;
    random_bytes({reinterpret_cast<std::uint8_t*>(words.data()), sizeof words}, random);
    // Montgomery products take any 256-bit factor: low * 1 and high * 2^256, reduced.
    const Fr value =
        Fr::from_limbs(words[0]) + Fr::from_limbs(words[1]) * Fr::from_limbs(FrParams::kOne);
    wipe(words.data(), sizeof words);
    return value;
}

} // namespace codex::snark::detail
