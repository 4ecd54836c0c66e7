// Removing several datasets: they share transactions, and nothing else.
#include "repo/group_fixture.hpp"

namespace codex::repo::test {
namespace {

using testing::IsEmpty;

class Remove : public SharedTransactions {
protected:
    /// Of `leaves` blocks each, of which neighbours share one.
    std::vector<Cid> put(std::uint64_t count, std::uint64_t leaves) {
        std::vector<Cid> made;
        for (std::uint64_t i = 0; i < count; ++i)
            made.push_back(must(write_blocks(repo_, seeds(i * (leaves - 1), leaves))).manifest);
        return made;
    }
};

TEST_F(Remove, SeveralShareATransaction) {
    const std::vector<Cid> made = put(16, 3); // with kSmallLimits: 5 trees a transaction
    disk_.take_syncs();
    must(repo_.remove_dataset(made[0]));
    const int one = disk_.take_syncs();
    expect_all(repo_.remove_datasets(std::span(made).subspan(1)), 15);
    EXPECT_EQ(disk_.take_syncs(), 3 * one);
    expect_empty();
}

TEST_F(Remove, WhatIsWrongWithOneIsNoMatterOfTheOthers) {
    const std::vector<Cid> made = put(4, 3);
    const Cid never = must(write_blocks(repo_, seeds(900, 2))).manifest;
    must(repo_.remove_dataset(never));
    const auto done =
        repo_.remove_datasets(std::vector<Cid>{made[0], never, made[1], made[0], made[2], made[3]});
    ASSERT_EQ(done.size(), 6U);
    for (const std::size_t gone : {0U, 2U, 4U, 5U})
        EXPECT_TRUE(done[gone]) << gone;
    for (const std::size_t missing : {1U, 3U})
        EXPECT_EQ(code_of(done[missing]), Errc::dataset_not_found) << missing;
    expect_empty();
}

TEST_F(Remove, TwoOverOneTreeTakeItAlong) {
    const Made made = must(write_blocks(repo_, seeds(1, 4)));
    const Made other = must(write_blocks(repo_, seeds(1, 4), 0, "other"));
    ASSERT_EQ(made.tree, other.tree);
    expect_all(repo_.remove_datasets(std::vector<Cid>{made.manifest, other.manifest}), 2);
    expect_empty();
}

TEST_F(Remove, LargeTreesAreFinishedInStepsOfTheirOwn) {
    const std::vector<Cid> small_ones = put(2, 3);
    const Cid large = must(write_blocks(repo_, seeds(5000, 100))).manifest;
    expect_all(repo_.remove_datasets(std::vector<Cid>{small_ones[0], large, small_ones[1]}), 3);
    expect_empty();
}

TEST_F(Remove, AFailingDiskLeavesEachRemovedOrWhole) {
    for (int n = 0;; ++n) {
        ASSERT_LT(n, 1000);
        const std::vector<Cid> made = put(6, 3);
        disk_.fault = BrokenDisk::Fault::syncs;
        disk_.error = EIO;
        disk_.calls_left = n;
        const auto done = repo_.remove_datasets(made);
        const bool failed = disk_.calls_left < 0;
        disk_.calls_left = 1'000'000;
        EXPECT_THAT(problems(repo_), IsEmpty()) << "call " << n;
        for (std::size_t i = 0; i < made.size(); ++i)
            EXPECT_EQ(here(made[i]), !done[i]) << "call " << n;
        if (!failed)
            break;
    }
    expect_empty();
}

TEST_F(Remove, NothingWithAReadOnlyHandle) {
    const std::vector<Cid> made = put(2, 3);
    Repo reader = must(Repo::open(scratch_.repo(), {.read_only = true}));
    for (const Result<void>& done : reader.remove_datasets(made))
        EXPECT_EQ(code_of(done), Errc::repo_read_only);
}

} // namespace
} // namespace codex::repo::test
