// Plans of fetches, event by event: what they ask, what they cost, and that they repeat themselves.
#include "plan_fixture.hpp"

namespace codex::exchange::plan {
namespace {

TEST(Plan, TheSameSeedMakesTheSamePlan) {
    const auto trace = [](std::uint64_t seed) {
        World world(seed);
        Node& leecher = world.add();
        for (int i = 0; i < 3; ++i)
            world.add(Habits{5e6, milliseconds(20 + 10 * i)}, {0, 1000});
        world.start({&leecher}, {0, 1000});
        EXPECT_TRUE(world.finish({&leecher}, minutes(5)));
        return leecher.trace;
    };
    EXPECT_EQ(trace(1), trace(1));
    EXPECT_NE(trace(1), trace(2));
}

TEST(Plan, CostsABitABlockAndAFewKilobytesAPeer) {
    constexpr std::uint64_t kBlocks = 1'638'400; // 100 GiB
    Planner plan({kBlock, 1});
    plan.want({0, kBlocks});
    const Clock::Instant now{std::chrono::hours(1)};
    for (PeerNumber peer = 0; peer < 160; ++peer)
        plan.joined(peer, now);
    (void)plan.next(now);
    for (PeerNumber peer = 0; peer < 160; ++peer)
        for (std::uint64_t index = 0; index < 8192; ++index)
            plan.presence(peer, index, true, now + milliseconds(10));
    (void)plan.next(now + milliseconds(20));
    // Every second one is there: nothing is a run.
    for (std::uint64_t index = 0; index < kBlocks; index += 2)
        plan.stored(index, now + milliseconds(20));
    EXPECT_LE(plan.memory_bytes(), kBlocks / 8 + 160 * 10'000 + 100'000);
    EXPECT_EQ(plan.missing().size(), kBlocks / 2);
}

// Old nodes say that it is not there, and wait for it all the same.
TEST(Plan, TakesBackAWantThatIsAnsweredByDontHave) {
    Planner plan({kBlock, 1});
    plan.want({0, 2});
    const Clock::Instant now{std::chrono::hours(1)};
    plan.joined(0, now);
    (void)plan.next(now);
    plan.presence(0, 1, true, now);
    ASSERT_EQ(plan.next(now).tell.size(), 1U); // which asks for both
    plan.presence(0, 0, false, now);
    const Orders orders = plan.next(now + milliseconds(2));
    ASSERT_EQ(orders.tell.size(), 1U);
    EXPECT_EQ(orders.tell[0].cancels, (std::vector<IndexRange>{{0, 1}}));
    EXPECT_EQ(orders.tell[0].haves, (std::vector<IndexRange>{{0, 1}})); // behind the cancel
}

TEST(Plan, ReplacesAPeerThatIsSilentAtTheEndOfASmallFile) {
    World world;
    Node& leecher = world.add();
    world.add(Habits{}, {0, 40});
    Habits silent;
    silent.silent_after = 1; // it says what it has, and sends one block
    world.add(silent, {0, 40});
    world.start({&leecher}, {0, 40});
    ASSERT_TRUE(world.finish({&leecher}, minutes(5)));
    // Of neither the rate is known, so it would be late only after ten seconds.
    EXPECT_LT(world.seconds_of(leecher), 2);
    EXPECT_LE(leecher.duplicates, 1U);
}

/// Of those that are asked in the place of a silent one each may be silent as well.
TEST(Plan, ReplacesTwoThatAreSilentAtTheEnd) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        World world(seed);
        Node& leecher = world.add();
        world.add(Habits{}, {0, 200});
        world.add(Habits{}, {0, 200});
        Habits silent;
        for (const std::uint64_t after : {0ULL, 0ULL, 1ULL, 30ULL}) {
            silent.silent_after = after;
            world.add(silent, {0, 200});
        }
        world.start({&leecher}, {0, 200});
        ASSERT_TRUE(world.finish({&leecher}, minutes(5))) << seed;
        // What is open at one whose rate is known is late after two seconds.
        EXPECT_LT(world.seconds_of(leecher), 4) << seed;
        EXPECT_LE(leecher.duplicates, 4U) << seed;
    }
}

