// Products of four elements side by side (f4_avx2.hpp): the words of the product column by column,
// reduced as they come.
//
// Of the ten words T of a product the lowest four are folded into the words from the fourth on,
// each by a constant of its own: w * 2^(52 i) is w * (2^(52 i - 208) mod p) * 2^208 mod p. So no
// fold waits for another, and one Montgomery step by 52 bits is left. The folds add less than 2^52
// * F
// * 2^208, where F is the sum of the four constants, the step less than 2^52 * p * 2^208: divided
// by 2^260, F + p, and F is below 1.24p in Fr and below 1.59p in Fq (Folds).
//
// Sums: a word gets at most five low and five high halves of a product, or ten of a sum of two,
// four and four of the folds, one and one of the step, and a carry: below 31 * 2^52 < 2^57.
//
// A limb product is written in assembly: the words of a product, its factors and its constants are
// more than there are registers, and compilers that move products about spill what costs as much as
// the products. What is left to them is which registers. As it is volatile it also stays where
// RoundTowardZero holds.
#pragma once

#include "crypto/field/detail/f4_avx2.hpp"

namespace codex::crypto::f4 {

/// A double in all lanes, in memory.
struct Splat {
    alignas(32) double lane[4];
    constexpr explicit Splat(std::uint64_t value = 0)
        : lane{static_cast<double>(value), static_cast<double>(value), static_cast<double>(value),
               static_cast<double>(value)} {}
};

/// Patterns of sums of limb products: of their low and of their high halves.
struct Halves {
    __m256i low;
    __m256i high;
};

#define CODEX_F4_CONSTANTS                                                                         \
    [c104] "x"(_mm256_set1_pd(kTwo104)), [c52] "x"(_mm256_set1_pd(kTwo104 + kTwo52))

/// sum += a * b. Both sides are whole and below 2^52; the right one is read from memory.
template <class Right>
CODEX_INLINE void add_product(Halves& sum, const __m256d& a, const Right& b) {
    __m256d high;
    __m256d low;
    __asm__ volatile(
        "vmovapd %[c104], %[high]\n\t"
        "vfmadd231pd %[b], %[a], %[high]\n\t"
        "vsubpd %[high], %[c52], %[low]\n\t"
        "vfmadd231pd %[b], %[a], %[low]\n\t"
        "vpaddq %[high], %[sum_high], %[sum_high]\n\t"
        "vpaddq %[low], %[sum_low], %[sum_low]"
        : [sum_high] "+x"(sum.high), [sum_low] "+x"(sum.low), [high] "=&x"(high), [low] "=&x"(low)
        : [a] "x"(a), [b] "m"(b), CODEX_F4_CONSTANTS);
}

#define CODEX_F4_PAIR                                                                              \
    "vmovapd %[c104], %[high]\n\t"                                                                 \
    "vmovapd %[c104], %[high2]\n\t"                                                                \
    "vfmadd231pd %[b], %[a], %[high]\n\t"                                                          \
    "vfmadd231pd %[d], %[c], %[high2]\n\t"                                                         \
    "vsubpd %[high], %[c52], %[low]\n\t"                                                           \
    "vsubpd %[high2], %[c52], %[low2]\n\t"                                                         \
    "vfmadd231pd %[b], %[a], %[low]\n\t"                                                           \
    "vfmadd231pd %[d], %[c], %[low2]\n\t"                                                          \
    "vpaddq %[high2], %[high], %[high]\n\t"                                                        \
    "vpaddq %[low2], %[low], %[low]\n\t"
#define CODEX_F4_TWICE                                                                             \
    "vpaddq %[high], %[high], %[high]\n\t"                                                         \
    "vpaddq %[low], %[low], %[low]\n\t"
#define CODEX_F4_ADD                                                                               \
    "vpaddq %[high], %[sum_high], %[sum_high]\n\t"                                                 \
    "vpaddq %[low], %[sum_low], %[sum_low]"
#define CODEX_F4_PAIR_OPERANDS                                                                     \
    : [sum_high] "+x"(sum.high), [sum_low] "+x"(sum.low), [high] "=&x"(high), [low] "=&x"(low),    \
      [high2] "=&x"(high2), [low2] "=&x"(low2)                                                     \
    : [a] "x"(a), [b] "m"(b), [c] "x"(c), [d] "m"(d), CODEX_F4_CONSTANTS

/// sum += a * b + c * d. Their chains are each other's pauses, and halves that are added up before
/// the sum make its chain half as long.
template <class Right>
CODEX_INLINE void add_products(Halves& sum, const __m256d& a, const Right& b, const __m256d& c,
                               const Right& d) {
    __m256d high;
    __m256d low;
    __m256d high2;
    __m256d low2;
    __asm__ volatile(CODEX_F4_PAIR CODEX_F4_ADD CODEX_F4_PAIR_OPERANDS);
}

/// sum += 2 (a * b + c * d).
CODEX_INLINE void add_twice(Halves& sum, const __m256d& a, const __m256d& b, const __m256d& c,
                            const __m256d& d) {
    __m256d high;
    __m256d low;
    __m256d high2;
    __m256d low2;
    __asm__ volatile(CODEX_F4_PAIR CODEX_F4_TWICE CODEX_F4_ADD CODEX_F4_PAIR_OPERANDS);
}

/// sum += 2 a * b + c^2.
CODEX_INLINE void add_twice_and_square(Halves& sum, const __m256d& a, const __m256d& b,
                                       const __m256d& c) {
    __m256d high;
    __m256d low;
    __m256d high2;
    __m256d low2;
    const __m256d& d = c;
    __asm__ volatile("vmovapd %[c104], %[high]\n\t"
                     "vmovapd %[c104], %[high2]\n\t"
                     "vfmadd231pd %[b], %[a], %[high]\n\t"
                     "vfmadd231pd %[d], %[c], %[high2]\n\t"
                     "vsubpd %[high], %[c52], %[low]\n\t"
                     "vsubpd %[high2], %[c52], %[low2]\n\t"
                     "vfmadd231pd %[b], %[a], %[low]\n\t"
                     "vfmadd231pd %[d], %[c], %[low2]\n\t" CODEX_F4_TWICE
                     "vpaddq %[high2], %[high], %[high]\n\t"
                     "vpaddq %[low2], %[low], %[low]\n\t" CODEX_F4_ADD CODEX_F4_PAIR_OPERANDS);
}

/// sum += 2 a * b.
CODEX_INLINE void add_twice(Halves& sum, const __m256d& a, const __m256d& b) {
    Halves half = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    add_product(half, a, b);
    sum.low = _mm256_add_epi64(sum.low, _mm256_add_epi64(half.low, half.low));
    sum.high = _mm256_add_epi64(sum.high, _mm256_add_epi64(half.high, half.high));
}

#undef CODEX_F4_PAIR_OPERANDS
#undef CODEX_F4_ADD
#undef CODEX_F4_TWICE
#undef CODEX_F4_PAIR
#undef CODEX_F4_CONSTANTS

/// 2^(-52 * times) mod p in limbs, and p.
template <class Params> struct Folds {
    Splat limb[5][5]; ///< of `times` 0 to 4
    Splat modulus[5];

    constexpr Folds() {
        std::uint64_t power[5] = {1, 0, 0, 0, 0};
        for (int times = 0; times < 5; ++times) {
            for (int j = 0; j < 5; ++j)
                limb[times][j] = Splat(power[j]);
            divide(power);
        }
        for (int j = 0; j < 5; ++j)
            modulus[j] = Splat(Params::kModulus[j]);
    }
    /// Whether 2^-52 + ... + 2^-208 mod p is below hundredths * p / 100, by its top limbs.
    [[nodiscard]] constexpr bool sum_below(int hundredths) const {
        double sum = 0;
        for (int times = 1; times < 5; ++times)
            sum += limb[times][4].lane[0] + 1;
        return 100 * sum < hundredths * modulus[4].lane[0];
    }

private:
    /// x / 2^52 mod p: what makes x + m p a multiple is added.
    static constexpr void divide(std::uint64_t (&x)[5]) {
        __extension__ using Wide = unsigned __int128;
        const std::uint64_t m = (x[0] * Params::kNegInverse) & kLimbMask;
        Wide sum = 0;
        for (int j = 0; j < 5; ++j) {
            sum += Wide{m} * Params::kModulus[j] + x[j];
            if (j > 0)
                x[j - 1] = static_cast<std::uint64_t>(sum) & kLimbMask;
            sum >>= 52;
        }
        x[4] = static_cast<std::uint64_t>(sum);
    }
};
template <class Params> inline constexpr Folds<Params> kFolds{};
static_assert(kFolds<FrLimbs52>.sum_below(124) && kFolds<FqLimbs52>.sum_below(159));

/// What the patterns of a sum of products, or of a square, and of its reduction have too much in
/// each of ten words, as numbers to begin with. A square has the same as a product: its mixed
/// products count twice.
struct Excess {
    std::uint64_t word[10];

