#include "ethereum/abi/interface.hpp"

#include "crypto/hash/keccak256.hpp"
#include "marketplace.hpp"
#include "must.hpp"

#include <gtest/gtest.h>

namespace codex::ethereum::abi {
namespace {

using test::Json;
using test::must;
using test::must_fail;
using test::unhex;

/// "(...)" of what a vector gives, which is without brackets.
std::vector<Type> types(const std::string& text) {
    return must(types_from_text("(" + text + ")"));
}

/// A row of `of`, as a line of an interface.
std::string line_of(const char* kind, const std::string& signature, const std::string& returns) {
    const auto bracket = signature.find('(');
    std::string line =
        fmt::format("{} {}{}", kind, signature.substr(0, bracket), signature.substr(bracket));
    if (!returns.empty())
        line += fmt::format(" view returns ({})", returns);
    return line + "\n";
}

TEST(Interface, HasTheSelectorsAndTopicsOfTheContracts) {
    std::size_t rows = 0;
    for (const auto& [contract, parts] : test::marketplace()["interface"].items()) {
        const Json functions = parts.value("functions", Json::object());
        const Json events = parts.value("events", Json::object());
        const Json errors = parts.value("errors", Json::object());
        std::string text;
        for (const auto& [signature, row] : functions.items())
            text += line_of("function", signature, row["returns"].get<std::string>());
        for (const auto& [signature, row] : events.items())
            text += line_of("event", signature, "");
        for (const auto& [signature, selector] : errors.items())
            text += line_of("error", signature, "");
        const Interface made = must(Interface::from_text(text));
        for (const auto& [signature, row] : functions.items()) {
            const Function* function = made.function(std::string_view(signature));
            ASSERT_NE(function, nullptr) << signature;
            EXPECT_EQ(to_hex(function->selector), to_hex(unhex(row["selector"])));
            EXPECT_EQ(made.function(function->selector), function);
            EXPECT_EQ(function->signature(), signature);
            ++rows;
        }
        for (const auto& [signature, row] : events.items()) {
            const Event* event = made.event(std::string_view(signature));
            ASSERT_NE(event, nullptr) << signature;
            EXPECT_EQ(to_hex(event->topic), to_hex(unhex(row["topic0"])));
            ++rows;
        }
        for (const auto& [signature, selector] : errors.items()) {
            const Fault* fault = made.fault(std::string_view(signature));
            ASSERT_NE(fault, nullptr) << signature;
            EXPECT_EQ(to_hex(fault->selector), to_hex(unhex(selector)));
            ++rows;
        }
    }
    EXPECT_EQ(rows, 29U + 8 + 37 + 23 + 3 + 12 + 10 + 2 + 6 + 2);
}

TEST(Interface, RefusesWhatItCannotRead) {
    for (const char* text :
         {"f()", "function", "function f(", "function f)", "function f(uint7)", "function f(uint0)",
          "function f(bytes33)", "function f() payable", "function f() view returns",
          "function f()\nfunction f()", "event e(x)", "function f(uint8,)"})
        EXPECT_EQ(must_fail(Interface::from_text(text)).code(), Errc::abi_invalid) << text;
    for (const char* text : {"function f(int8)", "function f(uint8[2])"})
        EXPECT_EQ(must_fail(Interface::from_text(text)).code(), Errc::unsupported) << text;
    std::string deep = "function f";
    for (int i = 0; i < 1000; ++i)
        deep += '(';
    EXPECT_EQ(must_fail(Interface::from_text(deep)).code(), Errc::abi_invalid);
}

// --- values -------------------------------------------------------------------------------------

const char* const kRequest = "(address,(uint256,uint256,uint256,uint64,uint64,uint64,uint64),"
                             "(bytes,bytes32),uint64,bytes32)";

UInt256 number(const Json& text) {
    return must(UInt256::from_text(text.get<std::string>()));
}

Word word(const Json& text) {
    Word made{};
    const Bytes bytes = unhex(text);
    std::copy(bytes.begin(), bytes.end(), made.begin());
    return made;
}

Value request_of(const Json& request) {
    Value::List ask;
    for (const char* name : {"proofProbability", "pricePerBytePerSecond", "collateralPerByte",
                             "slots", "slotSize", "duration", "maxSlotLoss"})
        ask.emplace_back(number(request["ask"][name]));
    const Json& content = request["content"];
    return Value::List{must(Address::from_text(request["client"].get<std::string>())), ask,
                       Value::List{unhex(content["cid"]), word(content["merkleRoot"])},
                       number(request["expiry"]), word(request["nonce"])};
}

TEST(Coder, EncodesRequestsAsTheContractDoes) {
    const auto type = types(kRequest);
    for (const auto& vector : test::marketplace()["requests"]) {
        const Value request = request_of(vector["request"]);
        const Bytes encoded = encode(type, {request});
        EXPECT_EQ(encoded, unhex(vector["abiEncoded"]));
        EXPECT_EQ(to_hex(crypto::keccak256(encoded)), to_hex(unhex(vector["requestId"])));
        const auto decoded = must(decode(type, encoded));
        EXPECT_EQ(decoded, Value::List{request});
        // The event, its arguments being an id, the ask, and when it expires.
        const auto made = must(Interface::from_text(
            "event StorageRequested(bytes32 requestId, (uint256,uint256,uint256,uint64,uint64,"
            "uint64,uint64) ask, uint64 expiry)"));
        const Json& log = vector["storageRequestedLog"];
        const Event& event = made.events()[0];
        const Value::List arguments = {word(vector["requestId"]), request[1],
                                       number(log["expiresAt"])};
        const Log told = encode_log({}, event, arguments);
        EXPECT_EQ(told.data, unhex(log["data"]));
        ASSERT_EQ(told.topics.size(), 1U);
        EXPECT_EQ(to_hex(told.topics[0]), to_hex(unhex(log["topics"][0])));
        EXPECT_EQ(must(decode_log(event, told)), arguments);
    }
}

TEST(Coder, EncodesCallsAsOthersDo) {
    const Json& calls = test::marketplace()["calls"];
    const auto made = must(Interface::from_text(
        "function markProofAsMissing(bytes32 slotId, uint64 period)\n"
        "function freeSlot(bytes32 slotId)\n"
        "function freeSlot(bytes32 slotId, address rewardRecipient, address collateralRecipient)\n"
        "function mySlots() view returns (bytes32[])\n"
        "function configuration() view returns (((uint8,uint8,uint8,uint8),(uint64,uint64,uint8,"
        "uint8,string),(uint8),uint64))"));
    const Json& mark = calls["markProofAsMissing"];
    EXPECT_EQ(encode_call(*made.function("markProofAsMissing"),
                          {word(mark["args"][0]), number(mark["args"][1])}),
              unhex(mark["calldata"]));
    EXPECT_EQ(made.function("freeSlot"), nullptr); // two have that name
    const Json& free = calls["freeSlot3"];
    EXPECT_EQ(encode_call(*made.function("freeSlot(bytes32,address,address)"),
                          {word(free["args"][0]),
                           must(Address::from_text(free["args"][1].get<std::string>())),
                           must(Address::from_text(free["args"][2].get<std::string>()))}),
              unhex(free["calldata"]));
    for (const char* name : {"mySlots", "configuration"}) {
        const Bytes gave = unhex(calls[name]["return"]);
        const auto& outputs = made.function(name)->outputs;
        EXPECT_EQ(encode(outputs, must(decode(outputs, gave))), gave) << name;
    }
}

DecodeFault fault_of(const std::vector<Type>& type, const Bytes& bytes) {
    auto decoded = decode_arguments(type, bytes);
    if (decoded)
        throw std::runtime_error("expected a fault, got values");
    return decoded.error();
}

TEST(Coder, RefusesWhatAContractRefuses) {
    const auto type = types(kRequest);
    const Bytes good = unhex(test::marketplace()["requests"][0]["abiEncoded"]);
    const auto with = [&](std::size_t index, const Bytes& is) {
        Bytes bad = good;
        std::copy(is.begin(), is.end(), bad.begin() + static_cast<std::ptrdiff_t>(32 * index));
        return bad;
    };
    const Bytes dirty(1, 1);
    for (const std::size_t index : {1U, 5U, 6U, 7U, 8U, 10U}) // the address, and numbers of 64 bits
        EXPECT_EQ(fault_of(type, with(index, dirty)), DecodeFault::malformed) << index;
    for (std::size_t size = 0; size + 26 < good.size(); ++size) // 26 of zeros are behind the CID
        EXPECT_EQ(
            fault_of(type, Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))),
            DecodeFault::malformed)
            << size;
    const Bytes huge(32, 0xff);
    for (const std::size_t offset : {0U, 9U, 12U})
        EXPECT_EQ(fault_of(type, with(offset, huge)), DecodeFault::malformed);
    EXPECT_EQ(fault_of(type, with(14, huge)), DecodeFault::too_large);
    const auto length = [&](std::uint64_t is) {
        const auto bytes = UInt256(is).bytes();
        return fault_of(type, with(14, Bytes(bytes.begin(), bytes.end())));
    };
    EXPECT_EQ(length(UINT64_MAX), DecodeFault::too_large);
    EXPECT_EQ(length(UINT64_MAX / 2), DecodeFault::malformed);
    EXPECT_EQ(length(65), DecodeFault::malformed);
}

