// Plans of fetches: against peers that are fast, slow, far, silent, or lie.
#include "plan_fixture.hpp"

namespace codex::exchange::plan {
namespace {

Habits at_rate(double bytes_a_second, Clock::Duration round_trip) {
    Habits habits;
    habits.rate = bytes_a_second;
    habits.round_trip = round_trip;
    return habits;
}

double part(std::uint64_t of, std::uint64_t all) {
    return static_cast<double>(of) / static_cast<double>(all);
}

/// One fetches from one, and gives back the seconds.
double fetch_from_one(const Habits& habits, std::uint64_t blocks) {
    World world;
    Node& leecher = world.add();
    world.add(habits, {0, blocks});
    world.start({&leecher}, {0, blocks});
    EXPECT_TRUE(world.finish({&leecher}, minutes(60)));
    EXPECT_EQ(leecher.duplicates, 0U);
    EXPECT_EQ(leecher.blocks_in, blocks);
    EXPECT_LE(part(leecher.control_bytes, blocks * kBlock), 0.01);
    EXPECT_TRUE(leecher.left_on_purpose.empty());
    return world.seconds_of(leecher);
}

TEST(Plan, KeepsALineBusyWhateverItsRateAndLength) {
    // 100 Mbit/s at 100 ms; 1 Gbit/s at 200 ms; loopback; a modem.
    EXPECT_LE(fetch_from_one(at_rate(12.5e6, milliseconds(100)), 4000),
              4000 * kBlock / 12.5e6 / 0.95);
    EXPECT_LE(fetch_from_one(at_rate(125e6, milliseconds(200)), 20000),
              20000 * kBlock / 125e6 / 0.8);
    EXPECT_LE(fetch_from_one(at_rate(400e6, microseconds(100)), 20000),
              20000 * kBlock / 400e6 / 0.95);
    EXPECT_LE(fetch_from_one(at_rate(20e3, milliseconds(300)), 100), 100 * kBlock / 20e3 / 0.95);
}

TEST(Plan, WaitsAsLongAsSomethingIsOpen) {
    const Clock::Instant now = Clock::Instant{} + minutes(1);
    Planner plan({kBlock, 1});
    plan.want({0, 2});
    plan.joined(0, now);
    EXPECT_FALSE(plan.is_waiting()) << "nobody has said to have it";
    std::ignore = plan.next(now);
    plan.presence(0, 0, true, now);
    plan.presence(0, 1, true, now);
    std::ignore = plan.next(now + seconds(1));
    EXPECT_TRUE(plan.is_waiting());
    EXPECT_EQ(plan.arrived(0, 0, now + seconds(1)), Arrival::wanted);
    EXPECT_TRUE(plan.is_waiting());
    EXPECT_EQ(plan.arrived(0, 1, now + seconds(1)), Arrival::wanted);
    EXPECT_FALSE(plan.is_waiting()) << "all has come, though it is not verified";
}

TEST(Plan, LetsNoMoreBeOpenThanTheRateAsksFor) {
    World world;
    Node& leecher = world.add();
    world.add(at_rate(12.5e6, milliseconds(100)), {0, 5000});
    world.start({&leecher}, {0, 5000});
    std::size_t most = 0;
    EXPECT_TRUE(world.events.run(minutes(5), [&] {
        most = std::max(most, leecher.plan->peer(0)->open);
        return leecher.finished_at.has_value();
    }));
    // 12.5 MB/s for 0.45 s, and no more than twice that while the rate is being found.
    EXPECT_GE(most, 5'600'000 / kBlock / 2);
    EXPECT_LE(most, 2 * 5'600'000 / kBlock);
}

// Nodes through v0.2.5 answer all that is open in one message, which may have 100 MiB.
TEST(Plan, NeverAsksMoreOfAPeerThanOneMessageMayHave) {
    World world;
    Node& leecher = world.add();
    world.add(at_rate(125e6, milliseconds(500)), {0, 20000});
    world.start({&leecher}, {0, 20000});
    ASSERT_TRUE(world.finish({&leecher}, minutes(5)));
    EXPECT_GT(leecher.most_open,
              std::size_t{60} << 20); // the fixture sees that it is no more than 64
    // And less where others ask it, too; nothing, where they have opened all that may be.
    Planner plan({kBlock, 1});
    plan.want({0, 1000});
    const Clock::Instant now = world.events.now();
    plan.joined(0, now);
    (void)plan.next(now);
    for (std::uint64_t run = 0; run < 20; ++run)
        plan.presence(0, run * kRunBlocks + kRunBlocks - 1, true, now);
    plan.share(0, 0);
    EXPECT_TRUE(plan.next(now).tell.empty());
    plan.share(0, 5 * kBlock);
    const Orders orders = plan.next(now + milliseconds(2));
    ASSERT_EQ(orders.tell.size(), 1U);
    EXPECT_EQ(orders.tell[0].blocks, (std::vector<IndexRange>{{0, 5}}));
}

TEST(Plan, EightFromOneSeederHelpEachOther) {
    constexpr std::uint64_t kBlocks = 4000;
    World world;
    world.add(at_rate(12.5e6, milliseconds(20)), {0, kBlocks});
    std::vector<Node*> leechers;
    for (int i = 0; i < 8; ++i)
        leechers.push_back(&world.add(at_rate(12.5e6, milliseconds(20))));
    world.start(leechers, {0, kBlocks});
    ASSERT_TRUE(world.finish(leechers, minutes(30)));
    const double once = kBlocks * kBlock / 12.5e6;
    for (const Node* leecher : leechers) {
        EXPECT_LE(world.seconds_of(*leecher), once * 1.5);
        EXPECT_LE(part(leecher->duplicates, kBlocks), 0.05);
        EXPECT_LE(part(leecher->control_bytes, kBlocks * kBlock), 0.01);
        EXPECT_EQ(leecher->wrong_stored, 0U);
        EXPECT_TRUE(leecher->left_on_purpose.empty());
    }
}

TEST(Plan, TheUploaderMayLeaveWhenAllIsOutOnce) {
    constexpr std::uint64_t kBlocks = 2000;
    World world;
    Node& seeder = world.add(at_rate(12.5e6, milliseconds(20)), {0, kBlocks});
    std::vector<Node*> leechers;
    for (int i = 0; i < 4; ++i)
        leechers.push_back(&world.add(at_rate(12.5e6, milliseconds(20))));
    world.start(leechers, {0, kBlocks});
    IndexSet out;
    for (int tenths = 0; out.size() < kBlocks && tenths < 6000; ++tenths) {
        world.events.run(milliseconds(100), [] { return false; });
        for (const Node* leecher : leechers)
            out.unite(leecher->stored);
    }
    ASSERT_EQ(out.size(), kBlocks);
    for (Node* leecher : leechers)
        Node::part(seeder, *leecher);
    EXPECT_TRUE(world.finish(leechers, minutes(5)));
}

TEST(Plan, ALiarIsLeftAtItsFirstLie) {
    constexpr std::uint64_t kBlocks = 3000;
    World world;
    Node& leecher = world.add();
    world.add(at_rate(2e6, milliseconds(50)), {0, kBlocks});
    Habits lies = at_rate(50e6, milliseconds(10));
    lies.wrong_every = 20;
    Node& liar = world.add(lies, {0, kBlocks});
    world.start({&leecher}, {0, kBlocks});
    ASSERT_TRUE(world.finish({&leecher}, minutes(10)));
    EXPECT_EQ(leecher.left_on_purpose, std::vector<Node*>{&liar});
    EXPECT_EQ(leecher.stored.size(), kBlocks);
    EXPECT_EQ(leecher.wrong_stored, 0U);
    // It is not asked when it comes again, until its time is over.
    const Clock::Instant until = leecher.plan->banned_until(1);
    EXPECT_GT(until, world.events.now());
    leecher.plan->want({kBlocks, 10});
    leecher.plan->joined(1, until - seconds(1));
    EXPECT_EQ(leecher.plan->next(until - seconds(1)).leave, std::vector<PeerNumber>{1});
    leecher.plan->joined(1, until);
    const Orders orders = leecher.plan->next(until);
    EXPECT_TRUE(orders.leave.empty());
    ASSERT_FALSE(orders.tell.empty());
    EXPECT_EQ(orders.tell.back().peer, 1U);
    // And the next ban is twice as long.
    leecher.plan->wrong(1, kBlocks, until);
    EXPECT_EQ(leecher.plan->banned_until(1) - until, 2 * kFirstBan);
}

TEST(Plan, WhoFallsSilentHoldsNobodyUp) {
    constexpr std::uint64_t kBlocks = 3000;
    World world;
    Node& leecher = world.add();
    world.add(at_rate(12.5e6, milliseconds(50)), {0, kBlocks});
    Habits falls_silent = at_rate(12.5e6, milliseconds(50));
    falls_silent.silent_after = 500;
    Node& silent = world.add(falls_silent, {0, kBlocks});
    world.start({&leecher}, {0, kBlocks});
    ASSERT_TRUE(world.finish({&leecher}, minutes(10)));
    EXPECT_LE(world.seconds_of(leecher), (kBlocks - 500) * kBlock / 12.5e6 + 3);
    EXPECT_LE(part(leecher.duplicates, kBlocks), 0.02);
    EXPECT_GT(leecher.plan->peer(1)->counts.late, 0U);
    // Nothing else is wanted of it than a sign of life, and then not even that.
    const Peer& peer = *leecher.plan->peer(1);
    EXPECT_TRUE(peer.snubbed());
    EXPECT_LE(peer.open, 1U);
    EXPECT_TRUE(leecher.left_on_purpose.empty() || leecher.left_on_purpose[0] == &silent);
}

TEST(Plan, WhoIsSilentForAMinuteIsLeft) {
    World world;
    Node& leecher = world.add();
    Habits falls_silent;
    falls_silent.silent_after = 50;
    Node& silent = world.add(falls_silent, {0, 1000});
    world.start({&leecher}, {0, 1000});
    EXPECT_TRUE(world.events.run(seconds(100), [&] { return !leecher.left_on_purpose.empty(); }));
    EXPECT_EQ(leecher.left_on_purpose, std::vector<Node*>{&silent});
    EXPECT_EQ(leecher.plan->outlook(), Outlook::no_peer);
    // One that comes instead has what is missing asked of it.
    Node& other = world.add({}, {0, 1000});
    Node::join(leecher, other);
    EXPECT_TRUE(world.finish({&leecher}, minutes(1)));
    EXPECT_EQ(leecher.duplicates, 0U);
}

TEST(Plan, NodesOfOldAreEnough) {
    constexpr std::uint64_t kBlocks = 3000;
    for (const unsigned lost : {0U, 20U}) {
        World world(lost + 1);
        Node& leecher = world.add();
        Habits old = at_rate(5e6, milliseconds(60));
        old.remembers = false;
        old.denies_blocks = false;
        old.in_order = false;
        old.loses_every = lost;
        for (int i = 0; i < 3; ++i)
            world.add(old, {0, kBlocks});
        // One that has a third, and says nothing when it is asked for more.
        world.add(old, {1000, 1000});
        world.start({&leecher}, {0, kBlocks});
        ASSERT_TRUE(world.finish({&leecher}, minutes(10))) << lost;
        EXPECT_LE(part(leecher.duplicates, kBlocks), 0.05) << lost;
        EXPECT_LE(part(leecher.control_bytes, kBlocks * kBlock), lost == 0 ? 0.01 : 0.02) << lost;
    }
}

TEST(Plan, PiecesOfManyMakeTheWhole) {
    constexpr std::uint64_t kBlocks = 20000; // more than are asked about at a time
    for (const bool remembers : {true, false}) {
        World world;
        Node& leecher = world.add();
        std::mt19937_64 random(5);
        Habits habits = at_rate(20e6, milliseconds(30));
        habits.remembers = habits.denies_blocks = remembers;
        std::vector<Node*> owners;
        for (int i = 0; i < 4; ++i)
            owners.push_back(&world.add(habits));
        for (std::uint64_t index = 0; index < kBlocks; ++index)
            owners[random() % 4]->stored.insert(index);
        world.start({&leecher}, {0, kBlocks});
        ASSERT_TRUE(world.finish({&leecher}, minutes(60))) << remembers;
        EXPECT_EQ(leecher.stored.size(), kBlocks);
        EXPECT_EQ(leecher.duplicates, 0U);
    }
}

TEST(Plan, WhatNobodyHasHoldsUpNothingElse) {
    constexpr std::uint64_t kBlocks = 30000;
    constexpr std::uint64_t kFirst = 12004; // the window is full of what is not there
    World world;
    Node& leecher = world.add();
    Node& seeder = world.add(at_rate(50e6, milliseconds(10)), {kFirst, kBlocks - kFirst});
    world.start({&leecher}, {0, kBlocks});
    EXPECT_TRUE(
        world.events.run(minutes(10), [&] { return leecher.stored.size() == kBlocks - kFirst; }));
    EXPECT_TRUE(world.events.run(
        minutes(1), [&] { return leecher.plan->outlook() == Outlook::nobody_has_it; }));
    // It comes after all, and is fetched: of a node that says so, and of one that does not.
    seeder.habits.remembers = false;
    seeder.stored.insert({0, kFirst / 2});
    Node& other = world.add(at_rate(50e6, milliseconds(10)), {kFirst / 2, kFirst / 2});
    Node::join(leecher, other);
    EXPECT_TRUE(world.finish({&leecher}, minutes(60)));
}

TEST(Plan, WhatSomebodyWaitsForComesFirst) {
    constexpr std::uint64_t kBlocks = 20000;
    World world;
    Node& leecher = world.add();
    world.add({}, {0, kBlocks});
    world.add({}, {0, kBlocks});
    leecher.fetch({0, kBlocks}, 1);
    leecher.plan->await({15008, 64}, world.events.now() + seconds(1));
    leecher.plan->await({9008, 64}, world.events.now() + milliseconds(10));
    Node::join(leecher, *world.nodes[1]);
    Node::join(leecher, *world.nodes[2]);
    ASSERT_TRUE(world.finish({&leecher}, minutes(10)));
    ASSERT_EQ(leecher.order.size(), kBlocks);
    for (int i = 0; i < 128; ++i) {
        const std::uint64_t index = leecher.order[static_cast<std::size_t>(i)];
        EXPECT_TRUE((index >= 15008 && index < 15072) || (index >= 9008 && index < 9072)) << i;
    }
    // Once more, in the middle, when the window is full of others.
    World second;
    Node& late = second.add();
    second.add({}, {0, 3 * kBlocks});
    second.start({&late}, {0, 3 * kBlocks});
    second.events.run(minutes(1), [&] { return late.order.size() >= 1000; });
    late.plan->await({50000, 16}, second.events.now());
    second.events.run(minutes(1), [&] { return late.stored.contains(50000); });
    EXPECT_LE(late.order.size(), 1000 + 300U);
}

TEST(Plan, RepeatsAndUnaskedBlocksAreBorneWithinLimits) {
    constexpr std::uint64_t kBlocks = 3000;
    World world;
    Node& leecher = world.add();
    Habits repeats;
    repeats.repeats_every = 30;
    world.add(repeats, {0, kBlocks});
    Habits floods;
    floods.unasked = 3;
    Node& flooder = world.add(floods, {0, kBlocks});
    world.start({&leecher}, {0, kBlocks});
    ASSERT_TRUE(world.finish({&leecher}, minutes(10)));
    EXPECT_EQ(leecher.left_on_purpose, std::vector<Node*>{&flooder});
    EXPECT_LE(leecher.unasked, 2 * kUnaskedBorne + kBlocks / 20);
    EXPECT_EQ(leecher.wrong_stored, 0U);
}

TEST(Plan, WhoBoastsIsNotWaitedFor) {
    constexpr std::uint64_t kBlocks = 3000;
    for (const bool denies : {true, false}) {
        World world;
        Node& leecher = world.add();
        world.add(at_rate(12.5e6, milliseconds(40)), {0, kBlocks});
        Habits boasts = at_rate(50e6, milliseconds(10));
        boasts.boasts = true;
        boasts.denies_blocks = denies;
        world.add(boasts, {0, 100});
        world.start({&leecher}, {0, kBlocks});
        ASSERT_TRUE(world.finish({&leecher}, minutes(10)));
        EXPECT_LE(world.seconds_of(leecher), 1.5 * kBlocks * kBlock / 12.5e6) << denies;
        EXPECT_LE(part(leecher.control_bytes, kBlocks * kBlock), 0.01);
    }
}

TEST(Plan, ASlowPeerDoesNotHaveTheLastWord) {
    constexpr std::uint64_t kBlocks = 1000;
    World world;
    Node& leecher = world.add();
    world.add(at_rate(12.5e6, milliseconds(20)), {0, kBlocks});
    world.add(at_rate(100e3, milliseconds(200)), {0, kBlocks});
    world.start({&leecher}, {0, kBlocks});
    ASSERT_TRUE(world.finish({&leecher}, minutes(10)));
    EXPECT_LE(world.seconds_of(leecher), kBlocks * kBlock / 12.5e6 + 1.5);
    EXPECT_LE(part(leecher.duplicates, kBlocks), 0.02);
}

TEST(Plan, NothingIsLateWhileNothingIsRead) {
    World world;
    Node& leecher = world.add();
    Habits falls_silent;
    falls_silent.silent_after = 100;
    Node& peer = world.add(falls_silent, {0, 1000});
    world.start({&leecher}, {0, 1000});
    world.events.run(seconds(1), [&] { return leecher.stored.size() == 100; });
    leecher.plan->pause(world.events.now());
    world.events.run(minutes(5), [] { return false; });
    EXPECT_EQ(leecher.plan->peer(0)->counts.late, 0U);
    leecher.plan->resume(world.events.now());
    peer.habits.silent_after = UINT64_MAX;
    world.events.run(seconds(1), [] { return false; });
    EXPECT_EQ(leecher.plan->peer(0)->counts.late, 0U);
}

TEST(Plan, ManyKindsOfPeersInAnyMix) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        std::mt19937_64 random(seed);
        World world(seed);
        const std::uint64_t blocks = 1 + random() % 1500;
        Node& leecher = world.add();
        world.add(at_rate(1e6 + static_cast<double>(random() % 20'000'000),
                          milliseconds(1 + random() % 300)),
                  {0, blocks}); // an honest one
        for (std::uint64_t i = random() % 6; i > 0; --i) {
            Habits habits = at_rate(1e4 + static_cast<double>(random() % 30'000'000),
                                    milliseconds(1 + random() % 500));
            habits.remembers = random() % 2 == 0;
            habits.denies_blocks = random() % 2 == 0;
            habits.in_order = random() % 2 == 0;
            habits.wrong_every = random() % 4 == 0 ? 1 + static_cast<unsigned>(random() % 50) : 0;
            habits.repeats_every = random() % 4 == 0 ? 20 : 0;
            habits.loses_every = random() % 4 == 0 ? 5 : 0;
            habits.silent_after = random() % 4 == 0 ? random() % 300 : UINT64_MAX;
            habits.boasts = random() % 4 == 0;
            const std::uint64_t first = random() % blocks;
            world.add(habits, {first, 1 + random() % (blocks - first)});
        }
        // Some of them come and go.
        world.start({&leecher}, {0, blocks});
        for (int i = 0; i < 10; ++i) {
            Node& other = *world.nodes[1 + random() % (world.nodes.size() - 1)];
            const Clock::Duration when = milliseconds(random() % 20000);
            const bool leaves = &other != world.nodes[1].get() && random() % 2 == 0;
            world.events.after(when, [&leecher, &other, leaves] {
                if (leaves)
                    Node::part(leecher, other);
                else
                    Node::join(leecher, other);
            });
        }
        ASSERT_TRUE(world.finish({&leecher}, minutes(60)))
            << "seed " << seed << ": " << leecher.stored.size() << " of " << blocks;
        EXPECT_EQ(leecher.stored.size(), blocks) << seed;
        EXPECT_EQ(leecher.wrong_stored, 0U) << seed;
    }
}

} // namespace
} // namespace codex::exchange::plan
