#include "calls.hpp"

#include "base/copy_error.hpp"
#include "base/printable.hpp"
#include "cli/for_each.hpp"
#include "codec/json_member.hpp"
#include "ethereum/abi/json.hpp"
#include "event_record.hpp"
#include "options.hpp"

#include <algorithm>
#include <unistd.h>

namespace codex::market_tool {

namespace {

/// As many calls share a sync at most: so long others wait for the lock.
constexpr std::size_t kMostTogether = 256;

/// What is the same of the records of all calls: "object TAB tx TAB block TAB outcome". What it is
/// about stands first, and has its own name in JSON: so the next command takes it.
cli::Record transaction_record(const PlannedCall& call, const ledger::Receipt& receipt,
                               std::string_view outcome) {
    const bool recorded = receipt.sequence != 0;
    cli::Record record("transaction");
    record.field("object", call.about);
    if (recorded)
        record.field("tx", text_of(receipt.hash));
    else
        record.text("-").json("tx", nullptr);
    record.field("block", receipt.block).field("outcome", outcome).json("timestamp", receipt.time);
    if (!call.subject.slot.empty())
        record.json("slotId", call.subject.slot);
    if (!call.subject.request.empty())
        record.json("requestId", call.subject.request);
    if (call.subject.slot.empty() && call.subject.request.empty())
        record.json("account", call.about);
    return record;
}

/// The members of a refusal that no other error has.
cli::Record refusal_members(const market::Refusal& refusal) {
    cli::Record members("error");
    JsonWriter arguments;
    if (refusal.fault == nullptr) {
        members.json("contractError", nullptr);
        arguments.begin_array().end_array();
    } else {
        members.json("contractError", refusal.name);
        write_values(arguments, refusal.fault->inputs, refusal.arguments);
    }
    return members.json_raw("args", std::move(arguments).text());
}

/// What the outcome of a call is called in a line.
std::string_view outcome_of(const market::Refusal& refusal) {
    return refusal.name.empty() ? "refused" : std::string_view(refusal.name);
}

/// The member "error" of the answer to a line that has one.
void add_error(const cli::Context& context, cli::Record& record, std::string_view about,
               const Error& error, const cli::Record& more) {
    JsonWriter json;
    json.begin_object();
    context.write_error(json, about, error);
    more.write_members(json);
    record.json_raw("error", std::move(json.end_object()).text());
}

/// Of a call that was not made: reports it, or, with --batch, answers its line.
Result<void> tell_failure(cli::Context& context, std::string_view about, const Error& error) {
    if (!context.batch()) {
        context.report(about, error);
        return {};
    }
    cli::Record record("transaction");
    record.field("object", about)
        .text("-")
        .json("tx", nullptr)
        .text("-")
        .json("block", nullptr)
        .field("outcome", errc_name(error.code()));
    add_error(context, record, about, error, cli::Record("error"));
    return context.print(record);
}

/// What a line is called in messages: a document by the id that it says, or by where it stands, for
/// how it begins tells it from no other; and others by their words, or how these begin.
std::string name_of(const std::string& line, const std::string& place, const Error& error) {
    constexpr std::size_t kMostShown = 80;
    const bool document = line.starts_with('{') || error.code() == Errc::json_invalid;
    if (document)
        if (auto id = codec::json_member(line, "id"); id && request_from_text(*id))
            return std::move(*id);
    return document && !place.empty() ? place : beginning_of(line, kMostShown);
}

class Loop {
public:
    Loop(cli::Context& context, const Plan& plan) : context_(context), plan_(plan) {}

    Result<void> begin() {
        CODEX_TRY(key, account_key(context_));
        key_.emplace(std::move(key));
        CODEX_SET(ledger_, open_ledger(context_, context_.dry_run() ? ledger::Access::read
                                                                    : ledger::Access::write));
        caller_.emplace(context_, *ledger_, *key_);
        return {};
    }

    void at(std::string place, const std::optional<Error>& wrong) {
        place_ = std::move(place);
        wrong_ = wrong ? std::optional(copy_of(*wrong)) : std::nullopt;
    }

