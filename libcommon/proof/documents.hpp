// The JSON lines that proofs travel in between tools: a proof with its public inputs, and jobs for
// a long-lived prover (man/codex-prove.1).
#pragma once

#include "codec/cid.hpp"
#include "proof/groth16.hpp"

namespace codex::proof {

/// {"proof": as in proof.json, "publicSignals": as in public.json}, on one line.
[[nodiscard]] std::string statement_to_json(const Groth16Proof& proof, std::span<const Fr> inputs);
/// Errors: json_invalid, malformed. At most 1 MiB.
[[nodiscard]] Result<BatchItem> statement_from_json(std::string_view text);

/// The longest line that is a job.
constexpr std::size_t kMaxJobBytes = std::size_t{64} << 10;

/// One line for `codex-prove prove --watch`.
struct ProofJob {
    Cid dataset;
    std::uint64_t slot = 0;
    Fr entropy;
};
/// {"id": any, "cid": "zDv...", "slot": n, "challenge": "0x..." or "entropy": "decimal"}.
/// Errors: json_invalid, malformed naming the member, cid_invalid, limit_exceeded (kMaxJobBytes).
[[nodiscard]] Result<ProofJob> job_from_json(std::string_view text);
/// The "id" of a job, right or wrong, as JSON text on one line; "null" when there is none.
[[nodiscard]] std::string job_id_from_json(std::string_view text);
/// What a job that failed is answered:
/// {"error":{"code":"dotted.name","message":"...","hint":"..."}} on one line.
[[nodiscard]] std::string failure_to_json(const Error& error);

/// 64 hex digits, "0x" before them or not, as the contract gives a challenge (spec 02 section 5.1).
/// Errors: hex_invalid.
[[nodiscard]] Result<Fr> entropy_from_challenge(std::string_view hex);

} // namespace codex::proof
