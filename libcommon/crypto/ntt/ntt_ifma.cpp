// Butterflies eight at a time. Elements stay in the file form (Montgomery with 2^256) in memory;
// twiddles are kept with 2^260 in 52-bit limbs, so that a product is in the file form again.
#include "crypto/field/detail/f8_ifma.hpp"
#include "crypto/ntt/detail/ntt_eights.hpp"
#include "crypto/ntt/detail/ntt_kernel.hpp"

namespace codex::crypto::detail {

namespace {

using ifma::F8;
using ifma::FrLimbs52;
using ifma::splat;

/// Eight elements; lane order 0 4 1 5 2 6 3 7, which store() undoes.
CODEX_INLINE F8 load(const std::uint64_t* from) {
    __m512i r[4]; // row i: elements 2i and 2i + 1, four words each
    for (int i = 0; i < 4; ++i)
        r[i] = _mm512_loadu_si512(from + 8 * i);
    const __m512i a = _mm512_shuffle_i64x2(r[0], r[1], 0x88); // words 0, 1 of elements 0 to 3
    const __m512i b = _mm512_shuffle_i64x2(r[0], r[1], 0xdd); // words 2, 3
    const __m512i c = _mm512_shuffle_i64x2(r[2], r[3], 0x88); // of elements 4 to 7
    const __m512i d = _mm512_shuffle_i64x2(r[2], r[3], 0xdd);
    return ifma::from_words(_mm512_unpacklo_epi64(a, c), _mm512_unpackhi_epi64(a, c),
                            _mm512_unpacklo_epi64(b, d), _mm512_unpackhi_epi64(b, d));
}

CODEX_INLINE void store(const F8& value, std::uint64_t* to) {
    __m512i w[4];
    ifma::to_words(value, w);
    const __m512i a = _mm512_unpacklo_epi64(w[0], w[1]);
    const __m512i c = _mm512_unpackhi_epi64(w[0], w[1]);
    const __m512i b = _mm512_unpacklo_epi64(w[2], w[3]);
    const __m512i d = _mm512_unpackhi_epi64(w[2], w[3]);
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const __m512i high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    _mm512_storeu_si512(to, _mm512_permutex2var_epi64(a, low, b));
    _mm512_storeu_si512(to + 8, _mm512_permutex2var_epi64(a, high, b));
    _mm512_storeu_si512(to + 16, _mm512_permutex2var_epi64(c, low, d));
    _mm512_storeu_si512(to + 24, _mm512_permutex2var_epi64(c, high, d));
}

/// A tight value below 2p to the one below p.
CODEX_INLINE F8 reduce_once(F8 a) {
    F8 less;
    for (int i = 0; i < 5; ++i)
        less.limb[i] = _mm512_sub_epi64(a.limb[i], splat(FrLimbs52::kModulus[i]));
    less = ifma::carry_signed(less);
    const __mmask8 negative = _mm512_movepi64_mask(less.limb[4]);
    for (int i = 0; i < 5; ++i)
        a.limb[i] = _mm512_mask_blend_epi64(negative, less.limb[i], a.limb[i]);
    return a;
}

/// a + b, tight, below 2p.
CODEX_INLINE F8 sum(const F8& a, const F8& b) {
    return ifma::carry(ifma::add(a, b));
}

/// a - b + p, tight, below 2p; a and b reduced.
CODEX_INLINE F8 difference(const F8& a, const F8& b) {
    F8 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] =
            _mm512_sub_epi64(_mm512_add_epi64(a.limb[i], splat(FrLimbs52::kModulus[i])), b.limb[i]);
    return ifma::carry_signed(result);
}

/// Reduced; operands below 9p.
CODEX_INLINE F8 mul(const F8& a, const F8& b) {
    return reduce_once(ifma::mul<FrLimbs52>(a, b));
}

/// The 2^260 form of a 2^256 form.
CODEX_INLINE F8 raise(const F8& a) {
    return ifma::mul<FrLimbs52>(a, splat(FrLimbs52::kFrom256));
}

CODEX_INLINE F8 load_twiddle(const std::uint64_t* from) {
    F8 value;
    for (int i = 0; i < 5; ++i)
        value.limb[i] = _mm512_loadu_si512(from + 8 * i);
    return value;
}

void make_twiddles(const std::uint64_t* roots, std::size_t count, std::uint64_t* twiddles) {
    for (std::size_t i = 0; i < count; i += 8) {
        const F8 value = raise(load(roots + 4 * i));
        for (int k = 0; k < 5; ++k)
            _mm512_storeu_si512(twiddles + 5 * i + 8 * k, value.limb[k]);
    }
}

void dif_run(std::uint64_t* low, std::uint64_t* high, const std::uint64_t* twiddles,
             std::size_t count) {
    for (std::size_t i = 0; i < count; i += 8) {
        const F8 a = load(low + 4 * i);
        const F8 b = load(high + 4 * i);
        store(reduce_once(sum(a, b)), low + 4 * i);
        store(mul(difference(a, b), load_twiddle(twiddles + 5 * i)), high + 4 * i);
    }
}

void dit_run(std::uint64_t* low, std::uint64_t* high, const std::uint64_t* twiddles,
             std::size_t count) {
    for (std::size_t i = 0; i < count; i += 8) {
        const F8 a = load(low + 4 * i);
        const F8 b = mul(load(high + 4 * i), load_twiddle(twiddles + 5 * i));
        store(reduce_once(sum(a, b)), low + 4 * i);
        store(reduce_once(difference(a, b)), high + 4 * i);
    }
}

/// Eight elements for ntt_eights.hpp, limbs signed and not carried; products are below 1.1p, so all
/// is below 8p.
struct Eight {
    static constexpr unsigned kProduct = 2;
    static constexpr std::size_t kLanes = 8;
    using Twiddle = F8;
    F8 value;

