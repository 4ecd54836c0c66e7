// A prover that stays: the key is mapped, and what does not depend on the job is made and checked
// once, for one proof or for as many as a market asks for.
#pragma once

#include "proof/slots.hpp"
#include "snark/groth16.hpp"

namespace codex::proof {

struct ProverOptions {
    /// Verify each proof before it is given out. It costs little beside proving, and what fails
    /// here would be paid for where it is submitted.
    bool self_check = true;
};

/// Proves slots of datasets with one key. Each proof takes the memory of its own working: some 200
/// bytes for each row of the key's domain.
/// Threads: any, at once, each with its own or the same job, whose executor they share.
class Prover {
public:
    /// `parameters` are those that the key's circuit was compiled for. Errors: limit_exceeded, as
    /// validate(); malformed when the key is for a circuit of another size.
    [[nodiscard]] static Result<Prover> open(snark::ProvingKey key,
                                             const CircuitParameters& parameters,
                                             const ProverOptions& options = {});

    /// A proof that slot `slot` of the dataset `manifest` holds what `entropy` asks for, with its
    /// public inputs: entropy, dataset root, slot index. Only the repo of `job` is read, nothing is
    /// written. Errors: make_proof_input()'s; proof_invalid when what the circuit demands does not
    /// hold; io when the key's file was changed meanwhile.
    [[nodiscard]] Result<snark::Statement> prove(const dataset::Job& job, const Cid& manifest,
                                                 std::uint64_t slot, const Fr& entropy) const;

    [[nodiscard]] const CircuitParameters& parameters() const { return parameters_; }
    /// What its proofs verify with.
    [[nodiscard]] const snark::VerifyingKey& verifying_key() const { return verifying_key_; }

private:
    Prover(snark::ProvingKey key, const CircuitParameters& parameters,
           const ProverOptions& options);

    snark::ProvingKey key_;
    snark::VerifyingKey verifying_key_;
    CircuitParameters parameters_;
    ProverOptions options_;
};

} // namespace codex::proof
