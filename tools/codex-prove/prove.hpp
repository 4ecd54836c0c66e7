// What prove and its --watch have in common.
#pragma once

#include "proof/prover.hpp"
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

/// The prover that the options describe. Errors: KeyFlags::proving_key()'s,
/// proof::Prover::open()'s.
[[nodiscard]] Result<proof::Prover> open_prover(const ProveOptions& options);
/// A failed proof, with what can be done about it.
[[nodiscard]] Error about_proof(Error error, const ProveOptions& options);

/// prove --watch: answers each line of stdin, several at a time, until it ends. Gives the exit
/// code.
[[nodiscard]] Result<int> watch(cli::Context& context, const ProveOptions& options);

} // namespace codex::prove_tool
