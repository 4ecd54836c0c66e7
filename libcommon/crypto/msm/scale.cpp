#include "crypto/msm/scale.hpp"

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "crypto/msm/detail/scale_kernel.hpp"

#include <vector>

namespace codex::crypto {

namespace {

/// Points a thread takes at once.
constexpr std::size_t kGroup = 1024;

// The lattice of (u, v) with u + v * lambda = 0 mod r has the short basis (a1, -b1), (a2, a1);
// lambda = 0xb3c4d79d41a917585bfc41088d8daaa78b17ea66b99c90dd.
constexpr Limbs kA1 = {0x89d3256894d213e3, 0, 0, 0};
constexpr Limbs kB1 = {0x8211bbeb7d4f1128, 0x6f4d8248eeb859fc, 0, 0};
constexpr Limbs kA2 = {0x0be4e1541221250b, 0x6f4d8248eeb859fd, 0, 0};
/// 2^256 * a1 / r and 2^256 * b1 / r, rounded down.
constexpr Limbs kG1 = {0xd91d232ec7e0b3d7, 2, 0, 0};
constexpr Limbs kG2 = {0x7a7bd9d4391eb18d, 0x4ccef014a773d2cf, 2, 0};

using Wide = std::array<std::uint64_t, 8>;

Wide multiply(const Limbs& a, const Limbs& b) {
    __extension__ using Word128 = unsigned __int128;
    Wide product{};
    for (std::size_t i = 0; i < 4; ++i) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            const Word128 t = Word128{a[i]} * b[j] + product[i + j] + carry;
            product[i + j] = static_cast<std::uint64_t>(t);
            carry = static_cast<std::uint64_t>(t >> 64);
        }
        product[i + 4] = carry;
    }
    return product;
}

Limbs low(const Wide& wide) {
    return {wide[0], wide[1], wide[2], wide[3]};
}
Limbs high(const Wide& wide) {
    return {wide[4], wide[5], wide[6], wide[7]};
}

/// a - b mod 2^256.
Limbs minus(const Limbs& a, const Limbs& b) {
    Limbs difference;
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const std::uint64_t t = a[i] - b[i];
        difference[i] = t - borrow;
        borrow = static_cast<std::uint64_t>(a[i] < b[i]) | static_cast<std::uint64_t>(t < borrow);
    }
    return difference;
}

/// A number of 256 bits in two's complement, less than 2^127 in magnitude, as digits.
detail::ScalePlan::Half recode(const Limbs& value) {
    detail::ScalePlan::Half half{};
    const std::uint64_t sign = value[3] >> 63;
    const std::uint64_t mask = 0 - sign;
    const Limbs negated = minus({}, value);
    std::uint64_t low_word = value[0] ^ ((value[0] ^ negated[0]) & mask);
    std::uint64_t high_word = value[1] ^ ((value[1] ^ negated[1]) & mask);
    half.minus = static_cast<std::uint8_t>(sign);
    half.even = static_cast<std::uint8_t>(~low_word & 1);
    // An even number is one less than an odd one, which needs no carry.
    low_word |= 1;
    // With m odd, m = 16 * (2 * floor(m / 32) + 1) + (m mod 32 - 16), and both numbers in brackets
    // are odd. After 32 times 1 is left.
    for (std::size_t i = detail::kScaleRounds; i-- > 0;) {
        const std::uint64_t rest = low_word & 31;
        const std::uint64_t negative = 1 - (rest >> 4);
        const std::uint64_t magnitude = (rest & 15) ^ ((0 - negative) & 14); // odd, of 16 bits
        half.index[i] = static_cast<std::uint8_t>(magnitude >> 1);
        half.negative[i] = static_cast<std::uint8_t>(negative ^ sign);
        low_word = ((low_word >> 5 << 1) | (high_word << 60)) | 1;
        high_word >>= 4;
    }
    return half;
}

/// Babai's rounding: the plan of a scalar.
detail::ScalePlan make_plan(const Fr& scalar) {
    Limbs k = scalar.to_limbs();
    Limbs c1 = high(multiply(k, kG1));
    Limbs c2 = high(multiply(k, kG2));
    Limbs k1 = minus(minus(k, low(multiply(c1, kA1))), low(multiply(c2, kA2)));
    Limbs k2 = minus(low(multiply(c1, kB1)), low(multiply(c2, kA1)));
    const detail::ScalePlan plan = {{recode(k1), recode(k2)}};
    for (Limbs* secret : {&k, &c1, &c2, &k1, &k2})
        wipe(secret->data(), sizeof *secret);
    return plan;
}

detail::ScalePoints kernel() {
#if defined(__x86_64__)
    if (cpu::features().avx512_ifma)
        return detail::scale_points_ifma;
    if (cpu::features().avx2)
        return detail::scale_points_avx2;
#endif
    return detail::scale_points_portable;
}

} // namespace

void scale_secret(std::span<G1> points, const Fr& scalar, Executor& pool) {
    detail::ScalePlan plan = make_plan(scalar);
    const auto one_group = [&](std::size_t group) {
        const std::size_t begin = group * kGroup;
        const std::span<G1> part = points.subspan(begin, std::min(kGroup, points.size() - begin));
        // Infinity has no affine coordinates to start from: the generator stands in for it.
        std::vector<std::size_t> infinities;
        for (std::size_t i = 0; i < part.size(); ++i)
            if (part[i].is_infinity()) {
                infinities.push_back(i);
                part[i] = g1_generator();
            }
        std::vector<Fq> products(3 * part.size());
        kernel()(reinterpret_cast<const std::uint64_t*>(part.data()), part.size(), plan,
                 reinterpret_cast<std::uint64_t*>(products.data()));
        std::vector<Fq> inverses(part.size());
        std::vector<Fq> scratch(part.size());
        for (std::size_t i = 0; i < part.size(); ++i)
            inverses[i] = products[3 * i + 2];
        batch_inverse<Fq>(inverses, scratch);
        for (std::size_t i = 0; i < part.size(); ++i)
            part[i] = {products[3 * i] * inverses[i], products[3 * i + 1] * inverses[i]};
        for (const std::size_t i : infinities)
            part[i] = G1::infinity();
        wipe_stack(); // the kernel's digits of the scalar
    };
    const std::size_t groups = (points.size() + kGroup - 1) / kGroup;
    pool.parallel_for(groups, one_group);
    wipe(&plan, sizeof plan);
}

} // namespace codex::crypto
