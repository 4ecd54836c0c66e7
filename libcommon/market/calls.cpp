#include "market/calls.hpp"

#include "market/refusal.hpp"

namespace codex::market {

using ethereum::Address;
using ethereum::UInt256;
using ethereum::abi::Function;
using ethereum::abi::Value;
using ethereum::abi::Word;

namespace {

/// By name, or by signature where there are several.
const Function& of_marketplace(std::string_view name) {
    const auto* function = marketplace_interface().function(name);
    CODEX_ASSERT(function != nullptr);
    return *function;
}

const Function& of_token(std::string_view name) {
    const auto* function = token_interface().function(name);
    CODEX_ASSERT(function != nullptr);
    return *function;
}

template <class Answer>
Question<Answer> about(std::string_view name, const Value::List& arguments,
                       Answer (*of)(const Value::List&)) {
    const Function& function = of_marketplace(name);
    return {Party::marketplace, encode_call(function, arguments), &function, of};
}

template <class Answer>
Question<Answer> about_tokens(std::string_view name, const Value::List& arguments,
                              Answer (*of)(const Value::List&)) {
    const Function& function = of_token(name);
    return {Party::token, encode_call(function, arguments), &function, of};
}

// --- What answers mean

UInt256 amount(const Value::List& values) {
    return values[0].number();
}

std::uint64_t number(const Value::List& values) {
    return values[0].u64();
}

bool truth(const Value::List& values) {
    return values[0].number() != UInt256();
}

Word word(const Value::List& values) {
    return values[0].word();
}

Address address(const Value::List& values) {
    return values[0].address();
}

std::vector<Word> words(const Value::List& values) {
    std::vector<Word> all;
    for (const Value& value : values[0].list())
        all.push_back(value.word());
    return all;
}

template <class State> State state(const Value::List& values) {
    return static_cast<State>(values[0].u64());
}

Allowed nothing(const Value::List& /*values*/) {
    return {};
}

} // namespace

const Address& address_of(const Contracts::Options& options, Party party) {
    return party == Party::token ? options.token : options.marketplace;
}

Result<Value::List> returned_values(const Function& function, const Outcome& outcome) {
    if (!outcome.ok)
        return fail(refusal_of(outcome.data).error());
    auto values = decode(function.outputs, outcome.data);
    if (!values)
        return fail(std::move(values).error().context("answer to " + function.name));
    return values;
}

namespace calls {

Bytes request_storage(const Request& request) {
    return encode_call(of_marketplace("requestStorage"), {request.value()});
}

Bytes withdraw_funds(const Word& request) {
    return encode_call(of_marketplace("withdrawFunds(bytes32)"), {request});
}

Bytes withdraw_funds(const Word& request, const Address& recipient) {
    return encode_call(of_marketplace("withdrawFunds(bytes32,address)"), {request, recipient});
}

Bytes reserve_slot(const Word& request, std::uint64_t index) {
    return encode_call(of_marketplace("reserveSlot"), {request, UInt256(index)});
}

Bytes fill_slot(const Word& request, std::uint64_t index, const Proof& proof) {
    return encode_call(of_marketplace("fillSlot"), {request, UInt256(index), proof.value()});
}

Bytes submit_proof(const Word& slot, const Proof& proof) {
    return encode_call(of_marketplace("submitProof"), {slot, proof.value()});
}

Bytes mark_proof_as_missing(const Word& slot, std::uint64_t period) {
    return encode_call(of_marketplace("markProofAsMissing"), {slot, UInt256(period)});
}

Bytes free_slot(const Word& slot) {
    return encode_call(of_marketplace("freeSlot(bytes32)"), {slot});
}

Bytes free_slot(const Word& slot, const Address& reward_recipient,
                const Address& collateral_recipient) {
    return encode_call(of_marketplace("freeSlot(bytes32,address,address)"),
                       {slot, reward_recipient, collateral_recipient});
}

Bytes approve(const Address& spender, const UInt256& amount) {
    return encode_call(of_token("approve"), {spender, amount});
}

Bytes transfer(const Address& to, const UInt256& amount) {
    return encode_call(of_token("transfer"), {to, amount});
}

Bytes transfer_from(const Address& from, const Address& to, const UInt256& amount) {
    return encode_call(of_token("transferFrom"), {from, to, amount});
}

Bytes mint(const Address& holder, const UInt256& amount) {
    return encode_call(of_token("mint"), {holder, amount});
}

} // namespace calls

namespace questions {

Question<Request> get_request(const Word& request) {
    return about<Request>("getRequest", {request},
                          [](const Value::List& values) { return Request::of(values[0]); });
}

Question<RequestState> request_state(const Word& request) {
    return about("requestState", {request}, state<RequestState>);
}

Question<std::uint64_t> request_end(const Word& request) {
    return about("requestEnd", {request}, number);
}

Question<std::uint64_t> request_expiry(const Word& request) {
    return about("requestExpiry", {request}, number);
}

Question<std::vector<Word>> my_requests() {
    return about("myRequests", {}, words);
}

Question<std::vector<Word>> my_slots() {
    return about("mySlots", {}, words);
}

Question<ActiveSlot> get_active_slot(const Word& slot) {
    return about<ActiveSlot>("getActiveSlot", {slot}, [](const Value::List& values) {
        return ActiveSlot{Request::of(values[0][0]), values[0][1].u64()};
    });
}

Question<SlotState> slot_state(const Word& slot) {
    return about("slotState", {slot}, state<SlotState>);
}

Question<Address> get_host(const Word& slot) {
    return about("getHost", {slot}, address);
}

Question<UInt256> current_collateral(const Word& slot) {
    return about("currentCollateral", {slot}, amount);
}

Question<std::uint64_t> missing_proofs(const Word& slot) {
    return about("missingProofs", {slot}, number);
}

Question<bool> can_reserve_slot(const Word& request, std::uint64_t index) {
    return about("canReserveSlot", {request, UInt256(index)}, truth);
}

Question<std::uint64_t> get_pointer(const Word& slot) {
    return about("getPointer", {slot}, number);
}

Question<Word> get_challenge(const Word& slot) {
    return about("getChallenge", {slot}, word);
}

Question<bool> is_proof_required(const Word& slot) {
    return about("isProofRequired", {slot}, truth);
}

Question<bool> will_proof_be_required(const Word& slot) {
    return about("willProofBeRequired", {slot}, truth);
}

Question<UInt256> slot_probability(const Word& slot) {
    return about("slotProbability", {slot}, amount);
}

Question<Allowed> can_mark_proof_as_missing(const Word& slot, std::uint64_t period) {
    return about("canMarkProofAsMissing", {slot, UInt256(period)}, nothing);
}

Question<Configuration> configuration() {
    return about<Configuration>("configuration", {}, [](const Value::List& values) {
        return Configuration::of(values[0]);
    });
}

Question<Address> token() {
    return about("token", {}, address);
}

Question<UInt256> balance_of(const Address& account) {
    return about_tokens("balanceOf", {account}, amount);
}

Question<UInt256> allowance(const Address& owner, const Address& spender) {
    return about_tokens("allowance", {owner, spender}, amount);
}

Question<UInt256> total_supply() {
    return about_tokens("totalSupply", {}, amount);
}

} // namespace questions

} // namespace codex::market
