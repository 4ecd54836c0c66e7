// What the market can be told and asked: calls as bytes, and answers as what they mean
// (codex-market(7), THE CONTRACT).
#pragma once

#include "market/contract/contracts.hpp"
#include "market/contract/states.hpp"
#include "market/request.hpp"

namespace codex::market {

/// Whom a call is for.
enum class Party : std::uint8_t { marketplace, token };

/// Its address.
[[nodiscard]] const ethereum::Address& address_of(const Contracts::Options& options, Party party);

/// Selectors and arguments of what changes something. Of the marketplace, unless it is said.
namespace calls {

[[nodiscard]] Bytes request_storage(const Request& request);
[[nodiscard]] Bytes withdraw_funds(const ethereum::abi::Word& request);
[[nodiscard]] Bytes withdraw_funds(const ethereum::abi::Word& request,
                                   const ethereum::Address& recipient);
[[nodiscard]] Bytes reserve_slot(const ethereum::abi::Word& request, std::uint64_t index);
[[nodiscard]] Bytes fill_slot(const ethereum::abi::Word& request, std::uint64_t index,
                              const Proof& proof);
[[nodiscard]] Bytes submit_proof(const ethereum::abi::Word& slot, const Proof& proof);
[[nodiscard]] Bytes mark_proof_as_missing(const ethereum::abi::Word& slot, std::uint64_t period);
[[nodiscard]] Bytes free_slot(const ethereum::abi::Word& slot);
[[nodiscard]] Bytes free_slot(const ethereum::abi::Word& slot,
                              const ethereum::Address& reward_recipient,
                              const ethereum::Address& collateral_recipient);
// Of the token.
[[nodiscard]] Bytes approve(const ethereum::Address& spender, const ethereum::UInt256& amount);
[[nodiscard]] Bytes transfer(const ethereum::Address& to, const ethereum::UInt256& amount);
[[nodiscard]] Bytes transfer_from(const ethereum::Address& from, const ethereum::Address& to,
                                  const ethereum::UInt256& amount);
[[nodiscard]] Bytes mint(const ethereum::Address& holder, const ethereum::UInt256& amount);

} // namespace calls

/// What is asked, of whom, and how the answer is read. Threads: as its members.
template <class Answer> struct Question {
    Party to;
    Bytes data;
    const ethereum::abi::Function* function;
    Answer (*of)(const ethereum::abi::Value::List& returned);

    /// Errors: market_refused (market/refusal.hpp); abi_invalid: another contract is there.
    [[nodiscard]] Result<Answer> read(const Outcome& outcome) const;
};

/// That something is allowed; why it is not, is the error of reading it.
struct Allowed {};

/// Views. Which account asks makes a difference where it is said.
namespace questions {

[[nodiscard]] Question<Request> get_request(const ethereum::abi::Word& request);
[[nodiscard]] Question<RequestState> request_state(const ethereum::abi::Word& request);
/// Unix seconds.
[[nodiscard]] Question<std::uint64_t> request_end(const ethereum::abi::Word& request);
/// Unix seconds; 0 of a request that is not known.
[[nodiscard]] Question<std::uint64_t> request_expiry(const ethereum::abi::Word& request);
/// Of who asks.
[[nodiscard]] Question<std::vector<ethereum::abi::Word>> my_requests();
[[nodiscard]] Question<std::vector<ethereum::abi::Word>> my_slots();

struct ActiveSlot {
    Request request;
    std::uint64_t index = 0;
};
/// Refused where nobody has ever filled it.
[[nodiscard]] Question<ActiveSlot> get_active_slot(const ethereum::abi::Word& slot);
[[nodiscard]] Question<SlotState> slot_state(const ethereum::abi::Word& slot);
/// Zeros: nobody.
[[nodiscard]] Question<ethereum::Address> get_host(const ethereum::abi::Word& slot);
[[nodiscard]] Question<ethereum::UInt256> current_collateral(const ethereum::abi::Word& slot);
[[nodiscard]] Question<std::uint64_t> missing_proofs(const ethereum::abi::Word& slot);
/// By who asks.
[[nodiscard]] Question<bool> can_reserve_slot(const ethereum::abi::Word& request,
                                              std::uint64_t index);

[[nodiscard]] Question<std::uint64_t> get_pointer(const ethereum::abi::Word& slot);
[[nodiscard]] Question<ethereum::abi::Word> get_challenge(const ethereum::abi::Word& slot);
[[nodiscard]] Question<bool> is_proof_required(const ethereum::abi::Word& slot);
[[nodiscard]] Question<bool> will_proof_be_required(const ethereum::abi::Word& slot);
[[nodiscard]] Question<ethereum::UInt256> slot_probability(const ethereum::abi::Word& slot);
[[nodiscard]] Question<Allowed> can_mark_proof_as_missing(const ethereum::abi::Word& slot,
                                                          std::uint64_t period);

[[nodiscard]] Question<Configuration> configuration();
/// Of the marketplace: the address of the token.
[[nodiscard]] Question<ethereum::Address> token();
// Of the token.
[[nodiscard]] Question<ethereum::UInt256> balance_of(const ethereum::Address& account);
[[nodiscard]] Question<ethereum::UInt256> allowance(const ethereum::Address& owner,
                                                    const ethereum::Address& spender);
[[nodiscard]] Question<ethereum::UInt256> total_supply();

} // namespace questions

/// What the contracts of `options` answer `asker` in `state`, of which nothing is changed. Errors:
/// those of Question::read() and of `state`.
template <class Answer>
[[nodiscard]] Result<Answer> ask(const Contracts& contracts, const State& state, const Now& now,
                                 const ethereum::Address& asker, const Question<Answer>& question) {
    Overlay overlay(state);
    CODEX_TRY(outcome, contracts.execute(
                           overlay, now,
                           {asker, address_of(contracts.options(), question.to), question.data}));
    return question.read(outcome);
}

/// The values that `function` returned. Errors: those of Question::read().
[[nodiscard]] Result<ethereum::abi::Value::List>
returned_values(const ethereum::abi::Function& function, const Outcome& outcome);

template <class Answer> Result<Answer> Question<Answer>::read(const Outcome& outcome) const {
    CODEX_TRY(values, returned_values(*function, outcome));
    return of(values);
}

} // namespace codex::market
