// Many short linear combinations over one set of points: what key generation from somebody else's
// powers of tau does for each wire.
#pragma once

#include "crypto/curve/curve.hpp"

#include <span>
#include <vector>

namespace codex::crypto {

/// coefficient * points[point].
struct PointTerm {
    std::uint32_t point = 0;
    Fr coefficient;
};

/// The i-th result is the sum of the terms from ends[i - 1] (0 for the first) to ends[i]; ends do
/// not fall, and the last is the number of terms. Points are on their curve, infinity allowed.
/// For public coefficients: small ones, and small negative ones, cost less. One thread, with tables
/// of eight times the points; lists longer than some thousand terms go to msm().
[[nodiscard]] std::vector<G1> combinations_g1(std::span<const G1> points,
                                              std::span<const PointTerm> terms,
                                              std::span<const std::uint32_t> ends);
[[nodiscard]] std::vector<G2> combinations_g2(std::span<const G2> points,
                                              std::span<const PointTerm> terms,
                                              std::span<const std::uint32_t> ends);

} // namespace codex::crypto
