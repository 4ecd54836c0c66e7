// The contract's tables, formulas and edges.
#include "crypto/hash/keccak256.hpp"
#include "runs.hpp"

#include <gtest/gtest.h>

namespace codex::market {
namespace {

using test::unhex;

const TestVerifier kTests;

Address numbered(std::uint8_t number) {
    Address made;
    made.bytes.fill(number);
    return made;
}

const Address kTokenAt = numbered(0xaa);
const Address kMarketAt = numbered(0xbb);
const Address kVaultAt = numbered(0xcc);
const Address kClient = numbered(0x01);
const Address kHost = numbered(0x02);

TEST(Interfaces, AreThoseOfTheContracts) {
    const Json& known = test::marketplace()["interface"];
    const auto compare = [](const Json& of, const ethereum::abi::Interface& ours) {
        const Json rows = of.value("functions", Json::object());
        for (const auto& [signature, row] : rows.items()) {
            const auto* function = ours.function(std::string_view(signature));
            ASSERT_NE(function, nullptr) << signature;
            EXPECT_EQ(to_hex(function->selector), to_hex(unhex(row["selector"]))) << signature;
            const auto outputs = text_of(function->outputs);
            EXPECT_EQ(outputs, "(" + row["returns"].get<std::string>() + ")") << signature;
            EXPECT_EQ(function->is_view, row["mutability"] != "nonpayable") << signature;
        }
        EXPECT_EQ(ours.functions().size(), rows.size());
    };
    const auto events = [](const Json& of, const ethereum::abi::Interface& ours) {
        EXPECT_EQ(ours.events().size(), of.size());
        for (const auto& [signature, row] : of.items()) {
            const auto* event = ours.event(std::string_view(signature));
            ASSERT_NE(event, nullptr) << signature;
            EXPECT_EQ(to_hex(event->topic), to_hex(unhex(row["topic0"])));
            std::vector<bool> indexed;
            for (const auto& input : event->inputs)
                indexed.push_back(input.indexed);
            EXPECT_EQ(Json(indexed), row["indexed"]) << signature;
        }
    };
    const auto faults = [](const Json& of, const ethereum::abi::Interface& ours) {
        EXPECT_EQ(ours.faults().size(), of.size());
        for (const auto& [signature, selector] : of.items()) {
            const auto* fault = ours.fault(std::string_view(signature));
            ASSERT_NE(fault, nullptr) << signature;
            EXPECT_EQ(to_hex(fault->selector), to_hex(unhex(selector)));
            EXPECT_EQ(fault_of(fault->selector), fault);
        }
    };
    for (const auto& [name, ours] : {std::pair("Marketplace", &marketplace_interface()),
                                     {"TestToken", &token_interface()},
                                     {"Vault", &vault_interface()},
                                     {"builtin", &builtin_interface()}}) {
        const Json& of = known[name];
        compare(of, *ours);
        if (of.contains("events"))
            events(of["events"], *ours);
        faults(of["errors"], *ours);
    }
}

/// Hashes as a vector gives them.
class KnownHashes final : public BlockHashes {
public:
    std::map<std::uint64_t, Digest> known;
    [[nodiscard]] Digest hash(std::uint64_t block) const override {
        const auto found = known.find(block);
        return found == known.end() ? Digest{} : found->second;
    }
};

Contracts::Options options() {
    Contracts::Options made;
    made.configuration.period = 10;
    made.configuration.timeout = 5;
    made.configuration.slash_percentage = 10;
    made.configuration.max_number_of_slashes = 5;
    made.token = kTokenAt;
    made.marketplace = kMarketAt;
    made.vault = kVaultAt;
    made.vault_owner = kClient;
    made.verifier = &kTests;
    return made;
}

Word word(const Json& text) {
    Word made{};
    const Bytes bytes = unhex(text);
    std::copy(bytes.begin(), bytes.end(), made.begin());
    return made;
}

TEST(Challenges, AreTheContracts) {
    const Contracts contracts(options());
    const MemoryState nothing;
    for (const Json& of : test::marketplace()["pointers"]["cases"]) {
        KnownHashes hashes;
        hashes.known[of["pointedBlock"]] = word(of["pointedBlockHash"]);
        Overlay state(nothing);
        const Now now{of["blockNumber"], of["blockTimestamp"], hashes};
        const auto ask = [&](std::string_view name) {
            const auto* function = marketplace_interface().function(name);
            const Bytes data = encode_call(*function, {word(of["slotId"])});
            const auto outcome = must(contracts.execute(state, now, {kHost, kMarketAt, data}));
            EXPECT_TRUE(outcome.ok);
            return must(decode(function->outputs, outcome.data))[0];
        };
        EXPECT_EQ(ask("getPointer").number(), UInt256(of["pointer"].get<std::uint64_t>()));
        EXPECT_EQ(to_hex(ask("getChallenge").word()), to_hex(word(of["challenge"])));
    }
}

/// Keeps what it is asked.
class NotingVerifier final : public Verifier {
public:
    mutable std::array<UInt256, 3> inputs;
    [[nodiscard]] Verdict verify(const Proof& /*proof*/,
                                 const std::array<UInt256, 3>& of) const override {
        inputs = of;
        return answer;
    }
    Verdict answer = Verdict::accepted;
};

// --- a market with a client and a host ----------------------------------------------------------

struct Ask {
    UInt256 probability = 1;
    UInt256 price = 3;
    UInt256 collateral = 7;
    std::uint64_t slots = 2;
    std::uint64_t slot_size = 1000;
    std::uint64_t duration = 3600;
    std::uint64_t max_loss = 1;
    std::uint64_t expiry = 600;
    Word root{};
    Bytes cid = {1};
    Address client = kClient;