TEST(Coder, TakesWhatAContractTakes) {
    const auto type = types(kRequest);
    const Bytes good = unhex(test::marketplace()["requests"][0]["abiEncoded"]);
    const auto values = must(decode(type, good));
    Bytes longer = good;
    longer.insert(longer.end(), 100, 0xee);
    EXPECT_EQ(must(decode(type, longer)), values);
    // The CID's last word is not all the CID's.
    Bytes padded = good;
    padded.back() = 1;
    EXPECT_EQ(must(decode(type, padded)), values);
    // With a word between the head and the tuple.
    Bytes moved(64, 0);
    moved[31] = 64;
    append(moved, BytesView(good).subspan(32));
    EXPECT_EQ(must(decode(type, moved)), values);
    EXPECT_EQ(encode(type, values), good);
}

TEST(Coder, ChecksEachValueAgainstItsType) {
    const auto refused = [](const char* type, const std::string& hex) {
        return !decode_arguments(types(type), unhex(hex)).has_value();
    };
    const std::string zeros(62, '0');
    EXPECT_FALSE(refused("bool", zeros + "01"));
    EXPECT_TRUE(refused("bool", zeros + "02"));
    EXPECT_FALSE(refused("uint8", zeros + "ff"));
    EXPECT_TRUE(refused("uint8", zeros.substr(2) + "0100"));
    EXPECT_FALSE(refused("bytes4", "aabbccdd" + std::string(56, '0')));
    EXPECT_TRUE(refused("bytes4", "aabbccddee" + std::string(54, '0')));
    EXPECT_TRUE(refused("address", "01" + std::string(62, '0')));
    // An array that says it has more than there is.
    const std::string array = std::string(62, '0') + "20";
    EXPECT_TRUE(refused("bytes32[]", array + std::string(62, '0') + "01"));
    EXPECT_TRUE(refused("bytes32[]", array + "0" + std::string(63, 'f')));
    EXPECT_TRUE(refused("bytes32[]", array + std::string(48, '0') + "0800000000000000"));
}

} // namespace
} // namespace codex::ethereum::abi
