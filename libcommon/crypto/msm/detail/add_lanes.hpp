// Batched affine addition, F::kLanes at a time, for coordinate fields in lanes: those of
// coordinate_lanes.hpp (IFMA) and of coordinate_lanes4.hpp (AVX2), which say what F gives.
//
// Coordinates and their differences are at 256; the running products of denominators lose four at
// every step, and the inverse of the whole makes up for it, so that the slope comes out at 258: its
// square is at 256 again, and its product with four times a difference, too.
//
// Coordinates in memory are reduced, so equal points are seen by comparing words. Vectors in which
// a lane has no slope by differences (infinity, doubling, opposite points) take a longer way.
//
// Included only by kernels, one for each set of instructions, behind their field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <immintrin.h>
#include <utility>

namespace codex::crypto::lanes {

/// Bit l belongs to lane l.
using Mask = std::uint32_t;

/// Additions that share an inversion of one or two microseconds.
constexpr std::size_t kChunk = 1024;
constexpr std::size_t kAhead = 2; ///< steps between a prefetch and its use

/// Where an operand lies. Without the barrier gcc divides all eight in a vector, to take them out
/// of it again one by one.
CODEX_INLINE const std::uint8_t* address(std::uint64_t reference) {
    reference /= 2;
    __asm__("" : "+r"(reference));
    return reinterpret_cast<const std::uint8_t*>(reference);
}

/// One side of kLanes additions.
template <class F> struct Side {
    typename F::Addresses from[F::kVectors];
    Mask negative = 0;

    CODEX_INLINE explicit Side(const std::uint64_t* references) {
        constexpr std::size_t kOne = F::kLanes / F::kVectors;
        for (std::size_t n = 0; n < F::kVectors; ++n) {
            for (std::size_t lane = 0; lane < kOne; ++lane)
                from[n][lane] = address(references[kOne * n + lane]);
            negative |= F::odd(references + kOne * n) << kOne * n;
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

} // namespace codex::crypto::lanes
