// codex-market ledger replay: recorded operations, answered as the contract answered them.
#include "ledger_reports.hpp"

#include "cli/inputs.hpp"
#include "market/replay.hpp"
#include "toolkit/input.hpp"

namespace codex::market_tool {

Result<int> replay_operations(cli::Context& context, const std::string& source) {
    context.about(toolkit::input_name(source));
    CODEX_TRY(input, toolkit::open_input(source));
    cli::Inputs operations({}, input.fd(), input.name);
    operations.are("operation", {});
    operations.whole_lines();
    const market::TestVerifier verifier;
    market::Replay replay(market::Replay::recorded(verifier));
    for (;;) {
        CODEX_TRY(operation, operations.next());
        if (!operation)
            return 0;
        CODEX_TRY(answer, replay.answer(*operation));
        CODEX_CHECK(context.print_text(answer + "\n"));
    }
}

} // namespace codex::market_tool
