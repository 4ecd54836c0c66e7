// What the deployed contract answered, call by call (tests/vectors/marketplace.json, ledger).
#include "market/replay.hpp"
#include "marketplace.hpp"
#include "must.hpp"

#include <gmock/gmock.h>

namespace codex::market {
namespace {

using test::Json;
using test::must;
using test::must_fail;

const TestVerifier kVerifier;

class Recorded : public ::testing::TestWithParam<const char*> {};

TEST_P(Recorded, IsAnsweredAsTheContractDid) {
    const Json& scenario = test::marketplace()["ledger"]["scenarios"][GetParam()];
    Replay replay(Replay::recorded(kVerifier));
    std::size_t steps = 0;
    for (const Json& op : scenario["ops"]) {
        EXPECT_EQ(Json::parse(must(replay.answer(op.dump()))), scenario["results"][steps]) << op;
        ++steps;
    }
    EXPECT_GT(steps, 50U);
}

INSTANTIATE_TEST_SUITE_P(All, Recorded, ::testing::Values("happy", "cancel", "boundaries"),
                         [](const auto& of) { return std::string(of.param); });

TEST(Runs, WhatIsNoOperationIsRefusedAndDoesNothing) {
    Replay replay(Replay::recorded(kVerifier));
    for (const auto& [text, named] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", "is none"},
             {"[]", "is none"},
             {R"({"mine":1}x)", "is none"},
             {R"({"id":1})", "is one of"},
             {R"({"time":-1})", "time"},
             {R"({"time":"1"})", "time"},
             {R"({"mine":18446744073709551615})", "mine"},
             {R"({"mine":1.5})", "mine"},
             {R"({"balances":7})", "balances"},
             {R"({"balances":[10]})", "no account 10: there are 10"},
             {R"({"balances":["vault"]})", "vault"},
             {R"({"send":"approve","as":0,"to":"me","args":[]})", "me"},
             {R"({"send":"approve","to":"token","args":["@0","1"]})", "as"},
             {R"({"send":"approve","as":10,"to":"token","args":["@0","1"]})", "account 10"},
             {R"({"send":"approve","as":0,"to":"token","args":["@10","1"]})", "account 10"},
             {R"({"send":"approve","as":0,"to":"token","args":["@me","1"]})", "me"},
             {R"({"send":"approve","as":0,"to":"token","args":["@0"]})", "1 values, not 2"},
             {R"({"send":"approve","as":0,"to":"token"})", "args"},
             {R"({"send":"freeSlot","as":0,"args":[]})", "freeSlot"},
             {R"({"send":"approve","as":0,"args":[]})", "approve"},
             {R"({"id":)" + std::string(100000, '[') + std::string(100000, ']') + "}", "is none"}})
        EXPECT_THAT(must_fail(replay.answer(text)).text(), testing::HasSubstr(named)) << text;
    EXPECT_EQ(must(replay.answer(R"({"id":"last","time":5})")),
              R"({"id":"last","ok":true,"block":{"number":283,"timestamp":5}})")
        << "no block was mined before";
}

TEST(Runs, WhatIsRefusedWithoutANameSaysSo) {
    Replay replay(Replay::recorded(kVerifier));
    EXPECT_EQ(must(replay.answer(R"({"as":0,"send":"mint","to":"token","args":["@0","0x)" +
                                 std::string(64, 'f') + R"("]})")),
              R"({"id":null,"block":{"number":283,"timestamp":0},"ok":false,"error":"Panic",)"
              R"("args":["17"]})");
}

TEST(Runs, WhatTimeTheNextBlockHasIsSaidForOneBlock) {
    Replay replay(Replay::recorded(kVerifier));
    const auto time_of = [&](const std::string& operation) {
        return Json::parse(must(replay.answer(operation)))["block"]["timestamp"].get<int>();
    };
    const std::string call = R"({"as":0,"send":"approve","to":"token","args":["@1","1"]})";
    EXPECT_EQ(must(replay.answer(R"({"next":5})")), R"({"id":null,"ok":true})");
    EXPECT_EQ(time_of(call), 5);
    EXPECT_EQ(time_of(R"({"time":7})"), 7);
    EXPECT_EQ(time_of(call), 7);
    (void)must(replay.answer(R"({"next":9})"));
    EXPECT_EQ(time_of(R"({"mine":2})"), 9);
    EXPECT_EQ(time_of(R"({"time":11})"), 11);
    EXPECT_EQ(time_of(R"({"mine":1})"), 11);
}

} // namespace
} // namespace codex::market
