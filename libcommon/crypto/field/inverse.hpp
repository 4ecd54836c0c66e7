// Fast modular inversion for values that are no secret.
#pragma once

#include "crypto/field/field.hpp"

namespace codex::crypto {

/// 1 / value mod the odd `modulus`, in standard form; value below the modulus and coprime to it, or
/// 0, which gives 0. modulus below 2^255. The time depends on the value: never for secrets. About a
/// microsecond, where Field::inverse() takes seven.
[[nodiscard]] Limbs inverse_variable_time(const Limbs& value, const Limbs& modulus);

/// The same for an element in Montgomery form.
template <class Params> Field<Params> inverse_variable_time(const Field<Params>& element) {
    // (a R)^-1 times R^3 by the Montgomery product, which divides by R: a^-1 R.
    static const Field<Params> cube = Field<Params>::from_montgomery(Params::kSquare) *
                                      Field<Params>::from_montgomery(Params::kSquare);
    return Field<Params>::from_montgomery(
               inverse_variable_time(element.montgomery(), Params::kModulus)) *
           cube;
}

} // namespace codex::crypto
