// The pairing e: G1 x G2 -> GT of BN254 and the checks on points that must come before it.
#pragma once

#include "base/executor.hpp"
#include "crypto/curve/curve.hpp"

#include <array>
#include <span>
#include <vector>

namespace codex::crypto {

/// An element of GT as its twelve Fq coordinates: (c0.c0.c0, c0.c0.c1, c0.c1.c0, ...) over the
/// tower Fq2[v]/(v^3 - 9 - u), Fq6[w]/(w^2 - v).
using GtElement = std::array<Fq, 12>;

/// The product of e(ps[i], qs[i]), with the exponent 2x(6x^2 + 3x + 1)(q^12 - 1)/r, as snarkjs has
/// it. Points are on their curves and in their subgroups; infinity contributes one. Spans are of
/// one size. About 1 ms for four, and 0.1 ms for each of many.
[[nodiscard]] GtElement pairing_product(std::span<const G1> ps, std::span<const G2> qs);

/// True when that product is one.
[[nodiscard]] bool pairing_product_is_one(std::span<const G1> ps, std::span<const G2> qs);

/// What is known of a product of pairings whose points were not in anybody's hands before.
struct CheckedProduct {
    bool is_one = false;              ///< never when a point is outside
    std::vector<std::size_t> outside; ///< the qs that are not in their subgroup, ascending
};
/// pairing_product_is_one() for points that are on their curves; the Miller loop itself shows which
/// of them are in their subgroups, at no cost. Infinity is. With a pool the loop is split over its
/// threads.
[[nodiscard]] CheckedProduct checked_pairing_product(std::span<const G1> ps, std::span<const G2> qs,
                                                     Executor& pool = Executor::caller());

/// The same, but whether the product is `value`, which is_one then tells.
[[nodiscard]] CheckedProduct
checked_pairing_product_is(std::span<const G1> ps, std::span<const G2> qs, const GtElement& value);

/// On the curve and of order r: all of G1's curve is; on the twist it is checked.
[[nodiscard]] bool is_in_group(const G1& point);
[[nodiscard]] bool is_in_group(const G2& point);

} // namespace codex::crypto
