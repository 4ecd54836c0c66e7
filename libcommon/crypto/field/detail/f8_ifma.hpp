// Eight field elements side by side, one a 64-bit lane, in five 52-bit limbs (AVX-512 IFMA).
//
// Montgomery form here is a * 2^260 mod p. The moduli are below 2^254, so there are six bits of
// room: the product of values below x*p and y*p is below (1 + x*y/84) * p, and sums need no
// reduction as long as they stay below 84p = 2^260. A value is "tight" when all limbs are below
// 2^52, which factors of a product must be; sums are made tight by carry().
//
// Included only by files whose name ends in _ifma: it must never be compiled for other machines.
#pragma once

#if !defined(__AVX512IFMA__)
#error "f8_ifma.hpp is for kernels compiled with IFMA"
#endif

#include "crypto/field/detail/limbs52.hpp"

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

/// Vectors passed through memory cost as much as products: what works on them is inlined.
#define CODEX_INLINE [[gnu::always_inline]] inline

namespace codex::crypto::ifma {

using limbs52::FqLimbs52;
using limbs52::FrLimbs52;

inline __m512i splat(std::uint64_t value) {
    return _mm512_set1_epi64(static_cast<long long>(value));
}

struct F8 {
    __m512i limb[5];
};

inline F8 splat(const std::uint64_t (&limbs)[5]) {
    return {{splat(limbs[0]), splat(limbs[1]), splat(limbs[2]), splat(limbs[3]), splat(limbs[4])}};
}

/// Limb by limb; not tight.
CODEX_INLINE F8 add(const F8& a, const F8& b) {
    F8 sum;
    for (int i = 0; i < 5; ++i)
        sum.limb[i] = _mm512_add_epi64(a.limb[i], b.limb[i]);
    return sum;
}

/// a - b + multiple, limb by limb, where every limb of `multiple` (a multiple of p spread so that
/// its limbs are large) exceeds that of b: no borrow; not tight.
inline F8 sub(const F8& a, const F8& b, const F8& multiple) {
    F8 difference;
    for (int i = 0; i < 5; ++i)
        difference.limb[i] =
            _mm512_sub_epi64(_mm512_add_epi64(a.limb[i], multiple.limb[i]), b.limb[i]);
    return difference;
}

/// Makes a value below 2^260 tight.
CODEX_INLINE F8 carry(F8 a) {
    const __m512i mask = splat((std::uint64_t{1} << 52) - 1);
    for (int i = 0; i < 4; ++i) {
        a.limb[i + 1] = _mm512_add_epi64(a.limb[i + 1], _mm512_srli_epi64(a.limb[i], 52));
        a.limb[i] = _mm512_and_si512(a.limb[i], mask);
    }
    return a;
}

/// A value below 2^260 as a factor only: products read 52 bits of a limb, so what is carried on may
/// also stay.
CODEX_INLINE F8 factor(F8 a) {
    for (int i = 0; i < 4; ++i)
        a.limb[i + 1] = _mm512_add_epi64(a.limb[i + 1], _mm512_srli_epi64(a.limb[i], 52));
    return a;
}

/// carry() with signed limbs: for differences.
inline F8 carry_signed(F8 a) {
    const __m512i mask = splat((std::uint64_t{1} << 52) - 1);
    for (int i = 0; i < 4; ++i) {
        a.limb[i + 1] = _mm512_add_epi64(a.limb[i + 1], _mm512_srai_epi64(a.limb[i], 52));
        a.limb[i] = _mm512_and_si512(a.limb[i], mask);
    }
    return a;
}

/// Ten accumulated words each to a / 2^260 mod p, with limbs below 2^56. A reduction is a chain
/// that leaves the multipliers idle most of the time, so those of N products go step by step
/// together.
template <class Params, std::size_t N>
CODEX_INLINE void reduce_limbs(__m512i (&t)[N][10], F8 (&to)[N]) {
    const __m512i inverse = splat(Params::kNegInverse);
    const __m512i zero = _mm512_setzero_si512();
    const __m512i mask = splat((std::uint64_t{1} << 52) - 1);
    __m512i p[5];
    for (int j = 0; j < 5; ++j)
        p[j] = splat(Params::kModulus[j]);
    for (int i = 0; i < 5; ++i) {
        __m512i m[N];
        // Factors are read modulo 2^52, so t[i] needs no mask here.
#pragma GCC unroll 4
        for (std::size_t n = 0; n < N; ++n)
            m[n] = _mm512_madd52lo_epu64(zero, t[n][i], inverse);
        // The low half of m * p[0] makes t[i] a multiple of 2^52, the next one: no product needed.
#pragma GCC unroll 4
        for (std::size_t n = 0; n < N; ++n) {
            const __m512i over = _mm512_srli_epi64(_mm512_add_epi64(t[n][i], mask), 52);
            t[n][i + 1] = _mm512_add_epi64(t[n][i + 1], over);
        }
        for (int j = 1; j < 5; ++j)
#pragma GCC unroll 4
            for (std::size_t n = 0; n < N; ++n)
                t[n][i + j] = _mm512_madd52lo_epu64(t[n][i + j], m[n], p[j]);
        for (int j = 0; j < 5; ++j)
#pragma GCC unroll 4
            for (std::size_t n = 0; n < N; ++n)
                t[n][i + j + 1] = _mm512_madd52hi_epu64(t[n][i + j + 1], m[n], p[j]);
    }
#pragma GCC unroll 4
    for (std::size_t n = 0; n < N; ++n)
        for (int j = 0; j < 5; ++j)
            to[n].limb[j] = t[n][5 + j];
}

/// The ten words of a * b for tight a and b.
CODEX_INLINE void mul_words(const F8& a, const F8& b, __m512i (&t)[10]) {
    for (int k = 0; k < 10; ++k)
        t[k] = _mm512_setzero_si512();
    for (int i = 0; i < 5; ++i)
        for (int j = 0; j < 5; ++j) {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.limb[i], b.limb[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.limb[i], b.limb[j]);
        }
}

/// The ten words of a^2 for a tight a: each mixed product is made once.
CODEX_INLINE void square_words(const F8& a, __m512i (&t)[10]) {
    for (int k = 0; k < 10; ++k)
        t[k] = _mm512_setzero_si512();
    for (int i = 0; i < 5; ++i)
        for (int j = i + 1; j < 5; ++j) {
            t[i + j] = _mm512_madd52lo_epu64(t[i + j], a.limb[i], a.limb[j]);
            t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], a.limb[i], a.limb[j]);
        }
    for (int k = 1; k < 9; ++k)
        t[k] = _mm512_add_epi64(t[k], t[k]);
    for (int i = 0; i < 5; ++i) {
        t[2 * i] = _mm512_madd52lo_epu64(t[2 * i], a.limb[i], a.limb[i]);
        t[2 * i + 1] = _mm512_madd52hi_epu64(t[2 * i + 1], a.limb[i], a.limb[i]);
    }
}

