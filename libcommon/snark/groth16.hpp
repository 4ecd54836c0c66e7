// Groth16 over BN254 (Groth, "On the size of pairing-based non-interactive arguments", 2016) with
// snarkjs's conventions (codex-groth16(5)).
#pragma once

#include "base/job.hpp"
#include "base/random.hpp"
#include "snark/r1cs.hpp"
#include "snark/zkey.hpp"

#include <optional>
#include <span>
#include <string>

namespace codex::snark {

struct Groth16Proof {
    G1 a;
    G2 b;
    G1 c;
    friend bool operator==(const Groth16Proof&, const Groth16Proof&) = default;
};

/// The randomness of one proof; drawn unless a test fixes it.
struct ProofRandomness {
    Fr r;
    Fr s;
};

/// A proof for the statement of `witness` (standard-form words, wires of them). r and s never
/// touch code whose time depends on them. Errors: malformed when the witness does not fit the key;
/// io when the key's file was changed meanwhile; cancelled.
[[nodiscard]] Result<Groth16Proof> prove(const ProvingKey& key, std::span<const Digest> witness,
                                         const Job& job,
                                         const std::optional<ProofRandomness>& fixed = {},
                                         SecretRandom& random = Random::system());

/// A proof with what it is about: the public inputs, in the circuit's order.
struct Statement {
    std::vector<Fr> inputs;
    Groth16Proof proof;
    friend bool operator==(const Statement&, const Statement&) = default;
};

/// Accepts iff the pairing equation holds and every point is in its group and every input is
/// reduced (inputs are given as Fr, so they are). Errors: proof_invalid with the reason; malformed
/// when the number of inputs does not fit.
[[nodiscard]] Result<void> verify(const VerifyingKey& key, const Statement& statement);
/// verify() by who has just made it, before it is given out. Errors: proof_invalid: the witness was
/// none of the key's circuit.
[[nodiscard]] Result<void> check_own(const VerifyingKey& key, const Statement& statement);

/// Verifies all with one multi-pairing over a random linear combination (128-bit coefficients);
/// when it fails, finds the bad ones by halving, or, where many are bad, one by one. From two dozen
/// on a batch of bad proofs costs no more than verify() for each; none costs a quarter more.
/// Gives the indices of the bad ones, ascending.
[[nodiscard]] Result<std::vector<std::size_t>> verify_batch(const VerifyingKey& key,
                                                            std::span<const Statement> statements,
                                                            Executor& pool = Executor::caller());

// --- JSON and contract forms (codex-groth16(5), DOCUMENTS and CONTRACTS) -------------------------
[[nodiscard]] std::string proof_to_json(const Groth16Proof& proof);
[[nodiscard]] std::string inputs_to_json(std::span<const Fr> inputs);
[[nodiscard]] std::string verifying_key_to_json(const VerifyingKey& key);
/// Errors: json_invalid, malformed (coordinates not reduced, points not on the curve, wrong
/// protocol or curve).
[[nodiscard]] Result<Groth16Proof> proof_from_json(std::string_view text);
[[nodiscard]] Result<std::vector<Fr>> inputs_from_json(std::string_view text);
[[nodiscard]] Result<VerifyingKey> verifying_key_from_json(std::string_view text);
/// {"proof": as in proof.json, "publicSignals": as in public.json}, on one line: a statement as
/// tools pass it on.
[[nodiscard]] std::string statement_to_json(const Statement& statement);
/// Errors: json_invalid, malformed, limit_exceeded. At most 1 MiB.
[[nodiscard]] Result<Statement> statement_from_json(std::string_view text);
/// The eight words of the Codex contracts (256 bytes): real before imaginary.
[[nodiscard]] Bytes proof_to_contract_words(const Groth16Proof& proof);
/// The text snarkjs's `zkey export soliditycalldata` prints: imaginary before real.
[[nodiscard]] std::string statement_to_snarkjs_calldata(const Statement& statement);

} // namespace codex::snark