    constexpr explicit Excess(int products) : word{} {
        for (int product = 0; product < products; ++product)
            for (int i = 0; i < 5; ++i)
                for (int j = 0; j < 5; ++j)
                    count(i + j);
        for (int fold = 0; fold < 4; ++fold)
            for (int j = 0; j < 5; ++j)
                count(4 + j);
        for (int j = 1; j < 5; ++j)
            count(4 + j);
        word[5] -= kPattern104; // of m * p[0] the high half alone
    }

private:
    constexpr void count(int i) {
        word[i] -= kPattern52;
        word[i + 1] -= kPattern104;
    }
};

/// The m of the step that is left: -word / p mod 2^52, and what the word carries on when m * p[0]
/// has made it a multiple of 2^52.
template <class Params> struct Step {
    __m256d m;
    __m256i over;

    CODEX_INLINE explicit Step(__m256i word) {
        const __m256i mask = splat(kLimbMask);
        const __m256d inverse = _mm256_set1_pd(static_cast<double>(Params::kNegInverse));
        const __m256d low = to_double(_mm256_and_si256(word, mask));
        const __m256d hi = _mm256_fmadd_pd(low, inverse, _mm256_set1_pd(kTwo104));
        const __m256d lo =
            _mm256_fmadd_pd(low, inverse, _mm256_sub_pd(_mm256_set1_pd(kTwo104 + kTwo52), hi));
        m = _mm256_sub_pd(lo, _mm256_set1_pd(kTwo52));
        over = _mm256_srli_epi64(_mm256_add_epi64(word, mask), 52);
    }
};

/// The reduction of N products, or sums of kProducts, whose columns come from columns(k, n, sum),
/// which adds those of column k of number n up. N of them go step by step together.
template <class Params, int kProducts = 1, std::size_t N, class Columns>
CODEX_INLINE void reduce_columns(const Columns& columns, F4 (&to)[N]) {
    constexpr Excess kExcess(kProducts);
    const Folds<Params>& folds = kFolds<Params>;
    Halves sum[N];
    __m256d m[4][N];
    __m256d last[N];
#pragma GCC unroll 4
    for (std::size_t n = 0; n < N; ++n)
        sum[n].low = splat(0 + kExcess.word[0]);
#pragma GCC unroll 9
    for (int k = 0; k < 9; ++k)
#pragma GCC unroll 4
        for (std::size_t n = 0; n < N; ++n) {
            sum[n].high = splat(kExcess.word[k + 1]);
            columns(k, n, sum[n]);
            if (k < 4) {
                m[k][n] = to_double(_mm256_and_si256(sum[n].low, splat(kLimbMask)));
                sum[n].high = _mm256_add_epi64(sum[n].high, _mm256_srli_epi64(sum[n].low, 52));
            } else {
                add_products(sum[n], m[0][n], folds.limb[4][k - 4], m[1][n], folds.limb[3][k - 4]);
                add_products(sum[n], m[2][n], folds.limb[2][k - 4], m[3][n], folds.limb[1][k - 4]);
            }
            if (k == 4) {
                const Step<Params> step(sum[n].low);
                last[n] = step.m;
                sum[n].high = _mm256_add_epi64(sum[n].high, step.over);
            }
            if (k > 4)
                to[n].limb[k - 5] = sum[n].low;
            sum[n].low = sum[n].high;
        }
#pragma GCC unroll 4
    for (std::size_t n = 0; n < N; ++n) {
        to[n].limb[4] = sum[n].low;
        const __m256d high = _mm256_fmadd_pd(last[n], _mm256_set1_pd(folds.modulus[0].lane[0]),
                                             _mm256_set1_pd(kTwo104));
        to[n].limb[0] = _mm256_add_epi64(to[n].limb[0], _mm256_castpd_si256(high));
    }
#pragma GCC unroll 5
    for (int j = 1; j < 5; ++j)
#pragma GCC unroll 4
        for (std::size_t n = 0; n < N; ++n) {
            Halves sum_at = {to[n].limb[j - 1], to[n].limb[j]};
            add_product(sum_at, last[n], folds.modulus[j]);
            to[n].limb[j - 1] = sum_at.low;
            to[n].limb[j] = sum_at.high;
        }
}

/// to[n] = a[n] * b[n] / 2^260 mod p: of factors below x*p and y*p below (2.24 + x*y/84) * p in Fr
/// and (2.59 + x*y/84) * p in Fq, for p < 2^260 / 84. Limbs are below 2^57.
template <class Params, std::size_t N>
CODEX_INLINE void mul(const Factor (&a)[N], const Factor (&b)[N], F4 (&to)[N]) {
    const auto columns = [&](int k, std::size_t n, Halves& sum) {
        const int first = k < 5 ? 0 : k - 4;
        const int end = k < 5 ? k + 1 : 5;
#pragma GCC unroll 3
        for (int i = first; i + 1 < end; i += 2)
            add_products(sum, a[n].limb[i], b[n].limb[k - i], a[n].limb[i + 1],
                         b[n].limb[k - i - 1]);
        if ((end - first) % 2 != 0)
            add_product(sum, a[n].limb[end - 1], b[n].limb[k - end + 1]);
    };
    reduce_columns<Params>(columns, to);
}

/// to[n] = (a[n] * b[n] + c[n] * d[n]) / 2^260 mod p, reduced once: of factors below x*p, y*p, z*p
/// and w*p below (2.59 + (x*y + z*w)/84) * p.
template <class Params, std::size_t N>
CODEX_INLINE void mul_sums(const Factor* const (&a)[N], const Factor* const (&b)[N],
                           const Factor* const (&c)[N], const Factor* const (&d)[N], F4 (&to)[N]) {
    const auto columns = [&](int k, std::size_t n, Halves& sum) {
        const int first = k < 5 ? 0 : k - 4;
        const int end = k < 5 ? k + 1 : 5;
#pragma GCC unroll 5
        for (int i = first; i < end; ++i)
            add_products(sum, a[n]->limb[i], b[n]->limb[k - i], c[n]->limb[i], d[n]->limb[k - i]);
    };
    reduce_columns<Params, 2>(columns, to);
}

/// mul(a, a, to), with each mixed product made once.
template <class Params, std::size_t N> CODEX_INLINE void square(const Factor (&a)[N], F4 (&to)[N]) {
    const auto columns = [&](int k, std::size_t n, Halves& sum) {
        const int first = k < 5 ? 0 : k - 4;
        const __m256d(&x)[5] = a[n].limb;
        const int mixed = (k + 1) / 2 - first;
        if (mixed == 2)
            add_twice(sum, x[first], x[k - first], x[first + 1], x[k - first - 1]);
        if (mixed == 1 && k % 2 == 0)
            add_twice_and_square(sum, x[first], x[k - first], x[k / 2]);
        else if (mixed == 1)
            add_twice(sum, x[first], x[k - first]);
        else if (k % 2 == 0)
            add_product(sum, x[k / 2], x[k / 2]);
    };
    reduce_columns<Params>(columns, to);
}

} // namespace codex::crypto::f4
