// The limits of codex-erasure(5), LIMITS, checked in one place for Code and Layout.
#pragma once

#include "base/error.hpp"

#include <cstdint>

namespace codex::erasure::detail {

/// Positions of the largest field: next_pow2(next_pow2(m) + k) may not exceed it.
constexpr std::uint32_t kMaxPositions = 65536;

/// Errors: erasure_parameters naming the limit that k data and m parity buffers break.
[[nodiscard]] Result<void> check_parameters(std::uint32_t k, std::uint32_t m);

/// next_pow2(m): the positions set aside for parity; data follow.
[[nodiscard]] std::uint32_t parity_positions(std::uint32_t m);

/// next_pow2(next_pow2(m) + k): all positions of the code word. Parameters have been checked.
[[nodiscard]] std::uint32_t total_positions(std::uint32_t k, std::uint32_t m);

} // namespace codex::erasure::detail
