// Batched affine addition, eight at a time. A G1 point is one cache line: eight lines are loaded
// and transposed, so that lane l of a register belongs to addition l.
//
// Coordinates stay in the file form, with Montgomery factor 2^256, though a product of lanes
// divides by 2^260. A value with factor 2^k is called "at k": products are at j + k - 260.
// Coordinates and their differences are at 256; the running products of denominators lose four at
// every step, and the inverse of the whole makes up for it, so that the slope comes out at 258: its
// square is at 256 again, and its product with four times a difference, too.
//
// Coordinates in memory are reduced, so equal points are seen by comparing words. Vectors in which
// a lane has no slope by differences (infinity, doubling, opposite points) take a longer way.
#include "crypto/field/detail/f8_ifma.hpp"
#include "crypto/msm/detail/add_kernel.hpp"

#include <utility>

namespace codex::crypto::detail {

namespace {

using ifma::F8;
using ifma::FqLimbs52;
using ifma::splat;

/// Additions that share an inversion of one or two microseconds.
constexpr std::size_t kChunk = 1024;
constexpr std::size_t kAhead = 2; ///< steps between a prefetch and its use

// --- Fq, eight lanes -----------------------------------------------------------------------------

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
F8 inverse(const F8& a) {
    __m512i words[4];
    ifma::to_words(a, words);
    std::uint64_t lanes[8][4];
    const __m512i index = _mm512_set_epi64(28, 24, 20, 16, 12, 8, 4, 0);
    for (int i = 0; i < 4; ++i)
        _mm512_i64scatter_epi64(&lanes[0][i], index, words[i], 8);
    invert_lanes(lanes);
    for (int i = 0; i < 4; ++i)
        words[i] = _mm512_i64gather_epi64(index, &lanes[0][i], 8);
    return ifma::from_words(words[0], words[1], words[2], words[3]);
}

// --- eight points in and out of registers --------------------------------------------------------

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

__mmask8 is_zero_mask(const F8& a) {
    __m512i any = a.limb[0];
    for (int i = 1; i < 5; ++i)
        any = _mm512_or_si512(any, a.limb[i]);
    return _mm512_testn_epi64_mask(any, any);
}

__mmask8 equal_mask(const F8& a, const F8& b) {
    __m512i any = _mm512_xor_si512(a.limb[0], b.limb[0]);
    for (int i = 1; i < 5; ++i)
        any = _mm512_or_si512(any, _mm512_xor_si512(a.limb[i], b.limb[i]));
    return _mm512_testn_epi64_mask(any, any);
}

// --- the coordinate fields -----------------------------------------------------------------------
//
// A value of a field is one for each of kLanes additions that are done at once. "Reduced" values
// are tight and below p; "signed" ones have signed limbs and are not tight; others are tight and,
// unless said, below 1.2p in Base and 8.2p in Quadratic.

/// Bit l belongs to lane l.
using Mask = std::uint32_t;

/// Two vectors: one alone would be a chain of dependent products.
struct Base {
    static constexpr std::size_t kWords = 8; ///< of a point
    static constexpr std::size_t kVectors = 2;
    static constexpr std::size_t kLanes = 8 * kVectors;
    F8 v[kVectors];

