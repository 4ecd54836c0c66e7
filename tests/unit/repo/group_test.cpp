// Datasets that are made visible in one transaction: what they share, and what they do not.
#include "repo/prepared_fixture.hpp"

namespace codex::repo::test {
namespace {

using testing::IsEmpty;

TEST_F(Group, SeveralShareATransaction) {
    must(write_blocks(repo_, seeds(900, 2)));
    DatasetGroup one = repo_.dataset_group();
    must(prepare(one, seeds(1, 2)));
    disk_.take_syncs();
    expect_all(one.commit(), 1);
    const int syncs = disk_.take_syncs();
    EXPECT_GT(syncs, 1);

    DatasetGroup group = repo_.dataset_group();
    std::vector<Made> made;
    for (std::uint64_t i = 1; i <= 12; ++i)
        made.push_back(must(prepare(group, seeds(i * 100, 1 + i % 3))).made);
    EXPECT_EQ(disk_.take_syncs(), 0);
    for (const Made& each : made)
        EXPECT_FALSE(here(each.manifest)) << "nobody has committed it";
    expect_all(group.commit(), made.size());
    EXPECT_EQ(disk_.take_syncs(), syncs);
    for (const Made& each : made)
        expect_whole(each);
    EXPECT_THAT(group.commit(), IsEmpty());
    expect_sound();
}

TEST_F(Group, WhatIsNotCommittedIsSimplyNotThere) {
    {
        DatasetGroup group = repo_.dataset_group();
        for (std::uint64_t i = 1; i <= 3; ++i)
            must(prepare(group, seeds(i * 100, 3)));
    }
    expect_empty();
}

TEST_F(Group, WhatTwoHaveIsStoredOnceAndCountedOnce) {
    DatasetGroup group = repo_.dataset_group();
    const Prepared first = must(prepare(group, seeds(1, 6)));
    const Prepared half = must(prepare(group, seeds(4, 6)));
    const Prepared renamed = must(prepare(group, seeds(1, 6), "other"));
    const Prepared again = must(prepare(group, seeds(1, 6)));
    expect_all(group.commit(), 4);
    EXPECT_GE(first.new_bytes, 6U * kBlock);
    EXPECT_GE(half.new_bytes, 3U * kBlock);
    EXPECT_LT(half.new_bytes, 4U * kBlock);
    EXPECT_LT(renamed.new_bytes, kBlock) << "a manifest";
    EXPECT_EQ(again.new_bytes, 0U);
    EXPECT_EQ(again.made.manifest, first.made.manifest);
    const Space space = must(repo_.space());
    EXPECT_EQ(space.counters.blocks, 9U + 3U);
    EXPECT_EQ(space.counters.datasets, 3U);
    EXPECT_EQ(space.dead_bytes, 0U) << "nothing was written twice";
    for (const Made& made : {first.made, half.made, renamed.made}) {
        expect_whole(made);
        must(repo_.remove_dataset(made.manifest));
        EXPECT_THAT(problems(repo_), IsEmpty());
    }
    expect_empty();
}

TEST_F(Group, TheQuotaCountsAllMembers) {
    set_room(8 * kBlock);
    DatasetGroup group = repo_.dataset_group();
    const Made first = must(prepare(group, seeds(1, 3))).made;
    const Made second = must(prepare(group, seeds(11, 3))).made;
    EXPECT_EQ(code_of(prepare(group, seeds(21, 3))), Errc::quota_exceeded);
    const Made third = must(prepare(group, seeds(31, 1))).made;
    expect_all(group.commit(), 3);
    for (const Made& made : {first, second, third})
        expect_whole(made);
    EXPECT_EQ(must(repo_.space()).counters.datasets, 3U);
    expect_sound();
}

TEST_F(Group, TheQuotaCountsTheirTrees) {
    DatasetGroup group = repo_.dataset_group();
    const std::vector<std::uint64_t> same(100, 7); // a tree of 200 nodes over one block
    must(prepare(group, same));
    set_room(kBlock + 200 * 32 + 1000);
    const std::vector<std::uint64_t> other(101, 7);
    EXPECT_EQ(code_of(prepare(group, other)), Errc::quota_exceeded);
    expect_all(group.commit(), 1);
    expect_sound();
}

TEST_F(Group, AMemberThatIsLargeCommitsTheOnesBeforeFirst) {
    DatasetGroup group = repo_.dataset_group();
    const Made before = must(prepare(group, seeds(1, 2))).made;
    const Made large = must(prepare(group, seeds(100, 90))).made; // several batches
    EXPECT_TRUE(here(before.manifest));
    EXPECT_FALSE(here(large.manifest));
    const Made behind = must(prepare(group, seeds(300, 2))).made;
    expect_all(group.commit(), 3);
    for (const Made& made : {before, large, behind})
        expect_whole(made);
    expect_sound();
}

TEST_F(Group, IsDueWhenItIsMany) {
    OpenOptions many = options();
    many.limits.batch_items = 1000;
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}, many));
    DatasetGroup group = repo.dataset_group();
    EXPECT_FALSE(group.due());
    std::size_t members = 0;
    while (!group.due())
        must(prepare_in(repo, group, seeds(100 * ++members, 1)));
    EXPECT_EQ(members, Limits{}.group_datasets);
    expect_all(group.commit(), members);
    EXPECT_FALSE(group.due());
}

