// Datasets that are made visible in one transaction, when something is wrong with one of them.
#include "repo/prepared_fixture.hpp"

namespace codex::repo::test {
namespace {

using testing::IsEmpty;

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

/// A tree that was to come with another member is written again; but not where others have gone on.
TEST_F(Group, ATreeThatIsWrittenAgainStandsInNobodysWay) {
    must(write_blocks(repo_, seeds(1, 6)));
    const std::vector<std::uint64_t> swapped = {2, 1, 3, 4, 5, 6}; // another tree, of what is here
    DatasetGroup group = repo_.dataset_group();
    must(prepare(group, swapped, std::string(200, 'x')));
    const Made same = must(prepare(group, swapped)).made;
    must(prepare(group, seeds(41, 12)));
    set_room(600); // of the tree and a manifest, but not of a long one
    const auto outcomes = group.commit();
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(code_of(outcomes[0]), Errc::quota_exceeded);
    EXPECT_TRUE(outcomes[1]) << outcomes[1].error().text();
    EXPECT_EQ(code_of(outcomes[2]), Errc::quota_exceeded);
    expect_whole(same);
    expect_accounted();
    expect_sound();
}

/// One that was here, and is removed, the same while the writer behind it is at work.
TEST_F(Group, ATreeThatIsWrittenAgainStandsNotInTheWayOfWhoIsAtWork) {
    must(write_blocks(repo_, {6, 5, 4, 3, 2, 1}));
    const Made renamed_before = must(write_blocks(repo_, seeds(1, 6)));
    DatasetGroup group = repo_.dataset_group();
    const Made renamed = must(prepare(group, seeds(1, 6), "same tree")).made;
    {
        DatasetWriter writer = must(repo_.write_dataset({}, group));
        std::uint64_t index = 0;
        const auto write = [&]() -> Result<void> {
            const Bytes data = random_bytes(5000 + index, kBlock);
            const LeafInput leaf{index++, cid_of(data), data};
            return writer.leaves({&leaf, 1});
        };
        must(write());
        must(repo_.remove_dataset(renamed_before.manifest));
        set_room(8 * kBlock);
        Result<void> written;
        while (written && index < 200)
            written = write();
        EXPECT_EQ(code_of(written), Errc::quota_exceeded);
    }
    expect_all(group.commit(), 1);
    expect_whole(renamed);
    expect_accounted();
    expect_sound();
}

/// Others have gone on behind the end of one that was large.
TEST_F(Group, ALargeMemberThatFailsLeavesNothing) {
    Made behind;
    {
        DatasetGroup group = repo_.dataset_group();
        must(prepare(group, seeds(100, 90))); // several batches
        behind = must(prepare(group, seeds(300, 2))).made;
        set_room(4 * kBlock);
        const auto outcomes = group.commit();
        ASSERT_EQ(outcomes.size(), 2U);
        EXPECT_EQ(code_of(outcomes[0]), Errc::quota_exceeded);
        EXPECT_TRUE(outcomes[1]) << outcomes[1].error().text();
    }
    expect_whole(behind);
    EXPECT_EQ(must(repo_.space()).counters.datasets, 1U);
    expect_accounted();
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
