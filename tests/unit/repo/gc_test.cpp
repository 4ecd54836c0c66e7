// Collection: what expired, what was left behind, and the space of it.
#include "repo/fixture.hpp"
#include "repo/small_limits.hpp"
#include "repo/upkeep/doomed.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::IsEmpty;

TEST(Gc, ReturnsTheSpaceOfExpiredDatasets) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}));
    const Made stays = must(write_blocks(repo, seeds(1, 50), 0));
    const Made goes = must(write_blocks(repo, seeds(40, 1000), 100));
    const std::uint64_t before = must(repo.space()).disk_bytes;
    EXPECT_THAT(problems(repo), IsEmpty());

    GcOptions options;
    options.now = 100;
    EXPECT_EQ(must(repo.gc(options)).expired_datasets, 0U) << "it expires after 100";
    options.now = 101;
    options.dry_run = true;
    EXPECT_EQ(must(repo.gc(options)).expired_datasets, 1U);
    EXPECT_TRUE(repo.dataset(goes.manifest).has_value());
    options.dry_run = false;
    const GcReport report = must(repo.gc(options));
    EXPECT_EQ(report.expired_datasets, 1U);
    EXPECT_EQ(report.removed_blocks, 1000U - 11 + 1);
    EXPECT_EQ(code_of(repo.dataset(goes.manifest)), Errc::dataset_not_found);
    EXPECT_THAT(problems(repo), IsEmpty());
    const Space after = must(repo.space());
    EXPECT_EQ(after.counters.datasets, 1U);
    EXPECT_EQ(after.counters.blocks, 51U);
    EXPECT_EQ(after.dead_bytes, 0U);
    EXPECT_GT(report.freed_bytes, 3'500'000U);
    EXPECT_LT(after.disk_bytes, before - 3'500'000);
    for (std::size_t i = 0; i < stays.blocks.size(); ++i)
        EXPECT_EQ(must(repo.get(stays.blocks[i])), random_bytes(1 + i, kBlock));
}

/// The rows and files that a killed process leaves.
TEST(Gc, RollsBackAbandonedWriters) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}, small()));
    const pid_t pid = ::fork();
    if (pid == 0) {
        auto repo = Repo::open(scratch.repo(), small());
        auto writer = repo->write_dataset();
        for (std::uint64_t i = 0; i < 200; ++i) {
            const Bytes data = random_bytes(i, kBlock);
            const LeafInput leaf{i, cid_of(data), data};
            if (!writer->leaves(std::span(&leaf, 1)))
                ::_exit(1);
        }
        ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    Repo repo = must(Repo::open(scratch.repo(), small()));
    EXPECT_GT(must(repo.space()).counters.blocks, 100U);
    EXPECT_FALSE(fs::is_empty(scratch.repo() + "/writers"));
    EXPECT_THAT(problems(repo), IsEmpty()) << "pins are references";
    const GcReport report = must(repo.gc({}));
    EXPECT_EQ(report.abandoned_writers, 1U);
    EXPECT_GT(report.removed_blocks, 100U);
    EXPECT_EQ(must(repo.space()).counters, Counters{});
    EXPECT_TRUE(fs::is_empty(scratch.repo() + "/writers"));
    EXPECT_THAT(segment_files(scratch.repo()), IsEmpty());
    EXPECT_EQ(must(repo.gc({})).abandoned_writers, 0U);
}

TEST(Gc, LeavesLiveWritersAlone) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}, small()));
    DatasetWriter writer = must(repo.write_dataset());
    std::vector<Bytes> data;
    for (std::uint64_t i = 0; i < 100; ++i) {
        data.push_back(random_bytes(i, kBlock));
        const LeafInput leaf{i, cid_of(data.back()), data.back()};
        must(writer.leaves(std::span(&leaf, 1)));
        if (i % 10 == 9) {
            EXPECT_EQ(must(repo.gc({})).abandoned_writers, 0U);
        }
    }
    const Cid tree = must(writer.finish_tree());
    must(writer.commit(manifest_for(tree, 100, kBlock, ""), 0));
    must(repo.gc({}));
    for (const Bytes& block : data)
        EXPECT_EQ(must(repo.get(cid_of(block))), block);
    EXPECT_THAT(problems(repo), IsEmpty());
}

TEST(Gc, ExpiresBlocksKeptForThemselves) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}));
    const Made made = must(write_blocks(repo, seeds(1, 2)));
    const Bytes loose = random_bytes(9, 100);
    must(repo.put(cid_of(loose), loose, 10));
    must(repo.put(made.blocks[0], random_bytes(1, kBlock), 10));
    GcOptions options;
    options.now = 10;
    EXPECT_EQ(must(repo.gc(options)).removed_blocks, 0U);
    options.now = 11;
    EXPECT_EQ(must(repo.gc(options)).removed_blocks, 1U);
    EXPECT_FALSE(must(repo.has(cid_of(loose))));
    EXPECT_TRUE(must(repo.has(made.blocks[0]))) << "a dataset still refers to it";
    EXPECT_FALSE(must(repo.stat(made.blocks[0]))->kept);
    EXPECT_THAT(problems(repo), IsEmpty());
}

/// A removal that was cut off after its first transaction.
TEST(Gc, FinishesInterruptedRemovals) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}, small()));
    const Made made = must(write_blocks(repo, seeds(1, 50)));
    auto store = must(Store::open(scratch.repo(), small()));
    {
        Ledger ledger = must(Ledger::begin(*store, true));
        EXPECT_TRUE(must(erase_dataset(ledger, made.manifest)).tree.has_value());
        must(ledger.commit());
    }
    Store::release(std::move(store));
    EXPECT_EQ(code_of(repo.dataset(made.manifest)), Errc::dataset_not_found);
    EXPECT_EQ(must(repo.space()).counters.blocks, 50U);
    EXPECT_THAT(problems(repo), IsEmpty());
    // The same dataset may come back before the old tree is gone.
    must(write_blocks(repo, seeds(1, 50)));
    EXPECT_EQ(must(repo.stat(made.blocks[0]))->references, 2U);
    must(repo.gc({}));
    EXPECT_EQ(must(repo.stat(made.blocks[0]))->references, 1U);
    EXPECT_THAT(problems(repo), IsEmpty());
    must(repo.remove_dataset(made.manifest));
    must(repo.gc({}));
    EXPECT_EQ(must(repo.space()).counters, Counters{});
}

} // namespace
} // namespace codex::repo::test
