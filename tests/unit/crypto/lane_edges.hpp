// Elements in five limbs of 52 bits, at the edges of what lanes of vectors may hold.
#pragma once

#include "crypto/field/field.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace codex::test {

/// Limb i counts 2^(52 i). Limbs may have more than 52 bits.
using Limbs52 = std::array<std::uint64_t, 5>;

inline constexpr std::uint64_t kFullLimb = (std::uint64_t{1} << 52) - 1;
inline constexpr double kPerP = 84.6424; ///< 2^260 / p

/// times * p + more, each limb below 2^52.
template <class Params> Limbs52 multiple_of_p(std::uint64_t times, std::int64_t more) {
    const crypto::Limbs& p = Params::kModulus;
    const Limbs52 limbs = {p[0] & kFullLimb, (p[0] >> 52 | p[1] << 12) & kFullLimb,
                           (p[1] >> 40 | p[2] << 24) & kFullLimb,
                           (p[2] >> 28 | p[3] << 36) & kFullLimb, p[3] >> 16};
    Limbs52 result;
    std::int64_t carry = more;
    for (std::size_t i = 0; i < 5; ++i) {
        const std::int64_t sum = static_cast<std::int64_t>(limbs[i] * times) + carry;
        result[i] = static_cast<std::uint64_t>(sum) & kFullLimb;
        carry = sum >> 52;
    }
    return result;
}

/// What is at the borders: of the field, of a limb, of all that a factor may be; below 2^260.
template <class Params> std::vector<Limbs52> edges() {
    constexpr std::uint64_t kFull = kFullLimb;
    std::vector<Limbs52> all = {{0, 0, 0, 0, 0},
                                {1, 0, 0, 0, 0},
                                {kFull, kFull, kFull, kFull, kFull},
                                {kFull, 0, kFull, 0, kFull},
                                {0, kFull, 0, kFull, 0},
                                {0, 0, 0, 0, kFull},
                                {kFull - 1, kFull - 1, kFull - 1, kFull - 1, kFull - 1},
                                {kFull / 2, kFull / 2, kFull / 2, kFull / 2, kFull / 2},
                                {kFull / 2 + 1, 0, 0, 0, 0},
                                {0, 0, 0, 0, 1}};
    for (const std::uint64_t times : {1U, 2U, 7U})
        for (const std::int64_t more : {-1, 0, 1})
            all.push_back(multiple_of_p<Params>(times, more));
    std::mt19937_64 random(4);
    for (int i = 0; i < 40; ++i) {
        Limbs52 limbs;
        for (std::uint64_t& limb : limbs)
            limb = random() & kFull;
        all.push_back(limbs);
    }
    return all;
}

/// What the limbs mean, mod p.
template <class F> F element(const Limbs52& limbs) {
    const F base = F::from_u64(std::uint64_t{1} << 52);
    F value;
    for (std::size_t i = 5; i-- > 0;)
        value = value * base + F::from_u64(limbs[i]);
    return value;
}

/// In units of p, right to a millionth.
inline double size_in_p(const Limbs52& limbs) {
    double value = 0;
    for (std::size_t i = 0; i < 5; ++i)
        value = value / 0x1p52 + static_cast<double>(limbs[i]);
    return value / 0x1p52 * kPerP;
}

/// Whether they are the limbs of a number below p, each below 2^52.
template <class F> bool is_reduced(const Limbs52& r) {
    for (const std::uint64_t limb : r)
        if (limb > kFullLimb)
            return false;
    return r[4] >> 48 == 0 && F::below_modulus({r[0] | r[1] << 52, r[1] >> 12 | r[2] << 40,
                                                r[2] >> 24 | r[3] << 28, r[3] >> 36 | r[4] << 16});
}

/// Limb i of element l stands at [i][l].
template <std::size_t Lanes> Limbs52 lane(const std::uint64_t (&limbs)[5][Lanes], std::size_t l) {
    return {limbs[0][l], limbs[1][l], limbs[2][l], limbs[3][l], limbs[4][l]};
}
template <std::size_t Lanes>
void set_lane(std::uint64_t (&limbs)[5][Lanes], std::size_t l, const Limbs52& value) {
    for (std::size_t i = 0; i < 5; ++i)
        limbs[i][l] = value[i];
}

} // namespace codex::test
