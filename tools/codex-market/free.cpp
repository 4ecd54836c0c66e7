// codex-market free: what a host gives back, or is paid for.
#include "calls.hpp"
#include "market.hpp"
#include "options.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

struct FreeOptions {
    LedgerOption ledger;
    AccountOption account;
    std::string reward;
    std::string collateral;
    std::vector<std::string> slots;
};

/// The address that an option says, or the account's own.
Result<Address> recipient(std::string_view option, const std::string& text, const Address& own) {
    if (text.empty())
        return own;
    auto address = account_from_text(text);
    if (!address)
        return fail(cli::bad_value(option, address.error()));
    return address;
}

Result<PlannedCall> plan_free(const FreeOptions& options, const ledger::Ledger& ledger,
                              const ethereum::PrivateKey& key, const std::string& line) {
    CODEX_TRY(slot, slot_from_text(line));
    CODEX_TRY(reward, recipient("--reward-recipient", options.reward, key.address()));
    CODEX_TRY(collateral, recipient("--collateral-recipient", options.collateral, key.address()));
    const bool own = options.reward.empty() && options.collateral.empty();
    return slot_call(ledger, slot,
                     own ? market::calls::free_slot(slot.id)
                         : market::calls::free_slot(slot.id, reward, collateral));
}

} // namespace

void declare_free(cli::Command& root) {
    const auto options = std::make_shared<FreeOptions>();
    cli::Command& free = root.command("free", "be paid for slots that are over, or give others up");
    options->ledger.declare(free);
    options->account.declare(free);
    free.option("--reward-recipient ACCOUNT", options->reward, "who is paid; default: the host")
        .option("--collateral-recipient ACCOUNT", options->collateral,
                "who gets the collateral; default: the host")
        .arguments("SLOT", options->slots, "ids, or REQUEST@INDEX; default: from stdin")
        .takes_batch()
        .takes_dry_run()
        .example("codex-market free 0x3c9f...@0")
        .example("codex-market list slots --state finished | codex-market free")
        .run([options](cli::Context& context) {
            return make_calls(
                context, slot_inputs(options->slots),
                [&](const ledger::Ledger& ledger, const ethereum::PrivateKey& key,
                    const std::string& line) { return plan_free(*options, ledger, key, line); });
        });
}

} // namespace codex::market_tool
