// health and repair: random damage of random shapes, damaged bytes, damaged trees, kills.
#include "erasure/layout.hpp"
#include "protected_store.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <thread>

namespace codex::dataset::test {
namespace {

using erasure::Layout;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

class Repair : public testing::Test {
protected:
    Layout layout(const Cid& cid) { return must(Layout::of(store_->manifest(cid))); }
    std::string path() const { return folder_.file("repo"); }

    TemporaryFolder folder_;
    std::unique_ptr<Store> store_ = std::make_unique<Store>(path());
};

struct Shape {
    std::uint32_t k, m;
    std::uint64_t size;
    std::uint32_t block_size;
};

/// Loses up to m random blocks of each column, padding included (which cannot be lost).
std::vector<std::uint64_t> random_losses(std::mt19937_64& random, const Layout& layout) {
    std::vector<std::uint64_t> lost;
    for (std::uint64_t column = 0; column < layout.steps; ++column) {
        const std::size_t count = random() % (layout.m() + 1);
        for (const std::uint64_t row : sample(random, layout.rows(), count))
            lost.push_back(layout.index(column, static_cast<std::uint32_t>(row)));
    }
    std::erase_if(lost, [&](std::uint64_t index) { return layout.is_padding(index); });
    std::sort(lost.begin(), lost.end());
    return lost;
}

TEST_F(Repair, RandomShapesAndLossesComeBackBitForBit) {
    std::mt19937_64 random(20251121);
    std::vector<Shape> shapes = {
        {2, 2, 300'000, 65536},   {7, 7, 99'991, 4096},
        {3, 2, 65536 * 9, 65536}, {200, 100, 64 * 450 + 1, 64},
        {300, 3, 128 * 601, 128}, {255, 2, 64 * 255, 64},
        {129, 128, 64 * 129, 64}, {3, 2, (4 << 20) * 7 - 5, 4 << 20},
    };
    for (int i = 0; i < 12; ++i) {
        Shape shape{};
        shape.k = static_cast<std::uint32_t>(2 + random() % 19);
        shape.m = static_cast<std::uint32_t>(1 + random() % shape.k);
        shape.block_size = static_cast<std::uint32_t>(64 * (1 + random() % 64));
        const std::uint64_t blocks = shape.k + random() % 200;
        shape.size = blocks * shape.block_size - random() % shape.block_size;
        shapes.push_back(shape);
    }
    std::uint32_t stream = 100;
    for (const Shape& shape : shapes) {
        SCOPED_TRACE(fmt::format("k={} m={} size={} block={}", shape.k, shape.m, shape.size,
                                 shape.block_size));
        const Bytes content = generate(stream++, shape.size);
        const Cid plain = store_->put(content, {.block_size_bytes = shape.block_size});
        const Cid coded = must(encode(store_->job(), plain, code_shape(shape.k, shape.m)));
        const Layout layout = this->layout(coded);
        const std::vector<std::uint64_t> lost = random_losses(random, layout);

        must(erase(store_->job(), coded, lost));
        const Health before = must(health(store_->job(), coded, false));
        EXPECT_EQ(before.missing, lost);
        EXPECT_TRUE(before.repairable());
        const RepairReport report = must(repair(store_->job(), coded));
        EXPECT_EQ(report.restored_data + report.restored_parity, lost.size());
        EXPECT_THAT(report.lost_columns, IsEmpty());
        EXPECT_FALSE(report.tree_restored);
        EXPECT_TRUE(must(verify(store_->job(), coded)).right());
        EXPECT_EQ(store_->get(plain), content);
        const RepairReport again = must(repair(store_->job(), coded));
        EXPECT_EQ(again.restored_data + again.restored_parity, 0U);
    }
}

/// With k = 1 parity is a copy (codex-erasure(5), THE CODE): the same CID, so one block in one
/// repo.
TEST_F(Repair, TheCopyThatKOneMakesIsTheSameBlock) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{65537}}) {
        const Bytes content = generate(8, size);
        const Cid plain = store_->put(content);
        const Cid coded = must(encode(store_->job(), plain, code_shape(1, 1)));
        const std::uint64_t steps = layout(coded).steps;
        const std::vector<Digest> leaves = store_->leaves(coded);
        EXPECT_TRUE(std::equal(leaves.begin(), leaves.begin() + static_cast<std::ptrdiff_t>(steps),
                               leaves.begin() + static_cast<std::ptrdiff_t>(steps)));
        EXPECT_TRUE(must(verify(store_->job(), coded)).right());
        EXPECT_EQ(must(decode(store_->job(), coded, {})), plain);
        must(erase(store_->job(), coded, std::vector<std::uint64_t>{0}));
        EXPECT_THAT(must(health(store_->job(), coded, false)).missing, ElementsAre(0U, steps));
        EXPECT_THAT(must(repair(store_->job(), coded)).lost_columns, ElementsAre(0U));
        Bytes block = content;
        block.resize(65536);
        must(store_->repo().restore(std::vector<repo::Restored>{{Cid::block(leaves[0]), block}}));
        EXPECT_TRUE(must(verify(store_->job(), coded)).right());
    }
}

