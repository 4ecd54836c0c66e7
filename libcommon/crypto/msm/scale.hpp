// Many points times one secret scalar: what a contribution to a key's ceremony does to its points.
#pragma once

#include "base/executor.hpp"
#include "crypto/curve/curve.hpp"

#include <span>

namespace codex::crypto {

/// points[i] := scalar * points[i], in constant time in the scalar: the same operations for every
/// one, and tables read in full. Which points are infinity shows. About 1900 products of Fq a
/// point, eight points side by side where the machine has IFMA; work in groups over the pool.
void scale_secret(std::span<G1> points, const Fr& scalar, Executor& pool = Executor::caller());

} // namespace codex::crypto
