#include "session.hpp"

#include "market/contract/interfaces.hpp"
#include "options.hpp"

namespace codex::market_tool {

namespace {

/// Requests have as many slots as they say, which no one has to fill: beyond this they are not
/// looked through for an id.
constexpr std::uint64_t kMostSlots = 65536;

} // namespace

ledger::Options ledger_options(cli::Context& context) {
    ledger::Options options;
    options.lock_timeout_seconds = context.lock_timeout_seconds();
    options.clock = context.clock();
    options.log = context.log();
    return options;
}

Result<std::unique_ptr<ledger::Ledger>> open_ledger(cli::Context& context, ledger::Access access) {
    CODEX_TRY(path, ledger_path(context));
    auto opened = ledger::Ledger::open(path, access, ledger_options(context));
    if (!opened && opened.error().code() == Errc::ledger_missing && !opened.error().has_way_out())
        return fail(
            std::move(opened).error().remedy({Remedy::make_ledger}).remedy({Remedy::name_ledger}));
    return opened;
}

Result<Views> Views::now(const ledger::Ledger& ledger, const Address& from) {
    CODEX_TRY(snapshot, ledger.snapshot());
    return Views(ledger, std::move(snapshot), from);
}

Result<SlotPlace> place_of(const Views& views, const SlotName& slot) {
    if (slot.place)
        return *slot.place;
    if (auto active = views.ask(questions::get_active_slot(slot.id)))
        return SlotPlace{active->request.id(), active->index};
    // Nobody has filled it, so only the requests say that there is such a slot.
    std::optional<SlotPlace> found;
    ledger::EventQuery query;
    query.topics = {market::marketplace_interface().event("StorageRequested")->topic};
    CODEX_CHECK(views.ledger().events(query, [&](const ledger::Event& event) -> Result<bool> {
        CODEX_TRY(values, decode_log(*market::marketplace_interface().event("StorageRequested"),
                                     event.log));
        const Word& request = values[0].word();
        const std::uint64_t slots = std::min(values[1][3].u64(), kMostSlots);
        for (std::uint64_t index = 0; index < slots && !found; ++index)
            if (market::slot_id(request, index) == slot.id)
                found = SlotPlace{request, index};
        return !found;
    }));
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

} // namespace codex::market_tool
