// codex-prove calldata: a proof as contracts take it.
#include "base/hex.hpp"
#include "commands.hpp"
#include "statement.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

struct CalldataOptions {
    StatementFlags statement;
    bool snarkjs = false;
};

Result<int> calldata(cli::Context& context, const CalldataOptions& options) {
    CODEX_TRY(statement, options.statement.read());
    if (options.snarkjs)
        CODEX_CHECK(context.print_text(snark::statement_to_snarkjs_calldata(statement) + "\n"));
    else
        CODEX_CHECK(context.print_text(
            "0x" + to_hex(snark::proof_to_contract_words(statement.proof)) + "\n"));
    return 0;
}

} // namespace

void declare_calldata(cli::Command& root) {
    auto options = std::make_shared<CalldataOptions>();
    cli::Command& command = root.command("calldata", "print a proof as the contracts take it");
    command.flag("--snarkjs", options->snarkjs,
                 "in the order of snarkjs's verifier contracts, with the public inputs");
    options->statement.declare(command);
    command.takes_output()
        .example("codex-prove calldata proof.ndjson")
        .example("codex-prove calldata --snarkjs --proof proof.json --public public.json")
        .run([options](cli::Context& context) { return calldata(context, *options); });
}

} // namespace codex::prove_tool
