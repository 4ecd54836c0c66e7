// The subcommands, each declared in the file of its name.
#pragma once

#include "cli/command.hpp"
#include "cli/tool.hpp"

namespace codex::market_tool {

void declare_init(cli::Command& root);
void declare_key(cli::Command& root);
/// What `config` shows behind the settings: how the market is configured.
[[nodiscard]] cli::ToolSpec::PrintsMore declare_config(cli::Command& config);
void declare_time(cli::Command& root);
void declare_balance(cli::Command& root);
/// mint, approve and transfer.
void declare_token(cli::Command& root);
void declare_id(cli::Command& root);
void declare_request(cli::Command& root);
void declare_reserve(cli::Command& root);
/// fill and prove-submit.
void declare_proofs(cli::Command& root);
void declare_mark_missing(cli::Command& root);
void declare_free(cli::Command& root);
void declare_withdraw(cli::Command& root);
void declare_get(cli::Command& root);
void declare_list(cli::Command& root);
void declare_challenge(cli::Command& root);
void declare_events(cli::Command& root);
void declare_ledger(cli::Command& root);

} // namespace codex::market_tool