TEST(BeyondRepair, NamesEveryColumnAndAsManyBlocksAsItLacks) {
    // Three columns of 4 + 2: block i is in column i mod 3.
    const Layout layout{
        .original_blocks = 12, .shape = must(erasure::Shape::create(4, 2)), .steps = 3};
    // Column 0 lost four, column 1 three, column 2 one that its parity does not fit.
    const std::vector<std::uint64_t> lost = {0, 1, 3, 4, 8, 9, 12, 16};
    const Beyond beyond = beyond_repair(layout, lost);
    ASSERT_EQ(beyond.columns.size(), 3U);
    EXPECT_EQ(beyond.columns[0].lost, 4U);
    EXPECT_EQ(beyond.columns[1].column, 1U);
    EXPECT_EQ(beyond.columns[1].lost, 3U);
    EXPECT_EQ(beyond.columns[2].lost, 1U);
    EXPECT_THAT(beyond.needed, ElementsAre(0U, 1U, 3U, 8U));
    EXPECT_EQ(unrepairable(layout, lost).text(),
              "2 columns lost more blocks than the 2 that parity covers: 0 (4), 1 (3); the parity "
              "of column 2 does not fit the data; 4 blocks must come from somewhere else");
}

TEST_F(Repair, ColumnsBeyondParityAreReportedAndTheOthersRepaired) {
    const Bytes content = generate(9, 16 * 65536);
    const Cid plain = store_->put(content);
    const Cid coded = must(encode(store_->job(), plain, code_shape(4, 2)));
    ASSERT_EQ(layout(coded).steps, 4U);
    // Column 3: rows 0, 2, 4, 5; column 1: rows 1 and 3; column 0: parity only.
    must(erase(store_->job(), coded, std::vector<std::uint64_t>{3, 11, 19, 23, 5, 13, 16, 20}));
    const Health before = must(health(store_->job(), coded, false));
    EXPECT_FALSE(before.repairable());
    EXPECT_THAT(before.lost_columns, ElementsAre(3U));

    const RepairReport report = must(repair(store_->job(), coded));
    EXPECT_EQ(report.restored_data, 2U);
    EXPECT_EQ(report.restored_parity, 2U);
    EXPECT_THAT(report.lost_columns, ElementsAre(3U));
    EXPECT_THAT(report.lost_blocks, ElementsAre(3U, 11U, 19U, 23U));
    const Error error = unrepairable(layout(coded), report.lost_blocks);
    EXPECT_EQ(error.code(), Errc::erasure_unrepairable);
    EXPECT_EQ(error.text(), "column 3 lost 4 blocks, parity covers 2; 2 blocks must come from "
                            "somewhere else");
    EXPECT_THAT(beyond_repair(layout(coded), report.lost_blocks).needed, ElementsAre(3U, 11U));
    EXPECT_THAT(must(health(store_->job(), coded, true)).missing, ElementsAre(3U, 11U, 19U, 23U));

    // Two of them from somewhere else, and the rest follows.
    const std::vector<Digest> leaves = store_->leaves(coded);
    std::vector<repo::Restored> fetched;
    for (const std::uint64_t index : {std::uint64_t{3}, std::uint64_t{11}})
        fetched.push_back(
            {Cid::block(leaves[index]), BytesView(content).subspan(index * 65536, 65536)});
    must(store_->repo().restore(fetched));
    EXPECT_EQ(must(repair(store_->job(), coded)).restored_parity, 2U);
    EXPECT_TRUE(must(verify(store_->job(), coded)).right());
}

