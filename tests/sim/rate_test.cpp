// How much of a wire one peer fills.
#include "node.hpp"

#include <gtest/gtest.h>

namespace codex::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr double kRate = 12.5e6; // 100 Mbit/s
constexpr std::uint64_t kBlocks = 12'000;

/// Bytes of blocks a second, from the first third on.
double rate_of(std::string_view muxer) {
    World world(1);
    NodeOptions options;
    options.muxer = muxer;
    Node seeder(world, 1, options);
    Node leecher(world, 2, options);
    codex::test::must(seeder.start());
    codex::test::must(leecher.start());
    world.internet.set_wire(seeder.ip(), leecher.ip(),
                            {.delay = milliseconds(50),
                             .buffer_bytes = std::size_t{4} << 20,
                             .bytes_per_second = kRate});
    const Dataset data(repo::test::seeds(1, kBlocks));
    seeder.store(data, {0, kBlocks});
    leecher.know(seeder);
    leecher.want(data);
    leecher.step(world.loop.now(), minutes(10));
    const Wanted& wanted = leecher.wanted().front();
    const auto passed = [&](std::uint64_t blocks) {
        const auto reached = [&] {
            return wanted.result || wanted.fetch->status().blocks_fetched >= blocks;
        };
        EXPECT_TRUE(world.loop.run_until(reached, world.loop.now() + minutes(5)));
        return world.loop.now();
    };
    const Clock::Instant begun = passed(kBlocks / 3);
    const std::chrono::duration<double> took = passed(kBlocks) - begun;
    EXPECT_TRUE(
        world.loop.run_until([&] { return wanted.result.has_value(); }, begun + minutes(5)));
    EXPECT_TRUE(wanted.result && *wanted.result);
    EXPECT_EQ(leecher.host().connection(seeder.id())->muxer(), muxer);
    return static_cast<double>(kBlocks * 2 / 3 * repo::test::kBlock) / took.count();
}

TEST(Rate, OnePeerFillsAFastAndLongWireByMplex) {
    EXPECT_GE(rate_of(net::mux::kMplex), 0.85 * kRate);
}

TEST(Rate, OnePeerFillsAFastAndLongWireByYamux) {
    EXPECT_GE(rate_of(net::mux::kYamux), 0.85 * kRate);
}

} // namespace
} // namespace codex::sim
