// Funds that are locked for a time, and flow meanwhile from one account to another
// (codex-market(7), VAULT).
#pragma once

#include "market/contract/detail/frame.hpp"

namespace codex::market::detail {

/// Does what is called, and gives what it returns. Throws Revert, Unreadable.
[[nodiscard]] Value::List call_vault(Frame& frame, const ethereum::abi::Function& function,
                                     const Value::List& arguments);

} // namespace codex::market::detail
