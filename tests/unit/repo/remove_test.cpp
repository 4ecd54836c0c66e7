// Removing several datasets: they share transactions, and nothing else.
#include "repo/fixture.hpp"
#include "repo/group_fixture.hpp"
#include "repo/small_limits.hpp"

#include <gmock/gmock.h>

namespace codex::repo::test {
namespace {

using testing::IsEmpty;

class Remove : public testing::Test {
protected:
    Remove() : repo_(must(Repo::init(scratch_.repo(), {}, options()))) {
        empty_ = must(repo_.space()).counters;
    }
    OpenOptions options() {
        OpenOptions options = small();
        options.disk = disk_;
        return options;
    }
    /// Of `leaves` blocks each, of which neighbours share one.
    std::vector<Cid> put(std::uint64_t count, std::uint64_t leaves) {
        std::vector<Cid> made;
        for (std::uint64_t i = 0; i < count; ++i)
            made.push_back(must(write_blocks(repo_, seeds(i * (leaves - 1), leaves))).manifest);
        return made;
    }
    void expect_empty() {
        EXPECT_THAT(problems(repo_), IsEmpty());
        must(repo_.gc({}));
        EXPECT_THAT(problems(repo_), IsEmpty());
        EXPECT_EQ(must(repo_.space()).counters, empty_);
    }

    const Scratch scratch_;
    CountingDisk disk_;
    Repo repo_;
    Counters empty_;
};

TEST_F(Remove, SeveralShareATransaction) {
    const std::vector<Cid> made = put(16, 3); // with kSmallLimits: 5 trees a transaction
    disk_.take_syncs();
    must(repo_.remove_dataset(made[0]));
    const int one = disk_.take_syncs();
    for (const Result<void>& done : repo_.remove_datasets(std::span(made).subspan(1)))
        EXPECT_TRUE(done);
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
    for (const Result<void>& done :
         repo_.remove_datasets(std::vector<Cid>{made.manifest, other.manifest}))
        EXPECT_TRUE(done);
    expect_empty();
}

TEST_F(Remove, LargeTreesAreFinishedInStepsOfTheirOwn) {
    const std::vector<Cid> small_ones = put(2, 3);
    const Cid large = must(write_blocks(repo_, seeds(5000, 100))).manifest;
    for (const Result<void>& done :
         repo_.remove_datasets(std::vector<Cid>{small_ones[0], large, small_ones[1]}))
        EXPECT_TRUE(done);
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
            EXPECT_EQ(repo_.dataset(made[i]).has_value(), !done[i]) << "call " << n;
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
