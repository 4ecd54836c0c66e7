// Coordinates of four points side by side, from memory and back; lane l of a register belongs to
// point l. As point_lanes.hpp for eight: "at k" is a value with Montgomery factor 2^k, and products
// are at j + k - 260.
//
// Limbs are never negative: what is taken off, is taken off a multiple of p whose limbs are larger.
//
// Included only by files whose name ends in _avx2: it must never be compiled for other machines.
#pragma once

#include "crypto/field/detail/f4_product.hpp"
#include "crypto/msm/detail/add_kernel.hpp"

namespace codex::crypto::lanes4 {

using f4::F4;
using f4::Factor;
using f4::FqLimbs52;
using f4::splat;

/// Bit l belongs to lane l.
using Mask = std::uint32_t;

/// Which of four words are odd.
CODEX_INLINE Mask odd_mask(const std::uint64_t* words) {
    const __m256i bits =
        _mm256_slli_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(words)), 63);
    return static_cast<Mask>(_mm256_movemask_pd(_mm256_castsi256_pd(bits)));
}

/// times * p, with 2^58 more in each limb but the last, which is borrowed from the next: limbs
/// below 2^58 - 2^53 can be taken off, and of the last what leaves the value above zero.
template <unsigned kTimes> CODEX_INLINE F4 spread() {
    constexpr auto kLimb = [](int i) {
        return kTimes * FqLimbs52::kModulus[i] + (i < 4 ? std::uint64_t{1} << 58 : 0) -
               (i > 0 ? std::uint64_t{1} << 6 : 0);
    };
    return {{splat(kLimb(0)), splat(kLimb(1)), splat(kLimb(2)), splat(kLimb(3)), splat(kLimb(4))}};
}

/// a - b + kTimes * p, for b at most that and with limbs as spread() wants them; limbs below 2^59
/// more than those of a.
template <unsigned kTimes> CODEX_INLINE F4 difference(const F4& a, const F4& b) {
    const F4 multiple = spread<kTimes>();
    F4 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] = _mm256_sub_epi64(_mm256_add_epi64(a.limb[i], multiple.limb[i]), b.limb[i]);
    return result;
}

/// 4 * a, limb by limb.
CODEX_INLINE F4 times_four(const F4& a) {
    F4 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] = _mm256_slli_epi64(a.limb[i], 2);
    return result;
}

/// Of a value below 8p that difference() gave to the one below p, limbs below 2^52.
///
/// The quotient by p is estimated from the top limb, with the carry of the one below, but without
/// what those below carry into that, and with a reciprocal that is a little too small: so it is
/// right, or one too small when the value is above a multiple of p by less than 2^-40 of p. Then
/// what is left has a top limb not below p's, and is put right: a branch hardly ever taken, so not
/// for secrets.
CODEX_INLINE F4 reduce_small(const F4& a) {
    constexpr std::uint64_t kTop = FqLimbs52::kModulus[4];
    constexpr double kReciprocal = (1 - 0x1p-50) / static_cast<double>(kTop + 1);
    const __m256i top = _mm256_add_epi64(a.limb[4], _mm256_srli_epi64(a.limb[3], 52));
    // In the lowest bits of its pattern.
    const __m256i quotient = _mm256_castpd_si256(_mm256_fmadd_pd(
        f4::to_double(top), _mm256_set1_pd(kReciprocal), _mm256_set1_pd(f4::kTwo52)));
    F4 result;
    for (int i = 0; i < 5; ++i) {
        const std::uint64_t p = FqLimbs52::kModulus[i];
        const __m256i low = _mm256_mul_epu32(quotient, splat(p & 0xffffffff));
        const __m256i high = _mm256_mul_epu32(quotient, splat(p >> 32));
        result.limb[i] =
            _mm256_sub_epi64(_mm256_sub_epi64(a.limb[i], low), _mm256_slli_epi64(high, 32));
    }
    result = f4::carry(result);
    if (_mm256_movemask_pd(_mm256_castsi256_pd(
            _mm256_cmpgt_epi64(result.limb[4], splat(kTop - 1)))) != 0) [[unlikely]]
        result = f4::canonical<FqLimbs52>(result);
    return result;
}

/// All bits of the lanes of `mask`.
CODEX_INLINE __m256i expand(Mask mask) {
    const __m256i bits = _mm256_setr_epi64x(1, 2, 4, 8);
    return _mm256_cmpeq_epi64(_mm256_and_si256(splat(mask), bits), bits);
}

CODEX_INLINE F4 blend(Mask mask, const F4& otherwise, const F4& where_set) {
    const __m256d lanes = _mm256_castsi256_pd(expand(mask));
    F4 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] = _mm256_castpd_si256(_mm256_blendv_pd(
            _mm256_castsi256_pd(otherwise.limb[i]), _mm256_castsi256_pd(where_set.limb[i]), lanes));
    return result;
}

/// p - a in the lanes of `mask`, limb by limb, for a reduced a: limbs may be negative, above -2^52,
/// which only difference() takes.
CODEX_INLINE F4 negate(const F4& a, Mask mask) {
    F4 negative;
    for (int i = 0; i < 5; ++i)
        negative.limb[i] = _mm256_sub_epi64(splat(FqLimbs52::kModulus[i]), a.limb[i]);
    return blend(mask, a, negative);
}

/// A value at k, below 5p, limbs below 2^63, to its inverse at 518 - k; lanes of zero stay zero.
inline F4 inverse(const F4& a) {
    __m256i words[4];
    f4::to_words(f4::carry(a), words);
    std::uint64_t columns[4][4];
    for (int i = 0; i < 4; ++i)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(columns[i]), words[i]);
    std::uint64_t values[4][4];
    for (int lane = 0; lane < 4; ++lane)
        for (int i = 0; i < 4; ++i)
            values[lane][i] = columns[i][lane];
    detail::invert_lanes(values, 4);
    for (int lane = 0; lane < 4; ++lane)
        for (int i = 0; i < 4; ++i)
            columns[i][lane] = values[lane][i];
    for (int i = 0; i < 4; ++i)
        words[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns[i]));
    return f4::from_words(words[0], words[1], words[2], words[3]);
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

using Addresses = const std::uint8_t* [4];

/// The coordinate `offset` bytes from where each of four points begins.
CODEX_INLINE F4 load_one(const Addresses& from, std::size_t offset) {
    __m256i r[4];
    for (std::size_t lane = 0; lane < 4; ++lane)
        r[lane] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from[lane] + offset));
    transpose(r);
    return f4::from_words(r[0], r[1], r[2], r[3]);
}

/// The inverse, `offset` words from `to`, for reduced values.
CODEX_INLINE void store_one(const F4& value, std::uint64_t* const* to, std::size_t offset,
                            std::size_t lanes) {
    __m256i r[4];
    f4::to_words(value, r);
    transpose(r);
    for (std::size_t lane = 0; lane < lanes; ++lane)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to[lane] + offset), r[lane]);
}

/// Where limbs that are carried are all zero.
CODEX_INLINE Mask is_zero_mask(const F4& a) {
    __m256i any = a.limb[0];
    for (int i = 1; i < 5; ++i)
        any = _mm256_or_si256(any, a.limb[i]);
    return static_cast<Mask>(
        _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(any, _mm256_setzero_si256()))));
}

CODEX_INLINE Mask equal_mask(const F4& a, const F4& b) {
    F4 differs;
    for (int i = 0; i < 5; ++i)
        differs.limb[i] = _mm256_xor_si256(a.limb[i], b.limb[i]);
    return is_zero_mask(differs);
}

} // namespace codex::crypto::lanes4
