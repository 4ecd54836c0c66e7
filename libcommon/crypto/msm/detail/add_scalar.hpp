// Batched affine addition, one element at a time.
#pragma once

#include "crypto/curve/curve.hpp"
#include "crypto/field/inverse.hpp"
#include "crypto/msm/detail/add_kernel.hpp"

#include <cstring>

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

template <class F> struct ScalarAdd {
    using Point = Affine<F>;
    /// Additions that share an inversion: enough to make it cheap, few enough for the first cache.
    static constexpr std::size_t kChunk = 512;

    static Fq inverse(const Fq& a) { return inverse_variable_time(a); }
    static Fq2 inverse(const Fq2& a) {
        const Fq norm = inverse_variable_time(a.c0.square() + a.c1.square());
        return {a.c0 * norm, -(a.c1 * norm)};
    }

    static const std::uint8_t* address(std::uint64_t reference) {
        return reinterpret_cast<const std::uint8_t*>(reference / 2);
    }
    static F load(const std::uint8_t* from) {
        F value;
        std::memcpy(static_cast<void*>(&value), from, sizeof value);
        return value;
    }
    static Point operand(std::uint64_t reference) {
        Point p{load(address(reference)), load(address(reference) + sizeof(F))};
        if (reference & 1)
            p.y = -p.y;
        return p;
    }

    /// What the slope is divided by when the x coordinates do not tell: 2y for a doubling, one
    /// where there is no slope.
    static F special_denominator(const Point& p, const Point& q) {
        if (p.is_infinity() || q.is_infinity())
            return F::one();
        if (p.x == q.x)
            return p.y == q.y && !p.y.is_zero() ? p.y.doubled() : F::one();
        return q.x - p.x;
    }
    static F denominator(std::uint64_t left, std::uint64_t right) {
        const F x1 = load(address(left));
        const F x2 = load(address(right));
        const F difference = x2 - x1;
        if (difference.is_zero() || x1.is_zero() || x2.is_zero()) // x = 0 may be infinity
            return special_denominator(operand(left), operand(right));
        return difference;
    }

    static void add(const Point& p, const Point& q, const F& inverse, Point& sum) {
        F rise = q.y - p.y;
        if (p.x == q.x || p.x.is_zero() || q.x.is_zero()) {
            if (p.is_infinity()) {
                sum = q;
                return;
            }
            if (q.is_infinity()) {
                sum = p;
                return;
            }
            if (p.x == q.x) {
                if (p.y != q.y || p.y.is_zero()) {
                    sum = Point::infinity();
                    return;
                }
                const F square = p.x.square();
                rise = square.doubled() + square;
            }
        }
        const F slope = rise * inverse;
        F x = slope.square();
        x -= p.x;
        x -= q.x;
        F y = p.x - x;
        y *= slope;
        y -= p.y;
        sum.x = x;
        sum.y = y;
    }

    static void add_chunk(const std::uint64_t* left, const std::uint64_t* right,
                          std::uint64_t* const* out, std::size_t count) {
        F denominators[kChunk];
        F prefix[kChunk];
        F product = F::one();
        for (std::size_t i = 0; i < count; ++i) {
            denominators[i] = denominator(left[i], right[i]);
            prefix[i] = product;
            product *= denominators[i];
        }
        F inverted = inverse(product);
        for (std::size_t i = count; i-- > 0;) {
            prefix[i] *= inverted;
            Point sum;
            add(operand(left[i]), operand(right[i]), prefix[i], sum);
            std::memcpy(out[i], &sum, sizeof sum);
            inverted *= denominators[i];
        }
    }

    static void add_many(const std::uint64_t* left, const std::uint64_t* right,
                         std::uint64_t* const* out, std::size_t count) {
        for (std::size_t at = 0; at < count; at += kChunk)
            add_chunk(left + at, right + at, out + at, count - at < kChunk ? count - at : kChunk);
    }
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
