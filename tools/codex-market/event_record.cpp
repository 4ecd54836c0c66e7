#include "event_record.hpp"

#include "ethereum/abi/json.hpp"
#include "market/contract/interfaces.hpp"
#include "market/request.hpp"

#include <algorithm>

namespace codex::market_tool {

namespace {

/// Of whichever contract it is; nothing: none of ours tells it.
const ethereum::abi::Event* find_event(const Word& topic) {
    for (const auto* interface :
         {&market::marketplace_interface(), &market::token_interface(), &market::vault_interface()})
        if (const auto* event = interface->event(topic))
            return event;
    return nullptr;
}

/// The argument of that name; nothing, where the event has none.
const ethereum::abi::Value* argument(const ethereum::abi::Event& event,
                                     const ethereum::abi::Value::List& values,
                                     std::string_view name) {
    for (std::size_t i = 0; i < values.size(); ++i)
        if (event.inputs[i].name == name)
            return &values[i];
    return nullptr;
}

/// Which request and slot it is about.
void add_names(cli::Record& record, const ethereum::abi::Event& event,
               const ethereum::abi::Value::List& values) {
    const auto* request = argument(event, values, "requestId");
    const auto* index = argument(event, values, "slotIndex");
    if (request != nullptr)
        record.json("requestId", text_of(request->word()));
    if (request != nullptr && index != nullptr)
        record.json("slotIndex", index->u64())
            .json("slotId", text_of(market::slot_id(request->word(), index->u64())));
    if (event.name == "ProofSubmitted")
        record.json("slotId", text_of(values[0].word()));
}

} // namespace

cli::Record event_record(const ledger::Event& event) {
    const bool recorded = event.at.sequence != 0; // else a call was only tried out
    cli::Record record("event");
    if (recorded)
        record.field("cursor", event.at.text());
    else
        record.text("-").json("cursor", nullptr);
    record.field("block", event.block);
    const auto* known = event.log.topics.empty() ? nullptr : find_event(event.log.topics.front());
    const auto values = known == nullptr ? Result<ethereum::abi::Value::List>(fail(Errc::not_found))
                                         : decode_log(*known, event.log);
    std::string arguments = "{}";
    if (values) {
        JsonWriter json;
        write_values(json, known->inputs, *values);
        arguments = std::move(json).text();
    }
    record.field("event", values ? std::string_view(known->name) : "-");
    record.text(arguments).json_raw("args", arguments);
    record.json("timestamp", event.time);
    if (recorded)
        record.json("tx", text_of(event.hash));
    else
        record.json("tx", nullptr);
    record.json("index", std::uint64_t{event.at.index})
        .json("contract", event.log.address.text())
        .json("sender", event.sender.text());
    if (values)
        add_names(record, *known, *values);
    return record;
}

std::string events_json(const ledger::Receipt& receipt, const Address& sender) {
    std::string all = "[";
    std::uint32_t index = 0;
    for (const ethereum::abi::Log& log : receipt.outcome.logs) {
        ledger::Event event;
        event.at = {receipt.sequence, index};
        event.hash = receipt.hash;
        event.block = receipt.block;
        event.time = receipt.time;
        event.sender = sender;
        event.log = log;
        all += (index++ == 0 ? "" : ",") + event_record(event).as_json();
    }
    return all + "]";
}

} // namespace codex::market_tool
