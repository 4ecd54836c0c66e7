// Random operations on two handles of one repo against a model that is a few maps.
#include "repo/fixture.hpp"
#include "repo/small_limits.hpp"

#include <gmock/gmock.h>
#include <map>
#include <set>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::IsEmpty;

constexpr std::uint64_t kSeeds = 140;

/// What the repo should hold. Blocks are their seeds.
struct Model {
    struct Dataset {
        Made made;
        std::vector<std::uint64_t> seeds;
        std::uint64_t expiry = 0;
    };
    struct Kept {
        std::uint64_t expiry = 0;
    };
    std::map<std::string, Dataset> datasets; // by name
    std::map<std::uint64_t, Kept> kept;
    std::set<std::uint64_t> absent; // known, bytes dropped

    [[nodiscard]] std::map<std::uint64_t, std::uint64_t> references() const {
        // Datasets over one tree share its references.
        std::map<Cid, const Dataset*> trees;
        for (const auto& [name, dataset] : datasets)
            trees[dataset.made.tree] = &dataset;
        std::map<std::uint64_t, std::uint64_t> counts;
        for (const auto& [tree, dataset] : trees)
            for (const std::uint64_t seed : dataset->seeds)
                ++counts[seed];
        return counts;
    }
    /// Forgets what was dropped of blocks that are no longer known.
    void tidy() {
        const auto counts = references();
        std::erase_if(absent, [&](std::uint64_t seed) {
            return !counts.contains(seed) && !kept.contains(seed);
        });
    }
};

Bytes data_of(std::uint64_t seed) {
    return random_bytes(seed, kBlock);
}
Cid block_of(std::uint64_t seed) {
    return cid_of(data_of(seed));
}

class ModelTest : public testing::TestWithParam<unsigned> {
protected:
    ModelTest() {
        Config config;
        config.zstd_level = GetParam() % 2 == 0 ? 0 : 3;
        repos_.push_back(must(Repo::init(scratch_.repo(), config, small())));
        repos_.push_back(must(Repo::open(scratch_.repo(), small(OpenOptions{.sync = false}))));
    }
    Repo& any() { return repos_[rng_() % repos_.size()]; }
    std::string name() { return "n" + std::to_string(rng_() % 12); }

    void add_dataset() {
        const std::string n = name();
        if (model_.datasets.contains(n))
            return;
        // Few different lists, so that trees are shared and blocks repeat.
        std::vector<std::uint64_t> list = seeds((rng_() % 8) * 10, 5 + (rng_() % 3) * 30);
        if (rng_() % 3 == 0)
            list.insert(list.end(), list.begin(), list.begin() + 4);
        const std::uint64_t expiry = rng_() % 2 == 0 ? 0 : 1000 + rng_() % 100;
        const Made made = must(write_blocks(any(), list, expiry, n, 1 + rng_() % 50));
        model_.datasets[n] = {made, list, expiry};
        for (const std::uint64_t seed : list)
            model_.absent.erase(seed); // given bytes again
    }
    void remove_dataset() {
        const std::string n = name();
        const auto found = model_.datasets.find(n);
        if (found == model_.datasets.end())
            return;
        must(any().remove_dataset(found->second.made.manifest));
        model_.datasets.erase(found);
        model_.tidy();
    }
    void abandon_dataset() {
        std::vector<Bytes> data;
        std::vector<LeafInput> leaves;
        for (std::uint64_t i = 0; i < 60; ++i)
            data.push_back(data_of((rng_() + i) % kSeeds));
        for (std::size_t i = 0; i < data.size(); ++i)
            leaves.push_back({i, cid_of(data[i]), data[i]});
        {
            DatasetWriter writer = must(any().write_dataset());
            must(writer.leaves(leaves));
            if (rng_() % 2 == 0)
                must(writer.finish_tree());
        }
        // What it committed before it gave up were also the bytes of blocks that had lost theirs.
        std::vector<std::uint64_t> healed;
        for (const std::uint64_t seed : model_.absent)
            if (must(any().has(block_of(seed))))
                healed.push_back(seed);
        for (const std::uint64_t seed : healed)
            model_.absent.erase(seed);
    }
    void put_block() {
        const std::uint64_t seed = rng_() % kSeeds;
        const std::uint64_t expiry = rng_() % 2 == 0 ? 0 : 1000 + rng_() % 100;
        must(any().put(block_of(seed), data_of(seed), expiry));
        const auto [entry, is_new] = model_.kept.emplace(seed, Model::Kept{expiry});
        if (!is_new)
            entry->second.expiry = entry->second.expiry == 0 || expiry == 0
                                       ? 0
                                       : std::max(entry->second.expiry, expiry);
        model_.absent.erase(seed);
    }
    void remove_block() {
        const std::uint64_t seed = rng_() % kSeeds;
        const auto removed = any().remove(block_of(seed));
        if (model_.references().contains(seed)) {
            EXPECT_EQ(code_of(removed), Errc::block_in_use);
            return;
        }
        EXPECT_TRUE(removed.has_value());
        model_.kept.erase(seed);
        model_.tidy();
    }
    void drop() {
        std::vector<Cid> cids;
        const auto counts = model_.references();
        std::uint64_t expected = 0;
        for (std::uint64_t i = 0; i < 10; ++i) {
            const std::uint64_t seed = (rng_() % kSeeds) / 10 * 10 + i;
            cids.push_back(block_of(seed));
            const bool known = counts.contains(seed) || model_.kept.contains(seed);
            expected += known && model_.absent.insert(seed).second ? 1 : 0;
        }
        EXPECT_EQ(must(any().drop_bytes(cids)), expected);
    }
    void restore() {
        std::vector<Bytes> data;
        std::vector<Restored> blocks;
        std::vector<std::uint64_t> restored;
        for (std::uint64_t i = 0; i < 30; ++i)
            restored.push_back(rng_() % kSeeds);
        for (const std::uint64_t seed : restored)
            data.push_back(data_of(seed));
        for (std::size_t i = 0; i < data.size(); ++i)
            blocks.push_back({cid_of(data[i]), data[i]});
        must(any().restore(blocks));
        for (const std::uint64_t seed : restored)
            model_.absent.erase(seed);
    }
    void collect() {
        const std::uint64_t now = rng_() % 3 == 0 ? 900 : 1000 + rng_() % 110;
        GcOptions options;
        options.now = now;
        must(any().gc(options));
        std::erase_if(model_.datasets, [&](const auto& entry) {
            return entry.second.expiry != 0 && entry.second.expiry < now;
        });
        std::erase_if(model_.kept, [&](const auto& entry) {
            return entry.second.expiry != 0 && entry.second.expiry < now;
        });
        model_.tidy();
    }
    void change_expiry() {
        const auto found = model_.datasets.find(name());
        if (found == model_.datasets.end())
            return;
        found->second.expiry = rng_() % 2 == 0 ? 0 : 1000 + rng_() % 100;
        must(any().set_expiry(found->second.made.manifest, found->second.expiry));
    }

