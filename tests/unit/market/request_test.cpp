// Requests: ids, amounts, and their documents.
#include "market/request.hpp"

#include "codec/cid.hpp"
#include "market/calls.hpp"
#include "marketplace.hpp"
#include "must.hpp"

#include <gmock/gmock.h>

namespace codex::market {
namespace {

using ethereum::UInt256;
using test::Json;
using test::must;
using test::must_fail;
using test::unhex;

Json example() {
    return test::marketplace()["requests"][0]["request"];
}

Request read(const Json& json) {
    return must(request_from_json(json.dump()));
}

TEST(Requests, HaveTheIdsCallsAndAmountsOfTheVectors) {
    for (const Json& vector : test::marketplace()["requests"]) {
        const Request request = read(vector["request"]);
        EXPECT_EQ(request.encoded(), unhex(vector["abiEncoded"]));
        EXPECT_TRUE(equal(request.id(), unhex(vector["requestId"])));
        EXPECT_EQ(Request::of(request.value()), request);
        EXPECT_EQ(calls::request_storage(request), unhex(vector["calldataRequestStorage"]));
        for (const auto& [index, id] : vector["slotIds"].items())
            EXPECT_TRUE(equal(slot_id(request.id(), std::stoull(index)), unhex(id)));
        EXPECT_EQ(request.price_per_slot_per_second().value().text(),
                  vector["pricePerSlotPerSecond"].get<std::string>());
        EXPECT_EQ(request.collateral_per_slot().value().text(),
                  vector["collateralPerSlot"].get<std::string>());
        EXPECT_EQ(request.max_price().value().text(), vector["maxPrice"].get<std::string>());
    }
}

TEST(Requests, AreWrittenAsTheyAreRead) {
    for (const Json& vector : test::marketplace()["requests"]) {
        const Request request = read(vector["request"]);
        EXPECT_EQ(must(request_from_json(request_to_json(request))), request);
    }
    const Request request = read(example());
    const Json written = Json::parse(request_to_json(request));
    EXPECT_EQ(must(Cid::from_text(written["content"]["cid"].get<std::string>())),
              must(Cid::from_bytes(request.cid)));
    Request odd = request;
    odd.cid = {1, 2, 3};
    EXPECT_EQ(Json::parse(request_to_json(odd))["content"]["cid"], "0x010203");
    EXPECT_EQ(must(request_from_json(request_to_json(odd))), odd);
    odd.cid.clear(); // which the contract refuses, not we
    EXPECT_EQ(must(request_from_json(request_to_json(odd))), odd);
}

TEST(Requests, NumbersMayBeNumbers) {
    Json json = example();
    json["ask"]["slots"] = 3;
    json["ask"]["duration"] = "0xe10";
    json["expiry"] = 600;
    const Request request = read(json);
    EXPECT_EQ(request.ask.slots, 3U);
    EXPECT_EQ(request.ask.duration, 3600U);
    EXPECT_EQ(request.expiry, 600U);
}

TEST(Requests, AmountsOverflowWhereTheContractDoes) {
    Request request = read(example());
    request.ask = {UInt256(1), UInt256(3), UInt256(7), 4, 1001, 3600, 2};
    EXPECT_EQ(request.price_per_slot_per_second(), UInt256(3003));
    EXPECT_EQ(request.collateral_per_slot(), UInt256(7007));
    EXPECT_EQ(request.max_price(), UInt256(4ULL * 3600 * 3003));
    request.ask.slots = 1ULL << 32;
    request.ask.duration = (1ULL << 32) - 1;
    EXPECT_TRUE(request.max_price());
    request.ask.duration = 1ULL << 32; // 2^64 seconds of slots
    EXPECT_FALSE(request.max_price());
    request.ask.duration = 1;
    request.ask.price_per_byte_per_second = UInt256::max();
    EXPECT_FALSE(request.price_per_slot_per_second());
    EXPECT_FALSE(request.max_price());
    request.ask.slot_size = 1;
    EXPECT_EQ(request.price_per_slot_per_second(), UInt256::max());
    EXPECT_FALSE(request.max_price());
    request.ask.collateral_per_byte = UInt256::max();
    request.ask.slot_size = 2;
    EXPECT_FALSE(request.collateral_per_slot());
}

struct Wrong {
    std::string pointer; ///< of the member
    Json value;          ///< nothing: it is left out
    Errc code;
    std::string named; ///< in the message
};

TEST(Requests, WrongMembersAreNamed) {
    const std::string digits(64, '1');
    for (const Wrong& wrong : {
             Wrong{"/client", "0x12", Errc::address_invalid, "client"},
             Wrong{"/client", Json(), Errc::malformed, "client"},
             Wrong{"/ask/slots", "18446744073709551616", Errc::amount_invalid, "ask: slots"},
             Wrong{"/ask/slots", -1, Errc::malformed, "ask: slots"},
             Wrong{"/ask/slots", 1.5, Errc::malformed, "ask: slots"},
             Wrong{"/ask/collateralPerByte", "1e3", Errc::amount_invalid, "collateralPerByte"},
             Wrong{"/ask/more", 1, Errc::malformed, "more"},
             Wrong{"/content/cid", "zDv", Errc::cid_invalid, "content: cid"},
             Wrong{"/content/cid", "0x123", Errc::hex_invalid, "content: cid"},
             Wrong{"/content/cid", "0x" + std::string(2050, '0'), Errc::limit_exceeded, "cid"},
             Wrong{"/content/merkleRoot", "0x" + digits + "11", Errc::malformed, "merkleRoot"},
             Wrong{"/content/merkleRoot", digits, Errc::hex_invalid, "merkleRoot"},
             Wrong{"/content", "cid", Errc::malformed, "content"},
             Wrong{"/expiry", nullptr, Errc::malformed, "expiry"},
             Wrong{"/nonce", Json(), Errc::malformed, "nonce"},
             Wrong{"/id", "0x" + digits, Errc::malformed, "id"},
         }) {
        Json json = example();
        const Json::json_pointer pointer(wrong.pointer);
        if (wrong.value.is_null() && wrong.pointer != "/expiry")
            json.erase(wrong.pointer.substr(1));
        else
            json[pointer] = wrong.value;
        const Error error = must_fail(request_from_json(json.dump()));
        EXPECT_EQ(error.code(), wrong.code) << wrong.pointer << error.text();
        EXPECT_THAT(error.text(), testing::HasSubstr(wrong.named));
    }
}

TEST(Requests, AMemberStandsThereOnce) {
    std::string text = example().dump();
    text.insert(1, "\"expiry\":\"599\",");
    const Error error = must_fail(request_from_json(text));
    EXPECT_EQ(error.code(), Errc::malformed);
    EXPECT_EQ(error.text(), "\"expiry\" stands there twice");
}

TEST(Requests, WhatIsNoDocumentIsRefused) {
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[]"), std::string("null"),
          example().dump() + "{}", std::string(100000, '[')})
        EXPECT_FALSE(request_from_json(text)) << text.substr(0, 80);
}

} // namespace
} // namespace codex::market
