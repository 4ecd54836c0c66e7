// The subcommands, each declared in the file of its name.
#pragma once

#include "cli/command.hpp"

namespace codex::prove_tool {

void declare_slots(cli::Command& root);
void declare_roots(cli::Command& root);
void declare_status(cli::Command& root);
void declare_sample(cli::Command& root);
void declare_input(cli::Command& root);
void declare_witness(cli::Command& root);
void declare_prove(cli::Command& root);
void declare_verify(cli::Command& root);
void declare_batch_verify(cli::Command& root);
void declare_r1cs(cli::Command& root);
void declare_setup(cli::Command& root);
void declare_contribute(cli::Command& root);
void declare_beacon(cli::Command& root);
void declare_verify_setup(cli::Command& root);
void declare_vkey(cli::Command& root);
void declare_calldata(cli::Command& root);
void declare_fetch_circuit(cli::Command& root);
void declare_info(cli::Command& root);

} // namespace codex::prove_tool
