// codex-market reserve: the right to fill a slot.
#include "calls.hpp"
#include "market.hpp"
#include "options.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

struct ReserveOptions {
    LedgerOption ledger;
    AccountOption account;
    std::vector<std::string> slots;
};

Result<PlannedCall> plan_reserve(const ledger::Ledger& ledger, const ethereum::PrivateKey&,
                                 const std::string& line) {
    CODEX_TRY(slot, slot_from_text(line));
    if (!slot.place) {
        CODEX_TRY(views, Views::now(ledger));
        CODEX_SET(slot.place, place_of(views, slot));
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
            return make_calls(context, slot_inputs(options->slots), plan_reserve);
        });
}

} // namespace codex::market_tool
