// Secrets of provers and key makers, and coefficients that whoever made a file must not foresee; of
// those every choice gives the same answer. base/secret.hpp keeps secrets.
#pragma once

#include "base/random.hpp"
#include "base/secret.hpp"
#include "crypto/field/field.hpp"

namespace codex::snark::detail {

/// Fills `bytes` from `random`. Ends the process when there is no randomness to be had: nothing
/// sound can be done without.
void random_bytes(MutableBytes bytes, SecretRandom& random = Random::system());
/// A uniform scalar from 64 such bytes, reduced: bias below 2^-250.
[[nodiscard]] crypto::Fr random_scalar(SecretRandom& random = Random::system());

} // namespace codex::snark::detail
