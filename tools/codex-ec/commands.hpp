// The subcommands, each declared in the file of its name.
#pragma once

#include "cli/command.hpp"

namespace codex::ec {

void declare_encode(cli::Command& root);
void declare_decode(cli::Command& root);
void declare_status(cli::Command& root);
void declare_repair(cli::Command& root);
void declare_verify(cli::Command& root);
void declare_erase(cli::Command& root);

} // namespace codex::ec
