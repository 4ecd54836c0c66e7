// What a host has to show of a slot now, and whether an answer shows it
// (codex-market(7), CHALLENGES).
#pragma once

#include "market/calls.hpp"
#include "snark/groth16.hpp"

namespace codex::market {

/// Of a slot, in a block.
struct Challenge {
    ethereum::abi::Word slot_id{};
    Bytes cid;              ///< of the request
    std::uint64_t slot = 0; ///< its number
    ethereum::abi::Word challenge{};
    std::uint64_t period = 0;
    std::uint64_t period_end = 0; ///< Unix seconds; the first of the next period
    std::uint8_t pointer = 0;
    bool required = false;
    bool will_be_required = false; ///< the pointer is in the downtime
    /// What the contract will compare the proof with (market/contract/proof_inputs.hpp).
    std::array<ethereum::UInt256, 3> public_signals;
};

/// Of a slot of `request`, also of one that nobody has filled. Errors: market_refused, when the
/// chain is too short to have challenges; those of `state`.
[[nodiscard]] Result<Challenge> challenge_of(const Contracts& contracts, const State& state,
                                             const Now& now, const Request& request,
                                             std::uint64_t index);

/// The document on one line: id, cid, slot, challenge, entropy, period, periodEnd, pointer,
/// required, willBeRequired, publicSignals. A prover takes it as a job.
[[nodiscard]] std::string challenge_to_json(const Challenge& challenge);

/// What a prover made of such a job.
struct ProofAnswer {
    ethereum::abi::Word slot_id{};
    snark::Statement statement;
};

/// Of {"id", "proof", "publicSignals"}. Errors: json_invalid; malformed, hex_invalid, which name
/// the member; limit_exceeded (1 MiB); proof_invalid, with the prover's words, where it is an
/// answer {"id", "error"}.
[[nodiscard]] Result<ProofAnswer> proof_answer_from_json(std::string_view line);

/// Whether the proof is about this challenge, so that a call with it can succeed; the proof itself
/// is not looked at. Errors: proof_invalid, naming the signal that is another one.
[[nodiscard]] Result<void> check_signals(const Challenge& challenge,
                                         const snark::Statement& statement);

} // namespace codex::market
