// codex-market list: the requests of a client, the slots of a host, and the slots that are to be
// had.
#include "market.hpp"
#include "options.hpp"
#include "state_records.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

struct ListOptions {
    LedgerOption ledger;
    AccountOption account;
    WhoseOption whose;
};

/// A request may say that it has as many slots as a number of 64 bits: who posts such a one does
/// not fill the lists of others.
constexpr std::uint64_t kMostSlotsOfRequest = 65536;

Result<void> print_mine(cli::Context& context, const Views& views) {
    CODEX_TRY(requests, views.ask(questions::my_requests()));
    for (const Word& request : requests) {
        CODEX_TRY(record, request_record(views, request));
        CODEX_CHECK(context.print(record));
    }
    return {};
}

Result<void> print_slots(cli::Context& context, const Views& views) {
    CODEX_TRY(slots, views.ask(questions::my_slots()));
    for (const Word& slot : slots) {
        CODEX_TRY(record, slot_record(views, {slot, std::nullopt}));
        CODEX_CHECK(context.print(record));
    }
    return {};
}

Result<void> print_open_slots(cli::Context& context, const Views& views, const Word& request) {
    CODEX_TRY(state, views.ask(questions::request_state(request)));
    if (state != market::RequestState::fresh && state != market::RequestState::started)
        return {};
    CODEX_TRY(known, known_request(views, request));
    for (std::uint64_t i = 0; i < std::min(known.ask.slots, kMostSlotsOfRequest); ++i) {
        const Word id = market::slot_id(request, i);
        CODEX_TRY(slot, views.ask(questions::slot_state(id)));
        if (slot != market::SlotState::free && slot != market::SlotState::repair)
            continue;
        CODEX_TRY(record, open_slot_record(views, request, i, slot));
        CODEX_CHECK(context.print(record));
    }
    return {};
}

Result<void> print_open(cli::Context& context, const Views& views) {
    return for_each_request(views.ledger(), [&](const Word& request) -> Result<bool> {
        CODEX_CHECK(print_open_slots(context, views, request));
        return true;
    });
}

Result<int> run_list(cli::Context& context, const ListOptions& options,
                     Result<void> (*print)(cli::Context&, const Views&), bool of_account) {
    CODEX_TRY(account, of_account ? options.whose.value(context) : Result<Address>(Address()));
    CODEX_TRY(ledger, open_ledger(context, ledger::Access::read));
    CODEX_TRY(views, Views::now(*ledger, account));
    CODEX_CHECK(print(context, views));
    return context.exit_code();
}

} // namespace

void declare_list(cli::Command& root) {
    const auto options = std::make_shared<ListOptions>();
    cli::Command& list = root.command("list", "list requests and slots");
    list.example("codex-market list open | codex-market reserve")
        .example("codex-market list slots --json");
    const auto declare = [&](const std::string& name, const std::string& summary,
                             Result<void> (*print)(cli::Context&, const Views&), bool of_account) {
        cli::Command& command = list.command(name, summary);
        options->ledger.declare(command);
        if (of_account) {
            options->account.declare(command);
            options->whose.declare(command);
        }
        command.example("codex-market list " + name)
            .example("codex-market list " + name + " --json | jq '.state // empty'")
            .run([options, print, of_account](cli::Context& context) {
                return run_list(context, *options, print, of_account);
            });
    };
    declare("mine", "list the requests of a client that are not over", print_mine, true);
    declare("slots", "list the slots of a host", print_slots, true);
    declare("open", "list the slots that are to be filled", print_open, false);
}

} // namespace codex::market_tool