/// Each entry of the index may be on a page of its own, which is in memory until the commit.
TEST_F(Group, IsDueWhenItsTransactionIsLarge) {
    DatasetGroup group = repo_.dataset_group();
    std::size_t members = 0;
    while (!group.due())
        must(prepare(group, seeds(100 * ++members, 1)));
    EXPECT_EQ(members, kSmallLimits.batch_items / 2) << "a block and a manifest each";
    expect_all(group.commit(), members);
    EXPECT_FALSE(group.due());
}

/// Each has a copy of its tree, in memory or in a file, also where the blocks take nothing.
TEST_F(Group, IsDueWhenItsTreesAreMuch) {
    OpenOptions few_bytes = options();
    few_bytes.limits.group_bytes = 64 * 1024;
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}, few_bytes));
    for (const bool here : {false, true}) {
        DatasetGroup group = repo.dataset_group();
        std::size_t members = 0;
        for (; !group.due(); ++members) {
            ASSERT_LT(members, 20U);
            must(prepare_in(repo, group, std::vector<std::uint64_t>(200 + members, 7)));
        }
        EXPECT_GT(members, 2U);
        expect_all(group.commit(), members);
        EXPECT_EQ(must(repo.space()).counters.datasets, members) << here;
    }
}

class JumpingClock : public Clock {
public:
    std::int64_t wall_ms = 1'700'000'000'000;
    Instant instant{std::chrono::hours(1)};

    [[nodiscard]] std::int64_t unix_ms() const override { return wall_ms; }
    [[nodiscard]] Instant now() const override { return instant; }
    void sleep_until(Instant) const override {}
    [[nodiscard]] Duration nap(Instant) const override { return {}; }
};

TEST_F(Group, IsDueWhenTheFirstHasWaitedWhateverTheWallClockDoes) {
    using std::chrono::milliseconds;
    constexpr milliseconds kWait{Limits{}.group_ms};
    JumpingClock clock;
    OpenOptions with_clock = options();
    with_clock.clock = clock;
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}, with_clock));
    DatasetGroup group = repo.dataset_group();
    clock.instant += kWait * 100;
    EXPECT_FALSE(group.due()) << "of nobody";
    std::uint64_t seed = 0;
    const auto begin = [&] { must(prepare_in(repo, group, seeds(seed += 100, 1))); };
    begin();
    for (const std::int64_t jump : {86'400'000, -864'000'000, 1}) {
        clock.wall_ms += jump;
        EXPECT_FALSE(group.due()) << jump;
    }
    clock.instant += kWait / 2;
    begin(); // the first counts
    clock.instant += kWait / 2 - milliseconds(1);
    EXPECT_FALSE(group.due());
    clock.instant += milliseconds(1);
    EXPECT_TRUE(group.due());
    expect_all(group.commit(), 2);
    EXPECT_FALSE(group.due());

    begin();
    EXPECT_FALSE(group.due()) << "it begins anew";
    clock.instant += std::chrono::hours(24 * 365);
    EXPECT_TRUE(group.due());
    expect_all(group.commit(), 1);

    begin();
    clock.instant -= milliseconds(1);
    EXPECT_TRUE(group.due()) << "or it would wait until the clock is where it was";
    expect_all(group.commit(), 1);
}

} // namespace
} // namespace codex::repo::test
