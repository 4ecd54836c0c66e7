// Checks of many points at once by random linear combinations.
#pragma once

#include "base/executor.hpp"
#include "crypto/curve/seed_stream.hpp"
#include "snark/zkey.hpp"

#include <vector>

namespace codex::snark::detail {

/// A stream of this process's own, seeded by the system: for coefficients of combinations, which
/// whoever made the file must not foresee.
[[nodiscard]] crypto::SeedStream fresh_stream();
/// 128 random bits each, standard form.
[[nodiscard]] std::vector<Digest> random_coefficients(std::size_t count);

/// Coordinates are reduced and every point is on the curve, infinity included.
[[nodiscard]] bool all_in_g1(BytesView points, Executor& pool);
/// The same and the order r; a point of another order passes with probability below 2^-128.
[[nodiscard]] bool all_in_g2(BytesView points, Executor& pool);

/// px = k p and qx = k q for one k, none of the four infinity. Points are in their groups.
[[nodiscard]] bool same_ratio(const G1& p, const G1& px, const G2& q, const G2& qx);

} // namespace codex::snark::detail
