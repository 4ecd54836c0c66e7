// Four field elements side by side, one a 64-bit lane, in five 52-bit limbs, multiplied by the
// fused multiply-adds of doubles (AVX2 and FMA; N. Emmart's technique).
//
// Montgomery form is a * 2^260 mod p, as in f8_ifma.hpp. An F4 has its limbs as integers, a Factor
// as doubles. All here wants rounding toward zero: RoundTowardZero.
//
// A limb product of factors a, b < 2^52, both whole: ab + 2^104 is in [2^104, 2^105), where doubles
// are 2^52 apart, so the first multiply-add gives hi = 2^104 + 2^52 * floor(ab / 2^52), and the low
// bits of its pattern are the high half of ab. 2^104 + 2^52 - hi is a multiple of 2^52 below 2^104
// in magnitude: exact. The second gives lo = 2^52 + (ab mod 2^52) in [2^52, 2^53), where doubles
// are 1 apart: exact, and its pattern ends in the low half. Patterns are added up as integers; what
// they have too much, the exponents, is known beforehand and taken off once. Products are in
// f4_product.hpp.
//
// Included only by files whose name ends in _avx2: it must never be compiled for other machines.
#pragma once

#if !defined(__AVX2__) || !defined(__FMA__)
#error "f4_avx2.hpp is for kernels compiled with AVX2 and FMA"
#endif

#include "crypto/field/detail/limbs52.hpp"

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

/// Vectors passed through memory cost as much as products: what works on them is inlined.
#define CODEX_INLINE [[gnu::always_inline]] inline

namespace codex::crypto::f4 {

/// As long as it lives, this thread rounds toward zero, raises no floating-point exception, and
/// keeps denormals; then all is as it was, flags included. What computes meanwhile is a function
/// that is not inlined into the one that has this: compilers do not know that the mode matters.
class RoundTowardZero {
public:
    RoundTowardZero() : before_(_mm_getcsr()) {
        _mm_setcsr(kMasked | _MM_ROUND_TOWARD_ZERO);
        __asm__ volatile("" ::: "memory");
    }
    ~RoundTowardZero() {
        __asm__ volatile("" ::: "memory");
        _mm_setcsr(before_);
    }
    RoundTowardZero(const RoundTowardZero&) = delete;
    RoundTowardZero& operator=(const RoundTowardZero&) = delete;

private:
    static constexpr unsigned kMasked = 0x1f80;
    unsigned before_;
};

using limbs52::FqLimbs52;
using limbs52::FrLimbs52;

constexpr std::uint64_t kLimbMask = (std::uint64_t{1} << 52) - 1;
constexpr double kTwo52 = 0x1p52;
constexpr double kTwo104 = 0x1p104;
constexpr std::uint64_t kPattern52 = 0x4330000000000000; ///< the bits of 2^52
constexpr std::uint64_t kPattern104 = 0x4670000000000000;

struct F4 {
    __m256i limb[5];
};
struct Factor {
    __m256d limb[5];
};

CODEX_INLINE __m256i splat(std::uint64_t value) {
    return _mm256_set1_epi64x(static_cast<long long>(value));
}
CODEX_INLINE F4 splat(const std::uint64_t (&limbs)[5]) {
    return {{splat(limbs[0]), splat(limbs[1]), splat(limbs[2]), splat(limbs[3]), splat(limbs[4])}};
}

/// A whole number below 2^52 as a double.
CODEX_INLINE __m256d to_double(__m256i value) {
    return _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(value, splat(kPattern52))),
                         _mm256_set1_pd(kTwo52));
}

/// Limb by limb; limbs stay below 2^63 as long as what is added up does.
CODEX_INLINE F4 add(const F4& a, const F4& b) {
    F4 sum;
    for (int i = 0; i < 5; ++i)
        sum.limb[i] = _mm256_add_epi64(a.limb[i], b.limb[i]);
    return sum;
}

/// A value below 2^260 with all limbs below 2^52.
CODEX_INLINE F4 carry(const F4& a) {
    F4 result;
    result.limb[0] = a.limb[0];
    for (int i = 0; i < 4; ++i) {
        result.limb[i + 1] = _mm256_add_epi64(a.limb[i + 1], _mm256_srli_epi64(result.limb[i], 52));
        result.limb[i] = _mm256_and_si256(result.limb[i], splat(kLimbMask));
    }
    return result;
}

