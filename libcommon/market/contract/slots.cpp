#include "market/contract/detail/marketplace.hpp"
#include "market/contract/detail/token.hpp"

#include <algorithm>

namespace codex::market::detail {

namespace {

void tell_of_slot(Frame& frame, std::string_view event, const Word& request, std::uint64_t index) {
    frame.tell(frame.contracts().options().marketplace, marketplace_interface(), event,
               {request, UInt256(index)});
}

void tell_of_request(Frame& frame, std::string_view event, const Word& request) {
    frame.tell(frame.contracts().options().marketplace, marketplace_interface(), event, {request});
}

bool is_to_be_had(SlotState state) {
    return state == SlotState::free || state == SlotState::repair;
}

/// What a host gives for a slot; less, where he repairs.
UInt256 price_of_entry(const Frame& frame, SlotState state, const UInt256& collateral) {
    if (state != SlotState::repair)
        return collateral;
    const UInt256 percentage = frame.configuration().repair_reward_percentage;
    return sub(collateral, divide(mul(collateral, percentage), 100).quotient);
}

void send(Frame& frame, const Address& to, const UInt256& amount) {
    Frame market = frame.as(frame.contracts().options().marketplace);
    transfer(market, to, amount);
}

/// Reward until `until`, and all his collateral, to where the host wants them.
void pay(Frame& frame, const Word& id, Slot slot, const Request& request, std::uint64_t until,
         const Address& reward_to, const Address& collateral_to) {
    slot.state = SlotState::paid;
    keep(frame, id, slot);
    IdList(frame, IdList::Kind::slots, slot.host).remove(id);
    const UInt256 reward = payout(request, slot.filled_at, until);
    Totals totals = totals_of(frame);
    totals.sent = add(totals.sent, add(reward, slot.current_collateral));
    keep(frame, totals);
    send(frame, reward_to, reward);
    send(frame, collateral_to, slot.current_collateral);
}

} // namespace

SlotState state_of(const Frame& frame, const Slot& slot) {
    if (slot.request == Word{})
        return SlotState::free;
    if (slot.state == SlotState::paid)
        return SlotState::paid;
    switch (state_of(frame, context_of(frame, slot.request))) {
    case RequestState::cancelled:
        return SlotState::cancelled;
    case RequestState::finished:
        return SlotState::finished;
    case RequestState::failed:
        return SlotState::failed;
    case RequestState::fresh:
    case RequestState::started:
        break;
    }
    return slot.state;
}

/// Neither the request nor the slot need exist.
bool can_reserve(const Frame& frame, const Word& request, std::uint64_t index) {
    const Word id = slot_id(request, index);
    const auto hosts = reservations_of(frame, id);
    const Window window = frame.contracts().options().window;
    return is_to_be_had(state_of(frame, slot_of(frame, id))) &&
           hosts.size() < frame.configuration().max_reservations &&
           std::ranges::find(hosts, frame.sender()) == hosts.end() &&
           (window == nullptr || window(frame.now(), frame.sender()));
}

void reserve_slot(Frame& frame, const Word& request, std::uint64_t index) {
    if (!can_reserve(frame, request, index))
        revert("SlotReservations_ReservationNotAllowed");
    const Word id = slot_id(request, index);
    auto hosts = reservations_of(frame, id);
    hosts.push_back(frame.sender());
    keep_reservations(frame, id, hosts);
    if (hosts.size() == frame.configuration().max_reservations)
        tell_of_slot(frame, "SlotReservationsFull", request, index);
}

void fill_slot(Frame& frame, const Word& request_id, std::uint64_t index, const Proof& proof) {
    const Request request = known_request(frame, request_id);
    if (index >= request.slots())
        revert("Marketplace_InvalidSlot");
    const Word id = slot_id(request_id, index);
    const auto hosts = reservations_of(frame, id);
    if (std::ranges::find(hosts, frame.sender()) == hosts.end())
        revert("Marketplace_ReservationRequired");
    Slot slot = slot_of(frame, id);
    slot.request = request_id; // before its state is looked at, which then follows the request's
    slot.index = index;
    const SlotState before = state_of(frame, slot);
    if (!is_to_be_had(before))
        revert("Marketplace_SlotNotFree");
    slot.host = frame.sender();
    slot.filled_at = frame.time();
    Proofs proofs = proofs_of(frame, id);
    proofs.start = frame.time();
    keep(frame, id, proofs);
    receive_proof(frame, id, slot, request, proof);

    Context context = context_of(frame, request_id);
    context.slots_filled = add64(context.slots_filled, 1);
    context.funds_to_return =
        sub(context.funds_to_return, payout(request, slot.filled_at, context.ends_at));
    const UInt256 collateral = request.collateral_per_slot();
    const UInt256 collected = price_of_entry(frame, before, collateral);
    const Address& marketplace = frame.contracts().options().marketplace;
    Frame market = frame.as(marketplace);
    transfer_from(market, frame.sender(), marketplace, collected);
    Totals totals = totals_of(frame);
    totals.received = add(totals.received, collected);
    keep(frame, totals);
    slot.current_collateral = collateral;
    slot.state = SlotState::filled;
    keep(frame, id, slot);
    IdList(frame, IdList::Kind::slots, slot.host).add(id);
    tell_of_slot(frame, "SlotFilled", request_id, index);
    if (context.slots_filled == request.slots() && context.state == RequestState::fresh) {
        context.state = RequestState::started;
        context.started_at = frame.time();
        tell_of_request(frame, "RequestFulfilled", request_id);
    }
    keep(frame, request_id, context);
}

void free_slot(Frame& frame, const Word& id, const Address& reward_to,
               const Address& collateral_to) {
    const Slot slot = slot_of(frame, id);
    if (slot.state == SlotState::free)
        revert("Marketplace_SlotIsFree");
    if (slot.host != frame.sender())
        revert("Marketplace_InvalidSlotHost");
    const Request request = known_request(frame, slot.request);
    Context context = context_of(frame, slot.request);
    switch (state_of(frame, slot)) {
    case SlotState::paid:
        revert("Marketplace_AlreadyPaid");
    case SlotState::finished:
        context.state = RequestState::finished;
        keep(frame, slot.request, context);
        IdList(frame, IdList::Kind::requests, request.client()).remove(slot.request);
        return pay(frame, id, slot, request, context.ends_at, reward_to, collateral_to);
    case SlotState::cancelled:
        return pay(frame, id, slot, request, context.expires_at, reward_to, collateral_to);
    case SlotState::failed:
        return IdList(frame, IdList::Kind::slots, slot.host).remove(id);
    case SlotState::filled:
        return free_by_force(frame, id);
    case SlotState::free:
    case SlotState::repair:
        break;
    }
}

void free_by_force(Frame& frame, const Word& id) {
    Slot slot = slot_of(frame, id);
    const Request request = known_request(frame, slot.request);
    Context context = context_of(frame, slot.request);
    context.funds_to_return =
        add(context.funds_to_return, payout(request, slot.filled_at, context.ends_at));
    IdList(frame, IdList::Kind::slots, slot.host).remove(id);
    keep_reservations(frame, id, {});
    slot.state = SlotState::repair;
    slot.filled_at = 0;
    slot.current_collateral = 0;
    slot.host = Address();
    keep(frame, id, slot);
    context.slots_filled = sub64(context.slots_filled, 1);
    tell_of_slot(frame, "SlotFreed", slot.request, slot.index);
    Proofs proofs = proofs_of(frame, id);
    proofs.missed = 0;
    keep(frame, id, proofs);
    if (sub64(request.slots(), context.slots_filled) > request.max_slot_loss() &&
        context.state == RequestState::started) {
        context.state = RequestState::failed;
        context.ends_at = sub64(frame.time(), 1);
        tell_of_request(frame, "RequestFailed", slot.request);
    }
    keep(frame, slot.request, context);
}

} // namespace codex::market::detail
