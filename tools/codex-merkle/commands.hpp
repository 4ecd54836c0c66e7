// The subcommands; each file adds its own.
#pragma once

#include "cli/command.hpp"

namespace codex::merkle_tool {

void declare_root(cli::Command& root);
void declare_tree(cli::Command& root);
void declare_proof(cli::Command& root);
void declare_verify(cli::Command& root);
void declare_leaves(cli::Command& root);

} // namespace codex::merkle_tool