    CODEX_INLINE static void load(const Addresses* from, Base& x, Base& y) {
        for (std::size_t n = 0; n < kVectors; ++n)
            load_pair(from[n], 0, x.v[n], y.v[n]);
    }
    CODEX_INLINE static Base load_x(const Addresses* from) {
        return map([&](std::size_t n) { return load_one(from[n]); });
    }
    CODEX_INLINE static void store(const Base& x, const Base& y, std::uint64_t* const* to,
                                   std::size_t lanes) {
        for (std::size_t n = 0; n < kVectors && lanes > 8 * n; ++n)
            store_pair(x.v[n], y.v[n], to + 8 * n, 0, lanes - 8 * n < 8 ? lanes - 8 * n : 8);
    }
    CODEX_INLINE static Base unit() {
        return map([](std::size_t) { return splat(FqLimbs52::kOne); });
    }
    CODEX_INLINE static Base product(const Base& a, const Base& b) {
        return map([&](std::size_t n) { return mul(a.v[n], b.v[n]); });
    }
    CODEX_INLINE static Base squared(const Base& a) {
        return map([&](std::size_t n) { return square(a.v[n]); });
    }
    /// Reduced or, as negate() leaves them, signed operands; the result below 2p.
    CODEX_INLINE static Base difference(const Base& a, const Base& b) {
        return map([&](std::size_t n) { return sub(a.v[n], b.v[n], 1); });
    }
    /// 4 (a - b + p), reduced operands.
    CODEX_INLINE static Base difference_times_four(const Base& a, const Base& b) {
        return map(
            [&](std::size_t n) { return times_four(detail::difference(a.v[n], b.v[n], 1)); });
    }
    /// a - b - c mod p, reduced, for reduced b and c and a product a.
    CODEX_INLINE static Base reduced_difference(const Base& a, const Base& b, const Base& c) {
        return map([&](std::size_t n) {
            return reduce_small(
                detail::difference(detail::difference(a.v[n], b.v[n], 2), c.v[n], 0));
        });
    }
    static Base inverted(const Base& a) {
        const F8 one = inverse(mul(a.v[0], a.v[1]));
        return {{mul(one, a.v[1]), mul(one, a.v[0])}};
    }
    /// Of signed limbs, below 8p.
    CODEX_INLINE static Base reduced(const Base& a) {
        return map([&](std::size_t n) { return reduce_small(a.v[n]); });
    }
    CODEX_INLINE static Base sum(const Base& a, const Base& b) {
        return map([&](std::size_t n) { return ifma::add(a.v[n], b.v[n]); });
    }
    CODEX_INLINE static Base negated(const Base& a, Mask mask) {
        return map([&](std::size_t n) { return negate(a.v[n], part(mask, n)); });
    }
    CODEX_INLINE static Base chosen(Mask mask, const Base& otherwise, const Base& where_set) {
        return map(
            [&](std::size_t n) { return blend(part(mask, n), otherwise.v[n], where_set.v[n]); });
    }
    CODEX_INLINE static Mask zero(const Base& a) {
        return is_zero_mask(a.v[0]) | static_cast<Mask>(is_zero_mask(a.v[1])) << 8;
    }
    CODEX_INLINE static Mask same(const Base& a, const Base& b) {
        return equal_mask(a.v[0], b.v[0]) | static_cast<Mask>(equal_mask(a.v[1], b.v[1])) << 8;
    }

private:
    static __mmask8 part(Mask mask, std::size_t n) { return static_cast<__mmask8>(mask >> 8 * n); }
    template <class Of> CODEX_INLINE static Base map(Of of) { return {{of(0), of(1)}}; }
};

/// c0 + c1 u with u^2 = -1; the products of one product are independent.
struct Quadratic {
    static constexpr std::size_t kWords = 16;
    static constexpr std::size_t kVectors = 1;
    static constexpr std::size_t kLanes = 8;
    F8 c0;
    F8 c1;