TEST_F(Repair, DamagedBytesAreFoundByReadingAndReplaced) {
    const Bytes content = generate(11, 10 * 65536);
    const Cid plain = store_->put(content);
    const Cid coded = must(encode(store_->job(), plain, code_shape(5, 2)));
    for (const std::size_t index : {0U, 4U, 5U})
        ASSERT_EQ(store_->flip_in_segments(BytesView(content).subspan(index * 65536, 64)), 1U);

    EXPECT_TRUE(must(health(store_->job(), coded, false)).whole()); // the index does not know
    const Health before = must(health(store_->job(), coded, true));
    EXPECT_THAT(before.damaged, ElementsAre(0U, 4U, 5U));
    EXPECT_THAT(before.missing, IsEmpty());
    EXPECT_TRUE(before.repairable());
    EXPECT_FALSE(must(verify(store_->job(), coded)).right());
    EXPECT_EQ(must(repair(store_->job(), coded)).restored_data, 3U);
    EXPECT_TRUE(must(verify(store_->job(), coded)).right());
    EXPECT_EQ(store_->get(plain), content);
}

TEST_F(Repair, DamagedBytesCountAsLossesBesideMissingOnes) {
    const Bytes content = generate(12, 10 * 65536);
    const Cid coded = must(encode(store_->job(), store_->put(content), code_shape(5, 2)));
    ASSERT_EQ(store_->flip_in_segments(BytesView(content).first(64)), 1U);
    must(erase(store_->job(), coded, std::vector<std::uint64_t>{2, 4}));
    EXPECT_FALSE(must(health(store_->job(), coded, true)).repairable());
    EXPECT_THAT(must(repair(store_->job(), coded)).lost_blocks, ElementsAre(0U, 2U, 4U));
}

/// Parity leaves are in the protected tree only, data leaves in both trees.
TEST_F(Repair, ADamagedTreeIsRebuiltFromItsBlocks) {
    const Bytes content = generate(13, 12 * 65536);
    const Cid plain = store_->put(content);
    const Cid coded = must(encode(store_->job(), plain, code_shape(4, 2)));
    const std::vector<Digest> leaves = store_->leaves(coded);
    ASSERT_EQ(store_->flip_in_trees(leaves[2]), 2U);
    ASSERT_EQ(store_->flip_in_trees(leaves[13]), 1U);

    const Health before = must(health(store_->job(), coded, true));
    EXPECT_TRUE(before.tree_damaged);
    EXPECT_TRUE(before.repairable());
    EXPECT_EQ(must_fail(decode(store_->job(), coded, {})).code(), Errc::dataset_damaged);
    EXPECT_EQ(must_fail(encode(store_->job(), plain, code_shape(3, 1))).code(),
              Errc::dataset_damaged);
    const RepairReport report = must(repair(store_->job(), coded));
    EXPECT_TRUE(report.tree_restored);
    EXPECT_THAT(report.lost_columns, IsEmpty());
    EXPECT_EQ(store_->leaves(coded), leaves);
    EXPECT_TRUE(must(verify(store_->job(), coded)).right());
    EXPECT_TRUE(must(health(store_->job(), plain, true)).whole());
}

TEST_F(Repair, ADamagedTreeAndLostBlocksTogether) {
    const Bytes content = generate(14, 12 * 65536);
    const Cid coded = must(encode(store_->job(), store_->put(content), code_shape(4, 2)));
    const std::vector<Digest> leaves = store_->leaves(coded);
    // Column 2 loses block 2, and block 5's leaf (column 2, too) is not known any more.
    must(erase(store_->job(), coded, std::vector<std::uint64_t>{2, 5}));
    ASSERT_EQ(store_->flip_in_trees(leaves[5]), 2U);
    const RepairReport report = must(repair(store_->job(), coded));
    EXPECT_EQ(report.restored_data, 2U);
    EXPECT_TRUE(report.tree_restored);
    EXPECT_TRUE(must(verify(store_->job(), coded)).right());
    EXPECT_EQ(store_->get(coded), content);
}