TEST(Plan, LooksAgainWhenASilentPeerHasBeenItForTooLong) {
    Planner plan({kBlock, 1});
    plan.want({0, 2});
    Clock::Instant now{std::chrono::hours(1)};
    plan.joined(0, now);
    plan.joined(1, now);
    (void)plan.next(now);
    now += milliseconds(10);
    plan.presence(0, 1, true, now);
    ASSERT_EQ(plan.next(now).tell.size(), 1U); // asks for both
    plan.presence(1, 1, true, now);
    EXPECT_TRUE(plan.next(now).tell.empty());
    // Two blocks take the other one 10 ms and an eighth of a second, as far as is known.
    ASSERT_LT(plan.due(), now + seconds(1));
    for (int looks = 0; plan.due() < now + seconds(1); ++looks) {
        ASSERT_LT(looks, 100);
        const Clock::Instant at = plan.due();
        const Orders orders = plan.next(at);
        if (orders.tell.empty())
            continue;
        EXPECT_GE(at, now + milliseconds(300));
        ASSERT_EQ(orders.tell.size(), 1U);
        EXPECT_EQ(orders.tell[0].peer, 1U);
        EXPECT_EQ(orders.tell[0].blocks, (std::vector<IndexRange>{{0, 2}}));
        return;
    }
    ADD_FAILURE() << "nobody else was asked";
}

TEST(Plan, ABlockThatIsLargeHasMoreTime) {
    const Meter usual(kBlock);
    const Meter large(std::size_t{64} << 20);
    EXPECT_EQ(usual.patience(kBlock), kLongestPatience);
    EXPECT_EQ(large.patience(std::size_t{64} << 20), kLongestPatience + seconds(512));
}

// Nodes of 2024 say what they have as an echo of cancels, and others when a block comes.
TEST(Plan, TakesWhatItIsToldThoughItHasNotAsked) {
    Planner plan({kBlock, 1});
    plan.want({0, 40});
    const Clock::Instant now{std::chrono::hours(1)};
    plan.joined(0, now);
    EXPECT_EQ(plan.next(now).tell.size(), 1U); // asks about 15, 31 and 39
    for (const std::uint64_t index : {3ULL, 3ULL, 500ULL, (1ULL << 63) - 1}) {
        plan.presence(0, index, true, now);
        plan.presence(7, index, true, now); // of one that is not there
    }
    plan.presence(0, 501, false, now);
    Orders orders = plan.next(now + milliseconds(2));
    ASSERT_EQ(orders.tell.size(), 1U);
    EXPECT_EQ(orders.tell[0].blocks, (std::vector<IndexRange>{{3, 1}}));
    EXPECT_TRUE(orders.tell[0].haves.empty() && orders.tell[0].cancels.empty());
    // Of one that is open already it says nothing new.
    plan.presence(0, 3, true, now + milliseconds(2));
    orders = plan.next(now + milliseconds(4));
    EXPECT_TRUE(orders.tell.empty());
}

TEST(Plan, AsksFirstWhoIsBelieved) {
    std::array<std::uint64_t, 2> asked{};
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        Planner plan({kBlock, seed});
        plan.want({0, 4});
        Clock::Instant now{std::chrono::hours(1)};
        plan.believe(0, 1.0 / 16);
        for (const PeerNumber peer : {0U, 1U})
            plan.joined(peer, now);
        (void)plan.next(now);
        now += milliseconds(10);
        for (const PeerNumber peer : {0U, 1U})
            for (std::uint64_t index = 0; index < 4; ++index)
                plan.presence(peer, index, true, now);
        for (const Tell& tell : plan.next(now + milliseconds(10)).tell)
            for (const IndexRange& range : tell.blocks)
                asked.at(tell.peer) += range.count;
    }
    EXPECT_GE(asked[1], 120U);
    EXPECT_LE(asked[0], 40U) << "now and then one is tried all the same";
}