    void step() {
        switch (rng_() % 12) {
        case 0:
        case 1:
        case 2:
            return add_dataset();
        case 3:
        case 4:
            return remove_dataset();
        case 5:
            return put_block();
        case 6:
            return remove_block();
        case 7:
            return drop();
        case 8:
            return restore();
        case 9:
            return collect();
        case 10:
            return change_expiry();
        default:
            return abandon_dataset();
        }
    }

    void compare() {
        const auto counts = model_.references();
        Counters expected;
        for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
            const Cid cid = block_of(seed);
            const auto info = must(any().stat(cid));
            const bool known = counts.contains(seed) || model_.kept.contains(seed);
            ASSERT_EQ(info.has_value(), known) << "block " << seed;
            if (!known)
                continue;
            const auto count = counts.find(seed);
            EXPECT_EQ(info->references, count == counts.end() ? 0 : count->second);
            EXPECT_EQ(info->kept, model_.kept.contains(seed));
            EXPECT_EQ(info->expiry, info->kept ? model_.kept[seed].expiry : 0);
            EXPECT_EQ(info->present, !model_.absent.contains(seed)) << "block " << seed;
            if (info->present) {
                EXPECT_EQ(must(any().get(cid)), data_of(seed));
                ++expected.blocks;
                expected.used_bytes += kBlock;
            }
        }
        std::set<Cid> trees;
        for (const auto& [n, dataset] : model_.datasets) {
            const DatasetInfo info = must(any().dataset(dataset.made.manifest));
            EXPECT_EQ(info.expiry, dataset.expiry);
            EXPECT_EQ(must(any().tree(dataset.made.tree)).leaf_count(), dataset.seeds.size());
            ++expected.blocks;
            ++expected.datasets;
            expected.used_bytes += info.manifest_bytes.size();
            if (trees.insert(dataset.made.tree).second)
                expected.tree_bytes += 32 * merkle::node_count(dataset.seeds.size());
        }
        EXPECT_EQ(must(any().space()).counters, expected);
        std::vector<std::string> found = problems(any());
        std::erase_if(found, [](const std::string& text) {
            return text.starts_with("block-missing"); // dropped on purpose
        });
        EXPECT_THAT(found, IsEmpty());
    }

    const Scratch scratch_;
    std::mt19937_64 rng_{GetParam()};
    std::vector<Repo> repos_;
    Model model_;
};

TEST_P(ModelTest, AgreesWithTheRepo) {
    for (int round = 0; round < 25; ++round) {
        for (int i = 0; i < 6; ++i)
            step();
        compare();
        if (HasFailure())
            FAIL() << "seed " << GetParam() << ", round " << round;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, testing::Range(1U, 7U));

} // namespace
} // namespace codex::repo::test
