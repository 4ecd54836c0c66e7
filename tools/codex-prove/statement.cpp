#include "statement.hpp"

#include "base/printable.hpp"
#include "toolkit/input.hpp"

namespace codex::prove_tool {

namespace {

/// Of what stands in this file.
template <class T> Result<T> named(Result<T> made, const std::string& file) {
    if (made)
        return made;
    return fail(std::move(made).error().context(file));
}

} // namespace

void StatementFlags::declare(cli::Command& command) {
    command.option("--proof FILE", proof_file, "proof.json")
        .option("--public FILE", public_file, "public.json")
        .argument("FILE", file, "what prove printed; default: from stdin", false);
}

std::string StatementFlags::words() const {
    if (proof_file && public_file)
        return fmt::format("--proof {} --public {}", shell_quoted(*proof_file),
                           shell_quoted(*public_file));
    return file.empty() ? "PROOF" : shell_quoted(file);
}

Result<snark::Statement> StatementFlags::read() const {
    if (proof_file.has_value() != public_file.has_value())
        return fail(Errc::usage, "--proof and --public go together");
    if (!proof_file) {
        const std::string path = file.empty() ? "-" : file;
        CODEX_TRY(text, toolkit::read_input(path, kMaxProofBytes));
        return named(snark::statement_from_json(as_text(text)), toolkit::input_name(path));
    }
    if (!file.empty())
        return fail(Errc::usage, "either FILE or --proof and --public");
    CODEX_TRY(proof_text, read_document(*proof_file, kMaxProofBytes));
    CODEX_TRY(made, named(snark::proof_from_json(as_text(proof_text)), *proof_file));
    CODEX_TRY(public_text, read_document(*public_file, kMaxProofBytes));
    CODEX_TRY(inputs, named(snark::inputs_from_json(as_text(public_text)), *public_file));
    return snark::Statement{std::move(inputs), made};
}

} // namespace codex::prove_tool
