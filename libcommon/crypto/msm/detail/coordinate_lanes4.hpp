// The fields of point coordinates in lanes of doubles: Base for G1, Quadratic for G2; what
// coordinate_lanes.hpp is for IFMA, with the same words.
//
// "Reduced" values are below p, with limbs below 2^52; "signed" ones, which negated() gives, have
// limbs above -2^52, and only difference() takes them; others have limbs below 2^61. By
// f4_product.hpp products of values below x*p and y*p are below (2.59 + x*y/84) * p, with limbs
// below 2^57.
//
// Included only by files whose name ends in _avx2: it must never be compiled for other machines.
#pragma once

#include "crypto/msm/detail/point_lanes4.hpp"

namespace codex::crypto::lanes4 {

/// Two vectors: one alone would be a chain of dependent products.
struct Base {
    static constexpr std::size_t kWords = 8; ///< of a point
    static constexpr std::size_t kVectors = 2;
    static constexpr std::size_t kLanes = 4 * kVectors;
    using Addresses = lanes4::Addresses;
    F4 v[kVectors];

    CODEX_INLINE static Mask odd(const std::uint64_t* references) { return odd_mask(references); }
    CODEX_INLINE static void load(const Addresses* from, Base& x, Base& y) {
        for (std::size_t n = 0; n < kVectors; ++n) {
            x.v[n] = load_one(from[n], 0);
            y.v[n] = load_one(from[n], 32);
        }
    }
    CODEX_INLINE static Base load_x(const Addresses* from) {
        return map([&](std::size_t n) { return load_one(from[n], 0); });
    }
    CODEX_INLINE static void store(const Base& x, const Base& y, std::uint64_t* const* to,
                                   std::size_t lanes) {
        for (std::size_t n = 0; n < kVectors && lanes > 4 * n; ++n) {
            const std::size_t here = lanes - 4 * n < 4 ? lanes - 4 * n : 4;
            store_one(x.v[n], to + 4 * n, 0, here);
            store_one(y.v[n], to + 4 * n, 4, here);
        }
    }
    CODEX_INLINE static Base unit() {
        return map([](std::size_t) { return splat(FqLimbs52::kOne); });
    }
    /// Of a below 4p and b below 12p: below 3.2p.
    CODEX_INLINE static Base product(const Base& a, const Base& b) {
        Base result;
        multiply(a.v, b.v, result.v);
        return result;
    }
    CODEX_INLINE static Base squared(const Base& a) {
        Base result;
        square(a.v, result.v);
        return result;
    }
    /// Reduced or, as negated() leaves them, signed operands; the result below 3p.
    CODEX_INLINE static Base difference(const Base& a, const Base& b) {
        return map([&](std::size_t n) { return lanes4::difference<2>(a.v[n], b.v[n]); });
    }
    /// 4 (a - b + 2p), reduced operands: below 12p.
    CODEX_INLINE static Base difference_times_four(const Base& a, const Base& b) {
        return map(
            [&](std::size_t n) { return times_four(lanes4::difference<2>(a.v[n], b.v[n])); });
    }
    /// a - b - c mod p, reduced, for a product a, and b and c reduced or signed.
    CODEX_INLINE static Base reduced_difference(const Base& a, const Base& b, const Base& c) {
        return map([&](std::size_t n) {
            return reduce_small(lanes4::difference<3>(a.v[n], f4::add(b.v[n], c.v[n])));
        });
    }
    static Base inverted(const Base& a) {
        const Factor factors[kVectors] = {f4::factor(a.v[1]), f4::factor(a.v[0])};
        F4 both[1];
        f4::mul<FqLimbs52>({factors[0]}, {factors[1]}, both);
        const Factor one = f4::factor(inverse(both[0]));
        const Factor ones[kVectors] = {one, one};
        Base result;
        f4::mul<FqLimbs52>(ones, factors, result.v);
        return result;
    }
    /// Of a value below 5p.
    CODEX_INLINE static Base reduced(const Base& a) {
        return map(
            [&](std::size_t n) { return reduce_small(lanes4::difference<2>(a.v[n], F4{})); });
    }
    CODEX_INLINE static Base sum(const Base& a, const Base& b) {
        return map([&](std::size_t n) { return f4::add(a.v[n], b.v[n]); });
    }
    CODEX_INLINE static Base negated(const Base& a, Mask mask) {
        return map([&](std::size_t n) { return negate(a.v[n], mask >> 4 * n); });
    }
    CODEX_INLINE static Base chosen(Mask mask, const Base& otherwise, const Base& where_set) {
        return map(
            [&](std::size_t n) { return blend(mask >> 4 * n, otherwise.v[n], where_set.v[n]); });
    }
    CODEX_INLINE static Mask zero(const Base& a) {
        return is_zero_mask(a.v[0]) | is_zero_mask(a.v[1]) << 4;
    }
    CODEX_INLINE static Mask same(const Base& a, const Base& b) {
        return equal_mask(a.v[0], b.v[0]) | equal_mask(a.v[1], b.v[1]) << 4;
    }

private:
    // Not inlined: a product is 7 KiB of code, and an addition has six.
    [[gnu::noinline]] static void multiply(const F4 (&a)[kVectors], const F4 (&b)[kVectors],
                                           F4 (&to)[kVectors]) {
        const Factor left[kVectors] = {f4::factor(a[0]), f4::factor(a[1])};
        const Factor right[kVectors] = {f4::factor(b[0]), f4::factor(b[1])};
        f4::mul<FqLimbs52>(left, right, to);
    }
    [[gnu::noinline]] static void square(const F4 (&a)[kVectors], F4 (&to)[kVectors]) {
        const Factor root[kVectors] = {f4::factor(a[0]), f4::factor(a[1])};
        f4::square<FqLimbs52>(root, to);
    }
    template <class Of> CODEX_INLINE static Base map(Of of) { return {{of(0), of(1)}}; }
};

/// c0 + c1 u with u^2 = -1. A product is two sums of two products, each reduced once.
struct Quadratic {
    static constexpr std::size_t kWords = 16;
    static constexpr std::size_t kVectors = 1;
    static constexpr std::size_t kLanes = 4;
    using Addresses = lanes4::Addresses;
    F4 c0;
    F4 c1;

