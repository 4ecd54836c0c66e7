#include "market/contract/detail/marketplace.hpp"
#include "market/contract/detail/token.hpp"
#include "market/contract/proof_inputs.hpp"

#include "crypto/hash/keccak256.hpp"

#include <algorithm>

namespace codex::market::detail {

namespace {

/// Blocks that have a hash a contract can ask for, and values of a pointer.
constexpr std::uint64_t kPointers = 256;

} // namespace

std::uint64_t period_now(const Frame& frame) {
    return frame.time() / frame.configuration().period;
}

/// It goes one further with each block, so that for a whole period it points at the same one.
std::uint8_t pointer_of(const Frame& frame, const Word& slot, std::uint64_t period) {
    const std::uint64_t product = mul64(period, frame.configuration().downtime_product);
    return static_cast<std::uint8_t>(frame.block() % kPointers + product % kPointers + slot.back());
}

Word challenge_at(const Frame& frame, std::uint8_t pointer) {
    const std::uint64_t behind = std::uint64_t{1} + pointer;
    const Digest hash =
        frame.block() < behind ? Digest{} : frame.block_hash(frame.block() - behind);
    if (hash == Digest{})
        panic(Panic::assertion);
    return crypto::keccak256(hash);
}

/// 0 stands for always.
UInt256 probability_of(const Frame& frame, const Word& slot) {
    const auto request = find_request(frame, slot_of(frame, slot).request);
    if (!request)
        return 0;
    const std::uint64_t uptime = kPointers - frame.configuration().downtime;
    return divide(mul(request->proof_probability(), uptime), kPointers).quotient;
}

Requirement requirement_of(const Frame& frame, const Word& slot, std::uint64_t period) {
    const std::uint64_t start = proofs_of(frame, slot).start / frame.configuration().period;
    if (state_of(frame, slot_of(frame, slot)) != SlotState::filled || period <= start)
        return {};
    Requirement requirement;
    requirement.pointer = pointer_of(frame, slot, period);
    requirement.in_downtime = requirement.pointer < frame.configuration().downtime;
    const Word challenge = challenge_at(frame, requirement.pointer);
    const UInt256 probability = probability_of(frame, slot);
    requirement.required =
        probability == UInt256() ||
        divide(UInt256::from_bytes(challenge), probability).remainder == UInt256();
    return requirement;
}

void receive_proof(Frame& frame, const Word& id, const Slot& slot, const Request& request,
                   const Proof& proof) {
    const std::uint64_t period = period_now(frame);
    const Word challenge = challenge_at(frame, pointer_of(frame, id, period));
    if (is_received(frame, id, period))
        revert("Proofs_ProofAlreadySubmitted");
    switch (frame.contracts().options().verifier->verify(
        proof, proof_inputs(challenge, request.merkle_root(), slot.index))) {
    case Verdict::accepted:
        break;
    case Verdict::refused:
        revert("Proofs_InvalidProof");
    case Verdict::overflow:
        panic(Panic::arithmetic);
    }
    set_received(frame, id, period);
    frame.tell(frame.contracts().options().marketplace, marketplace_interface(), "ProofSubmitted",
               {id});
}

/// Whether it is owed is not asked.
void submit_proof(Frame& frame, const Word& id, const Proof& proof) {
    const Slot slot = slot_of(frame, id);
    const Request request = known_request(frame, slot.request);
    if (slot.host != frame.sender())
        revert("Marketplace_ProofNotSubmittedByHost");
    receive_proof(frame, id, slot, request, proof);
}

/// At this block, though it is about a period that is over.
void check_missing(const Frame& frame, const Word& slot, std::uint64_t period) {
    if (state_of(frame, slot_of(frame, slot)) != SlotState::filled)
        revert("Marketplace_SlotNotAcceptingProofs");
    const Configuration& configuration = frame.configuration();
    const std::uint64_t end = mul64(add64(period, 1), configuration.period);
    if (end >= frame.time())
        revert("Proofs_PeriodNotEnded");
    if (frame.time() >= add64(end, configuration.timeout))
        revert("Proofs_ValidationTimedOut");
    if (is_received(frame, slot, period))
        revert("Proofs_ProofNotMissing");
    const Requirement requirement = requirement_of(frame, slot, period);
    if (!requirement.required || requirement.in_downtime)
        revert("Proofs_ProofNotRequired");
    if (is_missing(frame, slot, period))
        revert("Proofs_ProofAlreadyMarkedMissing");
}

void mark_missing(Frame& frame, const Word& id, std::uint64_t period) {
    check_missing(frame, id, period);
    set_missing(frame, id, period);
    Proofs proofs = proofs_of(frame, id);
    proofs.missed = add64(proofs.missed, 1);
    keep(frame, id, proofs);

    const Configuration& configuration = frame.configuration();
    Slot slot = slot_of(frame, id);
    const Request request = known_request(frame, slot.request);
    const UInt256 slashed =
        divide(mul(request.collateral_per_slot(), configuration.slash_percentage), 100).quotient;
    const UInt256 reward =
        divide(mul(slashed, configuration.validator_reward_percentage), 100).quotient;
    Totals totals = totals_of(frame);
    totals.sent = add(totals.sent, reward);
    keep(frame, totals);
    Frame market = frame.as(frame.contracts().options().marketplace);
    transfer(market, frame.sender(), reward);
    slot.current_collateral = sub(slot.current_collateral, slashed);
    keep(frame, id, slot);
    if (proofs.missed >= configuration.max_number_of_slashes)
        free_by_force(frame, id);
}

} // namespace codex::market::detail
