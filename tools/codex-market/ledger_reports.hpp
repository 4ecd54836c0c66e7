// What `ledger` makes of all records: accounts, a report, and answers to recorded operations.
#pragma once

#include "cli/context.hpp"
#include "ledger/ledger.hpp"

#include <string>

namespace codex::market_tool {

/// Writes all payments as a journal of hledger.
[[nodiscard]] Result<int> export_accounts(cli::Context& context, const ledger::Ledger& ledger);
/// Prints a line for each account, request and slot.
[[nodiscard]] Result<int> report_accounts(cli::Context& context, const ledger::Ledger& ledger);
/// Answers operations of a file, or of stdin for "-", a line each.
[[nodiscard]] Result<int> replay_operations(cli::Context& context, const std::string& source);

} // namespace codex::market_tool