/// to[n] = a[n] * b[n] / 2^260 mod p for tight a and b, below (1 + ab/84p^2) * p, with limbs below
/// 2^56: for what is only added to something, or carried. `to` may be a or b.
template <class Params, std::size_t N>
CODEX_INLINE void mul_limbs(const F8 (&a)[N], const F8 (&b)[N], F8 (&to)[N]) {
    __m512i t[N][10];
#pragma GCC unroll 4
    for (std::size_t n = 0; n < N; ++n)
        mul_words(a[n], b[n], t[n]);
    reduce_limbs<Params>(t, to);
}

/// mul_limbs(a, a, to).
template <class Params, std::size_t N>
CODEX_INLINE void square_limbs(const F8 (&a)[N], F8 (&to)[N]) {
    __m512i t[N][10];
#pragma GCC unroll 4
    for (std::size_t n = 0; n < N; ++n)
        square_words(a[n], t[n]);
    reduce_limbs<Params>(t, to);
}

/// a * b / 2^260 mod p for tight a and b; tight, below (1 + ab/84p^2) * p. A chain of dependent
/// products leaves the pipeline idle at times: have two of them side by side.
template <class Params> CODEX_INLINE F8 mul(const F8& a, const F8& b) {
    __m512i t[1][10];
    F8 product[1];
    mul_words(a, b, t[0]);
    reduce_limbs<Params>(t, product);
    return carry(product[0]);
}

template <class Params> CODEX_INLINE F8 square(const F8& a) {
    __m512i t[1][10];
    F8 product[1];
    square_words(a, t[0]);
    reduce_limbs<Params>(t, product);
    return carry(product[0]);
}

/// A value below 2^260 to one below 1.7p, tight: the quotient is estimated from the top limb with
/// floor(2^260 / p) = 84, which is short of the true factor by less than 0.8 percent.
template <class Params> CODEX_INLINE F8 shrink(const F8& a) {
    const __m512i mask = splat((std::uint64_t{1} << 52) - 1);
    const __m512i top = _mm512_add_epi64(a.limb[4], _mm512_srli_epi64(a.limb[3], 52));
    const __m512i quotient = _mm512_madd52hi_epu64(_mm512_setzero_si512(), top, splat(84));
    // a - quotient * p as a + quotient * (2^260 - p) without the bits from 2^260 on.
    F8 result = a;
    for (int i = 0; i < 5; ++i) {
        const __m512i complement = splat(
            (i == 0 ? std::uint64_t{1} << 52 : (std::uint64_t{1} << 52) - 1) - Params::kModulus[i]);
        result.limb[i] = _mm512_madd52lo_epu64(result.limb[i], quotient, complement);
        if (i < 4)
            result.limb[i + 1] = _mm512_madd52hi_epu64(result.limb[i + 1], quotient, complement);
    }
    result = carry(result);
    result.limb[4] = _mm512_and_si512(result.limb[4], mask);
    return result;
}

