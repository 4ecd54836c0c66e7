// Multiples of points of G1 by random scalars that are cheap to multiply with: what binds many
// equations into one.
#pragma once

#include "base/executor.hpp"
#include "crypto/curve/curve.hpp"

#include <span>
#include <vector>

namespace codex::crypto {

/// low + high * lambda, lambda the cube root of unity mod r with lambda (x, y) = (beta x, y) on G1
/// (Gallant, Lambert and Vanstone, "Faster point multiplication on elliptic curves with efficient
/// endomorphisms", 2001).
///
/// All 2^128 are different mod r: where a + b lambda = 0 mod r, r divides a^2 - ab + b^2, which for
/// differences a, b of words is below 3 * 2^128 < r and positive unless both are zero.
struct ShortScalar {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    [[nodiscard]] Fr value() const;
};

/// scalars[i] * points[i]; infinity allowed, spans of one size. For public scalars. With a pool the
/// points are split over its threads.
[[nodiscard]] std::vector<G1> short_multiples(std::span<const G1> points,
                                              std::span<const ShortScalar> scalars,
                                              Executor& pool = Executor::caller());
/// sum_i scalars[i] * points[i].
[[nodiscard]] G1Sum short_sum(std::span<const G1> points, std::span<const ShortScalar> scalars);

} // namespace codex::crypto