TEST(Plan, AsksNobodyForWhatIsThere) {
    Planner plan({kBlock, 1});
    plan.want({10, 10});
    const Clock::Instant now{std::chrono::hours(1)};
    plan.stored(12, now);
    plan.joined(0, now);
    Orders orders = plan.next(now);
    ASSERT_EQ(orders.tell.size(), 1U);
    EXPECT_EQ(orders.tell[0].haves, (std::vector<IndexRange>{{15, 1}, {19, 1}}));
    EXPECT_TRUE(orders.tell[0].blocks.empty());
    plan.presence(0, 15, true, now);
    plan.presence(0, 19, true, now);
    orders = plan.next(now);
    ASSERT_EQ(orders.tell.size(), 1U);
    EXPECT_EQ(orders.tell[0].blocks, (std::vector<IndexRange>{{10, 2}, {13, 7}}));
    EXPECT_EQ(plan.arrived(0, 12, now), Arrival::unasked);
    EXPECT_EQ(plan.arrived(0, 10, now), Arrival::wanted);
    EXPECT_EQ(plan.arrived(0, 10, now), Arrival::unasked);
    plan.verified(0, 10, now);
    // What comes in another way is cancelled, and may still come.
    plan.stored(11, now);
    orders = plan.next(now + milliseconds(2));
    ASSERT_EQ(orders.tell.size(), 1U);
    EXPECT_EQ(orders.tell[0].cancels, (std::vector<IndexRange>{{11, 1}}));
    EXPECT_EQ(plan.arrived(0, 11, now), Arrival::duplicate);
    for (std::uint64_t index = 13; index < 20; ++index) {
        EXPECT_EQ(plan.arrived(0, index, now), Arrival::wanted);
        EXPECT_FALSE(plan.finished());
        plan.verified(0, index, now);
    }
    EXPECT_TRUE(plan.finished());
    EXPECT_EQ(plan.due(), now);
    EXPECT_TRUE(plan.next(now).tell.empty());
    EXPECT_EQ(plan.due(), Clock::Instant::max());
}

TEST(Plan, OpensMoreAtAPeerWhoseBlocksAllComeAtOnce) {
    constexpr std::size_t kSmall = 4096;
    Meter meter(kSmall);
    Clock::Instant now{std::chrono::hours(1)};
    std::size_t before = 0;
    // A round trip each: everything in one piece, and nothing is open when it has come.
    while (meter.window() < kMinOpenBytes) {
        ASSERT_GT(meter.window(), before);
        before = meter.window();
        now += milliseconds(100);
        for (std::size_t left = before; left > 0; left -= kSmall)
            meter.arrived(kSmall, left > kSmall, now);
    }
    EXPECT_LE(meter.window(), 2 * before);
    // What comes at once of less than may be open tells nothing more.
    const double known = meter.rate();
    for (int round = 0; round < 100; ++round) {
        now += milliseconds(100);
        for (std::size_t left = kMinOpenBytes / 2; left > 0; left -= kSmall)
            meter.arrived(kSmall, left > kSmall, now);
    }
    EXPECT_EQ(meter.rate(), known);
    EXPECT_LE(static_cast<double>(meter.window()), known * (2 * 0.1 + kOpenSeconds));
}

TEST(Plan, TakesNoRateFromOneLargeBlock) {
    constexpr std::size_t kLarge = std::size_t{64} << 20; // of which one fills a window
    Meter meter(kLarge);
    meter.arrived(kLarge, false, Clock::Instant{std::chrono::hours(1)});
    EXPECT_EQ(meter.rate(), 0);
}

