// What is counted and said of the limits that bite.
#include "net/connection/limits.hpp"

#include "captured_log.hpp"

#include <gtest/gtest.h>

namespace codex::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LimitCounts, EachIsCountedAlwaysAndSaidAtMostOnceInTenSeconds) {
    const SimulatedClock clock;
    const test::CapturedLog log(clock);
    LimitCounts counts(clock, log.logger());
    const auto hit_all = [&](int times) {
        for (int i = 0; i < times; ++i)
            for (std::size_t limit = 0; limit < kLimitCount; ++limit)
                counts.hit(static_cast<Limit>(limit), "somebody");
    };
    const auto expect_lines = [&](std::size_t lines, std::string_view last) {
        EXPECT_EQ(log.lines().size(), lines * kLimitCount);
        for (std::size_t limit = 0; limit < kLimitCount; ++limit) {
            const auto name = limit_name(static_cast<Limit>(limit));
            std::vector<std::string> of;
            for (const std::string& line : log.lines())
                if (line.find(fmt::format("limit={} ", name)) != std::string::npos)
                    of.push_back(line);
            ASSERT_EQ(of.size(), lines) << name;
            EXPECT_EQ(of.back().substr(0, 4), "WRN ");
            EXPECT_NE(of.back().find("somebody"), std::string::npos) << of.back();
            EXPECT_TRUE(of.back().ends_with(last)) << of.back();
        }
    };
    hit_all(1);
    expect_lines(1, "times=1");
    hit_all(1000);
    expect_lines(1, "times=1");
    clock.advance(milliseconds(9900));
    hit_all(1);
    expect_lines(1, "times=1");
    clock.advance(milliseconds(200));
    hit_all(1);
    expect_lines(2, "times=1002"); // none of them is left out
    hit_all(1);
    clock.advance(seconds(60));
    expect_lines(2, "times=1002"); // nothing is said of what does not happen
    for (std::size_t limit = 0; limit < kLimitCount; ++limit)
        EXPECT_EQ(counts.of(static_cast<Limit>(limit)), 1004U);
}

TEST(LimitCounts, OneThatBitesSilencesNoOther) {
    const SimulatedClock clock;
    const test::CapturedLog log(clock);
    LimitCounts counts(clock, log.logger());
    for (int i = 0; i < 100; ++i)
        counts.hit(Limit::unread, "somebody");
    counts.hit(Limit::streams, "somebody else");
    EXPECT_EQ(log.count("limit=unread "), 1U);
    EXPECT_EQ(log.count("limit=streams "), 1U);
    EXPECT_EQ(log.count("somebody else"), 1U);
}

} // namespace
} // namespace codex::net
