// codex-prove: storage proofs, from slots to a Groth16 proof that the chain accepts.
#include "cli/tool.hpp"
#include "commands.hpp"

int main(int argc, char** argv) {
    const codex::cli::ToolSpec spec{
        .name = "codex-prove",
        .summary = "make datasets verifiable, and prove that a slot is stored",
        .declare =
            [](codex::cli::Command& root) {
                root.example("codex-ec encode -k 4 -m 2 zDvZRwzm... | codex-prove slots")
                    .example("codex-prove prove --circuit-dir . --slot 3 --challenge 0x5f39... "
                             "zDvZRwzm...");
                codex::prove_tool::declare_slots(root);
                codex::prove_tool::declare_roots(root);
                codex::prove_tool::declare_status(root);
                codex::prove_tool::declare_sample(root);
                codex::prove_tool::declare_input(root);
                codex::prove_tool::declare_witness(root);
                codex::prove_tool::declare_prove(root);
                codex::prove_tool::declare_verify(root);
                codex::prove_tool::declare_batch_verify(root);
                codex::prove_tool::declare_r1cs(root);
                codex::prove_tool::declare_setup(root);
                codex::prove_tool::declare_contribute(root);
                codex::prove_tool::declare_beacon(root);
                codex::prove_tool::declare_verify_setup(root);
                codex::prove_tool::declare_vkey(root);
                codex::prove_tool::declare_calldata(root);
                codex::prove_tool::declare_fetch_circuit(root);
                codex::prove_tool::declare_info(root);
            },
    };
    return codex::cli::run_tool(argc, argv, spec);
}
