// Sets of indices, against a plain one.
#include "base/index_set.hpp"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace codex {
namespace {

constexpr std::uint64_t kPiece = 65536;

std::vector<IndexRange> runs_of(const IndexSet& set) {
    std::vector<IndexRange> runs;
    for (auto run = set.next_run(0); run; run = set.next_run(run->end()))
        runs.push_back(*run);
    return runs;
}

TEST(IndexSet, RunsThatMeetAreOne) {
    IndexSet set;
    EXPECT_TRUE(set.empty());
    EXPECT_EQ(set.next(0), std::nullopt);
    EXPECT_TRUE(set.insert(5));
    EXPECT_FALSE(set.insert(5));
    EXPECT_TRUE(set.insert(7));
    EXPECT_EQ(runs_of(set), (std::vector<IndexRange>{{5, 1}, {7, 1}}));
    EXPECT_TRUE(set.insert(6));
    EXPECT_EQ(runs_of(set), (std::vector<IndexRange>{{5, 3}}));
    set.insert(IndexRange{kPiece - 2, 4});
    EXPECT_EQ(set.next_run(8), (IndexRange{kPiece - 2, 4}));
    EXPECT_EQ(set.next_run(kPiece), (IndexRange{kPiece, 2}));
    EXPECT_EQ(set.next_missing(kPiece - 2), kPiece + 2);
    EXPECT_EQ(set.next_missing(100), 100u);
    EXPECT_EQ(set.size(), 7u);
    EXPECT_TRUE(set.erase(6));
    EXPECT_FALSE(set.erase(6));
    EXPECT_EQ(set.size(), 6u);
    set.clear();
    EXPECT_EQ(set, IndexSet());
}

TEST(IndexSet, BoundsOfIndices) {
    IndexSet set;
    EXPECT_TRUE(set.insert(IndexSet::kMaxIndices - 1));
    EXPECT_FALSE(set.insert(IndexSet::kMaxIndices));
    EXPECT_FALSE(set.insert(UINT64_MAX));
    set.insert(IndexRange{IndexSet::kMaxIndices - 3, UINT64_MAX});
    set.insert(IndexRange{UINT64_MAX, UINT64_MAX});
    EXPECT_EQ(set.size(), 3u);
    EXPECT_EQ(set.next_missing(IndexSet::kMaxIndices - 3), IndexSet::kMaxIndices);
    EXPECT_EQ(set.next(IndexSet::kMaxIndices), std::nullopt);
    EXPECT_EQ(set.next(UINT64_MAX), std::nullopt);
    EXPECT_FALSE(set.contains(UINT64_MAX));
    EXPECT_EQ(set.count(IndexRange{0, UINT64_MAX}), 3u);
    set.erase(IndexRange{0, UINT64_MAX});
    EXPECT_TRUE(set.empty());
    set.insert(IndexRange{3, 0});
    set.erase(IndexRange{3, 0});
    EXPECT_TRUE(set.empty());
}

TEST(IndexSet, ADatasetOf100GiBCostsKilobytes) {
    constexpr std::uint64_t kBlocks = (std::uint64_t{100} << 30) / 65536;
    const IndexSet all(IndexRange{0, kBlocks});
    EXPECT_EQ(all.size(), kBlocks);
    EXPECT_LT(all.memory_bytes(), 4096u);
    IndexSet scattered;
    for (std::uint64_t i = 0; i < kBlocks; i += 2)
        scattered.insert(i);
    EXPECT_EQ(scattered.size(), kBlocks / 2);
    EXPECT_LT(scattered.memory_bytes(), kBlocks / 6) << "little more than a bit for each";
    IndexSet few;
    for (std::uint64_t i = 0; i < kBlocks; i += 65536)
        few.insert(i + 17);
    EXPECT_LT(few.memory_bytes(), 4096u);
    scattered.unite(all);
    EXPECT_EQ(scattered, all);
    EXPECT_LT(scattered.memory_bytes(), 4096u);
}

/// What a plain set says, compared with what the set says.
void compare(const IndexSet& set, const std::set<std::uint64_t>& plain, std::uint64_t bound) {
    ASSERT_EQ(set.size(), plain.size());
    std::vector<std::uint64_t> members;
    for (auto at = set.next(0); at; at = set.next(*at + 1))
        members.push_back(*at);
    ASSERT_TRUE(std::equal(members.begin(), members.end(), plain.begin(), plain.end()));
    std::uint64_t in_runs = 0;
    std::uint64_t last_end = 0;
    for (const IndexRange& run : runs_of(set)) {
        ASSERT_TRUE(in_runs == 0 || run.first > last_end) << "runs do not touch";
        in_runs += run.count;
        last_end = run.end();
        ASSERT_FALSE(set.contains(last_end));
    }
    ASSERT_EQ(in_runs, plain.size());
    ASSERT_EQ(set.count(IndexRange{0, bound}), plain.size());
}

void change(IndexSet& set, std::set<std::uint64_t>& plain, std::mt19937_64& random,
            std::uint64_t bound) {
    const std::uint64_t first = random() % bound;
    const std::uint64_t count =
        std::min(bound - first, random() % (random() % 8 == 0 ? 90000 : 40));
    switch (random() % 4) {
    case 0:
        ASSERT_EQ(set.insert(first), plain.insert(first).second);
        break;
    case 1:
        ASSERT_EQ(set.erase(first), plain.erase(first) == 1);
        break;
    case 2:
        set.insert(IndexRange{first, count});
        for (std::uint64_t i = 0; i < count; ++i)
            plain.insert(first + i);
        break;
    default:
        set.erase(IndexRange{first, count});
        plain.erase(plain.lower_bound(first), plain.lower_bound(first + count));
        break;
    }
}

TEST(IndexSet, IsAPlainSetWhateverIsDone) {
    for (const std::uint64_t bound : {std::uint64_t{300}, 2 * kPiece + 100}) {
        std::mt19937_64 random(bound);
        IndexSet set;
        std::set<std::uint64_t> plain;
        for (int round = 0; round < 300; ++round) {
            change(set, plain, random, bound);
            if (round % 10 == 0)
                compare(set, plain, bound);
            const std::uint64_t first = random() % bound;
            const std::uint64_t count = random() % (bound - first);
            EXPECT_EQ(set.count(IndexRange{first, count}),
                      static_cast<std::uint64_t>(std::distance(plain.lower_bound(first),
                                                               plain.lower_bound(first + count))));
        }
    }
}

TEST(IndexSet, SetsOfTwo) {
    std::mt19937_64 random(4);
    constexpr std::uint64_t kBound = 3 * kPiece;
    for (int round = 0; round < 20; ++round) {
        IndexSet a;
        IndexSet b;
        std::set<std::uint64_t> plain_a;
        std::set<std::uint64_t> plain_b;
        for (int i = 0; i < 12; ++i) {
            change(a, plain_a, random, kBound);
            change(b, plain_b, random, kBound);
        }
        std::set<std::uint64_t> both;
        std::set<std::uint64_t> any = plain_a;
        std::set<std::uint64_t> only_a;
        for (const std::uint64_t i : plain_a)
            (plain_b.contains(i) ? both : only_a).insert(i);
        any.insert(plain_b.begin(), plain_b.end());
        EXPECT_EQ(a.common(b), both.size());
        EXPECT_EQ(b.common(a), both.size());
        IndexSet changed = a;
        changed.unite(b);
        compare(changed, any, kBound);
        changed = a;
        changed.subtract(b);
        compare(changed, only_a, kBound);
        changed = a;
        changed.intersect(b);
        compare(changed, both, kBound);
        EXPECT_EQ(changed == a, both == plain_a);
    }
    IndexSet same(IndexRange{1, 5});
    same.unite(same);
    same.intersect(same);
    EXPECT_EQ(same.size(), 5u);
    same.subtract(same);
    EXPECT_TRUE(same.empty());
}

} // namespace
} // namespace codex
