// What the deployed contract answered, call by call (tests/vectors/marketplace.json, ledger).
#include "runs.hpp"

#include <gtest/gtest.h>

namespace codex::market {
namespace {

const TestVerifier kVerifier;

Address address(std::string_view text) {
    return must(Address::from_text(text));
}

const Address kToken = address("0x5FbDB2315678afecb367f032d93F642f64180aa3");
const Address kMarketplace = address("0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0");

/// Those of the development mnemonic that every test node has.
const std::array<Address, 10>& accounts() {
    static const std::array<Address, 10> all = {
        address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
        address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
        address("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
        address("0x90F79bf6EB2c4f870365E785982E1f101E93b906"),
        address("0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
        address("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
        address("0x976EA74026E726554dB657fA54763abd0C3a0aa9"),
        address("0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
        address("0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
        address("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720")};
    return all;
}

Contracts::Options recorded_options() {
    Contracts::Options made;
    made.configuration.slash_percentage = 10;
    made.configuration.max_number_of_slashes = 5;
    made.configuration.period = 10;
    made.configuration.timeout = 5;
    made.token = kToken;
    made.marketplace = kMarketplace;
    made.verifier = &kVerifier;
    return made;
}

/// One run, answered by us.
class RecordedRun {
public:
    RecordedRun() : chain_(recorded_options()) {
        const auto& mint = *token_interface().function("mint");
        for (const Address& account : accounts())
            EXPECT_TRUE(
                chain_
                    .send(account, kToken, encode_call(mint, {account, UInt256(1000000000000000)}))
                    .ok);
    }

    Json answer(const Json& op) {
        Json result = {{"id", op["id"]}, {"ok", true}};
        if (op.contains("next")) {
            next_ = op["next"].get<std::uint64_t>();
        } else if (op.contains("time")) {
            next_ = op["time"].get<std::uint64_t>();
            mine();
            result["block"] = head();
        } else if (op.contains("mine")) {
            for (int i = 0; i < op["mine"].get<int>(); ++i)
                mine();
            result["block"] = head();
        } else if (op.contains("balances")) {
            result["result"] = balances(op["balances"]);
        } else {
            call(op, result);
        }
        return result;
    }

private:
    void mine() {
        ++chain_.block;
        chain_.time = std::exchange(next_, std::nullopt).value_or(chain_.time);
    }
    [[nodiscard]] Json head() const {
        return {{"number", chain_.block}, {"timestamp", chain_.time}};
    }

    [[nodiscard]] static Address named(const std::string& name) {
        return name == "token" ? kToken : kMarketplace;
    }
    [[nodiscard]] static Address party(const Json& name) {
        return name.is_number() ? accounts().at(name.get<std::size_t>())
                                : named(name.get<std::string>());
    }

    Json balances(const Json& of) {
        Json all = Json::array();
        const auto& balance_of = *token_interface().function("balanceOf");
        for (const Json& name : of) {
            const auto outcome =
                chain_.call(accounts()[0], kToken, encode_call(balance_of, {party(name)}));
            all.push_back(must(decode(balance_of.outputs, outcome.data))[0].number().text());
        }
        return all;
    }

    /// "@n" and "@name" stand for addresses.
    static Json with_addresses(const Json& arguments) {
        Json all = arguments;
        for (Json& argument : all)
            if (argument.is_string() && argument.get<std::string>().starts_with('@')) {
                const auto name = argument.get<std::string>().substr(1);
                argument =
                    (std::isdigit(name[0]) != 0 ? accounts().at(std::stoul(name)) : named(name))
                        .text();
            }
        return all;
    }

    static Json to_json(const std::vector<ethereum::abi::Type>& types, const Value::List& values) {
        JsonWriter json;
        write_values(json, types, values);
        return Json::parse(json.text());
    }

    void call(const Json& op, Json& result) {
        const Address to = named(op.value("to", "marketplace"));
        const auto& interface = to == kToken ? token_interface() : marketplace_interface();
        const bool sends = op.contains("send");
        const auto* function =
            interface.function(std::string_view(op[sends ? "send" : "call"].get<std::string>()));
        ASSERT_NE(function, nullptr) << op;
        const auto arguments =
            must(values_from_json(function->inputs, with_addresses(op["args"]).dump()));
        const Bytes data = encode_call(*function, arguments);
        const Address& from = accounts().at(op["as"].get<std::size_t>());
        if (sends)
            mine();
        const Outcome outcome = sends ? chain_.send(from, to, data) : chain_.call(from, to, data);
        if (sends)
            result["block"] = head();
        if (!outcome.ok)
            return refused(outcome, result);
        if (sends)
            result["events"] = events(outcome);
        else
            result["result"] = returned(*function, outcome.data);
    }

    static void refused(const Outcome& outcome, Json& result) {
        const auto* fault = fault_of(outcome.data);
        ASSERT_NE(fault, nullptr);
        result["ok"] = false;
        result["error"] = fault->name;
        result["args"] = Json::array();
        const auto arguments = must(decode(fault->inputs, BytesView(outcome.data).subspan(4)));
        for (const Json& value : to_json(fault->inputs, arguments))
            result["args"].push_back(value);
    }

    static Json events(const Outcome& outcome) {
        Json all = Json::array();
        for (const auto& log : outcome.logs) {
            const bool of_token = log.address == kToken;
            const auto& interface = of_token ? token_interface() : marketplace_interface();
            const auto* event = interface.event(log.topics[0]);
            all.push_back({{"from", of_token ? "token" : "marketplace"},
                           {"name", event->name},
                           {"args", to_json(event->inputs, must(decode_log(*event, log)))}});
        }
        return all;
    }

    static Json returned(const ethereum::abi::Function& function, const Bytes& data) {
        const Json all = to_json(function.outputs, must(decode(function.outputs, data)));
        return all.size() == 1 ? all[0] : all;
    }

    Chain chain_;
    std::optional<std::uint64_t> next_;
};

class Recorded : public ::testing::TestWithParam<const char*> {};

TEST_P(Recorded, IsAnsweredAsTheContractDid) {
    const Json& scenario = test::marketplace()["ledger"]["scenarios"][GetParam()];
    RecordedRun run;
    std::size_t steps = 0;
    for (const Json& op : scenario["ops"]) {
        EXPECT_EQ(run.answer(op), scenario["results"][steps]) << op;
        ++steps;
    }
    EXPECT_GT(steps, 50U);
}

INSTANTIATE_TEST_SUITE_P(All, Recorded, ::testing::Values("happy", "cancel", "boundaries"),
                         [](const auto& of) { return std::string(of.param); });

} // namespace
} // namespace codex::market
