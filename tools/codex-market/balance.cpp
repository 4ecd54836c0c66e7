// codex-market balance: how many tokens accounts have.
#include "calls.hpp"
#include "cli/for_each.hpp"
#include "market.hpp"
#include "options.hpp"

#include <memory>
#include <unistd.h>

namespace codex::market_tool {

namespace {

struct BalanceOptions {
    LedgerOption ledger;
    AccountOption account;
    std::vector<std::string> accounts;
};

Result<void> print_balance(cli::Context& context, const Views& views, const std::string& item) {
    const ledger::Genesis& genesis = views.ledger().genesis();
    CODEX_TRY(account,
              item == "market" ? Result<Address>(genesis.marketplace) : account_from_text(item));
    CODEX_TRY(balance, views.ask(questions::balance_of(account)));
    CODEX_TRY(allowance, views.ask(questions::allowance(account, genesis.marketplace)));
    return context.print(cli::Record("balance")
                             .field("account", account.text())
                             .field("balance", balance.text())
                             .field("allowance", allowance.text()));
}

Result<int> run_balance(cli::Context& context, const BalanceOptions& options) {
    std::vector<std::string> accounts = options.accounts;
    if (accounts.empty()) {
        CODEX_TRY(key, account_key(context));
        accounts.push_back(key.address().text());
    }
    cli::Inputs inputs(std::move(accounts), STDIN_FILENO);
    inputs.are("account", {"account", "address"});
    std::unique_ptr<ledger::Ledger> ledger;
    return cli::for_each(context, std::move(inputs),
                         {.label = "balance",
                          .begin = [&]() -> Result<void> {
                              CODEX_SET(ledger, open_ledger(context, ledger::Access::read));
                              return {};
                          },
                          .turn = [&](const std::string& item, Progress&) -> Result<void> {
                              CODEX_TRY(views, Views::last(*ledger));
                              return print_balance(context, views, item);
                          }});
}

} // namespace

void declare_balance(cli::Command& root) {
    const auto options = std::make_shared<BalanceOptions>();
    cli::Command& balance = root.command("balance", "print how many tokens accounts have");
    options->ledger.declare(balance);
    options->account.declare(balance);
    balance
        .arguments("ACCOUNT", options->accounts,
                   "addresses, or market; -: from stdin; default: of the key")
        .example("codex-market balance")
        .example("codex-market balance market 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
        .run([options](cli::Context& context) { return run_balance(context, *options); });
}

} // namespace codex::market_tool
