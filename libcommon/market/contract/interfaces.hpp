// The contracts that there are, as text: another version of one is other text
// (codex-market(7), THE CONTRACT).
#pragma once

#include "ethereum/abi/interface.hpp"

namespace codex::market {

/// Requests, slots and proofs.
[[nodiscard]] const ethereum::abi::Interface& marketplace_interface();
/// What is paid with (ERC-20).
[[nodiscard]] const ethereum::abi::Interface& token_interface();
/// Funds that are locked for a time.
[[nodiscard]] const ethereum::abi::Interface& vault_interface();
/// What every contract may refuse with: a text, or a panic.
[[nodiscard]] const ethereum::abi::Interface& builtin_interface();

/// What a call was refused with, whichever contract it was. Nothing, when nobody has such.
[[nodiscard]] const ethereum::abi::Fault* fault_of(BytesView revert_data);

} // namespace codex::market
