// codex-testethereum: what the library makes of keys, transactions, calls and events, for whoever
// compares it with others. Each line of stdin is one of
//     {"sign":TRANSACTION,"key":"0x..."}            raw, hash, from
//     {"read":"0x..."}                              transaction, hash, from
//     {"functions":true}                            signatures, of all contracts
//     {"encode":SIGNATURE,"args":[...]}             data
//     {"decode":"0x..."}                            signature, args
//     {"log":EVENT,"args":[...]}                    topics, data, args as they are read from these
//     {"keystore":TEXT,"password":TEXT}             from
// and is answered by an object with what stands behind it. Numbers are strings of digits.
#include "base/hex.hpp"
#include "crypto/hash/keccak256.hpp"
#include "ethereum/abi/json.hpp"
#include "ethereum/keystore.hpp"
#include "ethereum/transaction.hpp"
#include "market/contract/interfaces.hpp"

#include <iostream>
#include <nlohmann/json.hpp>

using namespace codex;
using namespace codex::ethereum;
namespace contract = codex::ethereum::abi; // <cxxabi.h> has an abi, too
using Json = nlohmann::json;

namespace {

/// What is wrong here is a mistake of a test, or of ours.
template <class T> T must(Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().text());
    return std::move(*result);
}

std::string hex(BytesView bytes) {
    return fmt::format("0x{}", to_hex(bytes));
}

Bytes unhex(const Json& text) {
    return must(from_hex(text.get<std::string>()));
}

UInt256 number(const Json& text) {
    return must(UInt256::from_text(text.get<std::string>()));
}

std::uint64_t number64(const Json& text) {
    return number(text).as_u64().value();
}

Transaction transaction_of(const Json& json) {
    Transaction made;
    made.kind = json["type"] == 2 ? TransactionKind::eip1559 : TransactionKind::legacy;
    made.chain_id = number64(json["chainId"]);
    made.nonce = number64(json["nonce"]);
    if (json["type"] == 2)
        made.max_priority_fee = number(json["maxPriorityFeePerGas"]);
    made.max_fee = number(json[json["type"] == 2 ? "maxFeePerGas" : "gasPrice"]);
    made.gas_limit = number64(json["gasLimit"]);
    if (!json["to"].is_null())
        made.to = must(Address::from_text(json["to"].get<std::string>()));
    made.value = number(json["value"]);
    made.data = unhex(json["data"]);
    return made;
}

Json json_of(const Transaction& of) {
    const bool typed = of.kind == TransactionKind::eip1559;
    Json made = {{"type", typed ? 2 : 0},
                 {"chainId", std::to_string(of.chain_id)},
                 {"nonce", std::to_string(of.nonce)},
                 {"gasLimit", std::to_string(of.gas_limit)},
                 {"to", of.to ? Json(of.to->text()) : Json()},
                 {"value", of.value.text()},
                 {"data", hex(of.data)}};
    if (typed)
        made["maxPriorityFeePerGas"] = of.max_priority_fee.text();
    made[typed ? "maxFeePerGas" : "gasPrice"] = of.max_fee.text();
    return made;
}

const std::array<const contract::Interface*, 3>& interfaces() {
    static const std::array all = {&market::marketplace_interface(), &market::token_interface(),
                                   &market::vault_interface()};
    return all;
}

const contract::Function& function_of(std::string_view signature) {
    for (const auto* interface : interfaces())
        if (const auto* found = interface->function(signature))
            return *found;
    throw std::runtime_error("no function " + std::string(signature));
}

const contract::Event& event_of(std::string_view signature) {
    for (const auto* interface : interfaces())
        if (const auto* found = interface->event(signature))
            return *found;
    throw std::runtime_error("no event " + std::string(signature));
}

/// As arrays, whatever the members are called.
Json json_of(const contract::Value& value, const contract::Type& type) {
    if (type.kind == contract::Kind::tuple || type.kind == contract::Kind::array) {
        Json all = Json::array();
        for (std::size_t i = 0; i < value.list().size(); ++i)
            all.push_back(
                json_of(value[i], type.members[type.kind == contract::Kind::tuple ? i : 0]));
        return all;
    }
    JsonWriter json;
    write_value(json, type, value);
    return Json::parse(json.text());
}

Json json_of(const contract::Value::List& values, const std::vector<contract::Type>& types) {
    Json all = Json::array();
    for (std::size_t i = 0; i < values.size(); ++i)
        all.push_back(json_of(values[i], types[i]));
    return all;
}

Json functions_and_events() {
    Json functions = Json::array();
    Json events = Json::array();
    for (const auto* interface : interfaces()) {
        for (const auto& function : interface->functions())
            functions.push_back(function.signature());
        for (const auto& event : interface->events()) {
            Json indexed = Json::array();
            for (const auto& input : event.inputs)
                indexed.push_back(input.indexed);
            events.push_back({{"signature", event.signature()}, {"indexed", indexed}});
        }
    }
    return {{"functions", functions}, {"events", events}};
}

Json decoded(const Bytes& data) {
    const auto selector = contract::selector_of(data).value();
    for (const auto* interface : interfaces())
        if (const auto* function = interface->function(selector))
            return {{"signature", function->signature()},
                    {"args", json_of(must(decode(function->inputs, BytesView(data).subspan(4))),
                                     function->inputs)}};
    throw std::runtime_error("no such function");
}

Json logged(const contract::Event& event, const Json& args) {
    const auto values = must(values_from_json(event.inputs, args.dump()));
    const auto log = encode_log({}, event, values);
    Json topics = Json::array();
    for (const auto& topic : log.topics)
        topics.push_back(hex(topic));
    return {{"topics", topics},
            {"data", hex(log.data)},
            {"args", json_of(must(decode_log(event, log)), event.inputs)}};
}

Json answer(const Json& asked) {
    if (asked.contains("sign")) {
        const auto key = must(PrivateKey::from_scalar(unhex(asked["key"])));
        const Bytes raw = encode(sign(transaction_of(asked["sign"]), key));
        return {{"raw", hex(raw)},
                {"hash", hex(crypto::keccak256(raw))},
                {"from", key.address().text()}};
    }
    if (asked.contains("read")) {
        const Bytes raw = unhex(asked["read"]);
        const auto read = must(decode_transaction(raw));
        return {{"transaction", json_of(read.transaction)},
                {"hash", hex(crypto::keccak256(raw))},
                {"from", must(sender(read)).text()}};
    }
    if (asked.contains("functions"))
        return functions_and_events();
    if (asked.contains("encode")) {
        const auto& function = function_of(asked["encode"].get<std::string>());
        return {{"data", hex(encode_call(function, must(values_from_json(function.inputs,
                                                                         asked["args"].dump()))))}};
    }
    if (asked.contains("decode"))
        return decoded(unhex(asked["decode"]));
    if (asked.contains("log"))
        return logged(event_of(asked["log"].get<std::string>()), asked["args"]);
    const auto password = asked["password"].get<std::string>();
    const auto key = must(open_keystore(asked["keystore"].get<std::string>(),
                                        SecretBytes(password.begin(), password.end())));
    return {{"from", key.address().text()}};
}

} // namespace

int main() try {
    for (std::string line; std::getline(std::cin, line);)
        std::cout << answer(Json::parse(line)).dump() << std::endl;
    return 0;
} catch (const std::exception& error) {
    std::cerr << "codex-testethereum: " << error.what() << '\n';
    return 1;
}
