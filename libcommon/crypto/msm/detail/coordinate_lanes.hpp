// The fields of point coordinates in lanes: Base for G1, Quadratic for G2.
//
// A value of a field is one for each of kLanes additions that are done at once. "Reduced" values
// are tight and below p; "signed" ones have signed limbs and are not tight; others are tight and,
// unless said, below 1.2p in Base and 8.2p in Quadratic.
//
// Included only by files whose name ends in _ifma: it must never be compiled for other machines.
#pragma once

#include "crypto/msm/detail/point_lanes.hpp"

namespace codex::crypto::lanes {

/// Bit l belongs to lane l.
using Mask = std::uint32_t;

/// Which of eight words are odd.
CODEX_INLINE Mask odd_mask(const std::uint64_t* words) {
    return _mm512_test_epi64_mask(_mm512_loadu_si512(words), splat(1));
}

/// Two vectors: one alone would be a chain of dependent products.
struct Base {
    static constexpr std::size_t kWords = 8; ///< of a point
    static constexpr std::size_t kVectors = 2;
    static constexpr std::size_t kLanes = 8 * kVectors;
    using Addresses = lanes::Addresses;
    F8 v[kVectors];

    CODEX_INLINE static Mask odd(const std::uint64_t* references) { return odd_mask(references); }
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
        return map([&](std::size_t n) { return times_four(lanes::difference(a.v[n], b.v[n], 1)); });
    }
    /// a - b - c mod p, reduced, for reduced b and c and a product a.
    CODEX_INLINE static Base reduced_difference(const Base& a, const Base& b, const Base& c) {
        return map([&](std::size_t n) {
            return reduce_small(lanes::difference(lanes::difference(a.v[n], b.v[n], 2), c.v[n], 0));
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
    using Addresses = lanes::Addresses;
    F8 c0;
    F8 c1;

    CODEX_INLINE static Mask odd(const std::uint64_t* references) { return odd_mask(references); }
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
        const F8 cross = mul(lanes::add(a.c0, a.c1), lanes::add(b.c0, b.c1));
        return {sub(low, high, 2), sub(cross, ifma::add(low, high), 4)};
    }
    /// Of an operand below 5.8p: below 2.5p.
    CODEX_INLINE static Quadratic squared(const Quadratic& a) {
        const F8 real = mul(lanes::add(a.c0, a.c1), sub(a.c0, a.c1, 6));
        const F8 half = mul(a.c0, a.c1);
        return {real, lanes::add(half, half)};
    }
    CODEX_INLINE static Quadratic difference(const Quadratic& a, const Quadratic& b) {
        return {sub(a.c0, b.c0, 1), sub(a.c1, b.c1, 1)};
    }
    CODEX_INLINE static Quadratic difference_times_four(const Quadratic& a, const Quadratic& b) {
        return {times_four(lanes::difference(a.c0, b.c0, 1)),
                times_four(lanes::difference(a.c1, b.c1, 1))};
    }
    CODEX_INLINE static Quadratic reduced_difference(const Quadratic& a, const Quadratic& b,
                                                     const Quadratic& c) {
        return {reduce_small(lanes::difference(lanes::difference(a.c0, b.c0, 2), c.c0, 0)),
                reduce_small(lanes::difference(lanes::difference(a.c1, b.c1, 2), c.c1, 0))};
    }
    static Quadratic inverted(const Quadratic& a) {
        // The squares of coordinates below 8.2p are below 1.8p.
        const F8 norm = inverse(lanes::add(square(a.c0), square(a.c1)));
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

} // namespace codex::crypto::lanes