TEST_F(Repair, ADamagedTreeBeyondRepairIsReported) {
    const Cid coded =
        must(encode(store_->job(), store_->put(generate(15, 12 * 65536)), code_shape(4, 2)));
    const std::vector<Digest> leaves = store_->leaves(coded);
    must(erase(store_->job(), coded, std::vector<std::uint64_t>{2, 5, 8}));
    ASSERT_EQ(store_->flip_in_trees(leaves[5]), 2U);
    const RepairReport report = must(repair(store_->job(), coded));
    EXPECT_FALSE(report.tree_restored);
    EXPECT_THAT(report.lost_blocks, ElementsAre(2U, 5U, 8U));
    EXPECT_TRUE(must(health(store_->job(), coded, true)).tree_damaged);
}

TEST_F(Repair, APlainDatasetHasNothingToRepairFrom) {
    const Cid plain = store_->put(generate(16, 5 * 65536));
    EXPECT_EQ(must(repair(store_->job(), plain)).restored_data, 0U);
    must(erase(store_->job(), plain, std::vector<std::uint64_t>{1, 4}));
    const Health state = must(health(store_->job(), plain, false));
    EXPECT_THAT(state.missing, ElementsAre(1U, 4U));
    EXPECT_FALSE(state.repairable());
    const Error error = must_fail(repair(store_->job(), plain));
    EXPECT_EQ(error.code(), Errc::erasure_unrepairable);
    EXPECT_THAT(error.text(), HasSubstr("lost 2 of 5 blocks"));
}

TEST_F(Repair, EraseRefusesIndicesTheDatasetHasNot) {
    const Cid coded =
        must(encode(store_->job(), store_->put(generate(17, 5 * 65536)), code_shape(2, 1)));
    ASSERT_EQ(layout(coded).total_blocks(), 9U);
    EXPECT_EQ(must_fail(erase(store_->job(), coded, std::vector<std::uint64_t>{9})).code(),
              Errc::merkle_index);
    // Block 5 is padding: it cannot be lost.
    EXPECT_EQ(must(erase(store_->job(), coded, std::vector<std::uint64_t>{5})), 0U);
    EXPECT_TRUE(must(health(store_->job(), coded, true)).whole());
}

/// A repair in a process of its own that kills itself when it has come as far as `after_bytes`.
void repair_and_die(const std::string& path, const Cid& coded, std::uint64_t after_bytes) {
    Store store(path);
    Progress progress;
    const Job job(store.repo(), {store.job().executor(), progress});
    std::thread([&progress, after_bytes] {
        while (progress.done_bytes.load() < after_bytes)
            std::this_thread::yield();
        ::kill(::getpid(), SIGKILL);
    }).detach();
    static_cast<void>(repair(job, coded));
    ::_exit(0);
}

TEST_F(Repair, AKilledRepairIsFinishedByTheNext) {
    const std::uint32_t block_size = 4096;
    const std::uint64_t blocks = 6'000; // three batches of data, and one of parity and a half
    const Bytes content = generate(18, blocks * block_size);
    const Cid plain = store_->put(content, {.block_size_bytes = block_size});
    const Cid coded = must(encode(store_->job(), plain, code_shape(6, 3)));
    const Layout layout = this->layout(coded);
    std::vector<std::uint64_t> lost;
    for (const std::uint32_t row : {1U, 4U, 7U})
        for (std::uint64_t column = 0; column < layout.steps; ++column)
            lost.push_back(layout.index(column, row));
    // The whole dataset is looked at, then the lost blocks are restored.
    const std::uint64_t looked_at = layout.total_blocks() * block_size;
    const std::uint64_t all = looked_at + lost.size() * block_size;
    for (const std::uint64_t after : {looked_at / 2, looked_at + 1, all - 1}) {
        SCOPED_TRACE(after);
        must(erase(store_->job(), coded, lost));
        store_.reset(); // the environment must not cross the fork, nor the pool's threads
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0)
            repair_and_die(path(), coded, after);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        store_ = std::make_unique<Store>(path());

        EXPECT_TRUE(must(health(store_->job(), coded, true)).repairable());
        EXPECT_THAT(must(repair(store_->job(), coded)).lost_columns, IsEmpty());
        EXPECT_TRUE(must(verify(store_->job(), coded)).right());
        EXPECT_EQ(store_->get(plain), content);
        EXPECT_EQ(must(store_->repo().verify({},
                                             [](const repo::VerifyProblem& problem) {
                                                 ADD_FAILURE() << name_of(problem.kind) << ": "
                                                               << problem.text;
                                             }))
                      .problems,
                  0U);
    }
}

} // namespace
} // namespace codex::dataset::test