    Result<void> turn(const std::string& item) {
        auto call =
            wrong_ ? Result<PlannedCall>(fail(copy_of(*wrong_))) : plan_(*ledger_, *key_, item);
        if (!call) {
            settle();
            const std::string name = wrong_ ? item : name_of(item, place_, call.error());
            return tell_failure(context_, name, call.error());
        }
        waiting_.push_back(std::move(*call));
        // With --fail-fast none is made behind one that is refused.
        if (waiting_.size() >= (context_.fail_fast() ? 1 : kMostTogether))
            settle();
        return {};
    }

    void settle() {
        const std::vector<PlannedCall> calls = std::exchange(waiting_, {});
        if (calls.empty())
            return;
        auto receipts = caller_->make(calls);
        for (std::size_t i = 0; i < calls.size(); ++i) {
            auto told = receipts ? caller_->tell(calls[i], (*receipts)[i])
                                 : tell_failure(context_, calls[i].about, receipts.error());
            if (!told)
                context_.report(calls[i].about, told.error());
        }
    }

private:
    cli::Context& context_;
    const Plan& plan_;
    std::optional<ethereum::PrivateKey> key_;
    std::unique_ptr<ledger::Ledger> ledger_;
    std::optional<Caller> caller_;
    std::vector<PlannedCall> waiting_;
    std::string place_;          // of the line whose turn it is
    std::optional<Error> wrong_; // with it
};

std::string joined(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words)
        line += (line.empty() ? "" : " ") + word;
    return line;
}

cli::Inputs inputs_of(std::vector<std::string> arguments, std::string what,
                      std::vector<std::string> members) {
    cli::Inputs inputs(std::move(arguments), STDIN_FILENO);
    inputs.are(std::move(what), std::move(members));
    return inputs;
}

} // namespace

PlannedCall slot_call(const ledger::Ledger& ledger, const SlotName& slot, Bytes data) {
    PlannedCall call{ledger.genesis().marketplace, std::move(data), text_of(slot.id), {}};
    call.subject.slot = call.about;
    if (slot.place)
        call.subject.request = text_of(slot.place->request);
    return call;
}

PlannedCall request_call(const ledger::Ledger& ledger, const Word& request, Bytes data) {
    PlannedCall call{ledger.genesis().marketplace, std::move(data), text_of(request), {}};
    call.subject.request = call.about;
    return call;
}

PlannedCall token_call(const ledger::Ledger& ledger, const Address& about, Bytes data) {
    return {ledger.genesis().token, std::move(data), about.text(), {}};
}

/// What the market has to be let take is seen by trying the calls out where it may take anything:
/// what is refused there would be so in any case, and is not made, so that it takes nothing.
Result<Caller::Prepared> Caller::prepare(std::span<const PlannedCall> calls) const {
    Prepared prepared;
    CODEX_TRY(views, Views::now(ledger_, key_.address()));
    const market::Now now = views.snapshot().now();
    const Address& market = ledger_.genesis().marketplace;
    market::Overlay overlay(views.snapshot());
    const bool takes =
        std::ranges::any_of(calls, [](const PlannedCall& call) { return call.takes != 0; });
    const Bytes anything = market::calls::approve(market, UInt256::max());
    if (takes)
        CODEX_CHECK(ledger_.contracts().execute(
            overlay, now, {key_.address(), ledger_.genesis().token, anything}));
    UInt256 all;
    for (const PlannedCall& call : calls) {
        CODEX_TRY(outcome,
                  ledger_.contracts().execute(overlay, now, {key_.address(), call.to, call.data}));
        if (outcome.ok)
            all = checked_add(all, call.takes).value_or(UInt256::max());
        ledger::Receipt& receipt = prepared.receipts.emplace_back();
        receipt.block = now.block;
        receipt.time = now.time;
        receipt.outcome = std::move(outcome);
    }
    CODEX_TRY(allowed, views.ask(questions::allowance(key_.address(), market)));
    if (allowed < all)
        prepared.approval = market::calls::approve(market, all);
    return prepared;
}

