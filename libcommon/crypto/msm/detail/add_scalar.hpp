// Batched affine addition, one element at a time; for files compiled with and without mulx/adx.
#pragma once

#include "crypto/curve/curve.hpp"
#include "crypto/msm/detail/add_kernel.hpp"

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

template <class F> struct ScalarAdd {
    using Point = Affine<F>;
    /// Additions that share an inversion: enough to make it cheap, few enough for the first cache.
    static constexpr std::size_t kChunk = 512;

    static Point operand(const Point* base, std::uint32_t reference) {
        Point p = base[reference / 2];
        if (reference & 1)
            p.y = -p.y;
        return p;
    }

    /// What the slope is divided by: x2 - x1, or 2y for a doubling; one where there is no slope.
    static F denominator(const Point& p, const Point& q) {
        if (p.is_infinity() || q.is_infinity())
            return F::one();
        if (p.x == q.x)
            return p.y == q.y && !p.y.is_zero() ? p.y.doubled() : F::one();
        return q.x - p.x;
    }

    static Point add(const Point& p, const Point& q, const F& inverse) {
        if (p.is_infinity())
            return q;
        if (q.is_infinity())
            return p;
        F rise = q.y - p.y;
        if (p.x == q.x) {
            if (p.y != q.y || p.y.is_zero())
                return Point::infinity();
            const F square = p.x.square();
            rise = square.doubled() + square;
        }
        const F slope = rise * inverse;
        Point sum;
        sum.x = slope.square() - p.x - q.x;
        sum.y = slope * (p.x - sum.x) - p.y;
        return sum;
    }

    static void add_chunk(const Point* left, const Point* right, const detail::PairTask* tasks,
                          std::size_t count, Point* out) {
        F denominators[kChunk];
        F prefix[kChunk];
        F product = F::one();
        for (std::size_t i = 0; i < count; ++i) {
            denominators[i] =
                denominator(operand(left, tasks[i].left), operand(right, tasks[i].right));
            prefix[i] = product;
            product *= denominators[i];
        }
        F inverse = product.inverse();
        for (std::size_t i = count; i-- > 0;) {
            out[i] = add(operand(left, tasks[i].left), operand(right, tasks[i].right),
                         inverse * prefix[i]);
            inverse *= denominators[i];
        }
    }

    static void add_pairs(const std::uint64_t* left, const std::uint64_t* right,
                          const detail::PairTask* tasks, std::size_t count, std::uint64_t* out) {
        auto* to = reinterpret_cast<Point*>(out);
        for (std::size_t at = 0; at < count; at += kChunk)
            add_chunk(reinterpret_cast<const Point*>(left), reinterpret_cast<const Point*>(right),
                      tasks + at, count - at < kChunk ? count - at : kChunk, to + at);
    }
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
