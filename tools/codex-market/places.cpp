#include "places.hpp"

#include "market/contract/interfaces.hpp"
#include "market/request.hpp"

#include <algorithm>
#include <cstring>

namespace codex::market_tool {

namespace {

/// Requests have as many slots as they say, which no one has to fill: beyond this they are not
/// looked through for an id.
constexpr std::uint64_t kMostSlots = 65536;
/// As many slots are kept; what is behind them is gone through for each.
constexpr std::size_t kMostKnown = std::size_t{1} << 17;

} // namespace

std::size_t Places::Hash::operator()(const Word& id) const {
    std::size_t some = 0; // of a hash, so as good as any
    std::memcpy(&some, id.data(), sizeof some);
    return some;
}

Result<SlotPlace> Places::find(const Views& views, const SlotName& slot) {
    if (slot.place)
        return *slot.place;
    if (auto active = views.ask(questions::get_active_slot(slot.id)))
        return SlotPlace{active->request.id(), active->index};
    CODEX_TRY(kept, views.snapshot().place_of_slot(slot.id));
    if (kept)
        return SlotPlace{kept->request, kept->index};
    CODEX_TRY(found, of_requests(views.ledger(), slot.id));
    if (found)
        return *found;
    if (views.ask(questions::request_state(slot.id)))
        return fail(
            Error(Errc::market_unknown, "it is a request, and none of its slots is named")
                .hint(fmt::format("name one, from 0 on: {}@0", text_of(slot.id)))
                .remedy(
                    Remedy(Remedy::show_request, "see how many there are").of(text_of(slot.id))));
    return fail(
        Error(Errc::market_unknown, "no request has such a slot").remedy({Remedy::list_slots}));
}

Result<std::optional<SlotPlace>> Places::of_requests(const ledger::Ledger& ledger, const Word& id) {
    if (const auto known = known_.find(id); known != known_.end())
        return known->second;
    const ethereum::abi::Event& requested =
        *market::marketplace_interface().event("StorageRequested");
    std::optional<SlotPlace> found;
    ledger::EventQuery query;
    query.topics = {requested.topic};
    query.from = next_;
    CODEX_CHECK(ledger.events(query, [&](const ledger::Event& event) -> Result<bool> {
        CODEX_TRY(values, decode_log(requested, event.log));
        const Word& request = values[0].word();
        const std::uint64_t slots = std::min(values[1][3].u64(), kMostSlots);
        full_ = full_ || known_.size() + slots > kMostKnown;
        for (std::uint64_t index = 0; index < slots && (!full_ || !found); ++index) {
            const Word slot = market::slot_id(request, index);
            if (slot == id)
                found = SlotPlace{request, index};
            if (!full_)
                known_.emplace(slot, SlotPlace{request, index});
        }
        if (!full_)
            next_ = {event.at.sequence, event.at.index + 1};
        return !found;
    }));
    return found;
}

} // namespace codex::market_tool
