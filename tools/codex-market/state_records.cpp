#include "state_records.hpp"

#include "places.hpp"

#include "base/hex.hpp"
#include "codec/cid.hpp"
#include "market/contract/interfaces.hpp"

namespace codex::market_tool {

std::string cid_text(const Bytes& cid) {
    const auto read = Cid::from_bytes(cid);
    return read ? read->text() : "0x" + to_hex(cid);
}

Result<market::Request> known_request(const Views& views, const Word& request) {
    auto known = views.ask(questions::get_request(request));
    if (!known && known.error().code() == Errc::market_refused)
        return fail(Error(Errc::market_unknown, "there is no such request")
                        .hint("list those of an account: codex-market list mine; or those whose "
                              "slots are to be had: codex-market list open"));
    return known;
}

Result<cli::Record> request_record(const Views& views, const Word& request) {
    CODEX_TRY(known, known_request(views, request));
    CODEX_TRY(state, views.ask(questions::request_state(request)));
    CODEX_TRY(expires, views.ask(questions::request_expiry(request)));
    CODEX_TRY(ends, views.ask(questions::request_end(request)));
    cli::Record record("request");
    record.field("requestId", text_of(request))
        .field("state", market::name_of(state))
        .field("cid", cid_text(known.cid))
        .field("slots", known.ask.slots)
        .field("slotSize", known.ask.slot_size)
        .field("expiresAt", expires)
        .field("endsAt", ends)
        .json_raw("request", request_to_json(known));
    if (const auto price = known.max_price())
        record.json("maxPrice", price->text());
    if (const auto price = known.price_per_slot_per_second())
        record.json("pricePerSlotPerSecond", price->text());
    if (const auto collateral = known.collateral_per_slot())
        record.json("collateralPerSlot", collateral->text());
    return record;
}

namespace {

/// A slot, its place, and the request that it is one of.
struct KnownSlot {
    SlotPlace place;
    market::Request request;
};
Result<KnownSlot> known_slot(const Views& views, const SlotName& slot) {
    CODEX_TRY(place, Places().find(views, slot));
    CODEX_TRY(request, known_request(views, place.request));
    if (place.index >= request.ask.slots)
        return fail(Error(Errc::market_unknown, "its request has no such slot")
                        .remedy(Remedy(Remedy::show_request).of(text_of(place.request))));
    return KnownSlot{place, std::move(request)};
}

} // namespace

Result<market::Challenge> challenge_now(const Views& views, const SlotName& slot) {
    CODEX_TRY(known, known_slot(views, slot));
    return market::challenge_of(views.ledger().contracts(), views.snapshot(),
                                views.snapshot().now(), known.request, known.place.index);
}

Result<cli::Record> slot_record(const Views& views, const SlotName& slot) {
    CODEX_TRY(known, known_slot(views, slot));
    const auto& [place, request] = known;
    CODEX_TRY(state, views.ask(questions::slot_state(slot.id)));
    CODEX_TRY(host, views.ask(questions::get_host(slot.id)));
    CODEX_TRY(collateral, views.ask(questions::current_collateral(slot.id)));
    CODEX_TRY(missed, views.ask(questions::missing_proofs(slot.id)));
    cli::Record record("slot");
    record.field("slotId", text_of(slot.id))
        .field("requestId", text_of(place.request))
        .field("slotIndex", place.index)
        .field("state", market::name_of(state));
    if (host.is_zero())
        record.text("-").json("host", nullptr);
    else
        record.field("host", host.text());
    record.field("currentCollateral", collateral.text()).field("missed", missed);
    record.json("slotSize", request.ask.slot_size).json("cid", cid_text(request.cid));
    if (const auto price = request.price_per_slot_per_second())
        record.json("pricePerSlotPerSecond", price->text());
    if (const auto all = request.collateral_per_slot())
        record.json("collateralPerSlot", all->text());
    return record;
}

UInt256 collateral_to_fill(const Views& views, const market::Request& request,
                           market::SlotState state) {
    const UInt256 all = request.collateral_per_slot().value_or(UInt256());
    const std::uint64_t discount = views.ledger().genesis().configuration.repair_reward_percentage;
    const auto product = checked_mul(all, discount);
    if (state != market::SlotState::repair || !product)
        return all;
    return checked_sub(all, divide(*product, 100).quotient).value_or(all);
}

Result<cli::Record> open_slot_record(const Views& views, const Word& request, std::uint64_t index,
                                     market::SlotState state) {
    CODEX_TRY(known, known_request(views, request));
    CODEX_TRY(expires, views.ask(questions::request_expiry(request)));
    CODEX_TRY(ends, views.ask(questions::request_end(request)));
    CODEX_TRY(request_state, views.ask(questions::request_state(request)));
    const bool expires_first = request_state == market::RequestState::fresh;
    cli::Record record("open");
    record.field("slotId", text_of(market::slot_id(request, index)))
        .field("requestId", text_of(request))
        .field("slotIndex", index)
        .field("state", market::name_of(state))
        .field("slotSize", known.ask.slot_size)
        .field("pricePerSlotPerSecond",
               known.price_per_slot_per_second().value_or(UInt256()).text())
        .field("collateral", collateral_to_fill(views, known, state).text())
        .field("until", expires_first ? expires : ends)
        .json("expiresAt", expires)
        .json("endsAt", ends)
        .json("cid", cid_text(known.cid));
    return record;
}

Result<void> for_each_request(const ledger::Ledger& ledger,
                              const std::function<Result<bool>(const Word& request)>& visit) {
    const ethereum::abi::Event& requested =
        *market::marketplace_interface().event("StorageRequested");
    ledger::EventQuery query;
    query.topics = {requested.topic};
    return ledger.events(query, [&](const ledger::Event& event) -> Result<bool> {
        CODEX_TRY(values, decode_log(requested, event.log));
        return visit(values[0].word());
    });
}

} // namespace codex::market_tool