    CODEX_INLINE static Eight sum(const Eight& a, const Eight& b) {
        return {ifma::add(a.value, b.value)};
    }
    template <unsigned kTimes>
    CODEX_INLINE static Eight difference(const Eight& a, const Eight& b) {
        F8 result;
        for (int i = 0; i < 5; ++i)
            result.limb[i] = _mm512_sub_epi64(
                _mm512_add_epi64(a.value.limb[i], splat(kTimes * FrLimbs52::kModulus[i])),
                b.value.limb[i]);
        return {result};
    }
    CODEX_INLINE static Eight times(const Eight& a, const F8& twiddle) {
        return {ifma::mul<FrLimbs52>(ifma::carry_signed(a.value), twiddle)};
    }
    [[nodiscard]] CODEX_INLINE Eight reduced() const {
        return {ifma::reduce_small<FrLimbs52>(value)};
    }
    CODEX_INLINE static Eight load(const std::uint64_t* from, std::size_t stride) {
        __m512i r[4]; // row i: elements i and i + 4
        for (std::size_t i = 0; i < 4; ++i)
            r[i] = _mm512_inserti64x4(_mm512_castsi256_si512(row(from + i * stride)),
                                      row(from + (i + 4) * stride), 1);
        const __m512i even01 = _mm512_unpacklo_epi64(r[0], r[1]);
        const __m512i odd01 = _mm512_unpackhi_epi64(r[0], r[1]);
        const __m512i even23 = _mm512_unpacklo_epi64(r[2], r[3]);
        const __m512i odd23 = _mm512_unpackhi_epi64(r[2], r[3]);
        const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
        const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
        return {ifma::from_words(_mm512_permutex2var_epi64(even01, low, even23),
                                 _mm512_permutex2var_epi64(odd01, low, odd23),
                                 _mm512_permutex2var_epi64(even01, high, even23),
                                 _mm512_permutex2var_epi64(odd01, high, odd23))};
    }
    CODEX_INLINE void store(std::uint64_t* to, std::size_t stride) const {
        __m512i w[4];
        ifma::to_words(value, w);
        const __m512i low01 = _mm512_unpacklo_epi64(w[0], w[1]);
        const __m512i high01 = _mm512_unpackhi_epi64(w[0], w[1]);
        const __m512i low23 = _mm512_unpacklo_epi64(w[2], w[3]);
        const __m512i high23 = _mm512_unpackhi_epi64(w[2], w[3]);
        const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
        const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
        const __m512i r[4] = {_mm512_permutex2var_epi64(low01, low, low23),
                              _mm512_permutex2var_epi64(high01, low, high23),
                              _mm512_permutex2var_epi64(low01, high, low23),
                              _mm512_permutex2var_epi64(high01, high, high23)};
        for (std::size_t i = 0; i < 4; ++i) {
            set_row(to + i * stride, _mm512_castsi512_si256(r[i]));
            set_row(to + (i + 4) * stride, _mm512_extracti64x4_epi64(r[i], 1));
        }
    }

private:
    CODEX_INLINE static __m256i row(const std::uint64_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    }
    CODEX_INLINE static void set_row(std::uint64_t* to, __m256i value) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
    }
};

eights::Roots<Eight> roots_of(const std::uint64_t* roots) {
    eights::Roots<Eight> powers;
    for (std::size_t i = 0; i < 3; ++i) {
        const std::uint64_t* w = roots + 4 * i;
        powers.power[i] =
            raise(ifma::from_words(splat(w[0]), splat(w[1]), splat(w[2]), splat(w[3])));
    }
    return powers;
}

void dif_eights(std::uint64_t* values, const std::uint64_t* roots, std::size_t count) {
    const auto powers = roots_of(roots);
    eights::each<Eight>(values, count, [&](Eight(&x)[8]) { eights::dif(x, powers); });
}

void dit_eights(std::uint64_t* values, const std::uint64_t* roots, std::size_t count) {
    const auto powers = roots_of(roots);
    eights::each<Eight>(values, count, [&](Eight(&x)[8]) { eights::dit(x, powers); });
}

void multiply(std::uint64_t* values, const std::uint64_t* factors, const std::uint64_t* common,
              std::size_t count) {
    const F8 same = raise(raise(
        ifma::from_words(splat(common[0]), splat(common[1]), splat(common[2]), splat(common[3]))));
    for (std::size_t i = 0; i < count; i += 8) {
        const F8 factor = ifma::mul<FrLimbs52>(load(factors + 4 * i), same);
        store(mul(load(values + 4 * i), factor), values + 4 * i);
    }
}

void multiply_subtract(std::uint64_t* a, const std::uint64_t* b, const std::uint64_t* c,
                       std::size_t count) {
    for (std::size_t i = 0; i < count; i += 8) {
        const F8 product = mul(load(a + 4 * i), raise(load(b + 4 * i)));
        store(reduce_once(difference(product, load(c + 4 * i))), a + 4 * i);
    }
}

} // namespace

const NttKernel& ntt_ifma() {
    static constexpr NttKernel kKernel = {
        "ifma", 5,          make_twiddles, dif_run,  dit_run,
        64,     dif_eights, dit_eights,    multiply, multiply_subtract};
    return kKernel;
}

} // namespace codex::crypto::detail
