// What requests cost, and markets that cannot pay.
#include "market/terms.hpp"

#include "must.hpp"

#include <gmock/gmock.h>

namespace codex::market {
namespace {

using ethereum::UInt256;
using test::must;
using test::must_fail;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Request asked() {
    Request request;
    request.ask = {UInt256(100), UInt256(3), UInt256(7), 4, 1001, 3600, 2};
    return request;
}

TEST(Terms, AreThoseOfTheContract) {
    const Terms terms = must(terms_of(asked(), Configuration()));
    EXPECT_EQ(terms.price, UInt256(43243200));
    EXPECT_EQ(terms.earnings, UInt256(10810800));
    EXPECT_EQ(terms.earnings_per_second, UInt256(3003));
    EXPECT_EQ(terms.collateral, UInt256(7007));
    EXPECT_EQ(terms.repair_collateral, UInt256(7007 - 700));
    EXPECT_EQ(terms.lost_by_a_miss, UInt256(1401));
    EXPECT_EQ(terms.reward_of_validators, UInt256(280));
    EXPECT_EQ(terms.misses_until_freed, 2U);
    EXPECT_EQ(terms.periods_per_proof, UInt256(75));
}

TEST(Terms, WithoutSlashesTheFirstMissFrees) {
    Configuration configuration;
    configuration.max_number_of_slashes = 0;
    EXPECT_EQ(must(terms_of(asked(), configuration)).misses_until_freed, 1U);
}

TEST(Terms, WhatOverflowsIsNamed) {
    const auto text = [](const Request& request) {
        const Error error = must_fail(terms_of(request, Configuration()));
        EXPECT_EQ(error.code(), Errc::amount_invalid);
        return error.text();
    };
    Request request = asked();
    request.ask.duration = UINT64_MAX / 3;
    EXPECT_THAT(text(request), HasSubstr("the price is beyond"));
    request = asked();
    request.ask.collateral_per_byte = UInt256::max();
    EXPECT_THAT(text(request), HasSubstr("the collateral of a slot is beyond"));
    request.ask.collateral_per_byte = divide(UInt256::max(), 1001 * 10).quotient;
    EXPECT_THAT(text(request), HasSubstr("what a missing proof costs"));
    request = asked();
    request.ask.proof_probability = UInt256::max();
    EXPECT_THAT(text(request), HasSubstr("the probability of a proof"));
}

TEST(Flaws, TheMarketsOfTheNetworkHaveNone) {
    EXPECT_THAT(flaws_of(Configuration(), 12), IsEmpty()) << "120 s, 64 blocks";
}

/// The flaws of the network's market with one change, and blocks of two seconds.
template <class Change> std::vector<Flaw> flaws_with(const Change& change) {
    Configuration configuration;
    change(configuration);
    return flaws_of(configuration, 2);
}

TEST(Flaws, AreRulesThatNeverHaveToBeKept) {
    using C = Configuration;
    EXPECT_THAT(flaws_with([](C& c) { c.period = 127, c.timeout = 3; }), IsEmpty()) << "a block";
    EXPECT_THAT(flaws_with([](C& c) { c.timeout = 2; }), ElementsAre(Flaw::misses_expire));
    EXPECT_THAT(flaws_with([](C& c) { c.timeout = 0; }), ElementsAre(Flaw::misses_expire));
    EXPECT_THAT(flaws_with([](C& c) { c.slash_percentage = 0; }),
                ElementsAre(Flaw::misses_are_free));
    EXPECT_THAT(flaws_with([](C& c) { c.slash_percentage = c.validator_reward_percentage = 0; }),
                ElementsAre(Flaw::misses_are_free))
        << "of nothing all get nothing";
    EXPECT_THAT(flaws_with([](C& c) { c.validator_reward_percentage = 0; }),
                ElementsAre(Flaw::marking_is_unpaid));
    EXPECT_THAT(flaws_with([](C& c) { c.request_duration_limit = c.period + 1; }), IsEmpty());
    EXPECT_THAT(flaws_with([](C& c) { c.request_duration_limit = c.period; }),
                ElementsAre(Flaw::no_whole_period));
    EXPECT_THAT(flaws_with([](C& c) { c.max_reservations = 0; }),
                ElementsAre(Flaw::no_reservations));
    Configuration configuration;
    configuration.timeout = 7;
    EXPECT_THAT(text_of(Flaw::misses_expire, configuration, 9), HasSubstr("7 s, is over"));
    EXPECT_THAT(text_of(Flaw::misses_expire, configuration, 9), HasSubstr("blocks of 9 s"));
    EXPECT_THAT(text_of(Flaw::no_whole_period, configuration, 9), HasSubstr("a period has 120 s"));
}

TEST(Flaws, AreFoundFromTheirBoundOn) {
    Configuration configuration;
    configuration.repair_reward_percentage = 46;
    configuration.validator_reward_percentage = 20;
    configuration.max_number_of_slashes = 2;
    configuration.slash_percentage = 20;
    EXPECT_THAT(flaws_of(configuration, 12), IsEmpty()) << "92 + 8";
    configuration.slash_percentage = 21;
    EXPECT_THAT(flaws_of(configuration, 12), ElementsAre(Flaw::insolvent)) << "92 + 8.4";
    configuration = Configuration();
    configuration.validator_reward_percentage = 101;
    EXPECT_THAT(flaws_of(configuration, 12), ElementsAre(Flaw::validators_gain));
    configuration = Configuration();
    configuration.period = 127;
    EXPECT_THAT(flaws_of(configuration, 2), IsEmpty());
    configuration.period = 128;
    EXPECT_THAT(flaws_of(configuration, 2), ElementsAre(Flaw::pointer_overtakes));
    configuration.downtime = 0;
    configuration.period = 1;
    EXPECT_THAT(flaws_of(configuration, 12), ElementsAre(Flaw::pointer_overtakes));
    EXPECT_THAT(text_of(Flaw::pointer_overtakes, configuration, 12), HasSubstr("1 s"));
    EXPECT_THAT(text_of(Flaw::insolvent, configuration, 12), HasSubstr("10 percent"));
    EXPECT_THAT(text_of(Flaw::validators_gain, configuration, 12), HasSubstr("20 percent"));
}

} // namespace
} // namespace codex::market