/// The same for signed limbs of a value that is not negative, or whose sign the top limb is to
/// show. Shifts of signed words are made of unsigned ones: (x + 2^63) / 2^52 - 2^11.
CODEX_INLINE F4 carry_signed(const F4& a) {
    F4 result;
    result.limb[0] = a.limb[0];
    for (int i = 0; i < 4; ++i) {
        const __m256i over = _mm256_sub_epi64(
            _mm256_srli_epi64(_mm256_xor_si256(result.limb[i], splat(std::uint64_t{1} << 63)), 52),
            splat(std::uint64_t{1} << 11));
        result.limb[i + 1] = _mm256_add_epi64(a.limb[i + 1], over);
        result.limb[i] = _mm256_and_si256(result.limb[i], splat(kLimbMask));
    }
    return result;
}

/// Of limbs below 2^52.
CODEX_INLINE Factor factor_of_carried(const F4& a) {
    Factor result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] = to_double(a.limb[i]);
    return result;
}

/// Of a value below 2^260, limbs below 2^63.
CODEX_INLINE Factor factor(const F4& a) {
    return factor_of_carried(carry(a));
}

/// A value below 2^260, limbs below 2^62, to one below 1.7p, limbs below 2^52: the quotient is
/// estimated from the top limb with floor(2^260 / p) = 84, which is short of the true factor by
/// less than 0.8 percent, and from 28 bits of it, by less than 2^-20.
template <class Params> CODEX_INLINE F4 shrink(const F4& a) {
    const __m256i top = _mm256_add_epi64(a.limb[4], _mm256_srli_epi64(a.limb[3], 52));
    const __m256i quotient = _mm256_srli_epi64(
        _mm256_mul_epu32(_mm256_srli_epi64(top, 24), splat(84)), 28); // at most 83
    // a - quotient * p as a + quotient * (2^260 - p) without the bits from 2^260 on; 59 bits of a
    // limb, made of 32 and 20.
    F4 result;
    for (int i = 0; i < 5; ++i) {
        const std::uint64_t complement =
            (i == 0 ? std::uint64_t{1} << 52 : kLimbMask) - Params::kModulus[i];
        const __m256i low = _mm256_mul_epu32(quotient, splat(complement & 0xffffffff));
        const __m256i high = _mm256_mul_epu32(quotient, splat(complement >> 32));
        result.limb[i] =
            _mm256_add_epi64(_mm256_add_epi64(a.limb[i], low), _mm256_slli_epi64(high, 32));
    }
    result = carry(result);
    result.limb[4] = _mm256_and_si256(result.limb[4], splat(kLimbMask));
    return result;
}

/// A value below 8p, limbs below 2^52, to the one below p.
template <class Params> inline F4 canonical(F4 a) {
    for (std::uint64_t times = 4; times != 0; times /= 2) {
        F4 less;
        for (int i = 0; i < 5; ++i)
            less.limb[i] = _mm256_sub_epi64(a.limb[i], splat(times * Params::kModulus[i]));
        less = carry_signed(less);
        const __m256d negative = _mm256_castsi256_pd(less.limb[4]);
        for (int i = 0; i < 5; ++i)
            a.limb[i] = _mm256_castpd_si256(_mm256_blendv_pd(
                _mm256_castsi256_pd(less.limb[i]), _mm256_castsi256_pd(a.limb[i]), negative));
    }
    return a;
}

/// times * p, with 2^58 more in each limb but the last, which is borrowed from the next: limbs
/// below 2^58 - 2^53 can be taken off, and of the last what leaves the value above zero.
template <class Params, unsigned kTimes> CODEX_INLINE F4 spread() {
    constexpr auto kLimb = [](int i) {
        return kTimes * Params::kModulus[i] + (i < 4 ? std::uint64_t{1} << 58 : 0) -
               (i > 0 ? std::uint64_t{1} << 6 : 0);
    };
    return {{splat(kLimb(0)), splat(kLimb(1)), splat(kLimb(2)), splat(kLimb(3)), splat(kLimb(4))}};
}

