#include "market/replay.hpp"

#include "base/checked.hpp"
#include "base/printable.hpp"
#include "crypto/hash/keccak256.hpp"
#include "ethereum/abi/json.hpp"
#include "market/calls.hpp"
#include "market/detail/operation.hpp"

#include <charconv>

namespace codex::market {

using ethereum::Address;
using ethereum::UInt256;
using ethereum::abi::Function;
using ethereum::abi::Interface;
using ethereum::abi::Type;
using ethereum::abi::Value;
using Json = nlohmann::json;

struct Replay::Operation {
    const Json& json;
    JsonWriter& answer; ///< an object that was begun, with the id

    [[nodiscard]] Result<Value::List> arguments(const Replay& replay,
                                                const Function& function) const;
};

namespace {

/// Any that are different will do: runs that depend on challenges cannot be replayed elsewhere.
class OwnHashes final : public BlockHashes {
public:
    [[nodiscard]] Digest hash(std::uint64_t block) const override {
        return crypto::keccak256(UInt256(block).bytes());
    }
};

const Interface& interface_of(std::string_view contract) {
    if (contract == "token")
        return token_interface();
    return contract == "vault" ? vault_interface() : marketplace_interface();
}

/// One value as itself, several as what they are together.
Result<void> write_returned(JsonWriter& answer, const Function& function, const Outcome& outcome) {
    CODEX_TRY(values, returned_values(function, outcome));
    answer.key("result");
    if (values.size() == 1)
        write_value(answer, function.outputs[0], values[0]);
    else
        write_values(answer, function.outputs, values);
    return {};
}

} // namespace

Replay::Options Replay::recorded(const Verifier& verifier) {
    const auto address = [](std::string_view text) {
        auto made = Address::from_text(text);
        CODEX_ASSERT(made.has_value());
        return *made;
    };
    Options made;
    Configuration& configuration = made.contracts.configuration;
    configuration.slash_percentage = 10;
    configuration.max_number_of_slashes = 5;
    configuration.period = 10;
    configuration.timeout = 5;
    made.contracts.token = address("0x5FbDB2315678afecb367f032d93F642f64180aa3");
    made.contracts.marketplace = address("0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0");
    made.contracts.verifier = &verifier;
    // Those that every test node of Ethereum has.
    for (const std::string_view account : {"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
                                           "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
                                           "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
                                           "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
                                           "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
                                           "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
                                           "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
                                           "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
                                           "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
                                           "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"})
        made.accounts.push_back(address(account));
    made.balance = 1000000000000000;
    made.block = 282;
    return made;
}

Replay::Replay(Options options)
    : options_(std::move(options)), contracts_(options_.contracts), block_(options_.block) {
    for (const Address& to : options_.accounts) {
        const Bytes mint = calls::mint(to, options_.balance);
        const auto minted = execute({to, options_.contracts.token, mint}, block_, time_, true);
        CODEX_ASSERT(minted && minted->ok);
    }
}

Result<Outcome> Replay::execute(const Call& call, std::uint64_t block, std::uint64_t time,
                                bool keeps) {
    const OwnHashes hashes;
    Overlay overlay(state_);
    CODEX_TRY(outcome, contracts_.execute(overlay, {block, time, hashes}, call));
    if (keeps)
        state_.apply(overlay.changes());
    return outcome;
}

/// "@3" and "@token" stand for addresses.
Result<Value::List> Replay::Operation::arguments(const Replay& replay,
                                                 const Function& function) const {
    Json all = json.value("args", Json());
    if (!all.is_array())
        return fail(Errc::malformed, "\"args\" is not an array");
    for (Json& argument : all) {
        if (!argument.is_string() || !argument.get_ref<const std::string&>().starts_with('@'))
            continue;
        CODEX_TRY(address,
                  replay.named(std::string_view(argument.get_ref<const std::string&>()).substr(1)));
        argument = address.text();
    }
    return values_from_json(function.inputs, all.dump());
}

Result<Address> Replay::named(std::string_view name) const {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size())
        return account(number);
    return party(name);
}

Result<Address> Replay::account(std::uint64_t number) const {
    if (number >= options_.accounts.size())
        return fail(Errc::malformed, "there is no account {}: there are {}", number,
                    options_.accounts.size());
    return options_.accounts[number];
}

Result<Address> Replay::party(std::string_view name) const {
    if (name == "marketplace")
        return options_.contracts.marketplace;
    if (name == "token")
        return options_.contracts.token;
    if (name == "vault" && options_.contracts.vault)
        return *options_.contracts.vault;
    return fail(Errc::malformed, "no contract is called \"{}\"", printable(name));
}

