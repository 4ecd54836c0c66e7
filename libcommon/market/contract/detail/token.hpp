// What is paid with: an ERC-20 that anyone may mint (codex-market(7), TOKEN).
#pragma once

#include "market/contract/detail/frame.hpp"

namespace codex::market::detail {

/// Does what is called, and gives what it returns. Throws Revert, Unreadable.
[[nodiscard]] Value::List call_token(Frame& frame, const ethereum::abi::Function& function,
                                     const Value::List& arguments);

/// As a contract that is `frame`'s sender: its own tokens, or those that it may spend.
void transfer(Frame& frame, const Address& to, const UInt256& value);
void transfer_from(Frame& frame, const Address& from, const Address& to, const UInt256& value);
[[nodiscard]] UInt256 balance_of(const Frame& frame, const Address& of);

} // namespace codex::market::detail
