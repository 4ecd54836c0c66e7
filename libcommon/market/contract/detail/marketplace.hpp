// The rules of requests, slots and proofs (codex-market(7), THE CONTRACT).
#pragma once

#include "market/contract/detail/records.hpp"

namespace codex::market::detail {

/// Does what is called, and gives what it returns. Throws Revert, Unreadable.
[[nodiscard]] Value::List call_marketplace(Frame& frame, const ethereum::abi::Function& function,
                                           const Value::List& arguments);

// --- requests (codex-market(7), REQUESTS) -------------------------------------------------------

/// Ends the call where there is none.
[[nodiscard]] Request known_request(const Frame& frame, const Word& id);
/// What it is at this time, which may not be what is kept.
[[nodiscard]] RequestState state_of(const Frame& frame, const Context& context);
/// When it ends or has ended.
[[nodiscard]] std::uint64_t end_of(const Frame& frame, const Context& context);
void request_storage(Frame& frame, const Request& request);
void withdraw_funds(Frame& frame, const Word& id, const Address& to);
/// For what is hosted in that time; it has to be more than none.
[[nodiscard]] UInt256 payout(const Request& request, std::uint64_t from, std::uint64_t to);

// --- slots (codex-market(7), SLOTS) -------------------------------------------------------------

[[nodiscard]] SlotState state_of(const Frame& frame, const Slot& slot);
[[nodiscard]] bool can_reserve(const Frame& frame, const Word& request, std::uint64_t index);
void reserve_slot(Frame& frame, const Word& request, std::uint64_t index);
void fill_slot(Frame& frame, const Word& request, std::uint64_t index, const Proof& proof);
void free_slot(Frame& frame, const Word& slot, const Address& reward_to,
               const Address& collateral_to);
/// Takes it from its host; his collateral stays.
void free_by_force(Frame& frame, const Word& slot);

// --- proofs (codex-market(7), PROOFS) -----------------------------------------------------------

[[nodiscard]] std::uint64_t period_now(const Frame& frame);
[[nodiscard]] std::uint8_t pointer_of(const Frame& frame, const Word& slot, std::uint64_t period);
[[nodiscard]] Word challenge_at(const Frame& frame, std::uint8_t pointer);
[[nodiscard]] UInt256 probability_of(const Frame& frame, const Word& slot);

/// Whether a proof is owed, at this block.
struct Requirement {
    bool required = false;
    std::uint8_t pointer = 0;
    /// In the blocks in which nobody need prove: it will be, when they are over.
    bool in_downtime = false;
};
[[nodiscard]] Requirement requirement_of(const Frame& frame, const Word& slot,
                                         std::uint64_t period);

/// Of whoever hosts it.
void submit_proof(Frame& frame, const Word& slot, const Proof& proof);
/// Of who is about to.
void receive_proof(Frame& frame, const Word& id, const Slot& slot, const Request& request,
                   const Proof& proof);
/// Ends the call where it may not be marked.
void check_missing(const Frame& frame, const Word& slot, std::uint64_t period);
void mark_missing(Frame& frame, const Word& slot, std::uint64_t period);

} // namespace codex::market::detail
