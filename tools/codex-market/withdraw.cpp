// codex-market withdraw: what is left of a client's money.
#include "calls.hpp"
#include "market.hpp"
#include "options.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

struct WithdrawOptions {
    LedgerOption ledger;
    AccountOption account;
    std::string recipient;
    std::vector<std::string> requests;
};

Result<PlannedCall> plan_withdraw(const WithdrawOptions& options, const ledger::Ledger& ledger,
                                  const std::string& line) {
    CODEX_TRY(request, request_from_text(line));
    Bytes data = market::calls::withdraw_funds(request);
    if (!options.recipient.empty()) {
        auto recipient = account_from_text(options.recipient);
        if (!recipient)
            return fail(cli::bad_value("--recipient", recipient.error()));
        data = market::calls::withdraw_funds(request, *recipient);
    }
    return request_call(ledger, request, std::move(data));
}

} // namespace

void declare_withdraw(cli::Command& root) {
    const auto options = std::make_shared<WithdrawOptions>();
    cli::Command& withdraw =
        root.command("withdraw", "get back what a request that is over has not cost");
    options->ledger.declare(withdraw);
    options->account.declare(withdraw);
    withdraw.option("--recipient ACCOUNT", options->recipient, "who is paid; default: the client")
        .arguments("REQUEST", options->requests, "ids; default: from stdin")
        .takes_batch()
        .takes_dry_run()
        .example("codex-market withdraw 0x3c9f...")
        .example("codex-market list mine --state finished | codex-market withdraw")
        .run([options](cli::Context& context) {
            return make_calls(
                context, request_inputs(options->requests),
                [&](const ledger::Ledger& ledger, const ethereum::PrivateKey&,
                    const std::string& line) { return plan_withdraw(*options, ledger, line); });
        });
}

} // namespace codex::market_tool
