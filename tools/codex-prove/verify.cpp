// codex-prove verify: is a proof right?
#include "commands.hpp"
#include "statement.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct VerifyOptions {
    KeyFlags key;
    StatementFlags statement;
};

/// Only the key that a proof was made with can say whether it is right.
Remedy way_to_proof_key(const StatementFlags& statement) {
    return Remedy(Remedy::name_key, "name the key that the proof was made with")
        .by(fmt::format("codex-prove verify --zkey FILE {}", statement.words()));
}

Result<int> verify(cli::Context& context, const VerifyOptions& options) {
    CODEX_TRY(key, options.key.verifying_key(way_to_proof_key(options.statement)));
    CODEX_TRY(statement, options.statement.read());
    CODEX_CHECK(snark::verify(key, statement));
    CODEX_CHECK(context.print(cli::Record("verified").field("result", "right")));
    return 0;
}

} // namespace

void declare_verify(cli::Command& root) {
    auto options = std::make_shared<VerifyOptions>();
    cli::Command& command = root.command("verify", "check a proof");
    options->key.declare(command, true);
    options->statement.declare(command);
    command.example("codex-prove verify --zkey proof_main.zkey proof.ndjson")
        .example("codex-prove verify --vkey vkey.json --proof proof.json --public public.json")
        .run([options](cli::Context& context) { return verify(context, *options); });
}

} // namespace codex::prove_tool
