// Why a call is refused, in words.
#include "market/refusal.hpp"

#include "runs.hpp"

#include <gmock/gmock.h>
#include <set>

namespace codex::market {
namespace {

using ethereum::abi::Fault;
using ethereum::abi::Interface;
using ethereum::abi::Kind;
using testing::HasSubstr;

/// Something for each argument.
Value::List arguments_of(const Fault& fault) {
    Value::List values;
    for (const auto& type : fault.inputs) {
        if (type.kind == Kind::address)
            values.emplace_back(must(Address::from_text(std::string(40, '1'))));
        else if (type.kind == Kind::string)
            values.push_back(Value::of_text("because"));
        else
            values.emplace_back(UInt256(values.size()));
    }
    return values;
}

TEST(Refusals, EveryErrorOfTheContractsHasWordsOfItsOwnAndAWayOut) {
    std::set<std::string> ways;
    std::size_t count = 0;
    for (const Interface* interface :
         {&marketplace_interface(), &token_interface(), &vault_interface(), &builtin_interface()})
        for (const Fault& fault : interface->faults()) {
            const Refusal refusal = refusal_of(encode_fault(fault, arguments_of(fault)));
            EXPECT_EQ(refusal.name, fault.name);
            EXPECT_EQ(refusal.arguments, arguments_of(fault));
            EXPECT_THAT(refusal.message(), testing::Not(HasSubstr("not known"))) << fault.name;
            const Error error = refusal.error();
            EXPECT_EQ(error.code(), Errc::market_refused);
            EXPECT_EQ(error.text(), refusal.message());
            EXPECT_TRUE(error.has_way_out()) << fault.name;
            std::string way = error.text() + std::string(error.hint());
            for (const Remedy& remedy : error.remedies())
                way += remedy_name(remedy.action());
            EXPECT_TRUE(ways.insert(way).second) << fault.name << " says what another one says";
            ++count;
        }
    EXPECT_EQ(count, 37U + 6 + 12 + 2);
}

Refusal refusal(const Interface& of, std::string_view name, const Value::List& arguments = {}) {
    return refusal_of(encode_fault(*of.fault(name), arguments));
}

TEST(Refusals, WaysOutNameWhatTheCallWasAbout) {
    const Subject subject{.request = "0x01", .slot = "0x02", .caller = "0x03"};
    const auto object = [&](std::string_view name) {
        const Error error = refusal(marketplace_interface(), name).error(subject);
        EXPECT_EQ(error.remedies().size(), 1U) << name;
        return error.remedies()[0].object();
    };
    EXPECT_EQ(object("Marketplace_ReservationRequired"), "0x02");
    EXPECT_EQ(object("Marketplace_InvalidState"), "0x01");
    EXPECT_EQ(object("Marketplace_UnknownRequest"), "");
}

TEST(Refusals, OfTokensSayWhoAndHowMuch) {
    const Address account = must(Address::from_text("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"));
    const Refusal poor =
        refusal(token_interface(), "ERC20InsufficientBalance", {account, UInt256(5), UInt256(70)});
    EXPECT_EQ(poor.message(),
              "the account has less tokens than are needed: "
              "0x70997970C51812dc3A010C7d01b50e0d17dc79C8 has 5, and 70 are needed");
    EXPECT_EQ(poor.error().remedies()[0].action(), Remedy::mint_tokens);
    EXPECT_EQ(poor.error().remedies()[0].object(), account.text());
    const Refusal wary = refusal(token_interface(), "ERC20InsufficientAllowance",
                                 {account, UInt256(5), UInt256(70)});
    EXPECT_THAT(wary.message(), HasSubstr("may take 5, and 70 are needed"));
    EXPECT_EQ(wary.error().remedies()[0].action(), Remedy::approve_tokens);
    EXPECT_EQ(wary.error().remedies()[0].object(), "70");
}

std::string json_of(const Refusal& refusal) {
    JsonWriter json;
    json.begin_object();
    refusal.write(json);
    json.end_object();
    return json.text();
}

TEST(Refusals, InJson) {
    EXPECT_EQ(json_of(refusal(marketplace_interface(), "Marketplace_SlotNotFree")),
              R"({"contractError":"Marketplace_SlotNotFree","args":[]})");
    EXPECT_EQ(json_of(refusal(builtin_interface(), "Panic", {UInt256(0x11)})),
              R"({"contractError":"Panic","args":["17"]})");
    EXPECT_EQ(json_of(refusal_of({})), R"({"contractError":null,"args":[]})");
}

TEST(Refusals, OfWhatNobodyKnowsSayTheBytes) {
    EXPECT_EQ(refusal_of({}).message(), "the contract gives no reason");
    EXPECT_EQ(refusal_of(Bytes{1, 2, 3, 4, 5}).message(),
              "the contract gives a reason that is not known, 0x0102030405");
    EXPECT_THAT(refusal_of(Bytes(5000, 7)).message(), testing::EndsWith("0707..."));
    // An error of a known name, the arguments of which are cut.
    Bytes cut = encode_fault(*builtin_interface().fault("Panic"), {UInt256(1)});
    cut.pop_back();
    EXPECT_EQ(refusal_of(cut).name, "");
    EXPECT_TRUE(refusal_of(cut).error().has_way_out());
    EXPECT_THAT(refusal(builtin_interface(), "Panic", {UInt256::max()}).message(),
                HasSubstr("panic"));
    EXPECT_THAT(refusal(builtin_interface(), "Error", {Value::of_text("a\nb\x1b")}).message(),
                HasSubstr("a\\nb"));
}

} // namespace
} // namespace codex::market
