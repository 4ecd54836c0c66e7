// Batched affine addition, eight at a time. A G1 point is one cache line: eight lines are loaded
// and transposed, so that lane l of a register belongs to addition l.
//
// Coordinates in memory are reduced, so equal points are seen by comparing words. Doublings put 2y
// into the shared product; lanes without a slope (infinity, opposite points) put one there, and
// their sums are chosen afterwards.
#include "crypto/field/detail/f8_ifma.hpp"
#include "crypto/msm/detail/add_kernel.hpp"

namespace codex::crypto::detail {

namespace {

using ifma::F8;
using ifma::FqLimbs52;
using ifma::splat;

constexpr std::size_t kLanes = 8;
/// Vectors that share an inversion: an inversion costs some 300 products in sequence, and the
/// prefix products should stay in the second-level cache.
constexpr std::size_t kChunk = 768;
constexpr std::size_t kAhead = 3; ///< vectors between a prefetch and its use

// --- Fq, eight lanes; values are tight and below 2p unless said
// --------------------------------------

F8 mul(const F8& a, const F8& b) {
    return ifma::mul<FqLimbs52>(a, b);
}
F8 shrink(const F8& a) {
    return ifma::shrink<FqLimbs52>(a);
}
F8 square(const F8& a) {
    return ifma::square<FqLimbs52>(a);
}
F8 add(const F8& a, const F8& b) {
    return ifma::carry(ifma::add(a, b));
}

/// a - b + 4p, tight, for b below 4p; below a's bound plus 4.
F8 sub(const F8& a, const F8& b) {
    F8 difference;
    for (int i = 0; i < 5; ++i)
        difference.limb[i] = _mm512_sub_epi64(
            _mm512_add_epi64(a.limb[i], splat(4 * FqLimbs52::kModulus[i])), b.limb[i]);
    return ifma::carry_signed(difference);
}

F8 one() {
    return splat(FqLimbs52::kOne);
}

F8 blend(__mmask8 mask, const F8& otherwise, const F8& where_set) {
    F8 result;
    for (int i = 0; i < 5; ++i)
        result.limb[i] = _mm512_mask_blend_epi64(mask, otherwise.limb[i], where_set.limb[i]);
    return result;
}

/// a^(p-2), for values whose lanes are all invertible (or zero, which gives zero).
F8 inverse(const F8& a) {
    // Four bits at a time; the exponent is public.
    static constexpr std::uint64_t kExponent[4] = {0x3c208c16d87cfd45, 0x97816a916871ca8d,
                                                   0xb85045b68181585d, 0x30644e72e131a029};
    F8 powers[16];
    powers[0] = one();
    for (int i = 1; i < 16; ++i)
        powers[i] = mul(powers[i - 1], a);
    F8 result = one();
    for (int nibble = 63; nibble >= 0; --nibble) {
        for (int i = 0; i < 4; ++i)
            result = square(result);
        result = mul(result, powers[(kExponent[nibble / 16] >> (4 * (nibble % 16))) & 15]);
    }
    return result;
}

// --- eight points in and out of registers
// ------------------------------------------------------------

/// Rows of eight words to columns and back.
void transpose(__m512i (&r)[8]) {
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

F8 unpack(const __m512i* words) {
    return ifma::from_words(words[0], words[1], words[2], words[3]);
}

/// Two coordinates of eight points, 64 bytes each at the addresses given.
template <class Word>
void load_pair(const Word* const (&from)[kLanes], std::size_t offset, F8& first, F8& second) {
    __m512i r[8];
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        r[lane] = _mm512_loadu_si512(from[lane] + offset);
    transpose(r);
    first = unpack(r);
    second = unpack(r + 4);
}

/// One coordinate of eight points, 32 bytes each.
F8 load_one(const std::uint64_t* const (&from)[kLanes]) {
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

void store_pair(const F8& first, const F8& second, std::uint64_t* to, std::size_t stride,
                std::size_t lanes) {
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
        _mm512_storeu_si512(to + lane * stride, r[lane]);
}

F8 canonical(const F8& a) {
    return ifma::canonical<FqLimbs52>(a);
}

__mmask8 is_zero_mask(const F8& a) {
    __m512i any = a.limb[0];
    for (int i = 1; i < 5; ++i)
        any = _mm512_or_si512(any, a.limb[i]);
    return _mm512_cmpeq_epi64_mask(any, _mm512_setzero_si512());
}

__mmask8 equal_mask(const F8& a, const F8& b) {
    __m512i any = _mm512_xor_si512(a.limb[0], b.limb[0]);
    for (int i = 1; i < 5; ++i)
        any = _mm512_or_si512(any, _mm512_xor_si512(a.limb[i], b.limb[i]));
    return _mm512_cmpeq_epi64_mask(any, _mm512_setzero_si512());
}

/// p - y for lanes of `mask` (y below p; 0 stays 0 after canonical()).
F8 negate(const F8& y, __mmask8 mask) {
    F8 negative;
    for (int i = 0; i < 5; ++i)
        negative.limb[i] = _mm512_sub_epi64(splat(FqLimbs52::kModulus[i]), y.limb[i]);
    return blend(mask, y, ifma::carry_signed(negative));
}

// --- the coordinate fields
// ---------------------------------------------------------------------------

struct Base {
    static constexpr std::size_t kWords = 8; ///< of a point
    F8 v;

    static void load(const std::uint64_t* const (&from)[kLanes], Base& x, Base& y) {
        load_pair(from, 0, x.v, y.v);
    }
    static Base load_x(const std::uint64_t* const (&from)[kLanes]) { return {load_one(from)}; }
    static void store(const Base& x, const Base& y, std::uint64_t* to, std::size_t lanes) {
        store_pair(x.v, y.v, to, kWords, lanes);
    }
    static Base unit() { return {detail::one()}; }
    static Base product(const Base& a, const Base& b) { return {mul(a.v, b.v)}; }
    static Base squared(const Base& a) { return {square(a.v)}; }
    static Base difference(const Base& a, const Base& b) { return {sub(a.v, b.v)}; }
    static Base sum(const Base& a, const Base& b) { return {detail::add(a.v, b.v)}; }
    static Base inverted(const Base& a) { return {inverse(a.v)}; }
    static Base reduced(const Base& a) { return {canonical(a.v)}; }
    static Base negated(const Base& a, __mmask8 mask) { return {negate(a.v, mask)}; }
    static Base chosen(__mmask8 mask, const Base& otherwise, const Base& where_set) {
        return {blend(mask, otherwise.v, where_set.v)};
    }
    static __mmask8 zero(const Base& a) { return is_zero_mask(a.v); }
    static __mmask8 same(const Base& a, const Base& b) { return equal_mask(a.v, b.v); }
};

/// c0 + c1 u with u^2 = -1.
struct Quadratic {
    static constexpr std::size_t kWords = 16;
    F8 c0;
    F8 c1;

    static void load(const std::uint64_t* const (&from)[kLanes], Quadratic& x, Quadratic& y) {
        load_pair(from, 0, x.c0, x.c1);
        load_pair(from, 8, y.c0, y.c1);
    }
    static Quadratic load_x(const std::uint64_t* const (&from)[kLanes]) {
        Quadratic x;
        load_pair(from, 0, x.c0, x.c1);
        return x;
    }
    static void store(const Quadratic& x, const Quadratic& y, std::uint64_t* to,
                      std::size_t lanes) {
        store_pair(x.c0, x.c1, to, kWords, lanes);
        store_pair(y.c0, y.c1, to + 8, kWords, lanes);
    }
    static Quadratic unit() { return {detail::one(), F8{}}; }
    /// Karatsuba. Operands below 6p a coordinate: sums below 12p, products below 3p; shrunk, so
    /// that the result may be subtracted.
    static Quadratic product(const Quadratic& a, const Quadratic& b) {
        const F8 low = mul(a.c0, b.c0);
        const F8 high = mul(a.c1, b.c1);
        const F8 cross = mul(detail::add(a.c0, a.c1), detail::add(b.c0, b.c1));
        return {shrink(sub(low, high)), shrink(sub(sub(cross, low), high))};
    }
    static Quadratic squared(const Quadratic& a) {
        const F8 real = mul(detail::add(a.c0, a.c1), sub(a.c0, a.c1));
        const F8 half = mul(a.c0, a.c1);
        return {real, detail::add(half, half)};
    }
    static Quadratic difference(const Quadratic& a, const Quadratic& b) {
        return {sub(a.c0, b.c0), sub(a.c1, b.c1)};
    }
    static Quadratic sum(const Quadratic& a, const Quadratic& b) {
        return {detail::add(a.c0, b.c0), detail::add(a.c1, b.c1)};
    }
    static Quadratic inverted(const Quadratic& a) {
        const F8 norm = inverse(detail::add(square(a.c0), square(a.c1)));
        return {mul(a.c0, norm), mul(sub(F8{}, a.c1), norm)};
    }
    static Quadratic reduced(const Quadratic& a) { return {canonical(a.c0), canonical(a.c1)}; }
    static Quadratic negated(const Quadratic& a, __mmask8 mask) {
        return {negate(a.c0, mask), negate(a.c1, mask)};
    }
    static Quadratic chosen(__mmask8 mask, const Quadratic& otherwise, const Quadratic& where_set) {
        return {blend(mask, otherwise.c0, where_set.c0), blend(mask, otherwise.c1, where_set.c1)};
    }
    static __mmask8 zero(const Quadratic& a) { return is_zero_mask(a.c0) & is_zero_mask(a.c1); }
    static __mmask8 same(const Quadratic& a, const Quadratic& b) {
        return equal_mask(a.c0, b.c0) & equal_mask(a.c1, b.c1);
    }
};

// --- the additions
// -----------------------------------------------------------------------------------

/// Eight additions' operands and their special lanes.
template <class F> struct Operands {
    F x1, y1, x2, y2;
    __mmask8 left_infinite, right_infinite;
    __mmask8 same_x; ///< of lanes without infinity

    [[nodiscard]] __mmask8 doubling() const {
        return same_x != 0 ? same_x & F::same(y1, y2) & static_cast<__mmask8>(~F::zero(y1)) : 0;
    }
    /// What the slope is divided by: x2 - x1, or 2y for a doubling; one where there is no slope.
    [[nodiscard]] F denominator() const {
        const F plain =
            F::chosen(left_infinite | right_infinite | same_x, F::difference(x2, x1), F::unit());
        const __mmask8 twice = doubling();
        return twice != 0 ? F::chosen(twice, plain, F::sum(y1, y2)) : plain;
    }
};

template <class F>
void load_side(const std::uint64_t* base, const std::uint32_t (&references)[kLanes], F& x, F& y,
               __mmask8& infinite) {
    const std::uint64_t* from[kLanes];
    __mmask8 negative = 0;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        from[lane] = base + std::size_t{references[lane] / 2} * F::kWords;
        negative |= static_cast<__mmask8>((references[lane] & 1) << lane);
    }
    F::load(from, x, y);
    infinite = F::zero(x) & F::zero(y);
    y = F::negated(y, negative & static_cast<__mmask8>(~infinite));
}

/// The operands of tasks[0..lanes); the lanes above repeat the last task.
template <class F>
Operands<F> load_operands(const std::uint64_t* left, const std::uint64_t* right,
                          const PairTask* tasks, std::size_t lanes) {
    std::uint32_t lefts[kLanes];
    std::uint32_t rights[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const PairTask& task = tasks[lane < lanes ? lane : lanes - 1];
        lefts[lane] = task.left;
        rights[lane] = task.right;
    }
    Operands<F> o;
    load_side(left, lefts, o.x1, o.y1, o.left_infinite);
    load_side(right, rights, o.x2, o.y2, o.right_infinite);
    o.same_x = F::same(o.x1, o.x2) & static_cast<__mmask8>(~(o.left_infinite | o.right_infinite));
    return o;
}

/// The denominators of tasks[0..lanes), from the x coordinates alone wherever they are enough.
template <class F>
F load_denominators(const std::uint64_t* left, const std::uint64_t* right, const PairTask* tasks,
                    std::size_t lanes) {
    const std::uint64_t* lefts[kLanes];
    const std::uint64_t* rights[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const PairTask& task = tasks[lane < lanes ? lane : lanes - 1];
        lefts[lane] = left + std::size_t{task.left / 2} * F::kWords;
        rights[lane] = right + std::size_t{task.right / 2} * F::kWords;
    }
    const F x1 = F::load_x(lefts);
    const F x2 = F::load_x(rights);
    // x = 0 may be infinity.
    if ((F::zero(x1) | F::zero(x2) | F::same(x1, x2)) != 0)
        return load_operands<F>(left, right, tasks, lanes).denominator();
    return F::difference(x2, x1);
}

/// 3 x^2, the rise of a tangent. Factors of a product must be below 6p: the sums here are below 4p.
template <class F> F tangent_rise(const F& x) {
    const F square = F::squared(x);
    return F::reduced(F::sum(F::reduced(F::sum(square, square)), F::reduced(square)));
}

template <class F>
void finish(const Operands<F>& o, const F& inverse, std::uint64_t* out, std::size_t lanes) {
    F rise = F::difference(o.y2, o.y1);
    const __mmask8 doubling = o.doubling();
    if (doubling != 0)
        rise = F::chosen(doubling, rise, tangent_rise(o.x1));
    const F slope = F::product(rise, inverse);
    F x = F::reduced(F::difference(F::squared(slope), F::sum(o.x1, o.x2)));
    F y = F::reduced(F::difference(F::product(slope, F::difference(o.x1, x)), o.y1));
    x = F::chosen(o.left_infinite, x, o.x2);
    y = F::chosen(o.left_infinite, y, o.y2);
    x = F::chosen(o.right_infinite, x, o.x1);
    y = F::chosen(o.right_infinite, y, o.y1);
    const __mmask8 opposite = o.same_x & static_cast<__mmask8>(~doubling);
    x = F::chosen(opposite, x, F{});
    y = F::chosen(opposite, y, F{});
    F::store(x, y, out, lanes);
}

/// Points lie all over a table larger than the caches: their lines are asked for some vectors
/// ahead.
template <class F>
void prefetch(const std::uint64_t* left, const std::uint64_t* right, const PairTask* tasks,
              std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t line = 0; line < F::kWords; line += 8) {
            _mm_prefetch(left + std::size_t{tasks[i].left / 2} * F::kWords + line, _MM_HINT_T0);
            _mm_prefetch(right + std::size_t{tasks[i].right / 2} * F::kWords + line, _MM_HINT_T0);
        }
}

template <class F>
void add_chunk(const std::uint64_t* left, const std::uint64_t* right, const PairTask* tasks,
               std::size_t count, std::uint64_t* out) {
    F prefix[kChunk];
    F product = F::unit();
    const std::size_t vectors = (count + kLanes - 1) / kLanes;
    for (std::size_t v = 0; v < vectors; ++v) {
        const std::size_t at = v * kLanes;
        const std::size_t lanes = count - at < kLanes ? count - at : kLanes;
        if (v + kAhead < vectors - 1)
            prefetch<F>(left, right, tasks + at + kAhead * kLanes, kLanes);
        prefix[v] = product;
        product = F::product(product, load_denominators<F>(left, right, tasks + at, lanes));
    }
    F inverse = F::inverted(product);
    for (std::size_t v = vectors; v-- > 0;) {
        const std::size_t at = v * kLanes;
        const std::size_t lanes = count - at < kLanes ? count - at : kLanes;
        if (v >= kAhead)
            prefetch<F>(left, right, tasks + at - kAhead * kLanes, kLanes);
        const Operands<F> o = load_operands<F>(left, right, tasks + at, lanes);
        finish(o, F::product(inverse, prefix[v]), out + at * F::kWords, lanes);
        inverse = F::product(inverse, o.denominator());
    }
}

template <class F>
void add_pairs(const std::uint64_t* left, const std::uint64_t* right, const PairTask* tasks,
               std::size_t count, std::uint64_t* out) {
    constexpr std::size_t kStep = kChunk * kLanes;
    for (std::size_t at = 0; at < count; at += kStep)
        add_chunk<F>(left, right, tasks + at, count - at < kStep ? count - at : kStep,
                     out + at * F::kWords);
}

/// `count` pairs of coordinates (64 bytes) times `factor`.
template <class Word>
void rescale(const Word* from, std::size_t count, std::uint64_t* to, const F8& factor) {
    constexpr std::size_t kStride = 64 / sizeof(Word);
    for (std::size_t at = 0; at < count; at += kLanes) {
        const std::size_t lanes = count - at < kLanes ? count - at : kLanes;
        const Word* rows[kLanes];
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            rows[lane] = from + kStride * (at + (lane < lanes ? lane : lanes - 1));
        F8 first;
        F8 second;
        load_pair(rows, 0, first, second);
        store_pair(canonical(mul(first, factor)), canonical(mul(second, factor)), to + 8 * at, 8,
                   lanes);
    }
}

template <class F>
void import_points(const std::uint8_t* from, std::size_t count, std::uint64_t* to) {
    rescale(from, count * (F::kWords / 8), to, splat(FqLimbs52::kFrom256));
}

template <class F>
void export_points(const std::uint64_t* from, std::size_t count, std::uint64_t* to) {
    rescale(from, count * (F::kWords / 8), to, splat(FqLimbs52::kTo256));
}

} // namespace

const AddKernel& g1_add_ifma() {
    static constexpr AddKernel kKernel = {"ifma", import_points<Base>, export_points<Base>,
                                          add_pairs<Base>};
    return kKernel;
}

const AddKernel& g2_add_ifma() {
    static constexpr AddKernel kKernel = {"ifma", import_points<Quadratic>,
                                          export_points<Quadratic>, add_pairs<Quadratic>};
    return kKernel;
}

} // namespace codex::crypto::detail
