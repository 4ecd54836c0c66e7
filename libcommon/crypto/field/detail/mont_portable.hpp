// Montgomery arithmetic on four 64-bit limbs in plain C++.
//
// The product interleaves multiplication and reduction (CIOS; Koc, Acar, Kaliski 1996). Both
// moduli are below 2^254, so the running sum never needs a sixth word.
#pragma once

#include "crypto/field/detail/mod_add.hpp"

#include <cstdint>

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {
namespace limbs {

__extension__ using Wide = unsigned __int128;

/// to = a * b / 2^256 mod p; all reduced. `to` may be a or b.
template <class Params>
inline void mont_mul(std::uint64_t* to, const std::uint64_t* a, const std::uint64_t* b) {
    constexpr auto& kP = Params::kModulus;
    std::uint64_t t0 = 0;
    std::uint64_t t1 = 0;
    std::uint64_t t2 = 0;
    std::uint64_t t3 = 0;
    for (int i = 0; i < 4; ++i) {
        const std::uint64_t y = b[i];
        Wide sum = Wide{a[0]} * y + t0;
        const std::uint64_t low = static_cast<std::uint64_t>(sum);
        auto high = static_cast<std::uint64_t>(sum >> 64);
        const std::uint64_t m = low * Params::kNegInverse;
        Wide red = Wide{m} * kP[0] + low;
        auto carry = static_cast<std::uint64_t>(red >> 64);
        sum = Wide{a[1]} * y + t1 + high;
        high = static_cast<std::uint64_t>(sum >> 64);
        red = Wide{m} * kP[1] + static_cast<std::uint64_t>(sum) + carry;
        t0 = static_cast<std::uint64_t>(red);
        carry = static_cast<std::uint64_t>(red >> 64);
        sum = Wide{a[2]} * y + t2 + high;
        high = static_cast<std::uint64_t>(sum >> 64);
        red = Wide{m} * kP[2] + static_cast<std::uint64_t>(sum) + carry;
        t1 = static_cast<std::uint64_t>(red);
        carry = static_cast<std::uint64_t>(red >> 64);
        sum = Wide{a[3]} * y + t3 + high;
        high = static_cast<std::uint64_t>(sum >> 64);
        red = Wide{m} * kP[3] + static_cast<std::uint64_t>(sum) + carry;
        t2 = static_cast<std::uint64_t>(red);
        carry = static_cast<std::uint64_t>(red >> 64);
        t3 = high + carry;
    }
    reduce_once<Params>(to, t0, t1, t2, t3);
}

} // namespace limbs
} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
