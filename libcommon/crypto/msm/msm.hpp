// Multi-scalar multiplication, sum_i scalars[i] * points[i], by Pippenger's buckets with signed
// digits and batched affine additions.
#pragma once

#include "base/bytes.hpp"
#include "base/executor.hpp"
#include "crypto/curve/curve.hpp"

#include <span>
#include <vector>

namespace codex::crypto {

/// Scalars are 32 little-endian bytes in standard form, below 2^254 (a .wtns word). `points` are
/// 64 (G1) or 128 (G2) bytes each, affine in Montgomery form as a .zkey holds them, infinity
/// allowed, at any alignment: both may lie in a mapped file. There are as many points as scalars.
/// Not constant time: for witnesses, whose values the prover's machine knows anyway, and never for
/// r, s or setup secrets.
[[nodiscard]] G1Sum msm_g1(std::span<const Digest> scalars, BytesView points,
                           Executor& pool = Executor::caller());
[[nodiscard]] G2Sum msm_g2(std::span<const Digest> scalars, BytesView points,
                           Executor& pool = Executor::caller());

/// The same over points in memory.
[[nodiscard]] inline G1Sum msm(std::span<const Digest> scalars, std::span<const G1> points,
                               Executor& pool = Executor::caller()) {
    return msm_g1(
        scalars, {reinterpret_cast<const std::uint8_t*>(points.data()), points.size_bytes()}, pool);
}
[[nodiscard]] inline G2Sum msm(std::span<const Digest> scalars, std::span<const G2> points,
                               Executor& pool = Executor::caller()) {
    return msm_g2(
        scalars, {reinterpret_cast<const std::uint8_t*>(points.data()), points.size_bytes()}, pool);
}

/// scalars[i] * base for many secret-free scalars, affine: key generation. A table of the base's
/// multiples and batched additions.
[[nodiscard]] std::vector<G1> multiples_g1(const G1& base, std::span<const Fr> scalars,
                                           Executor& pool = Executor::caller());
[[nodiscard]] std::vector<G2> multiples_g2(const G2& base, std::span<const Fr> scalars,
                                           Executor& pool = Executor::caller());

} // namespace codex::crypto
