// The JSON lines that jobs for a long-lived prover come in, and what it answers when one fails
// (man/codex-prove.1). A proof with its public inputs is snark's statement_to_json().
#pragma once

#include "codec/cid.hpp"
#include "crypto/field/field.hpp"

#include <string>

namespace codex::proof {

/// The longest line that is a job.
constexpr std::size_t kMaxJobBytes = std::size_t{64} << 10;

/// One line for `codex-prove prove --watch`.
struct ProofJob {
    Cid dataset;
    std::uint64_t slot = 0;
    crypto::Fr entropy;
};
/// {"id": any, "cid": "zDv...", "slot": n, "challenge": "0x..." or "entropy": "decimal"}; where
/// both are there, they say the same. Errors: json_invalid, malformed naming the member,
/// cid_invalid, limit_exceeded (kMaxJobBytes).
[[nodiscard]] Result<ProofJob> job_from_json(std::string_view text);
/// The "id" of a job, right or wrong, as JSON text on one line; "null" when there is none.
[[nodiscard]] std::string job_id_from_json(std::string_view text);

/// 64 hex digits, "0x" before them or not, as the contract gives a challenge (codex-slots(5),
/// SAMPLING). Errors: hex_invalid.
[[nodiscard]] Result<crypto::Fr> entropy_from_challenge(std::string_view hex);

} // namespace codex::proof
