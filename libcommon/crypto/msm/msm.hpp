// Multi-scalar multiplication, sum_i scalars[i] * points[i], by Pippenger's buckets with signed
// digits and batched affine additions.
#pragma once

#include "base/bytes.hpp"
#include "base/thread_pool.hpp"
#include "crypto/curve/curve.hpp"

#include <span>

namespace codex::crypto {

/// Scalars are 32 little-endian bytes in standard form, below 2^254 (a .wtns word); points affine
/// in Montgomery form as a .zkey holds them, infinity allowed; both may lie in a mapped file, at
/// any alignment of 8. Sizes of the spans are equal. Not constant time: for witnesses, whose values
/// the prover's machine knows anyway, and never for r, s or setup secrets.
[[nodiscard]] G1Sum msm(std::span<const Digest> scalars, std::span<const G1> points,
                        ThreadPool* pool = nullptr);
[[nodiscard]] G2Sum msm(std::span<const Digest> scalars, std::span<const G2> points,
                        ThreadPool* pool = nullptr);

} // namespace codex::crypto
