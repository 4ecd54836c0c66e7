// Number-theoretic transforms of points: from powers of tau to their Lagrange forms.
#pragma once

#include "base/job.hpp"
#include "crypto/curve/curve.hpp"

#include <span>

namespace codex::crypto {

/// points[i] := 1/n sum_j w^(-ij) points[j], natural order in and out, w of order n as in ntt();
/// n = points.size() is a power of two up to 2^28. Points are in their groups, infinity allowed.
/// About n/2 log n multiples of points: seconds for 2^14 in G1, and four times as long in G2.
/// The job advances by transform_bytes(). Errors: cancelled; the points are then anything.
[[nodiscard]] Result<void> inverse_transform(std::span<G1> points, const Job& job = {});
[[nodiscard]] Result<void> inverse_transform(std::span<G2> points, const Job& job = {});

/// The bytes of points that a transform of 2^log2 points of `point_bytes` multiplies.
[[nodiscard]] std::uint64_t transform_bytes(unsigned log2, std::size_t point_bytes);

/// points[i] := scalars[i] * points[i], for public scalars.
void multiply_each(std::span<G1> points, std::span<const Fr> scalars,
                   Executor& pool = Executor::caller());
void multiply_each(std::span<G2> points, std::span<const Fr> scalars,
                   Executor& pool = Executor::caller());

} // namespace codex::crypto
