// codex-market list: the requests of a client, the slots of a host, and the slots that are to be
// had.
#include "market.hpp"
#include "options.hpp"
#include "state_records.hpp"

#include <algorithm>
#include <memory>

namespace codex::market_tool {

namespace {

struct ListOptions {
    LedgerOption ledger;
    AccountOption account;
    WhoseOption whose;
    std::vector<std::string> states; ///< none: all
};

/// The names of states, which are an enumeration's.
template <class... State> std::vector<std::string> names_of(State... states) {
    return {std::string(name_of(states))...};
}

bool is_wanted(const ListOptions& options, std::string_view state) {
    return options.states.empty() ||
           std::ranges::find(options.states, state) != options.states.end();
}

/// A request may say that it has as many slots as a number of 64 bits: who posts such a one does
/// not fill the lists of others.
constexpr std::uint64_t kMostSlotsOfRequest = 65536;

Result<void> print_mine(cli::Context& context, const Views& views, const ListOptions& options) {
    CODEX_TRY(requests, views.ask(questions::my_requests()));
    for (const Word& request : requests) {
        CODEX_TRY(state, views.ask(questions::request_state(request)));
        if (!is_wanted(options, name_of(state)))
            continue;
        CODEX_TRY(record, request_record(views, request));
        CODEX_CHECK(context.print(record));
    }
    return {};
}

Result<void> print_slots(cli::Context& context, const Views& views, const ListOptions& options) {
    CODEX_TRY(slots, views.ask(questions::my_slots()));
    for (const Word& slot : slots) {
        CODEX_TRY(state, views.ask(questions::slot_state(slot)));
        if (!is_wanted(options, name_of(state)))
            continue;
        CODEX_TRY(record, slot_record(views, {slot, std::nullopt}));
        CODEX_CHECK(context.print(record));
    }
    return {};
}

Result<void> print_open_slots(cli::Context& context, const Views& views, const Word& request,
                              const ListOptions& options) {
    CODEX_TRY(state, views.ask(questions::request_state(request)));
    if (state != market::RequestState::fresh && state != market::RequestState::started)
        return {};
    CODEX_TRY(known, known_request(views, request));
    for (std::uint64_t i = 0; i < std::min(known.ask.slots, kMostSlotsOfRequest); ++i) {
        const Word id = market::slot_id(request, i);
        CODEX_TRY(slot, views.ask(questions::slot_state(id)));
        if (slot != market::SlotState::free && slot != market::SlotState::repair)
            continue;
        if (!is_wanted(options, name_of(slot)))
            continue;
        CODEX_TRY(record, open_slot_record(views, request, i, slot));
        CODEX_CHECK(context.print(record));
    }
    return {};
}

Result<void> print_open(cli::Context& context, const Views& views, const ListOptions& options) {
    return for_each_request(views.ledger(), [&](const Word& request) -> Result<bool> {
        CODEX_CHECK(print_open_slots(context, views, request, options));
        return true;
    });
}

using Print = Result<void> (*)(cli::Context&, const Views&, const ListOptions&);

/// One of the lists.
struct Kind {
    std::string name;
    std::string summary;
    Print print;
    bool of_account;                 ///< whose it is can be said
    std::vector<std::string> states; ///< those that are in it
    std::string example;             ///< of what takes it
};

Result<int> run_list(cli::Context& context, const ListOptions& options, const Kind& kind) {
    for (const std::string& state : options.states)
        if (std::ranges::find(kind.states, state) == kind.states.end())
            return fail(Errc::usage, "--state: '{}' is none of {}", state,
                        fmt::join(kind.states, ", "));
    CODEX_TRY(account, kind.of_account ? options.whose.value(context) : Result<Address>(Address()));
    CODEX_TRY(ledger, open_ledger(context, ledger::Access::read));
    CODEX_TRY(views, Views::now(*ledger, account));
    CODEX_CHECK(kind.print(context, views, options));
    return context.exit_code();
}

} // namespace

void declare_list(cli::Command& root) {
    const auto options = std::make_shared<ListOptions>();
    cli::Command& list = root.command("list", "list requests and slots");
    list.example("codex-market list open | codex-market reserve")
        .example("codex-market list slots --json");
    const auto declare = [&](const Kind& kind) {
        cli::Command& command = list.command(kind.name, kind.summary);
        options->ledger.declare(command);
        if (kind.of_account) {
            options->account.declare(command);
            options->whose.declare(command);
        }
        command.option("--state NAME", options->states, "only those in this state; may be repeated")
            .offers(kind.states)
            .example("codex-market list " + kind.name + " --json | jq '.state // empty'")
            .example(kind.example)
            .run([options, kind](cli::Context& context) {
                return run_list(context, *options, kind);
            });
    };
    using market::RequestState;
    using market::SlotState;
    declare({"mine", "list the requests of a client that are not over", print_mine, true,
             names_of(RequestState::fresh, RequestState::started, RequestState::cancelled,
                      RequestState::finished, RequestState::failed),
             "codex-market list mine --state finished | codex-market withdraw"});
    declare(
        {"slots", "list the slots of a host", print_slots, true,
         names_of(SlotState::filled, SlotState::finished, SlotState::failed, SlotState::cancelled),
         "codex-market list slots --state finished | codex-market free"});
    declare({"open", "list the slots that are to be filled", print_open, false,
             names_of(SlotState::free, SlotState::repair),
             "codex-market list open | codex-market reserve"});
}

} // namespace codex::market_tool
