#include "statement.hpp"

#include "toolkit/input.hpp"

namespace codex::prove_tool {

void StatementFlags::declare(cli::Command& command) {
    command.option("--proof FILE", proof_file, "proof.json")
        .option("--public FILE", public_file, "public.json")
        .argument("FILE", file, "what prove printed; default: from stdin", false);
}

Result<snark::Statement> StatementFlags::read() const {
    if (proof_file.has_value() != public_file.has_value())
        return fail(Errc::usage, "--proof and --public go together");
    if (!proof_file) {
        CODEX_TRY(text, toolkit::read_input(file.empty() ? "-" : file, kMaxProofBytes));
        return snark::statement_from_json(as_text(text));
    }
    if (!file.empty())
        return fail(Errc::usage, "either FILE or --proof and --public");
    CODEX_TRY(proof_text, read_file(*proof_file, kMaxProofBytes));
    CODEX_TRY(made, snark::proof_from_json(as_text(proof_text)));
    CODEX_TRY(public_text, read_file(*public_file, kMaxProofBytes));
    CODEX_TRY(inputs, snark::inputs_from_json(as_text(public_text)));
    return snark::Statement{std::move(inputs), made};
}

} // namespace codex::prove_tool
