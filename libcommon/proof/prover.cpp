#include "proof/prover.hpp"

namespace codex::proof {

namespace {

/// As the multiplications by points take them.
std::vector<Digest> standard_form(std::span<const Fr> wires) {
    std::vector<Digest> words;
    words.reserve(wires.size());
    for (const Fr& wire : wires)
        words.push_back(wire.to_bytes());
    return words;
}

} // namespace

Prover::Prover(snark::ProvingKey key, const CircuitParameters& parameters,
               const ProverOptions& options)
    : key_(std::move(key)), verifying_key_(key_.verifying_key()), parameters_(parameters),
      options_(options) {}

Result<Prover> Prover::open(snark::ProvingKey key, const CircuitParameters& parameters,
                            const ProverOptions& options) {
    CODEX_CHECK(validate(parameters));
    if (wire_count(parameters) != key.wires || key.public_count != kPublicInputs)
        return fail(Errc::malformed,
                    "the key is for {} wires and {} public inputs, the circuit has {} and {}",
                    key.wires, key.public_count, wire_count(parameters), kPublicInputs);
    return Prover(std::move(key), parameters, options);
}

Result<snark::Statement> Prover::prove(const dataset::Job& job, const Cid& manifest,
                                       std::uint64_t slot, const Fr& entropy) const {
    CODEX_TRY(input, make_proof_input(job, manifest, slot, entropy, parameters_));
    CODEX_CHECK(job.go_on());
    CODEX_TRY(wires, compute_witness(parameters_, input));
    CODEX_TRY(proof, snark::prove(key_, standard_form(wires), job));
    // Wire 0 is one, then come the public inputs.
    const auto first = wires.begin() + 1;
    snark::Statement statement{{first, first + kPublicInputs}, proof};
    CODEX_CHECK(job.go_on());
    if (options_.self_check)
        CODEX_CHECK(snark::check_own(verifying_key_, statement));
    return statement;
}

} // namespace codex::proof
