#include "market/contract/detail/marketplace.hpp"
#include "market/contract/detail/token.hpp"

#include <algorithm>

namespace codex::market::detail {

Request known_request(const Frame& frame, const Word& id) {
    auto request = find_request(frame, id);
    if (!request)
        revert("Marketplace_UnknownRequest");
    return std::move(*request);
}

/// Ends are strict: in the very second of one it is not over yet.
RequestState state_of(const Frame& frame, const Context& context) {
    if (context.state == RequestState::fresh && frame.time() > context.expires_at)
        return RequestState::cancelled;
    if ((context.state == RequestState::fresh || context.state == RequestState::started) &&
        frame.time() > context.ends_at)
        return RequestState::finished;
    return context.state;
}

std::uint64_t end_of(const Frame& frame, const Context& context) {
    switch (state_of(frame, context)) {
    case RequestState::fresh:
    case RequestState::started:
        return context.ends_at;
    case RequestState::cancelled:
        return context.expires_at;
    case RequestState::finished:
    case RequestState::failed:
        break;
    }
    return std::min(context.ends_at, frame.time());
}

UInt256 payout(const Request& request, std::uint64_t from, std::uint64_t to) {
    if (from >= to)
        revert("Marketplace_StartNotBeforeExpiry");
    return mul(to - from, request.price_per_slot_per_second());
}

namespace {

/// In the order of the contract: the first that fits is what a call is refused with.
void check_request(const Frame& frame, const Request& request, const Word& id) {
    if (request.client() != frame.sender())
        revert("Marketplace_InvalidClientAddress");
    if (find_request(frame, id))
        revert("Marketplace_RequestAlreadyExists");
    if (request.expiry() == 0 || request.expiry() >= request.duration())
        revert("Marketplace_InvalidExpiry");
    if (request.slots() == 0)
        revert("Marketplace_InsufficientSlots");
    if (request.max_slot_loss() > request.slots())
        revert("Marketplace_InvalidMaxSlotLoss");
    if (request.duration() == 0)
        revert("Marketplace_InsufficientDuration");
    if (request.proof_probability() == UInt256())
        revert("Marketplace_InsufficientProofProbability");
    if (request.collateral_per_byte() == UInt256())
        revert("Marketplace_InsufficientCollateral");
    if (request.price_per_byte_per_second() == UInt256())
        revert("Marketplace_InsufficientReward");
    if (request.cid().empty())
        revert("Marketplace_InvalidCid");
    if (request.duration() > frame.configuration().request_duration_limit)
        revert("Marketplace_DurationExceedsLimit");
}

} // namespace

void request_storage(Frame& frame, const Request& request) {
    const Word id = request.id();
    check_request(frame, request, id);
    Context context;
    context.ends_at = add64(frame.time(), request.duration());
    context.expires_at = add64(frame.time(), request.expiry());
    context.funds_to_return = request.max_price();
    keep(frame, request);
    keep(frame, id, context);
    IdList(frame, IdList::Kind::requests, request.client()).add(id);
    Totals totals = totals_of(frame);
    totals.received = add(totals.received, context.funds_to_return);
    keep(frame, totals);
    const auto& addresses = frame.contracts().options();
    Frame market = frame.as(addresses.marketplace);
    transfer_from(market, frame.sender(), addresses.marketplace, context.funds_to_return);
    frame.tell(addresses.marketplace, marketplace_interface(), "StorageRequested",
               {id, request.ask(), UInt256(context.expires_at)});
}

void withdraw_funds(Frame& frame, const Word& id, const Address& to) {
    const Request request = known_request(frame, id);
    if (request.client() != frame.sender())
        revert("Marketplace_InvalidClientAddress");
    Context context = context_of(frame, id);
    const RequestState state = state_of(frame, context);
    if (state != RequestState::cancelled && state != RequestState::finished &&
        state != RequestState::failed)
        revert("Marketplace_InvalidState");
    if (context.funds_to_return == UInt256())
        revert("Marketplace_NothingToWithdraw");
    context.state = state;
    const auto& addresses = frame.contracts().options();
    UInt256 amount = context.funds_to_return;
    if (state == RequestState::cancelled) {
        frame.tell(addresses.marketplace, marketplace_interface(), "RequestCancelled", {id});
        // What hosts would have got after it expired.
        amount = add(amount, mul(context.slots_filled,
                                 payout(request, context.expires_at, context.ends_at)));
    } else if (state == RequestState::failed) {
        amount = request.max_price();
    }
    IdList(frame, IdList::Kind::requests, request.client()).remove(id);
    context.funds_to_return = 0;
    keep(frame, id, context);
    Totals totals = totals_of(frame);
    totals.sent = add(totals.sent, amount);
    keep(frame, totals);
    Frame market = frame.as(addresses.marketplace);
    transfer(market, to, amount);
}

} // namespace codex::market::detail
