// codex-market mint, approve, transfer: calls of the token.
#include "calls.hpp"
#include "market.hpp"
#include "options.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

struct TokenOptions {
    LedgerOption ledger;
    AccountOption account;
    std::string to;
    std::string amount;
};

const std::vector<std::string> kPayment = {"ACCOUNT", "AMOUNT"};

/// Of a call that gives an account an amount.
using Payment = Bytes (*)(const Address& to, const UInt256& amount);
Plan payment(Payment made) {
    return [made](const ledger::Ledger& ledger, const ethereum::PrivateKey&,
                  const std::string& line) -> Result<PlannedCall> {
        CODEX_TRY(words, words_of(line, kPayment));
        CODEX_TRY(account, account_from_text(words[0]));
        CODEX_TRY(amount, amount_from_text(words[1]));
        return token_call(ledger, account, made(account, amount));
    };
}

Result<PlannedCall> approval(const ledger::Ledger& ledger, const ethereum::PrivateKey& key,
                             const std::string& line) {
    CODEX_TRY(words, words_of(line, {"AMOUNT"}));
    CODEX_TRY(amount, amount_from_text(words[0]));
    return token_call(ledger, key.address(),
                      market::calls::approve(ledger.genesis().marketplace, amount));
}

void declare_payment(cli::Command& root, const std::string& name, const std::string& summary,
                     Payment made) {
    const auto options = std::make_shared<TokenOptions>();
    cli::Command& command = root.command(name, summary);
    options->ledger.declare(command);
    options->account.declare(command);
    command.argument("ACCOUNT", options->to, "an address", false)
        .argument("AMOUNT", options->amount, "base units, or tokens as 1.5tst", false)
        .takes_batch()
        .takes_dry_run()
        .example("codex-market " + name + " 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 1000tst")
        .example("codex-market " + name + " --batch <payments.txt")
        .run([options, made](cli::Context& context) -> Result<int> {
            CODEX_TRY(inputs, call_inputs(context, {options->to, options->amount}, kPayment));
            return make_calls(context, std::move(inputs), payment(made));
        });
}

} // namespace

void declare_token(cli::Command& root) {
    declare_payment(root, "mint", "give an account tokens that were not there before",
                    market::calls::mint);
    declare_payment(root, "transfer", "give an account some of the own tokens",
                    market::calls::transfer);
    const auto options = std::make_shared<TokenOptions>();
    cli::Command& approve =
        root.command("approve", "set how many tokens of the account the market may take");
    options->ledger.declare(approve);
    options->account.declare(approve);
    approve.argument("AMOUNT", options->amount, "base units, or tokens as 1.5tst", false)
        .takes_batch()
        .takes_dry_run()
        .example("codex-market approve 1000tst")
        .example("codex-market approve 0")
        .run([options](cli::Context& context) -> Result<int> {
            CODEX_TRY(inputs, call_inputs(context, {options->amount}, {"AMOUNT"}));
            return make_calls(context, std::move(inputs), approval);
        });
}

} // namespace codex::market_tool
