// codex-market reserve: the right to fill a slot.
#include "base/copy_error.hpp"
#include "calls.hpp"
#include "market.hpp"
#include "options.hpp"
#include "places.hpp"
#include "state_records.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

struct ReserveOptions {
    LedgerOption ledger;
    AccountOption account;
    std::vector<std::string> slots;
};

/// The contract lets anybody reserve what there is not, and nobody fill it.
Result<void> warn_of_none(cli::Context& context, const Views& views, const std::string& line,
                          const SlotPlace& place) {
    const auto request = known_request(views, place.request);
    if (!request && request.error().code() != Errc::market_unknown)
        return fail(copy_of(request.error()));
    if (!request || place.index >= request->ask.slots)
        context.warn(line, "no request has such a slot, so it can never be filled");
    return {};
}

Result<PlannedCall> plan_reserve(cli::Context& context, Places& places,
                                 const ledger::Ledger& ledger, const std::string& line) {
    CODEX_TRY(slot, slot_from_text(line));
    if (!slot.place || !context.batch()) {
        CODEX_TRY(views, Views::now(ledger));
        if (slot.place)
            CODEX_CHECK(warn_of_none(context, views, line, *slot.place));
        else
            CODEX_SET(slot.place, places.find(views, slot));
    }
    return slot_call(ledger, slot,
                     market::calls::reserve_slot(slot.place->request, slot.place->index));
}

} // namespace

void declare_reserve(cli::Command& root) {
    const auto options = std::make_shared<ReserveOptions>();
    cli::Command& reserve = root.command("reserve", "take the right to fill slots");
    options->ledger.declare(reserve);
    options->account.declare(reserve);
    reserve.arguments("SLOT", options->slots, "ids, or REQUEST@INDEX; default: from stdin")
        .takes_batch()
        .takes_dry_run()
        .example("codex-market reserve 0x3c9f...@0")
        .example("codex-market list open | codex-market reserve")
        .run([options](cli::Context& context) {
            Places places;
            return make_calls(context, slot_inputs(options->slots),
                              [&](const ledger::Ledger& ledger, const ethereum::PrivateKey&,
                                  const std::string& line) {
                                  return plan_reserve(context, places, ledger, line);
                              });
        });
}

} // namespace codex::market_tool