    CODEX_INLINE static Mask odd(const std::uint64_t* references) { return odd_mask(references); }
    CODEX_INLINE static void load(const Addresses* from, Quadratic& x, Quadratic& y) {
        x = load_x(from);
        y = {load_one(*from, 64), load_one(*from, 96)};
    }
    CODEX_INLINE static Quadratic load_x(const Addresses* from) {
        return {load_one(*from, 0), load_one(*from, 32)};
    }
    CODEX_INLINE static void store(const Quadratic& x, const Quadratic& y, std::uint64_t* const* to,
                                   std::size_t lanes) {
        store_one(x.c0, to, 0, lanes);
        store_one(x.c1, to, 4, lanes);
        store_one(y.c0, to, 8, lanes);
        store_one(y.c1, to, 12, lanes);
    }
    CODEX_INLINE static Quadratic unit() { return {splat(FqLimbs52::kOne), F4{}}; }
    /// Of a below 5p and b below 12p: below 4.1p.
    CODEX_INLINE static Quadratic product(const Quadratic& a, const Quadratic& b) {
        Quadratic result;
        multiply(a, b, result);
        return result;
    }
    /// Of an operand below 5p: below 4p.
    CODEX_INLINE static Quadratic squared(const Quadratic& a) {
        Quadratic result;
        square(a, result);
        return result;
    }
    CODEX_INLINE static Quadratic difference(const Quadratic& a, const Quadratic& b) {
        return {lanes4::difference<2>(a.c0, b.c0), lanes4::difference<2>(a.c1, b.c1)};
    }
    CODEX_INLINE static Quadratic difference_times_four(const Quadratic& a, const Quadratic& b) {
        return {times_four(lanes4::difference<2>(a.c0, b.c0)),
                times_four(lanes4::difference<2>(a.c1, b.c1))};
    }
    CODEX_INLINE static Quadratic reduced_difference(const Quadratic& a, const Quadratic& b,
                                                     const Quadratic& c) {
        return {reduce_small(lanes4::difference<3>(a.c0, f4::add(b.c0, c.c0))),
                reduce_small(lanes4::difference<3>(a.c1, f4::add(b.c1, c.c1)))};
    }
    static Quadratic inverted(const Quadratic& a) {
        const Factor c0 = f4::factor(a.c0);
        const Factor c1 = f4::factor(a.c1);
        F4 norm[1];
        f4::mul_sums<FqLimbs52, 1>({&c0}, {&c0}, {&c1}, {&c1}, norm);
        const Factor one = f4::factor(inverse(norm[0]));
        const Factor ones[2] = {one, one};
        const Factor conjugate[2] = {c0, f4::factor(lanes4::difference<5>(F4{}, a.c1))};
        F4 result[2];
        f4::mul<FqLimbs52>(ones, conjugate, result);
        return {result[0], result[1]};
    }
    CODEX_INLINE static Quadratic reduced(const Quadratic& a) {
        return {reduce_small(lanes4::difference<2>(a.c0, F4{})),
                reduce_small(lanes4::difference<2>(a.c1, F4{}))};
    }
    CODEX_INLINE static Quadratic sum(const Quadratic& a, const Quadratic& b) {
        return {f4::add(a.c0, b.c0), f4::add(a.c1, b.c1)};
    }
    CODEX_INLINE static Quadratic negated(const Quadratic& a, Mask mask) {
        return {negate(a.c0, mask), negate(a.c1, mask)};
    }
    CODEX_INLINE static Quadratic chosen(Mask mask, const Quadratic& otherwise,
                                         const Quadratic& where_set) {
        return {blend(mask, otherwise.c0, where_set.c0), blend(mask, otherwise.c1, where_set.c1)};
    }
    CODEX_INLINE static Mask zero(const Quadratic& a) {
        return is_zero_mask(a.c0) & is_zero_mask(a.c1);
    }
    CODEX_INLINE static Mask same(const Quadratic& a, const Quadratic& b) {
        return equal_mask(a.c0, b.c0) & equal_mask(a.c1, b.c1);
    }

private:
    [[gnu::noinline]] static void multiply(const Quadratic& a, const Quadratic& b, Quadratic& to) {
        const Factor a0 = f4::factor(a.c0);
        const Factor a1 = f4::factor(a.c1);
        const Factor b0 = f4::factor(b.c0);
        const F4 carried = f4::carry(b.c1);
        const Factor b1 = f4::factor_of_carried(carried);
        const Factor minus_b1 = f4::factor(lanes4::difference<12>(F4{}, carried));
        F4 result[2];
        f4::mul_sums<FqLimbs52, 2>({&a0, &a0}, {&b0, &b1}, {&a1, &a1}, {&minus_b1, &b0}, result);
        to = {result[0], result[1]};
    }
    [[gnu::noinline]] static void square(const Quadratic& a, Quadratic& to) {
        const Factor left[2] = {f4::factor(f4::add(a.c0, a.c1)), f4::factor(f4::add(a.c0, a.c0))};
        const Factor right[2] = {f4::factor(lanes4::difference<5>(a.c0, a.c1)), f4::factor(a.c1)};
        F4 result[2];
        f4::mul<FqLimbs52>(left, right, result);
        to = {result[0], result[1]};
    }
};

} // namespace codex::crypto::lanes4
