// codex-market mark-missing: who owed a proof and gave none.
#include "calls.hpp"
#include "market.hpp"
#include "options.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

struct MarkOptions {
    LedgerOption ledger;
    AccountOption account;
    std::optional<std::uint64_t> period;
    std::vector<std::string> slots;
};

Result<PlannedCall> plan_mark(const MarkOptions& options, const ledger::Ledger& ledger,
                              const std::string& line) {
    CODEX_TRY(slot, slot_from_text(line));
    std::uint64_t period = options.period.value_or(0);
    if (!options.period) {
        CODEX_TRY(views, Views::now(ledger));
        period = views.period() == 0 ? 0 : views.period() - 1;
    }
    return slot_call(ledger, slot, market::calls::mark_proof_as_missing(slot.id, period));
}

} // namespace

void declare_mark_missing(cli::Command& root) {
    const auto options = std::make_shared<MarkOptions>();
    cli::Command& mark =
        root.command("mark-missing", "say that a slot's proof of a period is missing");
    options->ledger.declare(mark);
    options->account.declare(mark);
    mark.option("--period N", options->period, "which; default: the one that is over")
        .arguments("SLOT", options->slots, "ids, or REQUEST@INDEX; default: from stdin")
        .takes_batch()
        .takes_dry_run()
        .example("codex-market mark-missing 0x3c9f...@2")
        .example("codex-market mark-missing --period 14960152 0x3c9f...@2")
        .run([options](cli::Context& context) {
            return make_calls(
                context, slot_inputs(options->slots),
                [&](const ledger::Ledger& ledger, const ethereum::PrivateKey&,
                    const std::string& line) { return plan_mark(*options, ledger, line); });
        });
}

} // namespace codex::market_tool