    [[nodiscard]] Value value() const {
        return Value::List{client,
                           Value::List{probability, price, collateral, UInt256(slots),
                                       UInt256(slot_size), UInt256(duration), UInt256(max_loss)},
                           Value::List{cid, root}, UInt256(expiry), Word{}};
    }
};

class Market : public ::testing::Test {
protected:
    void SetUp() override {
        chain.time = 2000000000;
        for (const Address& who : {kClient, kHost}) {
            must_do(who, kTokenAt, "mint", {who, UInt256(1000000000)});
            must_do(who, kTokenAt, "approve", {kMarketAt, UInt256::max()});
        }
    }

    static const ethereum::abi::Function& function(const Address& at, std::string_view name) {
        const auto& of = at == kTokenAt    ? token_interface()
                         : at == kMarketAt ? marketplace_interface()
                                           : vault_interface();
        const auto* found = of.function(name);
        EXPECT_NE(found, nullptr) << name;
        return *found;
    }
    Outcome send(const Address& who, const Address& at, std::string_view name,
                 const Value::List& arguments) {
        return chain.send(who, at, encode_call(function(at, name), arguments));
    }
    Value::List must_do(const Address& who, const Address& at, std::string_view name,
                        const Value::List& arguments) {
        const Outcome outcome = send(who, at, name, arguments);
        EXPECT_TRUE(outcome.ok) << name << " " << refusal(outcome);
        return outcome.ok ? must(decode(function(at, name).outputs, outcome.data)) : Value::List();
    }
    /// "Panic 17", the name of an error, or "" for a refusal without data.
    static std::string refusal(const Outcome& outcome) {
        EXPECT_FALSE(outcome.ok);
        if (outcome.data.empty())
            return "";
        const auto* fault = fault_of(outcome.data);
        if (fault == nullptr)
            return "unknown";
        std::string text = fault->name;
        if (text == "Panic")
            text +=
                " " +
                must(decode(fault->inputs, BytesView(outcome.data).subspan(4)))[0].number().text();
        return text;
    }
    std::string refused(const Address& who, std::string_view name, const Value::List& arguments) {
        const auto before = chain.state().all();
        const auto outcome = send(who, kMarketAt, name, arguments);
        EXPECT_EQ(chain.state().all(), before) << name; // what is refused leaves nothing
        EXPECT_TRUE(outcome.logs.empty());
        return outcome.ok ? "done" : refusal(outcome);
    }

    Word request(const Ask& ask) {
        const Outcome outcome = send(kClient, kMarketAt, "requestStorage", {ask.value()});
        EXPECT_TRUE(outcome.ok) << refusal(outcome);
        const auto* event = marketplace_interface().event("StorageRequested");
        return must(decode_log(*event, outcome.logs.back()))[0].word();
    }
    static Value proof(std::uint64_t first = 1) {
        const auto pair = [](Value a, Value b) { return Value(Value::List{a, b}); };
        return Value::List{pair(first, first), pair(pair(first, first), pair(first, first)),
                           pair(first, first)};
    }
    Word fill(const Word& id, std::uint64_t index) {
        must_do(kHost, kMarketAt, "reserveSlot", {id, UInt256(index)});
        must_do(kHost, kMarketAt, "fillSlot", {id, UInt256(index), proof()});
        Bytes preimage(id.begin(), id.end());
        append(preimage, UInt256(index).bytes());
        return crypto::keccak256(preimage);
    }