Result<std::string> Replay::answer(std::string_view text) {
    CODEX_TRY(json, detail::operation_from_json(text));
    JsonWriter answer;
    answer.begin_object();
    detail::write_id(answer, json);
    const Operation operation{json, answer};
    if (json.contains("send") || json.contains("call"))
        return call(operation);
    if (json.contains("balances"))
        return balances(operation);
    answer.member("ok", true);
    if (json.contains("next")) {
        CODEX_SET(next_, detail::number_of(json, "next"));
        answer.end_object();
        return std::move(answer).text();
    }
    std::uint64_t blocks = 1;
    std::optional<std::uint64_t> time = next_;
    if (json.contains("time"))
        CODEX_SET(time, detail::number_of(json, "time"));
    else if (json.contains("mine"))
        CODEX_SET(blocks, detail::number_of(json, "mine"));
    else
        return fail(Errc::malformed,
                    "an operation is one of next, time, mine, send, call and balances");
    const auto block = checked_add(block_, blocks);
    if (!block)
        return fail(Errc::malformed, "\"mine\" is too many blocks");
    block_ = *block;
    if (blocks > 0)
        time_ = (next_ = std::nullopt, time.value_or(time_));
    detail::write_block(answer, block_, time_);
    answer.end_object();
    return std::move(answer).text();
}

Result<std::string> Replay::balances(const Operation& operation) const {
    const Json& of = operation.json["balances"];
    if (!of.is_array())
        return fail(Errc::malformed, "\"balances\" is not an array");
    const OwnHashes hashes;
    JsonWriter& answer = operation.answer;
    answer.member("ok", true).key("result").begin_array();
    for (const Json& name : of) {
        if (!name.is_number_unsigned() && !name.is_string())
            return fail(Errc::malformed, "\"balances\": neither a number nor a name");
        CODEX_TRY(whose, name.is_string() ? party(name.get_ref<const std::string&>())
                                          : account(name.get<std::uint64_t>()));
        CODEX_TRY(balance, ask(contracts_, state_, {block_, time_, hashes}, whose,
                               questions::balance_of(whose)));
        answer.value(balance.text());
    }
    answer.end_array().end_object();
    return std::move(answer).text();
}

Result<std::string> Replay::call(const Operation& operation) {
    const Json& json = operation.json;
    const bool sends = json.contains("send");
    CODEX_TRY(name, detail::text_of(json, sends ? "send" : "call"));
    CODEX_TRY(number, detail::number_of(json, "as"));
    CODEX_TRY(from, account(number));
    CODEX_TRY(contract, json.contains("to") ? detail::text_of(json, "to") : "marketplace");
    CODEX_TRY(to, party(contract));
    const Function* function = interface_of(contract).function(std::string_view(name));
    if (function == nullptr)
        return fail(Errc::malformed, "{} has no function \"{}\", or several", contract,
                    printable(name));
    CODEX_TRY(arguments, operation.arguments(*this, *function));
    const Bytes data = encode_call(*function, arguments);
    // A block has what is sent, also where it is refused.
    const std::uint64_t block = block_ + (sends ? 1 : 0);
    const std::uint64_t time = sends ? next_.value_or(time_) : time_;
    CODEX_TRY(outcome, execute({from, to, data}, block, time, sends));
    if (sends) {
        block_ = block;
        time_ = time;
        next_.reset();
        detail::write_block(operation.answer, block, time);
    }
    if (!outcome.ok)
        detail::write_refusal(operation.answer, outcome.data);
    else if (sends)
        CODEX_CHECK(write_events(operation.answer.member("ok", true), outcome));
    else
        CODEX_CHECK(write_returned(operation.answer.member("ok", true), *function, outcome));
    operation.answer.end_object();
    return std::move(operation.answer).text();
}

Result<void> Replay::write_events(JsonWriter& answer, const Outcome& outcome) const {
    answer.key("events").begin_array();
    for (const auto& log : outcome.logs) {
        const std::string_view contract = log.address == options_.contracts.token ? "token"
                                          : log.address == options_.contracts.marketplace
                                              ? "marketplace"
                                              : "vault";
        const auto* event = interface_of(contract).event(log.topics[0]);
        CODEX_ASSERT(event != nullptr);
        CODEX_TRY(arguments, decode_log(*event, log));
        answer.begin_object().member("from", contract).member("name", event->name).key("args");
        write_values(answer, event->inputs, arguments);
        answer.end_object();
    }
    answer.end_array();
    return {};
}

} // namespace codex::market
