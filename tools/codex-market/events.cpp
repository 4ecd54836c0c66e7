// codex-market events: what the contracts have told.
#include "event_record.hpp"
#include "market.hpp"
#include "market/contract/interfaces.hpp"
#include "options.hpp"
#include "session.hpp"

#include <algorithm>
#include <memory>

namespace codex::market_tool {

namespace {

struct EventsOptions {
    LedgerOption ledger;
    std::string from;
    std::string about;
    std::vector<std::string> names;
    std::optional<std::uint64_t> most;
    bool follow = false;
};

/// How long a follower sleeps at most before it looks by itself.
constexpr std::chrono::hours kLongWait{24};

Result<Word> topic_of(const std::string& name) {
    for (const auto* interface :
         {&market::marketplace_interface(), &market::token_interface(), &market::vault_interface()})
        if (const auto* event = interface->event(std::string_view(name)))
            return event->topic;
    return fail(Error(Errc::usage, fmt::format("--event: no contract tells '{}'", name))
                    .hint("for example: --event SlotFilled"));
}

Result<ledger::EventQuery> query_of(const EventsOptions& options) {
    ledger::EventQuery query;
    if (!options.from.empty()) {
        auto from = ledger::Cursor::from_text(options.from);
        if (!from)
            return fail(cli::bad_value("--from", from.error())
                            .hint("a cursor is the first column of what was printed before"));
        query.from = *from;
    }
    if (!options.about.empty()) {
        auto about = slot_from_text(options.about);
        if (!about)
            return fail(cli::bad_value("--about", about.error()));
        query.about = about->id;
    }
    for (const std::string& name : options.names) {
        CODEX_TRY(topic, topic_of(name));
        query.topics.push_back(topic);
    }
    query.most = options.most.value_or(UINT64_MAX);
    return query;
}

/// The names that there are.
std::vector<std::string> known_events() {
    std::vector<std::string> names;
    for (const auto* interface :
         {&market::marketplace_interface(), &market::token_interface(), &market::vault_interface()})
        for (const ethereum::abi::Event& event : interface->events())
            if (std::ranges::find(names, event.name) == names.end())
                names.push_back(event.name);
    return names;
}

/// Prints what there is; `query` goes on behind it then.
Result<void> print_events(cli::Context& context, const ledger::Ledger& ledger,
                          ledger::EventQuery& query) {
    cli::Records records(context);
    ledger::Cursor next = query.from;
    std::uint64_t printed = 0;
    CODEX_CHECK(ledger.events(query, [&](const ledger::Event& event) -> Result<bool> {
        CODEX_CHECK(records.add(event_record(event)));
        next = {event.at.sequence, event.at.index + 1};
        ++printed;
        return true;
    }));
    query.from = next;
    query.most -= std::min(query.most, printed);
    return records.flush();
}

Result<int> run_events(cli::Context& context, const EventsOptions& options) {
    CODEX_TRY(query, query_of(options));
    CODEX_TRY(ledger, open_ledger(context, ledger::Access::read));
    for (;;) {
        // What comes while it is printed is behind this, and is printed next.
        CODEX_TRY(head, ledger->head());
        CODEX_CHECK(print_events(context, *ledger, query));
        if (!options.follow || query.most == 0)
            return 0;
        CODEX_CHECK(ledger->wait(head.sequence, Deadline::after(context.clock(), kLongWait)));
    }
}

} // namespace

void declare_events(cli::Command& root) {
    const auto options = std::make_shared<EventsOptions>();
    cli::Command& events = root.command("events", "print what the contracts have told");
    options->ledger.declare(events);
    events.option("--from CURSOR", options->from, "from this one on; default: from the first")
        .flag("--follow", options->follow, "wait for more")
        .option("--about ID", options->about, "only of this request or slot")
        .option("--event NAME", options->names, "only of this name; may be repeated")
        .offers(known_events())
        .option("--most N", options->most, "no more than that")
        .example("codex-market events --event SlotFilled")
        .example("codex-market events --follow --json | jq --unbuffered '.event // empty'")
        .run([options](cli::Context& context) { return run_events(context, *options); });
}

} // namespace codex::market_tool