    CODEX_INLINE static void load(const Addresses* from, Quadratic& x, Quadratic& y) {
        load_pair(*from, 0, x.c0, x.c1);
        load_pair(*from, 64, y.c0, y.c1);
    }
    CODEX_INLINE static Quadratic load_x(const Addresses* from) {
        Quadratic x;
        load_pair(*from, 0, x.c0, x.c1);
        return x;
    }
    CODEX_INLINE static void store(const Quadratic& x, const Quadratic& y, std::uint64_t* const* to,
                                   std::size_t lanes) {
        store_pair(x.c0, x.c1, to, 0, lanes);
        store_pair(y.c0, y.c1, to, 8, lanes);
    }
    CODEX_INLINE static Quadratic unit() { return {splat(FqLimbs52::kOne), F8{}}; }
    /// Karatsuba. Of operands below 8.2p the products are below 1.8p, 1.8p and 4.2p, so the result
    /// is below 8.2p again; of one operand below 2p (a difference) it is below 3.2p and 5.8p, and
    /// the product of that with one below 8p is below 3.3p and 6.7p.
    CODEX_INLINE static Quadratic product(const Quadratic& a, const Quadratic& b) {
        const F8 low = mul(a.c0, b.c0);
        const F8 high = mul(a.c1, b.c1);
        const F8 cross = mul(detail::add(a.c0, a.c1), detail::add(b.c0, b.c1));
        return {sub(low, high, 2), sub(cross, ifma::add(low, high), 4)};
    }
    /// Of an operand below 5.8p: below 2.5p.
    CODEX_INLINE static Quadratic squared(const Quadratic& a) {
        const F8 real = mul(detail::add(a.c0, a.c1), sub(a.c0, a.c1, 6));
        const F8 half = mul(a.c0, a.c1);
        return {real, detail::add(half, half)};
    }
    CODEX_INLINE static Quadratic difference(const Quadratic& a, const Quadratic& b) {
        return {sub(a.c0, b.c0, 1), sub(a.c1, b.c1, 1)};
    }
    CODEX_INLINE static Quadratic difference_times_four(const Quadratic& a, const Quadratic& b) {
        return {times_four(detail::difference(a.c0, b.c0, 1)),
                times_four(detail::difference(a.c1, b.c1, 1))};
    }
    CODEX_INLINE static Quadratic reduced_difference(const Quadratic& a, const Quadratic& b,
                                                     const Quadratic& c) {
        return {reduce_small(detail::difference(detail::difference(a.c0, b.c0, 2), c.c0, 0)),
                reduce_small(detail::difference(detail::difference(a.c1, b.c1, 2), c.c1, 0))};
    }
    static Quadratic inverted(const Quadratic& a) {
        // The squares of coordinates below 8.2p are below 1.8p.
        const F8 norm = inverse(detail::add(square(a.c0), square(a.c1)));
        return {mul(a.c0, norm), mul(sub(F8{}, a.c1, 9), norm)};
    }
    CODEX_INLINE static Quadratic reduced(const Quadratic& a) {
        return {reduce_small(a.c0), reduce_small(a.c1)};
    }
    CODEX_INLINE static Quadratic sum(const Quadratic& a, const Quadratic& b) {
        return {ifma::add(a.c0, b.c0), ifma::add(a.c1, b.c1)};
    }
    CODEX_INLINE static Quadratic negated(const Quadratic& a, Mask mask) {
        const auto lanes = static_cast<__mmask8>(mask);
        return {negate(a.c0, lanes), negate(a.c1, lanes)};
    }
    CODEX_INLINE static Quadratic chosen(Mask mask, const Quadratic& otherwise,
                                         const Quadratic& where_set) {
        const auto lanes = static_cast<__mmask8>(mask);
        return {blend(lanes, otherwise.c0, where_set.c0), blend(lanes, otherwise.c1, where_set.c1)};
    }
    CODEX_INLINE static Mask zero(const Quadratic& a) {
        return static_cast<Mask>(is_zero_mask(a.c0) & is_zero_mask(a.c1));
    }
    CODEX_INLINE static Mask same(const Quadratic& a, const Quadratic& b) {
        return static_cast<Mask>(equal_mask(a.c0, b.c0) & equal_mask(a.c1, b.c1));
    }
};

// --- the additions -------------------------------------------------------------------------------

/// Where an operand lies. Without the barrier gcc divides all eight in a vector, to take them out
/// of it again one by one.
CODEX_INLINE const std::uint8_t* address(std::uint64_t reference) {
    reference /= 2;
    __asm__("" : "+r"(reference));
    return reinterpret_cast<const std::uint8_t*>(reference);
}

/// One side of kLanes additions.
template <class F> struct Side {
    Addresses from[F::kVectors];
    Mask negative = 0;

    CODEX_INLINE explicit Side(const std::uint64_t* references) {
        for (std::size_t n = 0; n < F::kVectors; ++n) {
            for (std::size_t lane = 0; lane < 8; ++lane)
                from[n][lane] = address(references[8 * n + lane]);
            const __mmask8 odd =
                _mm512_test_epi64_mask(_mm512_loadu_si512(references + 8 * n), splat(1));
            negative |= static_cast<Mask>(odd) << 8 * n;
        }
    }
};

/// Operands of kLanes additions; y signed, with the side's signs in it.
template <class F> struct Operands {
    F x1, y1, x2, y2;

    CODEX_INLINE void load(const Side<F>& left, const Side<F>& right) {
        F::load(left.from, x1, y1);
        F::load(right.from, x2, y2);
    }
    CODEX_INLINE void apply_signs(const Side<F>& left, const Side<F>& right) {
        y1 = F::negated(y1, left.negative);
        y2 = F::negated(y2, right.negative);
    }
};

/// Lanes without a slope by differences, found among points whose signs are not yet applied.
template <class F> struct Special {
    Mask left_infinite;
    Mask right_infinite;
    Mask doubling;
    Mask opposite;

    Special(const Operands<F>& o, const Side<F>& left, const Side<F>& right)
        : left_infinite(F::zero(o.x1) & F::zero(o.y1)),
          right_infinite(F::zero(o.x2) & F::zero(o.y2)) {
        const Mask same_x = F::same(o.x1, o.x2) & ~(left_infinite | right_infinite);
        // Opposite y with opposite signs are the same point; y = 0 is its own opposite.
        const Mask opposite_sign = left.negative ^ right.negative;
        doubling = same_x & (F::same(o.y1, o.y2) ^ opposite_sign) & ~F::zero(o.y1);
        opposite = same_x & ~doubling;
    }
};

/// What the slopes are divided by, special lanes among them: 2y for a doubling, one where there is
/// no slope.
template <class F>
[[gnu::noinline]] F special_denominator(const Side<F>& left, const Side<F>& right) {
    Operands<F> o;
    o.load(left, right);
    const Special<F> special(o, left, right);
    o.apply_signs(left, right);
    F result = F::difference(o.x2, o.x1);
    result = F::chosen(special.doubling, result, F::reduced(F::sum(o.y1, o.y1)));
    return F::chosen(special.left_infinite | special.right_infinite | special.opposite, result,
                     F::unit());
}

/// One addition after another, for lanes whose slope is given by any rise.
template <class F> void finish(const Operands<F>& o, const F& rise, const F& inverse, F& x, F& y) {
    const F slope = F::product(rise, inverse);
    x = F::reduced_difference(F::squared(slope), o.x1, o.x2);
    y = F::reduced_difference(F::product(slope, F::difference_times_four(o.x1, x)), o.y1, F{});
}

/// 3 x^2 at 256, reduced.
template <class F> F tangent_rise(const F& x) {
    F value = F::reduced(F::squared(x)); // at 252: 16 times that
    const F twice = F::reduced(F::sum(value, value));
    value = F::reduced(F::sum(twice, value));
    for (int i = 0; i < 4; ++i)
        value = F::reduced(F::sum(value, value));
    return value;
}

template <class F>
[[gnu::noinline]] void special_add(const Side<F>& left, const Side<F>& right, const F& inverse,
                                   std::uint64_t* const* out, std::size_t lanes) {
    Operands<F> o;
    o.load(left, right);
    const Special<F> special(o, left, right);
    o.apply_signs(left, right);
    F rise = F::difference(o.y2, o.y1);
    if (special.doubling != 0)
        rise = F::chosen(special.doubling, rise, tangent_rise(o.x1));
    F x;
    F y;
    finish(o, rise, inverse, x, y);
    // An operand as it is, when the other one is infinity; -0 is p as yet.
    x = F::chosen(special.right_infinite, x, o.x1);
    y = F::chosen(special.right_infinite, y, F::reduced(o.y1));
    x = F::chosen(special.left_infinite, x, o.x2);
    y = F::chosen(special.left_infinite, y, F::reduced(o.y2));
    x = F::chosen(special.opposite, x, F{});
    y = F::chosen(special.opposite, y, F{});
    F::store(x, y, out, lanes);
}

/// Points lie all over: their lines are asked for some steps ahead. 64 bytes at any alignment are
/// two lines, of which the second often is the next point's first.
template <class F> void prefetch(const std::uint64_t* left, const std::uint64_t* right) {
    for (std::size_t i = 0; i < F::kLanes; ++i)
        for (std::size_t line = 0; line < 8 * F::kWords; line += 64) {
            _mm_prefetch(reinterpret_cast<const std::uint8_t*>(left[i] / 2) + line, _MM_HINT_T0);
            _mm_prefetch(reinterpret_cast<const std::uint8_t*>(right[i] / 2) + line, _MM_HINT_T0);
        }
}

/// Up to kChunk additions, kLanes a step.
template <class F> class Batch {
public:
    static constexpr std::size_t kLanes = F::kLanes;

    /// `last` additions are in the last of the steps.
    Batch(const std::uint64_t* left, const std::uint64_t* right, std::uint64_t* const* out,
          std::size_t steps, std::size_t last)
        : left_(left), right_(right), out_(out), steps_(steps), last_(last) {}

    void run() {
        running_ = F::inverted(multiply_denominators());
        std::size_t i = next_plain(steps_);
        if (i == kNone)
            return;
        Operands<F> operands[2];
        Operands<F>* o = &operands[0];
        Operands<F>* after = &operands[1];
        load(i, *o);
        F inverse = F::product(running_, prefix_[i]);
        running_ = F::product(running_, F::difference(o->x2, o->x1));
        while (i != kNone) {
            // The dependent products of an addition stand between those of the one after it, so
            // that neither is waited for.
            const F slope = F::product(F::difference(o->y2, o->y1), inverse);
            const std::size_t next = next_plain(i);
            const std::size_t following = next == kNone ? i : next;
            load(following, *after);
            const F square = F::squared(slope);
            inverse = F::product(running_, prefix_[following]);
            const F x = F::reduced_difference(square, o->x1, o->x2);
            running_ = F::product(running_, F::difference(after->x2, after->x1));
            const F y = F::reduced_difference(F::product(slope, F::difference_times_four(o->x1, x)),
                                              o->y1, F{});
            F::store(x, y, out_ + i * kLanes, lanes_of(i));
            i = next;
            std::swap(o, after);
        }
    }

private:
    static constexpr std::size_t kNone = SIZE_MAX;

    [[nodiscard]] std::size_t lanes_of(std::size_t i) const {
        return i + 1 == steps_ ? last_ : kLanes;
    }

    F multiply_denominators() {
        F product = F::unit();
        for (std::size_t i = 0; i < steps_; ++i) {
            if (i + kAhead < steps_)
                prefetch<F>(left_ + (i + kAhead) * kLanes, right_ + (i + kAhead) * kLanes);
            const Side<F> one(left_ + i * kLanes);
            const Side<F> two(right_ + i * kLanes);
            const F x1 = F::load_x(one.from);
            const F x2 = F::load_x(two.from);
            // x = 0 may be infinity.
            special_[i] = (F::zero(x1) | F::zero(x2) | F::same(x1, x2)) != 0;
            prefix_[i] = product;
            product = F::product(product, special_[i] ? special_denominator<F>(one, two)
                                                      : F::difference(x2, x1));
        }
        return product;
    }

    /// The next step below i without special lanes; those between are done.
    std::size_t next_plain(std::size_t i) {
        while (i-- > 0) {
            if (i >= kAhead)
                prefetch<F>(left_ + (i - kAhead) * kLanes, right_ + (i - kAhead) * kLanes);
            if (!special_[i])
                return i;
            const Side<F> one(left_ + i * kLanes);
            const Side<F> two(right_ + i * kLanes);
            const F inverse = F::product(running_, prefix_[i]);
            running_ = F::product(running_, special_denominator<F>(one, two));
            special_add<F>(one, two, inverse, out_ + i * kLanes, lanes_of(i));
        }
        return kNone;
    }

    CODEX_INLINE void load(std::size_t i, Operands<F>& o) const {
        const Side<F> one(left_ + i * kLanes);
        const Side<F> two(right_ + i * kLanes);
        o.load(one, two);
        o.apply_signs(one, two);
    }

    const std::uint64_t* left_;
    const std::uint64_t* right_;
    std::uint64_t* const* out_;
    std::size_t steps_;
    std::size_t last_;
    F running_;                 ///< the inverse of all denominators that are left
    F prefix_[kChunk / kLanes]; ///< the product of those before
    bool special_[kChunk / kLanes];
};

template <class F>
void add_many(const std::uint64_t* left, const std::uint64_t* right, std::uint64_t* const* out,
              std::size_t count) {
    constexpr std::size_t kLanes = F::kLanes;
    while (count >= kLanes) {
        const std::size_t steps = (count < kChunk ? count : kChunk) / kLanes;
        Batch<F>(left, right, out, steps, kLanes).run();
        left += steps * kLanes;
        right += steps * kLanes;
        out += steps * kLanes;
        count -= steps * kLanes;
    }
    if (count == 0)
        return;
    // The lanes without an addition repeat the last one.
    std::uint64_t lefts[kLanes];
    std::uint64_t rights[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        lefts[lane] = left[lane < count ? lane : count - 1];
        rights[lane] = right[lane < count ? lane : count - 1];
    }
    Batch<F>(lefts, rights, out, 1, count).run();
}

} // namespace

const AddKernel& g1_add_ifma() {
    static constexpr AddKernel kKernel = {"ifma", Base::kWords, add_many<Base>};
    return kKernel;
}

const AddKernel& g2_add_ifma() {
    static constexpr AddKernel kKernel = {"ifma", Quadratic::kWords, add_many<Quadratic>};
    return kKernel;
}

} // namespace codex::crypto::detail
