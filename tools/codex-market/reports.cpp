// codex-market ledger report, and the accounts that ledger export --hledger writes.
#include "ledger_reports.hpp"

#include "market/accounts.hpp"
#include "session.hpp"

#include <functional>

namespace codex::market_tool {

namespace {

/// Goes through all that was ever paid, from the first balances on.
Result<market::Accounts> book_of(const ledger::Ledger& ledger,
                                 const std::function<Result<void>(const market::Entry&)>& visit) {
    market::Accounts accounts(ledger.contracts().options());
    const ledger::Genesis& genesis = ledger.genesis();
    for (const auto& [account, amount] : genesis.balances)
        CODEX_CHECK(visit(accounts.begin(genesis.start, account, amount)));
    CODEX_CHECK(ledger.records(1, [&](const ledger::PlacedRecord& placed) -> Result<bool> {
        if (placed.record.kind != ledger::RecordKind::call)
            return true;
        CODEX_TRY(entry, accounts.take({placed.hash, placed.time, placed.record.from,
                                        placed.record.to, placed.record.calldata, placed.logs}));
        if (entry)
            CODEX_CHECK(visit(*entry));
        return true;
    }));
    return accounts;
}

Result<void> report_account(cli::Context& context, const Address& address,
                            const market::Accounts::Account& account) {
    return context.print(cli::Record("account")
                             .field("account", address.text())
                             .text("account")
                             .field("balance", account.balance.text())
                             .field("locked", account.locked.text())
                             .field("earned", account.earned.text())
                             .field("rewarded", account.rewarded.text())
                             .field("lost", account.lost.text())
                             .field("spent", account.spent.text())
                             .field("refunded", account.refunded.text()));
}

Result<void> report_request(cli::Context& context, const Views& views, const Word& request,
                            const market::Accounts::RequestAccount& account) {
    CODEX_TRY(state, views.ask(questions::request_state(request)));
    return context.print(cli::Record("request")
                             .field("requestId", text_of(request))
                             .text("request")
                             .field("state", market::name_of(state))
                             .field("maxPrice", account.price.text())
                             .field("paid", account.paid.text())
                             .field("refunded", account.refunded.text())
                             .json("client", account.client.text()));
}

Result<void> report_slot(cli::Context& context, const Views& views, const Word& slot,
                         const market::Accounts::SlotAccount& account) {
    CODEX_TRY(state, views.ask(questions::slot_state(slot)));
    cli::Record record("slot");
    record.field("slotId", text_of(slot))
        .text("slot")
        .field("slotIndex", account.index)
        .field("state", market::name_of(state));
    if (account.host.is_zero())
        record.text("-").json("host", nullptr);
    else
        record.field("host", account.host.text());
    record.field("locked", account.locked.text())
        .field("earned", account.earned.text())
        .field("lost", account.lost.text())
        .field("missed", account.missed)
        .json("requestId", text_of(account.request));
    return context.print(record);
}

} // namespace

Result<int> export_accounts(cli::Context& context, const ledger::Ledger& ledger) {
    CODEX_CHECK(context.print_text(market::hledger_head()));
    CODEX_CHECK(book_of(ledger, [&](const market::Entry& entry) {
        return context.print_text(market::hledger_text(entry));
    }));
    return 0;
}

Result<int> report_accounts(cli::Context& context, const ledger::Ledger& ledger) {
    CODEX_TRY(book, book_of(ledger, [](const market::Entry&) { return Result<void>(); }));
    CODEX_TRY(views, Views::now(ledger));
    for (const auto& [address, account] : book.accounts())
        CODEX_CHECK(report_account(context, address, account));
    for (const auto& [request, account] : book.requests())
        CODEX_CHECK(report_request(context, views, request, account));
    for (const auto& [slot, account] : book.slots())
        CODEX_CHECK(report_slot(context, views, slot, account));
    return 0;
}

} // namespace codex::market_tool