    Chain chain{options()};
};

TEST_F(Market, ChecksRequestsInTheContractsOrder) {
    // Each is wrong in one more thing; the earliest in the contract's order is said.
    Ask ask;
    ask.client = kHost;
    ask.expiry = 0;
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}),
              "Marketplace_InvalidClientAddress");
    ask.client = kClient;
    ask.slots = 0;
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "Marketplace_InvalidExpiry");
    ask.expiry = ask.duration;
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "Marketplace_InvalidExpiry");
    ask.expiry = 600;
    ask.max_loss = 3;
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "Marketplace_InsufficientSlots");
    ask.slots = 2;
    ask.probability = 0;
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "Marketplace_InvalidMaxSlotLoss");
    ask.max_loss = 2;
    ask.collateral = 0;
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}),
              "Marketplace_InsufficientProofProbability");
    ask.probability = 1;
    ask.price = 0;
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}),
              "Marketplace_InsufficientCollateral");
    ask.collateral = 1;
    ask.cid.clear();
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "Marketplace_InsufficientReward");
    ask.price = 1;
    ask.duration = 2592001;
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "Marketplace_InvalidCid");
    ask.cid = {1};
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}),
              "Marketplace_DurationExceedsLimit");
    // A price beyond all numbers is found before the allowance is looked at.
    ask.duration = 2592000;
    ask.slots = UINT64_MAX;
    must_do(kClient, kTokenAt, "approve", {kMarketAt, UInt256(0)});
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "Panic 17");
    ask.slots = 2;
    ask.price = UInt256::max();
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "Panic 17");
    ask.price = 1;
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "ERC20InsufficientAllowance");
    must_do(kClient, kTokenAt, "approve", {kMarketAt, UInt256::max()});
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}), "ERC20InsufficientBalance");
    ask.duration = 3600;
    request(ask);
    EXPECT_EQ(refused(kClient, "requestStorage", {ask.value()}),
              "Marketplace_RequestAlreadyExists");
}

TEST_F(Market, GivesTheVerifierItsInputs) {
    const NotingVerifier noting;
    auto with = options();
    with.verifier = &noting;
    Chain other(with);
    other.time = 2000000000;
    const auto run = [&](const Address& who, const Address& at, std::string_view name,
                         const Value::List& of) {
        const auto outcome = other.send(who, at, encode_call(function(at, name), of));
        EXPECT_TRUE(outcome.ok) << name;
    };
    for (const Address& who : {kClient, kHost}) {
        run(who, kTokenAt, "mint", {who, UInt256(1000000000)});
        run(who, kTokenAt, "approve", {kMarketAt, UInt256::max()});
    }
    std::uint64_t index = 0;
    for (const Json& element : test::marketplace()["fieldElements"]) {
        Ask ask;
        ask.root = word(element["bytes32"]);
        ask.slots = 8;
        ask.slot_size = 10;
        Bytes encoded = encode(function(kMarketAt, "requestStorage").inputs, {ask.value()});
        const Word id = crypto::keccak256(encoded);
        run(kClient, kMarketAt, "requestStorage", {ask.value()});
        run(kHost, kMarketAt, "reserveSlot", {id, UInt256(index)});
        run(kHost, kMarketAt, "fillSlot", {id, UInt256(index), proof()});
        EXPECT_EQ(noting.inputs[1].text(), element["asMerkleRoot"].get<std::string>());
        EXPECT_EQ(noting.inputs[2], UInt256(index));
        EXPECT_LT(noting.inputs[0].bits(), 249U); // 31 bytes
        ++index;
    }
}

TEST_F(Market, RefusesArgumentsAsSolidityDoes) {
    Bytes data = encode_call(function(kMarketAt, "reserveSlot"), {Word{}, UInt256(0)});
    const auto of = [&](const Bytes& bytes) {
        const auto outcome = chain.send(kHost, kMarketAt, bytes);
        return outcome.ok ? "done" : refusal(outcome);
    };
    EXPECT_EQ(of({}), "");
    EXPECT_EQ(of({1, 2, 3}), "");
    EXPECT_EQ(of({1, 2, 3, 4}), "");
    EXPECT_EQ(of(Bytes(data.begin(), data.end() - 1)), "");
    Bytes dirty = data;
    dirty[4 + 32] = 1; // above 64 bits
    EXPECT_EQ(of(dirty), "");
    data.push_back(0xff);
    EXPECT_EQ(of(data), "done");
    Overlay state(chain.state());
    const NumberedHashes hashes;
    EXPECT_EQ(test::must_fail(
                  chain.contracts().execute(state, {282, 0, hashes}, {kHost, numbered(9), data}))
                  .code(),
              Errc::not_found);
}

TEST(Configurations, AreRefusedInTheContractsOrder) {
    const auto refusal = [](const Configuration& of, std::uint64_t block) {
        const auto data = Contracts::refusal(of, block);
        return data ? fault_of(*data)->name : "";
    };
    Configuration of;
    EXPECT_EQ(refusal(of, 257), "");
    of.max_number_of_slashes = 255;
    EXPECT_EQ(refusal(of, 257), "Panic");
    of.max_number_of_slashes = 6;
    EXPECT_EQ(refusal(of, 257), "Marketplace_MaximumSlashingTooHigh");
    of.slash_percentage = 101;
    EXPECT_EQ(refusal(of, 257), "Marketplace_SlashPercentageTooHigh");
    of.repair_reward_percentage = 101;
    EXPECT_EQ(refusal(of, 257), "Marketplace_RepairRewardPercentageTooHigh");
    EXPECT_EQ(refusal(of, 256), "Proofs_InsufficientBlockHeight");
    of.period = 0;
    EXPECT_EQ(refusal(of, 256), "Periods_InvalidSecondsPerPeriod");
    of = Configuration();
    of.zkey_hash = "17adc165";
    EXPECT_EQ(Configuration::of(of.value()), of);
}

} // namespace
} // namespace codex::market
