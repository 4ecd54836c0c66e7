// codex-market challenge: what slots are to prove now, as jobs for a prover.
#include "calls.hpp"
#include "cli/for_each.hpp"
#include "market.hpp"
#include "options.hpp"
#include "places.hpp"
#include "state_records.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

struct ChallengeOptions {
    LedgerOption ledger;
    bool required = false;
    std::vector<std::string> slots;
};

Result<int> run_challenge(cli::Context& context, const ChallengeOptions& options) {
    std::unique_ptr<ledger::Ledger> ledger;
    Places places;
    return cli::for_each(context, slot_inputs(options.slots),
                         {.label = "challenge",
                          .begin = [&]() -> Result<void> {
                              CODEX_SET(ledger, open_ledger(context, ledger::Access::read));
                              return {};
                          },
                          .turn = [&](const std::string& item, Progress&) -> Result<void> {
                              CODEX_TRY(slot, slot_from_text(item));
                              CODEX_TRY(views, Views::now(*ledger));
                              CODEX_SET(slot.place, places.find(views, slot));
                              CODEX_TRY(challenge, challenge_now(views, slot));
                              if (options.required && !challenge.required &&
                                  !challenge.will_be_required)
                                  return {};
                              return context.print_text(challenge_to_json(challenge) + "\n");
                          }});
}

} // namespace

void declare_challenge(cli::Command& root) {
    const auto options = std::make_shared<ChallengeOptions>();
    cli::Command& challenge =
        root.command("challenge", "print what slots are to prove now, as jobs for a prover");
    options->ledger.declare(challenge);
    challenge.flag("--required", options->required, "only of slots that owe a proof")
        .arguments("SLOT", options->slots, "ids, or REQUEST@INDEX; default: from stdin")
        .example("codex-market challenge 0x3c9f...@0 | codex-prove prove --watch --circuit-dir .")
        .example("codex-market list slots | codex-market challenge --required")
        .run([options](cli::Context& context) { return run_challenge(context, *options); });
}

} // namespace codex::market_tool