/// A tight value below 8p to the one below p.
template <class Params> inline F8 canonical(F8 a) {
    for (std::uint64_t times = 4; times != 0; times /= 2) {
        F8 less;
        for (int i = 0; i < 5; ++i)
            less.limb[i] = _mm512_sub_epi64(a.limb[i], splat(times * Params::kModulus[i]));
        less = carry_signed(less);
        const __mmask8 negative = _mm512_movepi64_mask(less.limb[4]);
        for (int i = 0; i < 5; ++i)
            a.limb[i] = _mm512_mask_blend_epi64(negative, less.limb[i], a.limb[i]);
    }
    return a;
}

/// Signed limbs below 2^58 of a value from 0 to below 8p, not carried, to the value below p, tight.
///
/// The quotient by p is estimated from the top limb, which the carry from the one below makes right
/// to about 2^-44 of p. Where that is not enough the result looks negative or not below p, and is
/// put right: a branch hardly ever taken, so not for secrets.
template <class Params> CODEX_INLINE F8 reduce_small(const F8& a) {
    constexpr std::uint64_t kTop = Params::kModulus[4];
    // floor(2^97 / (top + 1)), 17 bits at a time; the top limb times 8 is below 2^52.
    constexpr std::uint64_t kReciprocal = [] {
        std::uint64_t rest = std::uint64_t{1} << 63;
        std::uint64_t result = rest / (kTop + 1);
        for (int i = 0; i < 2; ++i) {
            rest = (rest % (kTop + 1)) << 17;
            result = (result << 17) + rest / (kTop + 1);
        }
        return result;
    }();
    // A borrow not yet carried may make the top of a small value -1.
    const __m512i top = _mm512_max_epi64(
        _mm512_add_epi64(a.limb[4], _mm512_srai_epi64(a.limb[3], 52)), _mm512_setzero_si512());
    const __m512i quotient =
        _mm512_srli_epi64(_mm512_madd52hi_epu64(_mm512_setzero_si512(), _mm512_slli_epi64(top, 3),
                                                splat(kReciprocal)),
                          48);
    F8 result;
    for (int i = 0; i < 5; ++i) {
        const auto times = [i](std::uint64_t k) {
            return static_cast<long long>(k * Params::kModulus[i]);
        };
        const __m512i multiples = _mm512_setr_epi64(times(0), times(1), times(2), times(3),
                                                    times(4), times(5), times(6), times(7));
        result.limb[i] = _mm512_sub_epi64(a.limb[i], _mm512_permutexvar_epi64(quotient, multiples));
    }
    result = carry_signed(result);
    if (_mm512_cmpge_epu64_mask(result.limb[4], splat(kTop)) != 0) [[unlikely]] {
        for (int i = 0; i < 5; ++i)
            result.limb[i] = _mm512_add_epi64(result.limb[i], splat(Params::kModulus[i]));
        result = canonical<Params>(carry_signed(result));
    }
    return result;
}

/// Four vectors of 64-bit limbs (lane l of vector i is limb i of element l) to 52-bit limbs.
inline F8 from_words(__m512i w0, __m512i w1, __m512i w2, __m512i w3) {
    const __m512i mask = splat((std::uint64_t{1} << 52) - 1);
    const auto middle = [mask](__m512i low, __m512i high, unsigned shift) {
        return _mm512_and_si512(
            _mm512_or_si512(_mm512_srli_epi64(low, shift), _mm512_slli_epi64(high, 64 - shift)),
            mask);
    };
    return {{_mm512_and_si512(w0, mask), middle(w0, w1, 52), middle(w1, w2, 40), middle(w2, w3, 28),
             _mm512_srli_epi64(w3, 16)}};
}

/// The inverse, for a tight value below 2^256.
inline void to_words(const F8& a, __m512i (&words)[4]) {
    words[0] = _mm512_or_si512(a.limb[0], _mm512_slli_epi64(a.limb[1], 52));
    words[1] = _mm512_or_si512(_mm512_srli_epi64(a.limb[1], 12), _mm512_slli_epi64(a.limb[2], 40));
    words[2] = _mm512_or_si512(_mm512_srli_epi64(a.limb[2], 24), _mm512_slli_epi64(a.limb[3], 28));
    words[3] = _mm512_or_si512(_mm512_srli_epi64(a.limb[3], 36), _mm512_slli_epi64(a.limb[4], 16));
}

} // namespace codex::crypto::ifma
