// A prover with its key mapped, for one proof or for as many as there are jobs.
#pragma once

#include "session.hpp"

namespace codex::prove_tool {

struct ProveOptions {
    KeyFlags key;
    std::optional<std::string> wtns, proof_file, public_file;
    std::optional<std::uint64_t> slot;
    ChallengeFlags challenge;
    CircuitFlags circuit;
    bool no_self_check = false;
    bool watch = false;
    std::vector<std::string> cids;
};

/// Threads may share one.
class Prover {
public:
    /// `context` and `options` outlive it. Errors: KeyFlags::proving_key()'s.
    [[nodiscard]] static Result<Prover> open(cli::Context& context, const ProveOptions& options);

    /// Errors: snark::prove()'s; proof_invalid when the proof does not verify.
    [[nodiscard]] Result<snark::BatchItem> prove(std::span<const Digest> words) const;
    /// Errors: malformed when the key is for another circuit; proof::make_proof_input()'s;
    /// prove()'s.
    [[nodiscard]] Result<snark::BatchItem> prove_slot(repo::Repo& repo, const Cid& cid,
                                                      std::uint64_t slot, const Fr& entropy) const;

private:
    Prover(ThreadPool& pool, const ProveOptions& options, snark::ProvingKey key)
        : pool_(&pool), options_(&options), key_(std::move(key)) {}
    ThreadPool* pool_;
    const ProveOptions* options_;
    snark::ProvingKey key_;
};

/// prove --watch: answers each line of stdin, several at a time, until it ends. Gives the exit
/// code.
[[nodiscard]] Result<int> watch(cli::Context& context, const ProveOptions& options);

} // namespace codex::prove_tool
