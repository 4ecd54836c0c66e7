// Datasets that are made visible in one transaction: what they share, and what they do not.
#include "repo/group_fixture.hpp"

namespace codex::repo::test {
namespace {

using testing::IsEmpty;

class Group : public SharedTransactions {
protected:
    struct Prepared {
        Made made;
        std::uint64_t new_bytes = 0;
    };
    /// As write_blocks(), for a group.
    Result<Prepared> prepare(DatasetGroup& group, const std::vector<std::uint64_t>& seeds,
                             const std::string& name = "") {
        CODEX_TRY(writer, repo_.write_dataset({}, group));
        Prepared prepared;
        Made& made = prepared.made;
        for (std::size_t i = 0; i < seeds.size(); ++i) {
            const Bytes data = random_bytes(seeds[i], kBlock);
            made.blocks.push_back(cid_of(data));
            const LeafInput leaf{i, made.blocks.back(), data};
            CODEX_CHECK(writer.leaves({&leaf, 1}));
        }
        CODEX_SET(made.tree, writer.finish_tree());
        CODEX_SET(made.manifest,
                  writer.prepare(manifest_for(made.tree, seeds.size(), kBlock, name), 0));
        prepared.new_bytes = writer.new_bytes();
        return prepared;
    }
    void expect_whole(const Made& made) {
        must(repo_.dataset(made.manifest));
        EXPECT_EQ(must(repo_.tree(made.tree)).leaf_count(), made.blocks.size());
        for (const Cid& block : made.blocks)
            EXPECT_EQ(cid_of(must(repo_.get(block))), block);
    }
    void set_room(std::uint64_t bytes) {
        Config config = repo_.config();
        const Counters counters = must(repo_.space()).counters;
        config.quota_bytes = counters.used_bytes + counters.tree_bytes + bytes;
        must(repo_.set_config(config));
    }
};

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
    EXPECT_EQ(must(repo_.space()).counters, empty_);
    expect_sound();
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

/// Others take the room in between: whoever still fits is stored, and of who does not nothing is
/// left, not even for who makes the index anew.
TEST_F(Group, OneThatFailsInTheTransactionTakesNobodyAlong) {
    std::vector<Made> made;
    {
        DatasetGroup group = repo_.dataset_group();
        made.push_back(must(prepare(group, seeds(1, 1))).made);
        made.push_back(must(prepare(group, seeds(11, 12))).made);
        made.push_back(must(prepare(group, seeds(20, 4))).made); // has four of the second's
        made.push_back(must(prepare(group, seeds(41, 11))).made);
        made.push_back(must(prepare(group, seeds(61, 1))).made);
        set_room(8 * kBlock);
        const auto outcomes = group.commit();
        ASSERT_EQ(outcomes.size(), made.size());
        for (const std::size_t fits : {0U, 2U, 4U})
            EXPECT_TRUE(outcomes[fits]) << fits;
        for (const std::size_t large : {1U, 3U})
            EXPECT_EQ(code_of(outcomes[large]), Errc::quota_exceeded) << large;
    }
    EXPECT_THAT(problems(repo_), IsEmpty());
    for (const std::size_t fits : {0U, 2U, 4U})
        expect_whole(made[fits]);
    repo_ = must(Repo::init(scratch_.file("elsewhere"), {}));
    must(Repo::rebuild_index(scratch_.repo(), options()));
    repo_ = must(Repo::open(scratch_.repo(), options()));
    for (const std::size_t large : {1U, 3U})
        EXPECT_FALSE(here(made[large].manifest)) << large;
    for (const std::size_t fits : {0U, 2U, 4U})
        expect_whole(made[fits]);
    expect_sound();
}

TEST_F(Group, WhatIsRemovedUnderItsFeetIsWrittenAfterAll) {
    const Made stored = must(write_blocks(repo_, seeds(1, 6)));
    DatasetGroup group = repo_.dataset_group();
    const Made before = must(prepare(group, seeds(50, 2))).made;
    const Made same = must(prepare(group, seeds(1, 6), "same tree")).made;
    const Made some = must(prepare(group, seeds(3, 6))).made;
    const Made behind = must(prepare(group, seeds(70, 2))).made;
    must(repo_.remove_dataset(stored.manifest));
    must(repo_.gc({}));
    expect_all(group.commit(), 4);
    for (const Made& made : {before, same, some, behind})
        expect_whole(made);
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

TEST_F(Group, AMemberThatIsGivenUpLeavesNothing) {
    for (const std::uint64_t leaves : {3U, 90U}) {
        DatasetGroup group = repo_.dataset_group();
        const Made before = must(prepare(group, seeds(leaves * 1000, 2))).made;
        {
            DatasetWriter writer = must(repo_.write_dataset({}, group));
            for (std::uint64_t i = 0; i < leaves; ++i) {
                const Bytes data = random_bytes(5000 + i, kBlock);
                const LeafInput leaf{i, cid_of(data), data};
                must(writer.leaves({&leaf, 1}));
            }
        }
        const Made behind = must(prepare(group, seeds(leaves * 2000, 2))).made;
        expect_all(group.commit(), 2);
        expect_whole(before);
        expect_whole(behind);
        EXPECT_FALSE(must(repo_.stat(cid_of(random_bytes(5000, kBlock))))) << leaves;
        expect_sound();
    }
}

TEST_F(Group, IsDueWhenItIsManyOrMuch) {
    DatasetGroup group = repo_.dataset_group();
    EXPECT_FALSE(group.due());
    std::size_t members = 0;
    while (!group.due())
        must(prepare(group, seeds(100 * ++members, 1)));
    EXPECT_LE(members, Limits{}.group_datasets);
    expect_all(group.commit(), members);
    EXPECT_FALSE(group.due());
}

TEST_F(Group, AFailingDiskLeavesEachStoredOrGone) {
    for (const auto fault :
         {BrokenDisk::Fault::writes, BrokenDisk::Fault::torn_writes, BrokenDisk::Fault::syncs})
        for (int n = 0;; ++n) {
            ASSERT_LT(n, 1000);
            disk_.fault = fault;
            disk_.error = n % 2 == 0 ? EIO : ENOSPC;
            disk_.calls_left = n;
            std::vector<Made> made;
            DatasetGroup group = repo_.dataset_group();
            for (std::uint64_t i = 0; i < 4; ++i)
                if (auto prepared = prepare(group, seeds(1 + i * 2, 3)))
                    made.push_back(prepared->made);
            const auto outcomes = group.commit();
            const bool failed = disk_.calls_left < 0;
            disk_.fault = BrokenDisk::Fault::none;
            ASSERT_EQ(outcomes.size(), made.size());
            EXPECT_THAT(problems(repo_), IsEmpty()) << "call " << n;
            for (std::size_t i = 0; i < made.size(); ++i) {
                EXPECT_EQ(here(made[i].manifest), outcomes[i].has_value()) << "call " << n;
                if (here(made[i].manifest))
                    expect_whole(made[i]);
            }
            for (const Made& each : made)
                if (here(each.manifest))
                    must(repo_.remove_dataset(each.manifest));
            if (HasFailure())
                FAIL() << "in call " << n;
            if (!failed)
                break;
        }
    expect_empty();
}

} // namespace
} // namespace codex::repo::test
