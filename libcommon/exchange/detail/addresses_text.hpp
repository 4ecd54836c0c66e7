// Addresses of blocks as they stand in logs.
#pragma once

#include "net/exchange/message.hpp"

#include <span>
#include <string>
#include <vector>

namespace codex::exchange::detail {

/// "treeCid: zDz..., index: 7..263" for each run of leaves that follow each other, "cid: zDv..."
/// for each plain block.
[[nodiscard]] std::vector<std::string>
addresses_text(std::span<const net::exchange::BlockAddress> addresses);

} // namespace codex::exchange::detail
