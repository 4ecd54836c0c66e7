// codex-prove vkey: what verifies the proofs of a key.
#include "commands.hpp"
#include "session.hpp"

#include <memory>

namespace codex::prove_tool {

void declare_vkey(cli::Command& root) {
    auto key = std::make_shared<KeyFlags>();
    cli::Command& command = root.command("vkey", "print the verification key of a proving key");
    key->declare(command, false);
    command.takes_output()
        .example("codex-prove vkey --zkey proof_main.zkey -o verification_key.json")
        .example("codex-prove vkey --circuit-dir . | jq -c '.IC[]'")
        .run([key](cli::Context& context) -> Result<int> {
            CODEX_TRY(verifying, key->verifying_key(Remedy::make_key));
            CODEX_CHECK(context.print_text(snark::verifying_key_to_json(verifying) + "\n"));
            return 0;
        });
}

} // namespace codex::prove_tool
