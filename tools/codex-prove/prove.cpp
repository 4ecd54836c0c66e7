// codex-prove prove: a Groth16 proof from a witness, from a slot and a challenge, or from a stream
// of jobs.
#include "prove.hpp"
#include "base/output_file.hpp"
#include "base/printable.hpp"
#include "base/secret.hpp"
#include "commands.hpp"
#include "snark/witness_file.hpp"
#include "toolkit/input.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

/// --proof and --public, open before the work begins.
struct Outputs {
    std::vector<OutputFile> files; ///< in this order, those that were named
    [[nodiscard]] static Result<Outputs> open(const cli::Context& context,
                                              const ProveOptions& options) {
        Outputs outputs;
        for (const auto& path : {options.proof_file, options.public_file}) {
            if (!path)
                continue;
            CODEX_CHECK(context.require_outside_of_repo(*path));
            CODEX_TRY(file, OutputFile::open(*path));
            outputs.files.push_back(std::move(file));
        }
        return outputs;
    }
};

Result<void> write_out(cli::Context& context, const ProveOptions& options, Outputs outputs,
                       const snark::Statement& statement) {
    std::size_t at = 0;
    const auto write = [&](const std::string& path, const std::string& text) {
        return write_full(outputs.files[at++].fd(), as_bytes(text), path);
    };
    if (options.proof_file)
        CODEX_CHECK(write(*options.proof_file, snark::proof_to_json(statement.proof) + "\n"));
    if (options.public_file)
        CODEX_CHECK(write(*options.public_file, snark::inputs_to_json(statement.inputs) + "\n"));
    CODEX_CHECK(OutputFile::commit_all(outputs.files));
    if (options.proof_file && options.public_file)
        return {};
    return context.print_text(snark::statement_to_json(statement) + "\n");
}

/// Of the circuit that the options describe: of another one it would not do.
Remedy way_to_key(const ProveOptions& options) {
    return Remedy(Remedy::make_key)
        .by(fmt::format("codex-prove setup{} -o test.zkey", options.circuit.words()));
}

/// The statement that `words` are a witness of.
Result<snark::Statement> prove_words(const snark::ProvingKey& key, std::span<const Digest> words,
                                     ThreadPool& pool, bool self_check) {
    CODEX_TRY(proof, snark::prove(key, words, pool));
    snark::Statement statement{{}, proof};
    for (const Digest& word : words.subspan(1, key.public_count))
        statement.inputs.push_back(Fr::from_bytes_reduced(word));
    if (self_check)
        CODEX_CHECK(snark::check_own(key.verifying_key(), statement));
    return statement;
}

/// A proof of --wtns, whatever circuit the key is for.
Result<snark::Statement> prove_witness(cli::Context& context, const ProveOptions& options) {
    CODEX_TRY(key, options.key.proving_key(way_to_key(options)));
    CODEX_TRY(file, open_container(options.wtns.value_or("-"), "wtns", 2));
    CODEX_TRY(words, snark::witness_words(file));
    auto made = file.if_intact(prove_words(key, words, context.pool(), !options.no_self_check));
    if (!made)
        return fail(about_proof(std::move(made).error(), options));
    return made;
}

Remedy way_to_slot(const cli::Context& context, const ProveOptions& options) {
    std::string missing;
    if (!options.key.zkey && !options.key.circuit_dir)
        missing += " --zkey FILE";
    if (!options.challenge.given())
        missing += " --challenge 0x...";
    return Remedy(Remedy::retry_command)
        .by(fmt::format("{} --slot 0{} {}", context.command_with_options(), missing,
                        options.cids.empty() ? "CID" : toolkit::typed(options.cids.front())));
}

Result<int> prove(cli::Context& context, const ProveOptions& options) {
    forbid_core_dumps(); // what blinds a proof is secret
    if (options.watch) {
        if (options.wtns || options.slot || options.challenge.given() || !options.cids.empty())
            return fail(Errc::usage, "--watch takes its jobs from stdin alone");
        if (options.proof_file || options.public_file)
            return fail(Errc::usage, "--watch prints its proofs; --proof and --public name one");
        return watch(context, options);
    }
    if (!options.slot) {
        if (options.challenge.given() || !options.cids.empty())
            return fail(Error(Errc::usage, "a proof of a slot needs --slot and a challenge")
                            .remedy(way_to_slot(context, options)));
        CODEX_TRY(outputs, Outputs::open(context, options));
        CODEX_TRY(statement, prove_witness(context, options));
        CODEX_CHECK(write_out(context, options, std::move(outputs), statement));
        return 0;
    }
    if (options.wtns)
        return fail(Errc::usage, "either --wtns or --slot");
    CODEX_TRY(entropy, options.challenge.value());
    CODEX_TRY(outputs, Outputs::open(context, options));
    CODEX_TRY(prover, open_prover(options));
    CODEX_TRY(opened, toolkit::open_with(context, options.cids, repo::Named::dataset));
    auto& [repo, cid] = opened;
    auto statement = prover.prove({repo, context.pool()}, cid, *options.slot, entropy);
    if (!statement)
        return fail(about_proof(std::move(statement).error(), options));
    CODEX_CHECK(write_out(context, options, std::move(outputs), *statement));
    return 0;
}

} // namespace

Result<proof::Prover> open_prover(const ProveOptions& options) {
    CODEX_TRY(key, options.key.proving_key(way_to_key(options)));
    CODEX_TRY(parameters, options.circuit.parameters());
    auto prover =
        proof::Prover::open(std::move(key), parameters, {.self_check = !options.no_self_check});
    if (!prover)
        return fail(std::move(prover)
                        .error()
                        .hint("--samples and the other circuit options name the key's circuit")
                        .remedy(Remedy(Remedy::describe_file, "see which it may be")
                                    .by(fmt::format("codex-prove info {}",
                                                    shell_quoted(options.key.file())))));
    return prover;
}

Error about_proof(Error error, const ProveOptions& options) {
    if (error.code() != Errc::proof_invalid)
        return error;
    return std::move(error).hint({}).remedy(
        Remedy(Remedy::check_witness)
            .by(fmt::format("codex-prove witness --check{} INPUT", options.circuit.words())));
}

void declare_prove(cli::Command& root) {
    auto options = std::make_shared<ProveOptions>();
    cli::Command& command =
        root.command("prove", "prove a witness, a slot for a challenge, or a stream of jobs");
    options->key.declare(command, false);
    command.option("--wtns FILE", options->wtns, "the witness; default: from stdin")
        .option("--slot I", options->slot, "prove this slot of the dataset");
    options->challenge.declare(command);
    options->circuit.declare(command);
    command.option("--proof FILE", options->proof_file, "write proof.json there")
        .option("--public FILE", options->public_file, "write public.json there")
        .flag("--no-self-check", options->no_self_check, "do not verify the proof before it is out")
        .flag("--watch", options->watch, "one job a line from stdin, until it ends")
        .arguments("CID", options->cids, "with --slot: the verifiable dataset; default: from stdin")
        .takes_output()
        .example("codex-prove prove --zkey proof_main.zkey --wtns slot3.wtns -o proof.ndjson")
        .example(
            "codex-prove prove --zkey proof_main.zkey zDvZRwzm... --slot 3 --challenge 0x5f39...")
        .run([options](cli::Context& context) { return prove(context, *options); });
}

} // namespace codex::prove_tool
