// Coordinates of eight G1 points side by side, from memory and back: a point is one cache line, so
// eight lines are loaded and transposed, and lane l of a register belongs to point l.
//
// Coordinates stay in the file form, with Montgomery factor 2^256, though a product of lanes
// divides by 2^260. A value with factor 2^k is called "at k": products are at j + k - 260.
//
// Included only by files whose name ends in _ifma: it must never be compiled for other machines.
#pragma once

#include "crypto/field/detail/f8_ifma.hpp"
#include "crypto/msm/detail/add_kernel.hpp"

namespace codex::crypto::lanes {

using ifma::F8;
using ifma::FqLimbs52;
using ifma::splat;

CODEX_INLINE F8 mul(const F8& a, const F8& b) {
    return ifma::mul<FqLimbs52>(a, b);
}
CODEX_INLINE F8 square(const F8& a) {
    return ifma::square<FqLimbs52>(a);
}
CODEX_INLINE F8 add(const F8& a, const F8& b) {
    return ifma::carry(ifma::add(a, b));
}

/// a - b + times * p, limb by limb: signed limbs, not tight.
CODEX_INLINE F8 difference(const F8& a, const F8& b, std::uint64_t times) {
    F8 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] = _mm512_sub_epi64(
            _mm512_add_epi64(a.limb[i], splat(times * FqLimbs52::kModulus[i])), b.limb[i]);
    return result;
}

/// The same, tight: for b at most times * p.
CODEX_INLINE F8 sub(const F8& a, const F8& b, std::uint64_t times) {
    return ifma::carry_signed(difference(a, b, times));
}

/// 4 * a, tight, for signed limbs.
CODEX_INLINE F8 times_four(F8 a) {
    for (__m512i& limb : a.limb)
        limb = _mm512_slli_epi64(limb, 2);
    return ifma::carry_signed(a);
}

CODEX_INLINE F8 reduce_small(const F8& a) {
    return ifma::reduce_small<FqLimbs52>(a);
}

CODEX_INLINE F8 blend(__mmask8 mask, const F8& otherwise, const F8& where_set) {
    F8 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] = _mm512_mask_blend_epi64(mask, otherwise.limb[i], where_set.limb[i]);
    return result;
}

/// p - a in the lanes of `mask`, limb by limb: signed limbs.
CODEX_INLINE F8 negate(const F8& a, __mmask8 mask) {
    F8 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] =
            _mm512_mask_sub_epi64(a.limb[i], mask, splat(FqLimbs52::kModulus[i]), a.limb[i]);
    return result;
}

/// A value at k, below 5p, to its inverse at 518 - k; lanes of zero stay zero.
inline F8 inverse(const F8& a) {
    __m512i words[4];
    ifma::to_words(a, words);
    std::uint64_t values[8][4];
    const __m512i index = _mm512_set_epi64(28, 24, 20, 16, 12, 8, 4, 0);
    for (int i = 0; i < 4; ++i)
        _mm512_i64scatter_epi64(&values[0][i], index, words[i], 8);
    detail::invert_lanes(values, 8);
    for (int i = 0; i < 4; ++i)
        words[i] = _mm512_i64gather_epi64(index, &values[0][i], 8);
    return ifma::from_words(words[0], words[1], words[2], words[3]);
}

/// Rows of eight words to columns and back.
CODEX_INLINE void transpose(__m512i (&r)[8]) {
    __m512i t[8];
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm512_unpacklo_epi64(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
    }
    __m512i u[8];
    for (int half = 0; half < 8; half += 4)
        for (int i = 0; i < 2; ++i) {
            u[half + i] = _mm512_shuffle_i64x2(t[half + i], t[half + 2 + i], 0x88);
            u[half + 2 + i] = _mm512_shuffle_i64x2(t[half + i], t[half + 2 + i], 0xdd);
        }
    for (int i = 0; i < 4; ++i) {
        r[i] = _mm512_shuffle_i64x2(u[i], u[4 + i], 0x88);
        r[4 + i] = _mm512_shuffle_i64x2(u[i], u[4 + i], 0xdd);
    }
}

CODEX_INLINE F8 unpack(const __m512i* words) {
    return ifma::from_words(words[0], words[1], words[2], words[3]);
}

using Addresses = const std::uint8_t* [8];

/// Two coordinates of eight points, 64 bytes each from `offset` on.
CODEX_INLINE void load_pair(const Addresses& from, std::size_t offset, F8& first, F8& second) {
    __m512i r[8];
    for (std::size_t lane = 0; lane < 8; ++lane)
        r[lane] = _mm512_loadu_si512(from[lane] + offset);
    transpose(r);
    first = unpack(r);
    second = unpack(r + 4);
}

/// One coordinate of eight points, 32 bytes each.
CODEX_INLINE F8 load_one(const Addresses& from) {
    __m512i r[4]; // row i: lanes i and i + 4
    for (std::size_t i = 0; i < 4; ++i)
        r[i] = _mm512_inserti64x4(
            _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from[i]))),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from[i + 4])), 1);
    const __m512i even01 = _mm512_unpacklo_epi64(r[0], r[1]);
    const __m512i odd01 = _mm512_unpackhi_epi64(r[0], r[1]);
    const __m512i even23 = _mm512_unpacklo_epi64(r[2], r[3]);
    const __m512i odd23 = _mm512_unpackhi_epi64(r[2], r[3]);
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    return ifma::from_words(_mm512_permutex2var_epi64(even01, low, even23),
                            _mm512_permutex2var_epi64(odd01, low, odd23),
                            _mm512_permutex2var_epi64(even01, high, even23),
                            _mm512_permutex2var_epi64(odd01, high, odd23));
}

CODEX_INLINE void store_pair(const F8& first, const F8& second, std::uint64_t* const* to,
                             std::size_t offset, std::size_t lanes) {
    __m512i words[2][4];
    ifma::to_words(first, words[0]);
    ifma::to_words(second, words[1]);
    __m512i r[8];
    for (int i = 0; i < 4; ++i) {
        r[i] = words[0][i];
        r[4 + i] = words[1][i];
    }
    transpose(r);
    for (std::size_t lane = 0; lane < lanes; ++lane)
        _mm512_storeu_si512(to[lane] + offset, r[lane]);
}

CODEX_INLINE __mmask8 is_zero_mask(const F8& a) {
    __m512i any = a.limb[0];
    for (int i = 1; i < 5; ++i)
        any = _mm512_or_si512(any, a.limb[i]);
    return _mm512_testn_epi64_mask(any, any);
}

CODEX_INLINE __mmask8 equal_mask(const F8& a, const F8& b) {
    __m512i any = _mm512_xor_si512(a.limb[0], b.limb[0]);
    for (int i = 1; i < 5; ++i)
        any = _mm512_or_si512(any, _mm512_xor_si512(a.limb[i], b.limb[i]));
    return _mm512_testn_epi64_mask(any, any);
}

} // namespace codex::crypto::lanes