TEST(Plan, OpensAllThatMayBeAtAPeerThatIsFastAndFarAway) {
    constexpr auto kRoundTrip = milliseconds(200);
    constexpr double kRate = 2e9;
    Meter meter(kBlock);
    Clock::Instant now{std::chrono::hours(1)};
    meter.answered(kRoundTrip, now);
    // Whatever may be open comes within a few milliseconds, a round trip after it was asked for.
    int rounds = 0;
    for (; meter.window() < kMaxOpenBytes && rounds < 20; ++rounds) {
        const std::size_t open = meter.window();
        now += kRoundTrip;
        for (std::size_t left = open / kBlock; left > 0; --left) {
            now += std::chrono::nanoseconds(static_cast<std::int64_t>(kBlock / kRate * 1e9));
            meter.arrived(kBlock, left > 1, now);
        }
        EXPECT_LE(meter.window(), 2 * open); // it is doubled at the most
    }
    EXPECT_EQ(meter.window(), kMaxOpenBytes);
    EXPECT_LE(rounds, 12);
    // And it is known what comes of that: so much in a round trip, at least.
    EXPECT_GE(meter.rate(), kMaxOpenBytes / 2 / 0.2);
    EXPECT_LE(meter.rate(), kRate);
}

TEST(Plan, FillsALinkThatIsFastAndLong) {
    World world;
    Node& leecher = world.add();
    Habits far;
    far.rate = 2e9;
    far.round_trip = milliseconds(200);
    world.add(far, {0, 16384}); // 1 GiB
    world.start({&leecher}, {0, 16384});
    ASSERT_TRUE(world.finish({&leecher}, minutes(5)));
    // 64 MiB a round trip are 3.2 s of it; 2 MiB would be 102 s.
    EXPECT_GT(leecher.most_open, std::size_t{60} << 20);
    EXPECT_LT(world.seconds_of(leecher), 7);
}

TEST(Plan, TakesBackQuestionsThatOthersHaveAnswered) {
    Planner plan({kBlock, 1});
    plan.want({0, 32});
    const Clock::Instant now{std::chrono::hours(1)};
    plan.joined(0, now);
    plan.joined(1, now);
    EXPECT_EQ(plan.next(now).tell.size(), 2U); // each is asked about 15 and 31
    plan.presence(0, 15, true, now);
    plan.presence(1, 15, false, now);
    Orders orders = plan.next(now);
    ASSERT_EQ(orders.tell.size(), 1U);
    EXPECT_EQ(orders.tell[0].blocks, (std::vector<IndexRange>{{0, 16}}));
    for (std::uint64_t index = 0; index < 16; ++index) {
        EXPECT_EQ(plan.arrived(0, index, now), Arrival::wanted);
        plan.verified(0, index, now);
    }
    // The other one would remember it, for a run that is through.
    orders = plan.next(now + milliseconds(2));
    ASSERT_EQ(orders.tell.size(), 1U);
    EXPECT_EQ(orders.tell[0].peer, 1U);
    EXPECT_EQ(orders.tell[0].cancels, (std::vector<IndexRange>{{15, 1}}));
}

TEST(Plan, TakesBackAllThatIsOpenWhenItIsGivenUp) {
    Planner plan({kBlock, 1});
    plan.want({0, 32});
    const Clock::Instant now{std::chrono::hours(1)};
    plan.joined(0, now);
    plan.joined(1, now);
    plan.joined(2, now);
    plan.left(2, now);
    (void)plan.next(now);
    plan.presence(0, 15, true, now);
    (void)plan.next(now); // asks for a run
    plan.presence(1, 31, true, now);
    const Orders orders = plan.abandon(); // before it could ask the other for one
    ASSERT_EQ(orders.tell.size(), 2U);
    EXPECT_EQ(orders.tell[0].cancels, (std::vector<IndexRange>{{0, 16}, {31, 1}}));
    EXPECT_EQ(orders.tell[1].cancels, (std::vector<IndexRange>{{15, 1}}));
    for (const Tell& tell : orders.tell) {
        EXPECT_TRUE(tell.blocks.empty());
        EXPECT_TRUE(tell.haves.empty());
    }
}

} // namespace
} // namespace codex::exchange::plan
