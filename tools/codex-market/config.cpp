// codex-market config: behind the settings, how the market of the ledger is configured.
#include "market.hpp"
#include "options.hpp"
#include "session.hpp"
#include "terms_text.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

/// One that a market is made with, as a line of `config`.
struct Line {
    std::string_view name;
    std::string value;
};

std::vector<Line> lines_of(const ledger::Genesis& genesis) {
    const market::Configuration& made = genesis.configuration;
    const auto number = [](std::uint64_t value) { return fmt::format("{}", value); };
    return {
        {"market.name", genesis.name},
        {"market.marketplace", genesis.marketplace.text()},
        {"market.token", genesis.token.text()},
        {"market.clock", genesis.clock == ledger::ClockKind::wall ? "wall" : "manual"},
        {"market.blockTime", number(genesis.block_seconds)},
        {"market.start", number(genesis.start)},
        {"market.verifier", genesis.verifier == ledger::VerifierKind::groth16 ? "groth16" : "test"},
        {"collateral.repairRewardPercentage", number(made.repair_reward_percentage)},
        {"collateral.maxNumberOfSlashes", number(made.max_number_of_slashes)},
        {"collateral.slashPercentage", number(made.slash_percentage)},
        {"collateral.validatorRewardPercentage", number(made.validator_reward_percentage)},
        {"proofs.period", number(made.period)},
        {"proofs.timeout", number(made.timeout)},
        {"proofs.downtime", number(made.downtime)},
        {"proofs.downtimeProduct", number(made.downtime_product)},
        {"proofs.zkeyHash", made.zkey_hash},
        {"reservations.maxReservations", number(made.max_reservations)},
        {"requestDurationLimit", number(made.request_duration_limit)}};
}

Result<void> print_market(cli::Context& context, bool origins) {
    auto path = ledger_path(context);
    if (!path) // no repo, no home: there are the settings all the same
        return {};
    auto ledger = ledger::Ledger::open(*path, ledger::Access::read, ledger_options(context));
    if (!ledger && ledger.error().code() == Errc::ledger_missing && !context.given("ledger"))
        return {};
    if (!ledger)
        return fail(std::move(ledger).error());
    for (const Line& line : lines_of((*ledger)->genesis())) {
        cli::Record record("setting");
        record.field("name", line.name).field("value", line.value);
        if (origins)
            record.field("origin", "ledger").field("from", *path);
        CODEX_CHECK(context.print(record));
    }
    warn_of_flaws(context, (*ledger)->genesis());
    return {};
}

} // namespace

cli::ToolSpec::PrintsMore declare_config(cli::Command& config) {
    const auto ledger = std::make_shared<LedgerOption>();
    ledger->declare(config);
    return [ledger](cli::Context& context, bool origins) { return print_market(context, origins); };
}

} // namespace codex::market_tool
