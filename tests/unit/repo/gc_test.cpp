#include "repo/fixture.hpp"

namespace codex::repo::test {
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

TEST(Gc, RollsBackAbandonedWriters) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}));
    must(write_blocks(repo, seeds(1, 5)));
    const Made first = must(write_blocks(repo, seeds(1, 5), 0, "second name"));
    must(repo.remove_dataset(first.manifest));
    EXPECT_THAT(problems(repo), IsEmpty());
}

} // namespace
} // namespace codex::repo::test
