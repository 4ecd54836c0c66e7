// Datasets as a whole: writing, sharing, expiring, removing.
#include "repo/fixture.hpp"
#include "repo/index/store.hpp"
#include "repo/small_limits.hpp"
#include "repo/upkeep/reclaim.hpp"

#include <gmock/gmock.h>
#include <set>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::IsEmpty;

class Dataset : public testing::Test {
protected:
    Dataset() : repo_(must(Repo::init(scratch_.repo(), {}))) {}
    const Scratch scratch_;
    Repo repo_;
};

TEST_F(Dataset, IsReadableAfterCommit) {
    const Made made = must(write_blocks(repo_, seeds(1, 100), 77, "name.bin"));
    const DatasetInfo info = must(repo_.dataset(made.manifest));
    EXPECT_EQ(info.manifest.tree, made.tree);
    EXPECT_EQ(info.manifest.filename, "name.bin");
    EXPECT_EQ(info.expiry, 77U);
    EXPECT_GT(info.added, 1'700'000'000U);
    for (std::size_t i = 0; i < made.blocks.size(); ++i)
        EXPECT_EQ(must(repo_.get(made.blocks[i])), random_bytes(1 + i, kBlock));
    EXPECT_EQ(must(repo_.get(made.manifest)), info.manifest_bytes);
    const Space space = must(repo_.space());
    EXPECT_EQ(space.counters.blocks, 101U);
    EXPECT_EQ(space.counters.datasets, 1U);
    EXPECT_EQ(space.counters.used_bytes, 100 * kBlock + info.manifest_bytes.size());
    EXPECT_EQ(space.dead_bytes, 0U);
    EXPECT_GT(space.stored_bytes, space.counters.used_bytes);
    EXPECT_GE(space.disk_bytes, space.stored_bytes);
}

TEST_F(Dataset, TreesGiveLeavesNodesAndProofs) {
    for (const std::uint64_t n : {1U, 2U, 3U, 7U, 100U, 257U}) {
        const Made made = must(write_blocks(repo_, seeds(n * 1000, n)));
        std::vector<Digest> leaves;
        for (const Cid& block : made.blocks)
            leaves.push_back(block.digest32());
        const merkle::Tree whole = must(merkle::Tree::build(leaves));
        EXPECT_EQ(made.tree, Cid::sha256(codec::Multicodec::codex_root, whole.root()));
        const StoredTree tree = must(repo_.tree(made.tree));
        EXPECT_EQ(tree.leaf_count(), n);
        EXPECT_EQ(tree.cid(), made.tree);
        std::vector<Digest> read(n);
        must(tree.leaves(0, read));
        EXPECT_EQ(read, leaves);
        for (const std::uint64_t i : std::set<std::uint64_t>{0, n / 2, n - 1})
            EXPECT_EQ(must(tree.proof(i)), must(whole.proof(i)));
        for (const std::uint64_t first : std::set<std::uint64_t>{0, n / 3, n - 1}) {
            const auto run = must(tree.proved(first, n - first));
            ASSERT_EQ(run.size(), n - first);
            for (std::uint64_t i = first; i < n; ++i) {
                ASSERT_TRUE(run[i - first]) << i;
                EXPECT_EQ(run[i - first]->digest, leaves[i]);
                EXPECT_EQ(run[i - first]->proof, must(whole.proof(i)));
            }
        }
        EXPECT_THAT(must(tree.proved(n, 0)), IsEmpty());
        EXPECT_EQ(code_of(tree.proved(n - 1, 2)), Errc::merkle_index);
        EXPECT_THAT(must(tree.check()), IsEmpty());
        EXPECT_EQ(code_of(tree.proof(n)), Errc::merkle_index);
        EXPECT_EQ(code_of(tree.leaves(n, std::span(read).first(1))), Errc::merkle_index);
        EXPECT_EQ(code_of(tree.node(0, n)), Errc::merkle_index);
        EXPECT_EQ(code_of(tree.node(99, 0)), Errc::merkle_index);
    }
    EXPECT_EQ(code_of(repo_.tree(cid_of(as_bytes("x")))), Errc::block_not_found);
}

/// A tree that does not fit the memory of its spool is the same tree.
TEST_F(Dataset, LargeTreesAreSpooledToAFile) {
    std::vector<std::uint64_t> list;
    for (std::uint64_t i = 0; i < 40'000; ++i)
        list.push_back(i % 50);
    const Made made = must(write_blocks(repo_, list, 0, "", 1000));
    EXPECT_THAT(must(must(repo_.tree(made.tree)).check()), IsEmpty());
    EXPECT_EQ(must(repo_.stat(made.blocks[0]))->references, 800U);
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(repo_.remove_dataset(made.manifest));
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
}

TEST_F(Dataset, LeavesComeInAnyOrder) {
    const Made straight = must(write_blocks(repo_, seeds(1, 50)));
    DatasetWriter writer = must(repo_.write_dataset());
    std::vector<std::size_t> order(50);
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::mt19937_64 rng(1);
    std::ranges::shuffle(order, rng);
    for (const std::size_t i : order) {
        const LeafInput leaf{i, straight.blocks[i], {}};
        must(writer.leaves(std::span(&leaf, 1)));
    }
    EXPECT_EQ(must(writer.finish_tree()), straight.tree);
}

TEST_F(Dataset, WrongLeavesAreRefused) {
    const Bytes data = random_bytes(1, kBlock);
    const auto leaf = [&](std::uint64_t index, const Cid& cid) {
        return LeafInput{index, cid, data};
    };
    DatasetWriter writer = must(repo_.write_dataset());
    const auto give = [&](const LeafInput& input) { return writer.leaves(std::span(&input, 1)); };
    const Digest digest = crypto::sha256(data);
    EXPECT_EQ(code_of(give(leaf(0, Cid::sha256(codec::Multicodec::raw, digest)))),
              Errc::cid_wrong_codec);
    EXPECT_EQ(code_of(give(leaf(std::uint64_t{1} << 32, cid_of(data)))), Errc::merkle_index);
    must(give(leaf(1, cid_of(data))));
    EXPECT_EQ(code_of(give(leaf(1, cid_of(data)))), Errc::merkle_index) << "twice";
    EXPECT_EQ(code_of(writer.finish_tree()), Errc::merkle_index) << "leaf 0 is missing";
    // A refused batch counts for nothing, as a whole.
    const std::vector<LeafInput> half_wrong = {leaf(0, cid_of(data)), leaf(5, cid_of(data)),
                                               leaf(1, cid_of(data))};
    EXPECT_EQ(code_of(writer.leaves(half_wrong)), Errc::merkle_index);
    must(give(leaf(0, cid_of(data))));
    EXPECT_TRUE(writer.finish_tree().has_value()) << "leaves 0 and 1, nothing else";
    DatasetWriter empty = must(repo_.write_dataset());
    EXPECT_EQ(code_of(empty.finish_tree()), Errc::dataset_empty);
}

TEST_F(Dataset, ManifestMustBeOfTheTree) {
    DatasetWriter writer = must(repo_.write_dataset());
    const Bytes data = random_bytes(1, kBlock);
    const LeafInput leaf{0, cid_of(data), data};
    must(writer.leaves(std::span(&leaf, 1)));
    const Cid tree = must(writer.finish_tree());
    const Cid other = Cid::sha256(codec::Multicodec::codex_root, crypto::sha256(data));
    EXPECT_EQ(code_of(writer.commit(manifest_for(other, 1, kBlock, ""), 0)),
              Errc::manifest_invalid);
    EXPECT_EQ(code_of(writer.commit(manifest_for(tree, 2, kBlock, ""), 0)), Errc::manifest_invalid);
    EXPECT_EQ(code_of(writer.commit(random_bytes(1, 50), 0)), Errc::protobuf_invalid);
    EXPECT_FALSE(must(repo_.has(leaf.cid))) << "nothing is visible before commit";
    must(writer.commit(manifest_for(tree, 1, kBlock, ""), 0));
    EXPECT_TRUE(must(repo_.has(leaf.cid)));
}

TEST_F(Dataset, EmptyBlocksAreStoredNowhere) {
    DatasetWriter writer = must(repo_.write_dataset());
    const Bytes data = random_bytes(1, kBlock);
    const std::vector<LeafInput> leaves = {
        {0, cid_of(data), data}, {1, Cid::empty_block(), {}}, {2, Cid::empty_block(), {}}};
    must(writer.leaves(leaves));
    const Cid tree = must(writer.finish_tree());
    const Cid manifest = must(writer.commit(manifest_for(tree, 3, kBlock, ""), 0));
    EXPECT_EQ(must(repo_.space()).counters.blocks, 2U);
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(repo_.remove_dataset(manifest));
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
}

TEST_F(Dataset, PuttingItAgainStoresNothing) {
    const Made made = must(write_blocks(repo_, seeds(1, 50), 10));
    const Space before = must(repo_.space());
    must(write_blocks(repo_, seeds(1, 50), 5));
    EXPECT_EQ(must(repo_.dataset(made.manifest)).expiry, 10U) << "the later one stays";
    must(write_blocks(repo_, seeds(1, 50), 0));
    EXPECT_EQ(must(repo_.dataset(made.manifest)).expiry, 0U) << "never is the latest";
    EXPECT_EQ(must(repo_.space()).counters, before.counters);
    EXPECT_EQ(must(repo_.space()).stored_bytes, before.stored_bytes);
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(repo_.remove_dataset(made.manifest));
    EXPECT_EQ(must(repo_.space()).counters, Counters{}) << "once is enough to remove it";
}

TEST_F(Dataset, SharedBlocksLiveAsLongAsTheirLastDataset) {
    const Made one = must(write_blocks(repo_, seeds(1, 50)));
    const Made two = must(write_blocks(repo_, seeds(26, 50)));
    EXPECT_EQ(must(repo_.stat(one.blocks[30]))->references, 2U);
    must(repo_.remove_dataset(one.manifest));
    EXPECT_EQ(code_of(repo_.dataset(one.manifest)), Errc::dataset_not_found);
    EXPECT_EQ(code_of(repo_.remove_dataset(one.manifest)), Errc::dataset_not_found);
    EXPECT_FALSE(must(repo_.has(one.blocks[0])));
    for (std::size_t i = 0; i < two.blocks.size(); ++i)
        EXPECT_EQ(must(repo_.get(two.blocks[i])), random_bytes(26 + i, kBlock));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Dataset, ManifestsShareATree) {
    const Made made = must(write_blocks(repo_, seeds(1, 10), 0, "one"));
    const Bytes bytes = manifest_for(made.tree, 10, kBlock, "two");
    const Cid second = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(bytes));
    EXPECT_EQ(code_of(repo_.add_manifest(made.manifest, bytes, 0)), Errc::manifest_invalid);
    must(repo_.add_manifest(second, bytes, 9));
    EXPECT_EQ(must(repo_.dataset(second)).expiry, 9U);
    must(repo_.add_manifest(second, bytes, 0));
    EXPECT_EQ(must(repo_.dataset(second)).expiry, 0U);
    must(repo_.remove_dataset(made.manifest));
    EXPECT_EQ(must(repo_.tree(made.tree)).leaf_count(), 10U);
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(repo_.remove_dataset(second));
    EXPECT_EQ(must(repo_.space()).counters, Counters{});

    EXPECT_EQ(code_of(repo_.add_manifest(second, bytes, 0)), Errc::block_not_found);
    const Bytes wrong = manifest_for(made.tree, 9, kBlock, "three");
    must(write_blocks(repo_, seeds(1, 10)));
    EXPECT_EQ(code_of(repo_.add_manifest(
                  Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(wrong)), wrong, 0)),
              Errc::manifest_invalid)
        << "the tree has 10 leaves";
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Dataset, ExpiryCanBeSetDownwards) {
    const Made made = must(write_blocks(repo_, seeds(1, 3), 100));
    must(repo_.set_expiry(made.manifest, 50));
    EXPECT_EQ(must(repo_.dataset(made.manifest)).expiry, 50U);
    GcOptions options;
    options.now = 51;
    EXPECT_EQ(must(repo_.gc(options)).expired_datasets, 1U);
    EXPECT_EQ(code_of(repo_.set_expiry(made.manifest, 1)), Errc::dataset_not_found);
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
}

