// Amounts of the token as people write them (codex-market(7), TOKEN).
#pragma once

#include "ethereum/uint256.hpp"

#include <string>
#include <string_view>

namespace codex::market {

/// Of a token, as many digits are behind the point.
constexpr unsigned kTokenDecimals = 18;

/// "1.5tst", of at most 18 digits behind the point, or what UInt256::from_text() reads, base units.
/// Errors: amount_invalid.
[[nodiscard]] Result<ethereum::UInt256> amount_from_text(std::string_view text);

/// Whole tokens, with as many digits behind a point as it takes, and no unit: "1.5", "0".
[[nodiscard]] std::string tokens_text(const ethereum::UInt256& amount);

} // namespace codex::market
