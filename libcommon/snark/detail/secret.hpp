// Secrets of provers and key makers, drawn from the system; base/secret.hpp keeps them.
#pragma once

#include "base/secret.hpp"
#include "crypto/field/field.hpp"

namespace codex::snark::detail {

/// Fills `bytes` from the system's generator. Ends the process when the system gives no randomness:
/// nothing sound can be done without.
void random_bytes(MutableBytes bytes);
/// A uniform scalar from 64 such bytes, reduced: bias below 2^-250.
[[nodiscard]] crypto::Fr random_scalar();

} // namespace codex::snark::detail
