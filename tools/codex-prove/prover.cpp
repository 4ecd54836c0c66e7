#include "prover.hpp"

namespace codex::prove_tool {

Result<Prover> Prover::open(cli::Context& context, const ProveOptions& options) {
    CODEX_TRY(key, options.key.proving_key());
    return Prover(context.pool(), options, std::move(key));
}

Result<snark::BatchItem> Prover::prove(std::span<const Digest> words) const {
    CODEX_TRY(made, snark::prove(key_, words, pool_));
    snark::BatchItem item{public_inputs(words, key_.public_count), made};
    if (options_->no_self_check)
        return item;
    auto right = snark::verify(key_.verifying_key(), item.inputs, item.proof);
    if (!right)
        return fail(Error(Errc::proof_invalid,
                          "the proof does not verify: the witness does not fit the key's "
                          "circuit")
                        .hint("see which constraint is broken: codex-prove witness --check INPUT"));
    return item;
}

Result<snark::BatchItem> Prover::prove_slot(repo::Repo& repo, const Cid& cid, std::uint64_t slot,
                                            const Fr& entropy) const {
    CODEX_TRY(parameters, options_->circuit.parameters());
    if (proof::wire_count(parameters) != key_.wires || key_.public_count != 3)
        return fail(Error(Errc::malformed,
                          fmt::format("the key is for {} wires and {} public inputs, the "
                                      "circuit has {} and 3",
                                      key_.wires, key_.public_count, proof::wire_count(parameters)))
                        .hint("--samples and the other circuit options name the key's circuit"));
    dataset::Job job{&repo, pool_, nullptr};
    CODEX_TRY(input, proof::make_proof_input(job, cid, slot, entropy, parameters));
    CODEX_TRY(wires, proof::compute_witness(parameters, input));
    std::vector<Digest> words;
    words.reserve(wires.size());
    for (const Fr& wire : wires)
        words.push_back(wire.to_bytes());
    return prove(words);
}

} // namespace codex::prove_tool
