// How many looks it takes to find bad proofs: counted, with looks that only count.
#include "snark/detail/batch_search.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

namespace codex::snark::detail {
namespace {

constexpr LookCosts kCosts = {.group = 0.8, .each = 0.13, .alone = 0.82, .overdraft = 0.25};

struct Found {
    std::set<std::size_t> found;
    double cost = 0; // where one look of verify() is 1
    std::size_t groups = 0;
};

Found search(std::size_t count, const std::set<std::size_t>& bad, unsigned seed = 1) {
    Found run;
    std::mt19937 random(seed);
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), 0);
    const auto is_bad = [&](std::size_t one) { return bad.contains(one); };
    const Looks looks = {
        .group =
            [&](std::vector<std::size_t>& group) {
                ++run.groups;
                run.cost += kCosts.group + kCosts.each * static_cast<double>(group.size());
                return std::none_of(group.begin(), group.end(), is_bad);
            },
        .alone =
            [&](std::span<const std::size_t> some) {
                run.cost += kCosts.alone * static_cast<double>(some.size());
                std::vector<std::size_t> wrong;
                std::copy_if(some.begin(), some.end(), std::back_inserter(wrong), is_bad);
                return wrong;
            },
        .choose = [&](std::size_t below) { return random() % below; }};
    const auto found = find_bad(all, looks, kCosts);
    run.found = {found.begin(), found.end()};
    EXPECT_EQ(run.found.size(), found.size()) << "each once";
    return run;
}

std::set<std::size_t> every(std::size_t nth, std::size_t count) {
    std::set<std::size_t> chosen;
    for (std::size_t i = 0; i < count; i += nth)
        chosen.insert(i);
    return chosen;
}

TEST(BatchSearch, FindsAllThatAreBadAndNoOther) {
    std::mt19937 random(7);
    for (std::size_t count = 0; count < 40; ++count)
        for (unsigned seed = 0; seed < 20; ++seed) {
            std::set<std::size_t> bad;
            for (std::size_t i = 0; i < count; ++i)
                if (random() % (seed + 1) == 0)
                    bad.insert(i);
            EXPECT_EQ(search(count, bad, seed).found, bad) << count;
        }
}

TEST(BatchSearch, ARightBatchIsOneLook) {
    const Found run = search(1000, {});
    EXPECT_EQ(run.groups, 1U);
    EXPECT_LT(run.cost, 140);
}

TEST(BatchSearch, AllBadCostsNoMoreThanOneByOne) {
    for (const std::size_t count : {24U, 50U, 100U, 1000U, 4096U})
        for (unsigned seed = 0; seed < 10; ++seed) {
            const Found run = search(count, every(1, count), seed);
            EXPECT_LE(run.cost, static_cast<double>(count));
            EXPECT_EQ(run.groups, 1U);
        }
}

TEST(BatchSearch, NoBatchCostsMuchMoreThanOneByOne) {
    for (const std::size_t nth : {2U, 3U, 5U, 8U, 10U, 20U, 50U})
        for (unsigned seed = 0; seed < 20; ++seed)
            EXPECT_LE(search(1000, every(nth, 1000), seed).cost, 1250);
}

TEST(BatchSearch, FewBadOnesAreFoundByHalving) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        const Found run = search(1000, {137 * (seed + 1) % 1000}, seed);
        EXPECT_LT(run.cost, 600);
    }
}

} // namespace
} // namespace codex::snark::detail