/// a - b + kTimes * p, for b at most that and with limbs as spread() wants them; limbs below 2^59
/// more than those of a.
template <class Params, unsigned kTimes> CODEX_INLINE F4 difference(const F4& a, const F4& b) {
    const F4 multiple = spread<Params, kTimes>();
    F4 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] = _mm256_sub_epi64(_mm256_add_epi64(a.limb[i], multiple.limb[i]), b.limb[i]);
    return result;
}

/// Of a value from p/2 to below 16p, of difference() or with spread() added, to the one below p,
/// limbs below 2^52. (Near zero the top limb may lack a carry.)
///
/// The quotient by p is estimated from the top limb, with the carry of the one below, but without
/// what those below carry into that, and with a reciprocal that is a little too small: so it is
/// right, or one too small when the value is above a multiple of p by less than 2^-40 of p. Then
/// what is left has a top limb not below p's, and is put right: a branch hardly ever taken, so not
/// for secrets.
template <class Params> CODEX_INLINE F4 reduce_small(const F4& a) {
    constexpr std::uint64_t kTop = Params::kModulus[4];
    constexpr double kReciprocal = (1 - 0x1p-50) / static_cast<double>(kTop + 1);
    const __m256i top = _mm256_add_epi64(a.limb[4], _mm256_srli_epi64(a.limb[3], 52));
    // In the lowest bits of its pattern.
    const __m256i quotient = _mm256_castpd_si256(
        _mm256_fmadd_pd(to_double(top), _mm256_set1_pd(kReciprocal), _mm256_set1_pd(kTwo52)));
    F4 result;
    for (int i = 0; i < 5; ++i) {
        const std::uint64_t p = Params::kModulus[i];
        const __m256i low = _mm256_mul_epu32(quotient, splat(p & 0xffffffff));
        const __m256i high = _mm256_mul_epu32(quotient, splat(p >> 32));
        result.limb[i] =
            _mm256_sub_epi64(_mm256_sub_epi64(a.limb[i], low), _mm256_slli_epi64(high, 32));
    }
    result = carry(result);
    if (_mm256_movemask_pd(_mm256_castsi256_pd(
            _mm256_cmpgt_epi64(result.limb[4], splat(kTop - 1)))) != 0) [[unlikely]]
        result = canonical<Params>(result);
    return result;
}

/// Rows of four words to columns and back.
CODEX_INLINE void transpose(__m256i (&r)[4]) {
    const __m256i a = _mm256_unpacklo_epi64(r[0], r[1]);
    const __m256i b = _mm256_unpackhi_epi64(r[0], r[1]);
    const __m256i c = _mm256_unpacklo_epi64(r[2], r[3]);
    const __m256i d = _mm256_unpackhi_epi64(r[2], r[3]);
    r[0] = _mm256_permute2x128_si256(a, c, 0x20);
    r[1] = _mm256_permute2x128_si256(b, d, 0x20);
    r[2] = _mm256_permute2x128_si256(a, c, 0x31);
    r[3] = _mm256_permute2x128_si256(b, d, 0x31);
}

/// Four vectors of 64-bit limbs (lane l of vector i is limb i of element l) to 52-bit limbs.
inline F4 from_words(__m256i w0, __m256i w1, __m256i w2, __m256i w3) {
    const auto middle = [](__m256i low, __m256i high, int shift) {
        return _mm256_and_si256(
            _mm256_or_si256(_mm256_srli_epi64(low, shift), _mm256_slli_epi64(high, 64 - shift)),
            splat(kLimbMask));
    };
    return {{_mm256_and_si256(w0, splat(kLimbMask)), middle(w0, w1, 52), middle(w1, w2, 40),
             middle(w2, w3, 28), _mm256_srli_epi64(w3, 16)}};
}

/// The inverse, for a value below 2^256 with limbs below 2^52.
inline void to_words(const F4& a, __m256i (&words)[4]) {
    words[0] = _mm256_or_si256(a.limb[0], _mm256_slli_epi64(a.limb[1], 52));
    words[1] = _mm256_or_si256(_mm256_srli_epi64(a.limb[1], 12), _mm256_slli_epi64(a.limb[2], 40));
    words[2] = _mm256_or_si256(_mm256_srli_epi64(a.limb[2], 24), _mm256_slli_epi64(a.limb[3], 28));
    words[3] = _mm256_or_si256(_mm256_srli_epi64(a.limb[3], 36), _mm256_slli_epi64(a.limb[4], 16));
}

} // namespace codex::crypto::f4
