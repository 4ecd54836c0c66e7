// Whole nodes that find each other: scenarios of many seeds, a crowd of them, and days.
//
// CODEX_SEED=N runs one, and logs what happens; CODEX_SEEDS=FIRST-LAST runs others than usual.
#include "seeds.hpp"

#include <gtest/gtest.h>

namespace codex::sim {
namespace {

TEST(Finding, AllFindWhatSomebodyHas) {
    run_seeds("Finding.AllFindWhatSomebodyHas", draw_finding);
}

TEST(Finding, ASeedIsTheSameInEachRun) {
    for (const std::uint64_t seed : {4U, 5U}) {
        const Outcome one = run(draw_finding(seed));
        const Outcome other = run(draw_finding(seed));
        EXPECT_EQ(one.trace, other.trace) << seed;
        EXPECT_EQ(one.events, other.events) << seed;
    }
    EXPECT_NE(run(draw_finding(4)).trace, run(draw_finding(7)).trace);
}

/// Told again each half an hour, by clocks that differ by hours; and forgotten after a day.
TEST(Finding, ADayGoesBy) {
    run_seeds("Finding.ADayGoesBy",
              [](std::uint64_t seed) { return days(seed, std::chrono::hours(26)); }, {1, 1});
}

/// CODEX_CROWD says how many.
TEST(Finding, ACrowdFindsIt) {
    const std::string count = variable("CODEX_CROWD");
    const std::size_t nodes = count.empty() ? 32 : std::stoull(count);
    run_seeds("Finding.ACrowdFindsIt", [&](std::uint64_t seed) { return crowd(seed, nodes); },
              {1, 1});
}

} // namespace
} // namespace codex::sim
