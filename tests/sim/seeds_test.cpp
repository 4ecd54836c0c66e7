// Scenarios of many seeds, of nodes that know each other; and that a seed is always the same.
//
// CODEX_SEED=N runs one, and logs what happens; CODEX_SEEDS=FIRST-LAST runs others than usual.
#include "seeds.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace codex::sim {
namespace {

/// Blocks that wires may hold which do not pass for a while, or need a second for what has room in
/// them: they are on their way, and cannot be taken back.
std::uint64_t held_up(const Scenario& scenario) {
    const auto is_held = [](const Event& event) {
        return event.fault == Fault::cut || event.fault == Fault::partition;
    };
    const auto holds = [](const Wire& wire) {
        return wire.options.bytes_per_second > 0 &&
               static_cast<double>(wire.options.buffer_bytes) >= wire.options.bytes_per_second;
    };
    return 64 * static_cast<std::uint64_t>(std::ranges::count_if(scenario.events, is_held) +
                                           std::ranges::count_if(scenario.wires, holds));
}

TEST(Seeds, AllGetWhatTheyCanReach) {
    std::uint64_t fetched = 0;
    std::uint64_t runs = 0;
    run_seeds("Seeds.AllGetWhatTheyCanReach", draw, {0, 24},
              [&](const Scenario& scenario, const Outcome& outcome) {
                  // Of a swarm: 1 of 20, and as many as are doubled at the end of what is small;
                  // and what was on its way when it was held up, and was asked for elsewhere
                  // meanwhile.
                  EXPECT_LE(outcome.duplicates, outcome.fetched / 20 + 16 + held_up(scenario))
                      << scenario.seed;
                  fetched += outcome.fetched;
                  ++runs;
              });
    EXPECT_GE(fetched, runs);
}

TEST(Seeds, ASeedIsTheSameInEachRun) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const Outcome one = run(draw(seed));
        const Outcome other = run(draw(seed));
        EXPECT_EQ(one.trace, other.trace) << seed;
        EXPECT_EQ(one.events, other.events) << seed;
    }
    EXPECT_NE(run(draw(1)).trace, run(draw(2)).trace);
}

TEST(Seeds, OneThatFailsSaysHowItRunsAgain) {
    EXPECT_EQ(replay("Finding.ADayGoesBy", 33),
              "CODEX_SEED=33 build/bin/test_sim --gtest_filter=Finding.ADayGoesBy");
}

} // namespace
} // namespace codex::sim
