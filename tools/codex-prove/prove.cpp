// codex-prove prove: a Groth16 proof from a witness, from a slot and a challenge, or from a stream
// of jobs.
#include "commands.hpp"
#include "proof/documents.hpp"
#include "proof/witness_file.hpp"
#include "session.hpp"

#include <cerrno>
#include <memory>
#include <unistd.h>

namespace codex::prove_tool {

namespace {

constexpr std::size_t kMaxJobBytes = std::size_t{64} << 10;

struct Options {
    KeyFlags key;
    std::optional<std::string> wtns, proof_file, public_file;
    std::optional<std::uint64_t> slot;
    ChallengeFlags challenge;
    CircuitFlags circuit;
    bool no_self_check = false;
    bool watch = false;
    std::vector<std::string> cids;
};

/// A prover with its key mapped.
class Prover {
public:
    static Result<Prover> open(cli::Context& context, const Options& options) {
        CODEX_TRY(key, options.key.proving_key());
        return Prover(context, options, std::move(key));
    }

    Result<proof::BatchItem> prove(std::span<const Digest> words) {
        CODEX_TRY(made, proof::prove(key_, words, &context_->pool()));
        proof::BatchItem item{public_inputs(words, key_.public_count), made};
        if (options_->no_self_check)
            return item;
        auto right = proof::verify(key_.verifying_key(), item.inputs, item.proof);
        if (!right)
            return fail(Error(Errc::proof_invalid,
                              "the proof does not verify: the witness does not fit the key's "
                              "circuit")
                            .hint("codex-prove witness --check names a broken constraint"));
        return item;
    }

    Result<proof::BatchItem> prove_slot(repo::Repo& repo, const Cid& cid, std::uint64_t slot,
                                        const Fr& entropy) {
        CODEX_TRY(parameters, options_->circuit.parameters());
        if (proof::wire_count(parameters) != key_.wires || key_.public_count != 3)
            return fail(
                Error(Errc::malformed,
                      fmt::format("the key is for {} wires and {} public inputs, the "
                                  "circuit has {} and 3",
                                  key_.wires, key_.public_count, proof::wire_count(parameters)))
                    .hint("--samples and the other circuit options name the key's circuit"));
        dataset::Job job{&repo, &context_->pool(), nullptr};
        CODEX_TRY(input, proof::make_proof_input(job, cid, slot, entropy, parameters));
        CODEX_TRY(wires, proof::compute_witness(parameters, input));
        std::vector<Digest> words;
        words.reserve(wires.size());
        for (const Fr& wire : wires)
            words.push_back(wire.to_bytes());
        return prove(words);
    }

private:
    Prover(cli::Context& context, const Options& options, proof::ProvingKey key)
        : context_(&context), options_(&options), key_(std::move(key)) {}
    cli::Context* context_;
    const Options* options_;
    proof::ProvingKey key_;
};

Result<void> write_out(cli::Context& context, const Options& options,
                       const proof::BatchItem& item) {
    if (options.proof_file)
        CODEX_CHECK(write_file_atomic(*options.proof_file,
                                      as_bytes(proof::proof_to_json(item.proof) + "\n")));
    if (options.public_file)
        CODEX_CHECK(write_file_atomic(*options.public_file,
                                      as_bytes(proof::inputs_to_json(item.inputs) + "\n")));
    if (options.proof_file && options.public_file)
        return {};
    return context.print_text(proof::statement_to_json(item.proof, item.inputs) + "\n");
}

/// The lines of stdin, as they arrive.
class Lines {
public:
    Result<std::optional<std::string>> next() {
        for (;;) {
            if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
                std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                return line;
            }
            if (buffer_.size() > kMaxJobBytes)
                return fail(Errc::limit_exceeded, "standard input: a line is longer than {} bytes",
                            kMaxJobBytes);
            char piece[4096];
            const ssize_t got = ::read(STDIN_FILENO, piece, sizeof piece);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                return fail(system_error(errno, "read standard input"));
            if (got == 0)
                return buffer_.empty() ? std::nullopt
                                       : std::optional(std::exchange(buffer_, std::string()));
            buffer_.append(piece, static_cast<std::size_t>(got));
        }
    }

private:
    std::string buffer_;
};

Result<int> watch(cli::Context& context, const Options& options) {
    CODEX_TRY(prover, Prover::open(context, options));
    CODEX_TRY(repo, open_repo(context, false));
    Lines lines;
    for (;;) {
        CODEX_TRY(line, lines.next());
        if (!line)
            return context.exit_code();
        if (line->find_first_not_of(" \t\r") == std::string::npos)
            continue;
        auto job = proof::job_from_json(*line);
        auto made = job ? prover.prove_slot(repo, job->dataset, job->slot, job->entropy)
                        : Result<proof::BatchItem>(fail(std::move(job).error()));
        const std::string id = job ? job->id : "null";
        if (made) {
            std::string answer = proof::statement_to_json(made->proof, made->inputs);
            answer.insert(1, fmt::format("\"id\":{},", id));
            CODEX_CHECK(context.print_text(answer + "\n"));
        } else if (!context.report(fmt::format("job {}", id), std::move(made).error())) {
            return context.exit_code();
        }
    }
}

Result<int> prove(cli::Context& context, const Options& options) {
    if (options.watch) {
        if (options.wtns || options.slot || options.challenge.given() || !options.cids.empty())
            return fail(Errc::usage, "--watch takes its jobs from stdin alone");
        return watch(context, options);
    }
    if (!options.slot) {
        if (options.challenge.given() || !options.cids.empty())
            return fail(Error(Errc::usage, "a proof of a slot needs --slot and a challenge")
                            .hint("codex-prove prove --zkey F CID --slot 0 --challenge 0x..."));
        CODEX_TRY(prover, Prover::open(context, options));
        CODEX_TRY(file, open_container(options.wtns.value_or("-"), "wtns", 2));
        CODEX_TRY(words, proof::witness_words(file));
        CODEX_TRY(item, prover.prove(words));
        CODEX_CHECK(write_out(context, options, item));
        return 0;
    }
    if (options.wtns)
        return fail(Errc::usage, "either --wtns or --slot");
    CODEX_TRY(entropy, options.challenge.value());
    CODEX_TRY(prover, Prover::open(context, options));
    CODEX_TRY(cid, only_dataset(options.cids));
    CODEX_TRY(repo, open_repo(context, false));
    CODEX_TRY(item, prover.prove_slot(repo, cid, *options.slot, entropy));
    CODEX_CHECK(write_out(context, options, item));
    return 0;
}

} // namespace

void declare_prove(cli::Command& root) {
    auto options = std::make_shared<Options>();
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
