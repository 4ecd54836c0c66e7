#include "statement.hpp"

#include "base/printable.hpp"
#include "toolkit/input.hpp"

namespace codex::prove_tool {

namespace {

/// Of what stands in this file.
template <class T>
Result<T> named(Result<T> made, const std::string& file, std::string_view what = kJsonProof) {
    if (made)
        return made;
    return fail(
        no_document(file, what, std::move(made).error().context(toolkit::input_name(file))));
}

/// What was read, or why not.
Result<Bytes> document(Result<Bytes> text, const std::string& path, std::string_view what) {
    if (text || text.error().code() != Errc::limit_exceeded)
        return text;
    return fail(no_document(path, what, std::move(text).error()));
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
        CODEX_TRY(text, document(toolkit::read_input(path, kMaxProofBytes), path, kJsonProof));
        if (text.empty())
            return fail(toolkit::nothing_came(path, "proof"));
        return named(snark::statement_from_json(as_text(text)), path);
    }
    if (!file.empty())
        return fail(Errc::usage, "either FILE or --proof and --public");
    if (*proof_file == "-" && *public_file == "-")
        return fail(Errc::usage, "--proof and --public cannot both be stdin");
    CODEX_TRY(proof_text,
              document(toolkit::read_input(*proof_file, kMaxProofBytes), *proof_file, kJsonProof));
    CODEX_TRY(made, named(snark::proof_from_json(as_text(proof_text)), *proof_file));
    CODEX_TRY(public_text, document(toolkit::read_input(*public_file, kMaxProofBytes), *public_file,
                                    kJsonInputs));
    CODEX_TRY(inputs,
              named(snark::inputs_from_json(as_text(public_text)), *public_file, kJsonInputs));
    return snark::Statement{std::move(inputs), made};
}

} // namespace codex::prove_tool
