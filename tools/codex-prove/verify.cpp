// codex-prove verify, batch-verify, calldata.
#include "base/hex.hpp"
#include "commands.hpp"
#include "proof/documents.hpp"
#include "session.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

constexpr std::uint64_t kMaxProofBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxBatchBytes = std::uint64_t{1} << 30;

struct Options {
    KeyFlags key;
    std::string file;
    std::optional<std::string> proof_file, public_file;
    bool snarkjs = false;
};

/// From --proof and --public, or from one document.
Result<proof::BatchItem> read_statement(const Options& options) {
    if (options.proof_file.has_value() != options.public_file.has_value())
        return fail(Errc::usage, "--proof and --public go together");
    if (!options.proof_file) {
        CODEX_TRY(text, read_input(options.file, kMaxProofBytes));
        return proof::statement_from_json(as_text(text));
    }
    if (!options.file.empty())
        return fail(Errc::usage, "either FILE or --proof and --public");
    CODEX_TRY(proof_text, read_file(*options.proof_file, kMaxProofBytes));
    CODEX_TRY(made, proof::proof_from_json(as_text(proof_text)));
    CODEX_TRY(public_text, read_file(*options.public_file, kMaxProofBytes));
    CODEX_TRY(inputs, proof::inputs_from_json(as_text(public_text)));
    return proof::BatchItem{std::move(inputs), made};
}

Result<int> verify(cli::Context& context, const Options& options) {
    CODEX_TRY(key, options.key.verifying_key());
    CODEX_TRY(item, read_statement(options));
    CODEX_CHECK(proof::verify(key, item.inputs, item.proof));
    CODEX_CHECK(context.print(cli::Record("verified").field("result", "right")));
    return 0;
}

Result<int> batch_verify(cli::Context& context, const Options& options) {
    CODEX_TRY(key, options.key.verifying_key());
    CODEX_TRY(text, read_input(options.file, kMaxBatchBytes));
    std::vector<proof::BatchItem> items;
    std::vector<std::uint64_t> numbers; // of the items, among the lines that are not blank
    std::uint64_t lines = 0;
    std::string_view rest = as_text(text);
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos)
            continue;
        ++lines;
        auto item = proof::statement_from_json(line);
        if (item && item->inputs.size() + 1 != key.ic.size())
            item = fail(Errc::malformed, "{} public inputs, the key has {}", item->inputs.size(),
                        key.ic.size() - 1);
        if (item) {
            items.push_back(std::move(*item));
            numbers.push_back(lines);
        } else if (!context.report(fmt::format("proof {}", lines), std::move(item).error())) {
            return context.exit_code();
        }
    }
    if (lines == 0)
        return fail(Errc::truncated, "no proof is given");
    CODEX_TRY(bad, proof::verify_batch(key, items, &context.pool()));
    for (const std::size_t index : bad)
        context.report(Error(Errc::proof_invalid,
                             fmt::format("proof {} of {} is wrong", numbers[index], lines)));
    const std::uint64_t unread = lines - items.size();
    CODEX_CHECK(context.print(
        cli::Record("batch").field("proofs", lines).field("wrong", bad.size() + unread)));
    return context.exit_code();
}

Result<int> calldata(cli::Context& context, const Options& options) {
    CODEX_TRY(item, read_statement(options));
    if (options.snarkjs)
        CODEX_CHECK(
            context.print_text(proof::proof_to_snarkjs_calldata(item.proof, item.inputs) + "\n"));
    else
        CODEX_CHECK(
            context.print_text("0x" + to_hex(proof::proof_to_contract_words(item.proof)) + "\n"));
    return 0;
}

void declare_statement(cli::Command& command, Options& options) {
    command.option("--proof FILE", options.proof_file, "proof.json")
        .option("--public FILE", options.public_file, "public.json")
        .argument("FILE", options.file, "what prove printed; default: from stdin", false);
}

} // namespace

void declare_verify(cli::Command& root) {
    auto options = std::make_shared<Options>();
    cli::Command& command = root.command("verify", "check a proof");
    options->key.declare(command, true);
    declare_statement(command, *options);
    command.example("codex-prove verify --zkey proof_main.zkey proof.ndjson")
        .example("codex-prove verify --vkey vkey.json --proof proof.json --public public.json")
        .run([options](cli::Context& context) { return verify(context, *options); });
}

void declare_batch_verify(cli::Command& root) {
    auto options = std::make_shared<Options>();
    cli::Command& command = root.command("batch-verify", "check many proofs at once");
    options->key.declare(command, true);
    command.argument("FILE", options->file, "a proof a line; default: from stdin", false)
        .example("codex-prove prove --zkey k.zkey --watch <jobs | codex-prove batch-verify --zkey "
                 "k.zkey")
        .example("codex-prove batch-verify --vkey vkey.json proofs.ndjson")
        .run([options](cli::Context& context) { return batch_verify(context, *options); });
}

void declare_calldata(cli::Command& root) {
    auto options = std::make_shared<Options>();
    cli::Command& command = root.command("calldata", "print a proof as the contracts take it");
    command.flag("--snarkjs", options->snarkjs,
                 "in the order of snarkjs's verifier contracts, with the public inputs");
    declare_statement(command, *options);
    command.takes_output()
        .example("codex-prove calldata proof.ndjson")
        .example("codex-prove calldata --snarkjs --proof proof.json --public public.json")
        .run([options](cli::Context& context) { return calldata(context, *options); });
}

} // namespace codex::prove_tool
