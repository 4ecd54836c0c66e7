// codex-market time: when a call made now would be.
#include "market.hpp"
#include "options.hpp"
#include "session.hpp"

#include <memory>

namespace codex::market_tool {

void declare_time(cli::Command& root) {
    const auto option = std::make_shared<LedgerOption>();
    cli::Command& time = root.command("time", "print the ledger's time, block and period");
    option->declare(time);
    time.example("codex-market time")
        .example("codex-market time --json | jq '.periodEnd // empty'")
        .run([option](cli::Context& context) -> Result<int> {
            CODEX_TRY(ledger, open_ledger(context, ledger::Access::read));
            CODEX_TRY(views, Views::now(*ledger));
            const ledger::Genesis& genesis = ledger->genesis();
            const std::uint64_t period = genesis.configuration.period;
            CODEX_CHECK(context.print(
                cli::Record("time")
                    .field("timestamp", views.time())
                    .field("block", views.snapshot().now().block)
                    .field("period", views.period())
                    .field("periodEnd", (views.period() + 1) * period)
                    .field("clock", genesis.clock == ledger::ClockKind::wall ? "wall" : "manual")
                    .json("blockTime", genesis.block_seconds)
                    .json("periodSeconds", period)
                    .json("timeout", genesis.configuration.timeout)));
            return 0;
        });
}

} // namespace codex::market_tool
