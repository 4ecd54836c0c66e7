// What contracts told, as records.
#pragma once

#include "cli/record.hpp"
#include "ledger/ledger.hpp"
#include "names.hpp"

namespace codex::market_tool {

/// One event: "cursor TAB block TAB name TAB arguments".
[[nodiscard]] cli::Record event_record(const ledger::Event& event);
/// Those of a call that was made, as a JSON array of such objects.
[[nodiscard]] std::string events_json(const ledger::Receipt& receipt, const Address& sender);

} // namespace codex::market_tool
