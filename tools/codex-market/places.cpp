#include "places.hpp"

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
    CODEX_TRY(found, of_wide(views.snapshot(), slot.id));
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

/// By its id alone no other slot can be anywhere: so of a market without such requests an id that
/// is no slot is known as that at once.
Result<std::optional<SlotPlace>> Places::of_wide(const ledger::Snapshot& snapshot, const Word& id) {
    if (const auto known = known_.find(id); known != known_.end())
        return known->second;
    std::optional<SlotPlace> found;
    CODEX_CHECK(snapshot.wide_requests(next_, [&](const ledger::WideRequest& wide) -> Result<bool> {
        const std::uint64_t slots = std::min(wide.slots, kMostSlots);
        full_ = full_ || known_.size() + slots > kMostKnown;
        for (std::uint64_t index = wide.first; index < slots && (!full_ || !found); ++index) {
            const Word slot = market::slot_id(wide.request, index);
            if (slot == id)
                found = SlotPlace{wide.request, index};
            if (!full_)
                known_.emplace(slot, SlotPlace{wide.request, index});
        }
        if (!full_)
            next_ = wide.sequence + 1;
        return !found;
    }));
    return found;
}

} // namespace codex::market_tool
