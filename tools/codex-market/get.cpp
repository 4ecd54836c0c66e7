// codex-market get: what a request, or a slot, is now.
#include "calls.hpp"
#include "cli/for_each.hpp"
#include "market.hpp"
#include "options.hpp"
#include "places.hpp"
#include "state_records.hpp"

#include <memory>
#include <optional>

namespace codex::market_tool {

namespace {

struct GetOptions {
    LedgerOption ledger;
    std::vector<std::string> items;
};

using Look = Result<cli::Record> (*)(const Views& views, Places& places, const std::string& item);

Result<cli::Record> look_at_request(const Views& views, Places&, const std::string& item) {
    CODEX_TRY(request, request_from_text(item));
    return request_record(views, request);
}

Result<cli::Record> look_at_slot(const Views& views, Places& places, const std::string& item) {
    CODEX_TRY(slot, slot_from_text(item));
    CODEX_SET(slot.place, places.find(views, slot));
    return slot_record(views, slot);
}

/// What --batch answers instead of an error; nothing, where it is none of what was asked.
std::optional<std::string_view> answer_of(const Error& error) {
    switch (error.code()) {
    case Errc::market_unknown:
        return "missing";
    case Errc::hex_invalid:
    case Errc::malformed:
    case Errc::merkle_index:
        return "invalid";
    default:
        return std::nullopt;
    }
}

/// What was asked for as a request may be a slot.
Error explain_request(const Views& views, Places& places, const std::string& item, Error error) {
    const auto id = slot_from_text(item);
    if (error.code() != Errc::market_unknown || !id || id->place || !places.find(views, *id))
        return error;
    return Error(Errc::market_unknown, "it is a slot, and no request")
        .remedy(Remedy(Remedy::show_slot, "see which request it is of").of(text_of(id->id)));
}

Result<int> run_get(cli::Context& context, cli::Inputs inputs, std::string_view name, Look look) {
    std::unique_ptr<ledger::Ledger> ledger;
    Places places;
    return cli::for_each(
        context, std::move(inputs),
        {.label = "get",
         .begin = [&]() -> Result<void> {
             CODEX_SET(ledger, open_ledger(context, ledger::Access::read));
             return {};
         },
         .turn = [&](const std::string& item, Progress&) -> Result<void> {
             CODEX_TRY(views, Views::now(*ledger));
             auto record = look(views, places, item);
             if (record)
                 return context.print(*record);
             const auto state = answer_of(record.error());
             if (!context.batch() || !state)
                 return fail(explain_request(views, places, item, std::move(record).error()));
             return context.print(
                 cli::Record(std::string(*state)).field(name, item).field("state", *state));
         }});
}

} // namespace

void declare_get(cli::Command& root) {
    const auto options = std::make_shared<GetOptions>();
    cli::Command& get = root.command("get", "show what requests and slots are now");
    get.example("codex-market get request 0x3c9f...").example("codex-market get slot 0x3c9f...@2");
    cli::Command& request = get.command("request", "show what requests are now");
    options->ledger.declare(request);
    request.arguments("REQUEST", options->items, "ids; default: from stdin")
        .takes_batch()
        .example("codex-market get request 0x3c9f...")
        .example("codex-market list mine | codex-market get request --json")
        .run([options](cli::Context& context) {
            return run_get(context, request_inputs(options->items), "requestId", look_at_request);
        });
    cli::Command& slot = get.command("slot", "show what slots are now");
    options->ledger.declare(slot);
    slot.arguments("SLOT", options->items, "ids, or REQUEST@INDEX; default: from stdin")
        .takes_batch()
        .example("codex-market get slot 0x3c9f...@2")
        .example("codex-market get slot 0x3c9f...@2 | cut -f 4")
        .run([options](cli::Context& context) {
            return run_get(context, slot_inputs(options->items), "slotId", look_at_slot);
        });
}

} // namespace codex::market_tool
