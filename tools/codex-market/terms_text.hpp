// What a request comes to, as a record, and what is to be said of a market before anybody trusts it
// with money.
#pragma once

#include "cli/context.hpp"
#include "ledger/genesis.hpp"
#include "market/request.hpp"

namespace codex::market_tool {

/// Warns of each flaw that the market has.
void warn_of_flaws(cli::Context& context, const ledger::Genesis& genesis);

/// "price TAB earnings of a slot TAB collateral of a slot TAB what a miss costs TAB misses until it
/// is freed". Errors: amount_invalid, where these are more than the contract can count.
[[nodiscard]] Result<cli::Record> terms_record(const ledger::Genesis& genesis,
                                               const market::Request& request);

} // namespace codex::market_tool
