// Coordinates of four points side by side, from memory and back; lane l of a register belongs to
// point l. As point_lanes.hpp for eight: "at k" is a value with Montgomery factor 2^k, and products
// are at j + k - 260.
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

template <unsigned kTimes> CODEX_INLINE F4 difference(const F4& a, const F4& b) {
    return f4::difference<FqLimbs52, kTimes>(a, b);
}
CODEX_INLINE F4 reduce_small(const F4& a) {
    return f4::reduce_small<FqLimbs52>(a);
}

/// 4 * a, limb by limb.
CODEX_INLINE F4 times_four(const F4& a) {
    F4 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] = _mm256_slli_epi64(a.limb[i], 2);
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

using Addresses = const std::uint8_t* [4];

/// The coordinate `offset` bytes from where each of four points begins.
CODEX_INLINE F4 load_one(const Addresses& from, std::size_t offset) {
    __m256i r[4];
    for (std::size_t lane = 0; lane < 4; ++lane)
        r[lane] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from[lane] + offset));
    f4::transpose(r);
    return f4::from_words(r[0], r[1], r[2], r[3]);
}

/// The inverse, `offset` words from `to`, for reduced values.
CODEX_INLINE void store_one(const F4& value, std::uint64_t* const* to, std::size_t offset,
                            std::size_t lanes) {
    __m256i r[4];
    f4::to_words(value, r);
    f4::transpose(r);
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
