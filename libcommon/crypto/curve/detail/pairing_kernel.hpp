// The pairing compiled for an instruction set; plain types only.
//
// Values are Montgomery limbs: 8 words a point of G1, 16 one of G2, 48 an element of Fq12
// (c0.c0.c0, c0.c0.c1, c0.c1.c0 ...).
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::crypto::detail {

struct PairingKernel {
    using Words = std::uint64_t;
    /// The product of `count` Miller functions. outside[i] is set when g2[i], on the twist, is not
    /// in the subgroup (pairs with infinity are not looked at): then the product means nothing.
    using Miller = void (*)(const Words* g1, const Words* g2, std::size_t count, Words* f,
                            unsigned char* outside);
    Miller miller_few;  ///< without inversions
    Miller miller_many; ///< with one inversion a step for all
    /// The final exponentiation of the product of `count` values.
    void (*finish)(const Words* values, std::size_t count, Words* product);
    /// Whether a point on the twist is in the subgroup.
    bool (*in_subgroup)(const Words* g2);
};

[[nodiscard]] const PairingKernel& pairing_portable();
#if defined(__x86_64__)
[[nodiscard]] const PairingKernel& pairing_adx();
#endif

} // namespace codex::crypto::detail
