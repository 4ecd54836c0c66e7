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
        auto answer = replay.answer(*operation);
        if (!answer) {
            context.about(operations.place());
            if (!answer.error().has_way_out())
                return fail(std::move(answer).error().hint(
                    "what an operation is, is said by codex-market(7), RUNS"));
            return fail(std::move(answer).error());
        }
        CODEX_CHECK(context.print_text(*answer + "\n"));
    }
}

} // namespace codex::market_tool