TEST_F(Dataset, WalkIsInOrderOfCids) {
    Repo careless = must(Repo::open(scratch_.repo(), OpenOptions{.sync = false}));
    std::set<std::string> expected;
    for (std::uint64_t i = 0; i < 150; ++i)
        expected.insert(must(write_blocks(careless, seeds(i, 2))).manifest.text());
    std::vector<Bytes> keys;
    std::set<std::string> found;
    must(repo_.for_each_dataset([&](const DatasetInfo& info) {
        keys.emplace_back(info.cid.bytes().begin(), info.cid.bytes().end());
        found.insert(info.cid.text());
        return true;
    }));
    EXPECT_TRUE(std::ranges::is_sorted(keys));
    EXPECT_EQ(found, expected);
    std::size_t visited = 0;
    must(repo_.for_each_dataset([&](const DatasetInfo&) { return ++visited < 2; }));
    EXPECT_EQ(visited, 2U);
}

/// What is before is not even read: with a row there that nobody can read, the whole walk fails.
TEST_F(Dataset, AWalkGoesOnBehindADatasetWhetherThatIsHereOrNot) {
    Repo careless = must(Repo::open(scratch_.repo(), OpenOptions{.sync = false}));
    for (std::uint64_t i = 0; i < 100; ++i)
        must(write_blocks(careless, seeds(i, 1)));
    const auto walk = [&](const std::optional<Cid>& behind) -> Result<std::vector<Cid>> {
        std::vector<Cid> found;
        CODEX_CHECK(careless.for_each_dataset(
            [&](const DatasetInfo& info) {
                found.push_back(info.cid);
                return true;
            },
            behind));
        return found;
    };
    const std::vector<Cid> all = must(walk({}));
    ASSERT_EQ(all.size(), 100U);
    must(careless.remove_dataset(all[30]));
    EXPECT_EQ(must(walk(all[30])), std::vector<Cid>(all.begin() + 31, all.end()));
    EXPECT_THAT(must(walk(all.back())), IsEmpty());
    {
        const auto store = must(Store::open(scratch_.repo(), {}));
        Txn txn = must(store->env().write(true));
        must(txn.put(Table::datasets, all[29].bytes(), as_bytes("no row")));
        must(txn.commit());
    }
    EXPECT_FALSE(walk({}));
    EXPECT_EQ(must(walk(all[30])), std::vector<Cid>(all.begin() + 31, all.end()));
}

