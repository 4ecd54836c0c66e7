// What parity covers where blocks with the same bytes are stored once: compared with all sets of
// slots.
#include "dataset/coverage.hpp"
#include "protected_store.hpp"

#include <bit>
#include <gmock/gmock.h>
#include <map>
#include <set>

namespace codex::dataset::test {
namespace {

using testing::ElementsAre;

constexpr std::uint32_t kTinyBlock = 64;

class CoverageTest : public testing::TestWithParam<int> {
protected:
    /// A dataset of `blocks` blocks drawn from `kinds` different ones, the first of zeros.
    Cid encoded(std::size_t blocks, unsigned kinds, std::uint32_t k, std::uint32_t m) {
        Bytes content;
        for (std::size_t i = 0; i < blocks; ++i) {
            const auto kind = static_cast<std::uint32_t>(random_() % kinds);
            append(content, kind == 0 ? Bytes(kTinyBlock) : generate(kind, kTinyBlock));
        }
        const Cid plain = store_.put(content, {.block_size_bytes = kTinyBlock});
        return must(encode(store_.job(), plain, code_shape(k, m)));
    }

    /// Whether each column keeps k blocks when these slots are lost, by looking at all of them.
    bool survives(const std::vector<Digest>& leaves, const erasure::Layout& layout,
                  std::uint64_t slots) {
        const auto lost_slot = [&](std::uint64_t index) {
            return (slots >> layout.position(index) & 1) != 0 && !layout.is_padding(index);
        };
        std::set<Digest> lost;
        for (std::uint64_t index = 0; index < leaves.size(); ++index)
            if (lost_slot(index))
                lost.insert(leaves[index]);
        std::vector<std::uint32_t> losses(layout.steps);
        for (std::uint64_t index = 0; index < leaves.size(); ++index)
            if (!layout.is_padding(index) && lost.contains(leaves[index]))
                ++losses[layout.column(index)];
        return std::ranges::all_of(losses, [&](std::uint32_t n) { return n <= layout.m(); });
    }

    std::uint32_t by_force(const Cid& cid) {
        const erasure::Layout layout = must(erasure::Layout::of(store_.manifest(cid)));
        const std::vector<Digest> leaves = store_.leaves(cid);
        const std::uint32_t rows = layout.rows();
        std::uint32_t least = rows + 1;
        for (std::uint64_t slots = 1; slots < std::uint64_t{1} << rows; ++slots)
            if (!survives(leaves, layout, slots))
                least = std::min(least, static_cast<std::uint32_t>(std::popcount(slots)));
        return least - 1;
    }

    std::uint64_t shared_by_force(const Cid& cid) {
        const erasure::Layout layout = must(erasure::Layout::of(store_.manifest(cid)));
        const std::vector<Digest> leaves = store_.leaves(cid);
        std::map<Digest, std::set<std::uint32_t>> slots;
        for (std::uint64_t index = 0; index < leaves.size(); ++index)
            if (!layout.is_padding(index))
                slots[leaves[index]].insert(layout.position(index));
        std::uint64_t shared = 0;
        for (std::uint64_t index = 0; index < leaves.size(); ++index)
            if (!layout.is_padding(index) && slots[leaves[index]].size() > 1)
                ++shared;
        return shared;
    }

    TemporaryFolder folder_;
    Store store_{folder_.file("repo")};
    std::mt19937_64 random_{static_cast<std::uint64_t>(GetParam())};
};

TEST_P(CoverageTest, IsWhatAllSetsOfSlotsSay) {
    constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> kShapes = {
        {{1, 1}, {2, 1}, {2, 2}, {3, 2}, {4, 2}, {5, 3}, {6, 4}, {4, 4}}};
    int exact = 0, all = 0;
    for (const auto& [k, m] : kShapes)
        for (const unsigned kinds : {1U, 2U, 4U, 9U, 1000U}) {
            const Cid cid = encoded(k + random_() % (3 * k + 1), kinds, k, m);
            const Coverage found = must(coverage(store_.job(), store_.manifest(cid)));
            const std::uint32_t wanted = by_force(cid);
            SCOPED_TRACE(fmt::format("k {} m {} kinds {}", k, m, kinds));
            EXPECT_EQ(found.shared_blocks, shared_by_force(cid));
            EXPECT_LE(found.any_slots, wanted) << "never promises too much";
            if (found.exact) {
                EXPECT_EQ(found.any_slots, wanted);
            }
            exact += found.exact ? 1 : 0;
            ++all;
        }
    EXPECT_GE(exact * 10, all * 9) << "the bound is meant to be tight";
}

INSTANTIATE_TEST_SUITE_P(Seeds, CoverageTest, testing::Range(1, 13));

class Coverages : public CoverageTest {};
INSTANTIATE_TEST_SUITE_P(One, Coverages, testing::Values(1));

TEST_P(Coverages, OfDifferentBlocksIsM) {
    const Cid plain = store_.put(generate(1, 24 * kTinyBlock), {.block_size_bytes = kTinyBlock});
    const Cid cid = must(encode(store_.job(), plain, code_shape(4, 2)));
    const Coverage found = must(coverage(store_.job(), store_.manifest(cid)));
    EXPECT_EQ(found.shared_blocks, 0U);
    EXPECT_EQ(found.any_slots, 2U);
    EXPECT_TRUE(found.exact);
    EXPECT_EQ(
        must(lost_beside(store_.job(), store_.manifest(cid), std::vector<std::uint64_t>{1, 7}))
            .blocks,
        0U);
}

TEST_P(Coverages, OfThreeBlocksOneOfThemPaddedIsNothing) {
    const Cid plain = store_.put(generate(1, 3 * kTinyBlock), {.block_size_bytes = kTinyBlock});
    const Cid cid = must(encode(store_.job(), plain, code_shape(2, 1)));
    const codec::Manifest manifest = store_.manifest(cid);
    const Coverage found = must(coverage(store_.job(), manifest));
    EXPECT_EQ(found.shared_blocks, 2U);
    EXPECT_EQ(found.any_slots, 0U);
    EXPECT_TRUE(found.exact);
    const SharedLoss beside =
        must(lost_beside(store_.job(), manifest, std::vector<std::uint64_t>{0, 1}));
    EXPECT_EQ(beside.blocks, 1U);
    EXPECT_THAT(beside.slots, ElementsAre(2U));
    // And so it is: slot 0 is two blocks, and with it goes the parity of the second column.
    must(erase(store_.job(), cid, std::vector<std::uint64_t>{0, 1}));
    EXPECT_EQ(must(health(store_.job(), cid, false)).lost_columns, std::vector<std::uint64_t>{1});
}

TEST_P(Coverages, OfManyEqualBlocksNeedsNoMemoryForEach) {
    // More leaves than are looked at in one go, most of them one block; and twice as many as there
    // are places to remember of shared blocks.
    Bytes content(std::size_t{700'000} * kTinyBlock);
    for (std::size_t i = 0; i < content.size(); i += 97 * kTinyBlock)
        content[i] = static_cast<std::uint8_t>(1 + i / kTinyBlock % 255);
    const Cid plain = store_.put(content, {.block_size_bytes = kTinyBlock});
    const Cid cid = must(encode(store_.job(), plain, code_shape(4, 2)));
    const Coverage found = must(coverage(store_.job(), store_.manifest(cid)));
    EXPECT_EQ(found.any_slots, 0U);
    EXPECT_TRUE(found.exact);
    EXPECT_EQ(found.shared_blocks, shared_by_force(cid));
}

} // namespace
} // namespace codex::dataset::test
