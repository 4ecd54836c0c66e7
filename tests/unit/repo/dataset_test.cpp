#include "repo/fixture.hpp"

namespace codex::repo::test {
namespace {

TEST(Dataset, IsReadableAfterCommit) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}));
    const Made made = must(write_blocks(repo, seeds(1, 100), 77, "name.bin"));

    const DatasetInfo info = must(repo.dataset(made.manifest));
    EXPECT_EQ(info.manifest.tree, made.tree);
    EXPECT_EQ(info.manifest.filename, "name.bin");
    EXPECT_EQ(info.expiry, 77U);
    for (std::size_t i = 0; i < made.blocks.size(); ++i)
        EXPECT_EQ(must(repo.get(made.blocks[i])), random_bytes(1 + i, kBlock));
    const StoredTree tree = must(repo.tree(made.tree));
    EXPECT_EQ(tree.leaf_count(), 100U);
    for (const std::uint64_t index : {0U, 37U, 99U})
        EXPECT_EQ(must(tree.proof(index)).index, index);
    EXPECT_TRUE(must(tree.check()).empty());

    const Space space = must(repo.space());
    EXPECT_EQ(space.counters.blocks, 101U);
    EXPECT_EQ(space.counters.datasets, 1U);
    EXPECT_EQ(space.counters.used_bytes, 100 * kBlock + info.manifest_bytes.size());
}

} // namespace
} // namespace codex::repo::test