TEST_F(Dataset, AWriterThatGivesUpLeavesNothing) {
    {
        DatasetWriter writer = must(repo_.write_dataset());
        for (std::uint64_t i = 0; i < 100; ++i) {
            const Bytes data = random_bytes(i, kBlock);
            const LeafInput leaf{i, cid_of(data), data};
            must(writer.leaves(std::span(&leaf, 1)));
        }
        EXPECT_EQ(writer.new_bytes(), 100U * kBlock);
    }
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
    EXPECT_TRUE(fs::is_empty(scratch_.repo() + "/writers"));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

/// What one process did not sync is synced before another builds on it and says it is durable.
TEST_F(Dataset, SyncedWritersSyncWhatTheyBuildOn) {
    const auto unsynced = [&] {
        const auto store = must(Store::open(scratch_.repo(), {}));
        std::uint64_t bytes = 0;
        {
            const Txn txn = must(store->env().read());
            for (const auto& [id, entry] : must(all_segments(txn)))
                bytes += entry.committed_end - entry.synced_end;
        }
        Store::release(store);
        return bytes;
    };
    Repo careless = must(Repo::open(scratch_.repo(), OpenOptions{.sync = false}));
    must(write_blocks(careless, seeds(1, 20)));
    EXPECT_GT(unsynced(), 20U * kBlock);
    must(write_blocks(repo_, seeds(1, 20), 0, "same tree"));
    EXPECT_EQ(unsynced(), 0U);
}

TEST_F(Dataset, LabelsBelongToTheRepo) {
    DatasetWriter writer = must(repo_.write_dataset());
    const Bytes data = random_bytes(1, kBlock);
    const LeafInput leaf{0, cid_of(data), data};
    must(writer.leaves(std::span(&leaf, 1)));
    const Cid tree = must(writer.finish_tree());
    const Bytes manifest = manifest_for(tree, 1, kBlock, "");
    EXPECT_EQ(code_of(writer.commit(manifest, 0, "\xff")), Errc::argument_invalid);
    const Cid cid = must(writer.commit(manifest, 0, "Grüße"));
    EXPECT_EQ(must(repo_.dataset(cid)).label, "Grüße");
    const Cid again = must(write_blocks(repo_, seeds(1, 1))).manifest;
    EXPECT_EQ(again, cid);
    EXPECT_EQ(must(repo_.dataset(cid)).label, "Grüße") << "no label is no change";
    must(repo_.add_manifest(cid, manifest, 0, "other"));
    std::vector<std::string> labels;
    must(repo_.for_each_dataset([&](const DatasetInfo& info) {
        labels.push_back(info.label);
        return true;
    }));
    EXPECT_EQ(labels, std::vector<std::string>{"other"});
    const std::string longest(255, 'a');
    must(repo_.set_label(cid, longest));
    EXPECT_EQ(must(repo_.dataset(cid)).label, longest);
    EXPECT_EQ(code_of(repo_.set_label(cid, longest + "a")), Errc::argument_invalid);
    must(repo_.set_label(cid, ""));
    EXPECT_EQ(must(repo_.dataset(cid)).label, "");
    must(repo_.set_label(cid, "gone with it"));
    must(repo_.remove_dataset(cid));
    EXPECT_EQ(code_of(repo_.set_label(cid, "x")), Errc::dataset_not_found);
    must(write_blocks(repo_, seeds(1, 1)));
    EXPECT_EQ(must(repo_.dataset(cid)).label, "");
}

} // namespace
} // namespace codex::repo::test