Result<std::vector<ledger::Receipt>> Caller::make(std::span<const PlannedCall> calls) {
    const bool takes =
        std::ranges::any_of(calls, [](const PlannedCall& call) { return call.takes != 0; });
    if (takes && !context_.dry_run()) // so that nothing is let taken for what is done already
        CODEX_CHECK(ledger_.call({}));
    Prepared prepared;
    if (takes || context_.dry_run())
        CODEX_SET(prepared, prepare(calls));
    if (context_.dry_run())
        return std::move(prepared.receipts);
    std::vector<ledger::Order> orders;
    orders.reserve(calls.size() + 1);
    if (prepared.approval)
        orders.push_back({key_, ledger_.genesis().token, *prepared.approval});
    const std::size_t before = orders.size();
    for (std::size_t i = 0; i < calls.size(); ++i)
        if (!takes || prepared.receipts[i].outcome.ok)
            orders.push_back({key_, calls[i].to, calls[i].data});
    CODEX_TRY(receipts, ledger_.call(orders));
    if (!takes)
        return receipts;
    auto made = receipts.begin() + static_cast<std::ptrdiff_t>(before);
    for (ledger::Receipt& receipt : prepared.receipts)
        if (receipt.outcome.ok)
            receipt = std::move(*made++);
    return std::move(prepared.receipts);
}

Result<void> Caller::tell(const PlannedCall& call, const ledger::Receipt& receipt) {
    if (receipt.outcome.ok) {
        cli::Record record = transaction_record(call, receipt, "ok");
        record.json_raw("events", events_json(receipt, key_.address()))
            .json("gasUsed", nullptr)
            .json("fee", nullptr);
        return context_.print(record);
    }
    const market::Refusal refusal = market::refusal_of(receipt.outcome.data);
    market::Subject subject = call.subject;
    subject.caller = key_.address().text();
    Error error = refusal.error(subject);
    if (!refusal.name.empty()) // the contract's own word, to be looked up
        error = std::move(error).context(refusal.name);
    if (!context_.batch()) {
        context_.report(call.about, error, refusal_members(refusal));
        return {};
    }
    cli::Record record = transaction_record(call, receipt, outcome_of(refusal));
    add_error(context_, record, call.about, error, refusal_members(refusal));
    return context_.print(record);
}

Result<int> make_calls(cli::Context& context, cli::Inputs inputs, const Plan& plan) {
    Loop loop(context, plan);
    return cli::for_each(
        context, std::move(inputs),
        {.label = "calls",
         .begin = [&] { return loop.begin(); },
         .turn = [&](const std::string& item, Progress&) -> Result<void> {
             return loop.turn(item);
         },
         .settle = [&] { loop.settle(); },
         .at = [&](std::string place,
                   const std::optional<Error>& wrong) { loop.at(std::move(place), wrong); }});
}

Result<std::vector<std::string>> words_of(const std::string& line,
                                          const std::vector<std::string>& names) {
    std::vector<std::string> words;
    for (std::size_t at = 0; (at = line.find_first_not_of(" \t", at)) != std::string::npos;) {
        const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    if (words.size() != names.size())
        return fail(Error(Errc::malformed,
                          fmt::format("{} words, where {} are wanted", words.size(), names.size()))
                        .hint(fmt::format("a line is {}", joined(names))));
    return words;
}

Result<cli::Inputs> call_inputs(const cli::Context& context, const std::vector<std::string>& words,
                                const std::vector<std::string>& names) {
    std::size_t given = 0;
    while (given < words.size() && !words[given].empty())
        ++given;
    if (context.batch()) {
        if (given != 0)
            return fail(Errc::usage, "with --batch, {} come from stdin", joined(names));
        cli::Inputs inputs({}, STDIN_FILENO);
        inputs.are("call", {});
        inputs.whole_lines();
        return inputs;
    }
    if (given < words.size())
        return fail(Errc::usage, "{} is missing", names[given]);
    return cli::Inputs::exactly({joined(words)});
}

cli::Inputs slot_inputs(std::vector<std::string> slots) {
    return inputs_of(std::move(slots), "slot", {"slotId", "id"});
}

cli::Inputs request_inputs(std::vector<std::string> requests) {
    return inputs_of(std::move(requests), "request", {"requestId", "id"});
}

} // namespace codex::market_tool
