// Flipped, truncated and lost bytes: found, named, and repaired.
#include "repo/fixture.hpp"
#include "repo/index/store.hpp"
#include "repo/small_limits.hpp"
#include "repo/upkeep/ledger.hpp"

#include "base/fd.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::AnyOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Damage : public testing::Test {
protected:
    Damage() : repo_(must(Repo::init(scratch_.repo(), {}))) {
        made_ = must(write_blocks(repo_, seeds(1, 100)));
        store_ = must(Store::open(scratch_.repo(), {}));
    }
    ~Damage() override { Store::release(std::move(store_)); }

    BlockEntry entry(const Cid& cid) {
        const Txn txn = must(store_->env().read());
        return must(find_block(txn, cid)).value();
    }
    /// Inverts one byte of a segment.
    void flip(const Extent& extent, std::uint64_t at) {
        const std::string name = store_->segments().path(extent.segment);
        const Fd fd = must(open_file(name, O_RDWR));
        Bytes byte(1);
        must(pread_full(fd.get(), byte, extent.offset + at, name));
        byte[0] = static_cast<std::uint8_t>(~byte[0]);
        must(pwrite_full(fd.get(), byte, extent.offset + at, name));
    }
    void heal(std::size_t index) {
        const Bytes data = random_bytes(1 + index, kBlock);
        const Restored again{made_.blocks[index], data};
        must(repo_.restore(std::span(&again, 1)));
    }
    template <class Change> void change_index(Change change) {
        Txn txn = must(store_->env().write(true));
        change(txn);
        must(txn.commit());
    }

    const Scratch scratch_;
    Repo repo_;
    Made made_;
    std::shared_ptr<Store> store_;
};

TEST_F(Damage, FlippedByteOfABlock) {
    flip(entry(made_.blocks[7]).extent, 1000);
    EXPECT_TRUE(must(repo_.has(made_.blocks[7]))) << "the index cannot know";
    EXPECT_THAT(problems(repo_, false), IsEmpty());
    EXPECT_EQ(code_of(repo_.get(made_.blocks[7])), Errc::block_corrupt);
    EXPECT_FALSE(must(repo_.has(made_.blocks[7]))) << "now it does";
    BlockRead look{made_.blocks[7], {}};
    must(repo_.find(std::span(&look, 1)));
    EXPECT_EQ(look.state, BlockRead::State::damaged);
    EXPECT_THAT(problems(repo_, false), ElementsAre(StartsWith("block-damaged")));
    EXPECT_THAT(problems(repo_), ElementsAre(StartsWith("block-damaged")));
    std::vector<BlockRead> reads(made_.blocks.size());
    std::vector<Bytes> buffers(reads.size(), Bytes(kBlock));
    for (std::size_t i = 0; i < reads.size(); ++i)
        reads[i] = {made_.blocks[i], buffers[i]};
    must(repo_.read(reads));
    for (std::size_t i = 0; i < reads.size(); ++i)
        EXPECT_EQ(reads[i].state == BlockRead::State::damaged, i == 7) << i;
    heal(7);
    EXPECT_EQ(must(repo_.get(made_.blocks[7])), random_bytes(8, kBlock));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Damage, PuttingTheBlockAgainHealsIt) {
    flip(entry(made_.blocks[7]).extent, 1000);
    must(repo_.put(made_.blocks[7], random_bytes(8, kBlock), 0));
    EXPECT_EQ(must(repo_.get(made_.blocks[7])), random_bytes(8, kBlock));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Damage, FlippedByteOfAHeader) {
    flip(entry(made_.blocks[7]).extent, 10);
    EXPECT_EQ(must(repo_.get(made_.blocks[7])), random_bytes(8, kBlock)) << "it is not needed";
    EXPECT_THAT(problems(repo_), ElementsAre(StartsWith("header-damaged")));
}

TEST_F(Damage, TruncatedSegment) {
    const BlockEntry first = entry(made_.blocks[0]);
    ASSERT_EQ(::truncate(store_->segments().path(first.extent.segment).c_str(),
                         static_cast<off_t>(entry(made_.blocks[50]).extent.offset + 100)),
              0);
    EXPECT_EQ(must(repo_.get(made_.blocks[49])), random_bytes(50, kBlock));
    EXPECT_EQ(code_of(repo_.get(made_.blocks[50])), Errc::block_corrupt);
    EXPECT_EQ(code_of(repo_.get(made_.blocks[99])), Errc::block_corrupt);
    const auto found = problems(repo_);
    EXPECT_EQ(found.size(), 50U + 1 + 1) << "blocks, the tree, the manifest";
    EXPECT_THAT(found, Contains(StartsWith("tree-damaged")));
    // The manifest's copy in the index still opens the dataset, so that it can be repaired.
    EXPECT_TRUE(repo_.dataset(made_.manifest).has_value());
    for (std::size_t i = 50; i < 100; ++i)
        heal(i);
    std::vector<Digest> leaves;
    for (const Cid& block : made_.blocks)
        leaves.push_back(block.digest32());
    must(repo_.restore_tree(made_.tree, leaves));
    const Bytes manifest = must(repo_.dataset(made_.manifest)).manifest_bytes;
    const Restored again{made_.manifest, manifest};
    must(repo_.restore(std::span(&again, 1)));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Damage, SegmentThatIsMissingIsNotDamaged) {
    const std::string segment = store_->segments().path(entry(made_.blocks[0]).extent.segment);
    fs::rename(segment, segment + ".away");
    store_->segments().forget(entry(made_.blocks[0]).extent.segment);
    EXPECT_EQ(code_of(repo_.get(made_.blocks[0])), Errc::not_found);
    const auto found = problems(repo_);
    EXPECT_EQ(found.size(), 102U);
    EXPECT_THAT(found, Each(AnyOf(StartsWith("block-unreadable"), StartsWith("tree-unreadable"))));
    EXPECT_EQ(code_of(repo_.remove_dataset(made_.manifest)), Errc::not_found);
    must(repo_.gc({}));
    fs::rename(segment + ".away", segment);
    EXPECT_THAT(problems(repo_), IsEmpty()) << "nothing has changed";
    EXPECT_EQ(must(repo_.get(made_.blocks[0])), random_bytes(1, kBlock));
}

TEST_F(Damage, PuttingAgainReplacesWhatWasInASegmentThatIsGone) {
    fs::remove(store_->segments().path(entry(made_.blocks[0]).extent.segment));
    store_->segments().forget(entry(made_.blocks[0]).extent.segment);
    must(write_blocks(repo_, seeds(1, 100)));
    EXPECT_THAT(problems(repo_), IsEmpty());
    for (std::size_t i = 0; i < made_.blocks.size(); ++i)
        EXPECT_EQ(must(repo_.get(made_.blocks[i])), random_bytes(1 + i, kBlock));
}

TEST_F(Damage, PuttingAgainReplacesWhatWasCutOff) {
    const BlockEntry last = entry(made_.blocks[90]);
    fs::resize_file(store_->segments().path(last.extent.segment), last.extent.offset + 64);
    must(write_blocks(repo_, seeds(1, 100)));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Damage, PuttingTheDatasetAgainReplacesWhatWasFoundDamaged) {
    flip(entry(made_.blocks[7]).extent, 1000);
    const Counters before = must(repo_.space()).counters;
    EXPECT_EQ(code_of(repo_.get(made_.blocks[7])), Errc::block_corrupt);
    EXPECT_TRUE(must(repo_.stat(made_.blocks[7]))->damaged);
    must(write_blocks(repo_, seeds(1, 100)));
    EXPECT_EQ(must(repo_.get(made_.blocks[7])), random_bytes(8, kBlock));
    EXPECT_FALSE(must(repo_.stat(made_.blocks[7]))->damaged);
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_EQ(must(repo_.space()).counters, before);
}

TEST_F(Damage, AReadOnlyHandleTellsWhatItFoundWhenItIsClosed) {
    flip(entry(made_.blocks[7]).extent, 1000);
    {
        const Repo closed = std::move(repo_);
    }
    Store::release(std::move(store_));
    OpenOptions options;
    options.read_only = true;
    {
        const Repo reader = must(Repo::open(scratch_.repo(), options));
        EXPECT_EQ(code_of(reader.get(made_.blocks[7])), Errc::block_corrupt);
        EXPECT_FALSE(must(reader.stat(made_.blocks[7]))->damaged);
    }
    repo_ = must(Repo::open(scratch_.repo(), {}));
    store_ = must(Store::open(scratch_.repo(), {}));
    EXPECT_TRUE(must(repo_.stat(made_.blocks[7]))->damaged);
    must(write_blocks(repo_, seeds(1, 100)));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Damage, ABlockThatIsFoundDamagedWhileItIsPutAgainIsWrittenAfterAll) {
    DatasetWriter writer = must(repo_.write_dataset());
    const Bytes data = random_bytes(8, kBlock);
    const LeafInput leaf{0, made_.blocks[7], data};
    must(writer.leaves(std::span(&leaf, 1)));
    flip(entry(made_.blocks[7]).extent, 1000);
    EXPECT_EQ(code_of(repo_.get(made_.blocks[7])), Errc::block_corrupt);
    const Cid tree = must(writer.finish_tree());
    must(writer.commit(manifest_for(tree, 1, kBlock, ""), 0));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

// Another dataset's leaves in the record of the one that goes must not take its blocks along.
TEST_F(Damage, RemovingADatasetReleasesOnlyWhatItsTreeVouchesFor) {
    const Made other = must(write_blocks(repo_, seeds(500, 100)));
    const auto place = [&](const Cid& tree) {
        const Txn txn = must(store_->env().read());
        return must(find_tree(txn, tree))->extent;
    };
    const std::uint64_t head = header_bytes(made_.tree.bytes().size());
    Bytes leaves(100 * sizeof(Digest));
    const Extent from = place(other.tree);
    const Extent to = place(made_.tree);
    const std::string name = store_->segments().path(from.segment);
    ASSERT_EQ(from.segment, to.segment);
    const Fd fd = must(open_file(name, O_RDWR));
    must(pread_full(fd.get(), leaves, from.offset + head, name));
    must(pwrite_full(fd.get(), leaves, to.offset + head, name));
    must(repo_.remove_dataset(made_.manifest));
    must(repo_.gc({}));
    for (std::size_t i = 0; i < other.blocks.size(); ++i)
        EXPECT_EQ(must(repo_.get(other.blocks[i])), random_bytes(500 + i, kBlock));
    VerifyOptions options;
    options.repair_counters = true;
    must(repo_.verify(options, [](const VerifyProblem&) {}));
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_EQ(must(repo_.space()).counters.blocks, 101U) << "what was kept in doubt is gone now";
}

TEST_F(Damage, TreeNodes) {
    StoredTree tree = must(repo_.tree(made_.tree));
    Extent extent;
    {
        const Txn txn = must(store_->env().read());
        extent = must(find_tree(txn, made_.tree))->extent;
    }
    const std::uint64_t head = header_bytes(made_.tree.bytes().size());
    flip(extent, head + 40 * sizeof(Digest) + 3);
    EXPECT_THAT(must(tree.check()), ElementsAre(40U, 41U));
    EXPECT_EQ(code_of(tree.proof(40)), Errc::repo_damaged);
    EXPECT_EQ(code_of(tree.proof(41)), Errc::repo_damaged);
    const auto run = must(tree.proved(39, 4)); // to 42
    EXPECT_TRUE(run[0] && !run[1] && !run[2] && run[3]);
    EXPECT_THAT(problems(repo_), Contains(StartsWith("tree-damaged 2 of 100")));
    std::vector<Digest> leaves;
    for (const Cid& block : made_.blocks)
        leaves.push_back(block.digest32());
    const std::vector<Digest> wrong(leaves.rbegin(), leaves.rend());
    EXPECT_EQ(code_of(repo_.restore_tree(made_.tree, wrong)), Errc::merkle_invalid);
    must(repo_.restore_tree(made_.tree, leaves));
    EXPECT_THAT(must(tree.check()), IsEmpty()) << "an open tree finds its new place";
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Damage, ManifestCopyInTheIndex) {
    change_index([&](Txn& txn) {
        DatasetEntry dataset = must(find_dataset(txn, made_.manifest)).value();
        dataset.manifest_bytes.back() ^= 1;
        must(txn.put(Table::datasets, made_.manifest.bytes(), encode(dataset)));
    });
    EXPECT_THAT(problems(repo_), ElementsAre(StartsWith("manifest-damaged")));
    EXPECT_EQ(must(repo_.dataset(made_.manifest)).manifest.tree, made_.tree)
        << "read from its block";
}

TEST_F(Damage, WrongCountersAreFoundAndRepaired) {
    const Counters right = must(repo_.space()).counters;
    change_index([&](Txn& txn) {
        must(write_totals(txn, {1, 2, 0, 4}));
        BlockEntry block = must(find_block(txn, made_.blocks[3])).value();
        block.references = 9;
        must(txn.put(Table::blocks, made_.blocks[3].bytes(), encode(block)));
        TreeEntry tree = must(find_tree(txn, made_.tree)).value();
        tree.references = 2;
        must(txn.put(Table::trees, made_.tree.bytes(), encode(tree)));
        SegmentEntry segment = must(find_segment(txn, block.extent.segment)).value();
        segment.live_bytes -= 64;
        must(txn.put(Table::segments, segment_key(block.extent.segment), encode(segment)));
        must(txn.put(Table::expiries, encode(ExpiryKey{5, ExpiryKind::dataset, made_.manifest}),
                     {}));
    });
    const auto found = problems(repo_);
    EXPECT_THAT(found, Contains(StartsWith("counter-wrong number of blocks is 1, counted 101")));
    EXPECT_THAT(found, Contains(StartsWith("counter-wrong segment")));
    EXPECT_THAT(found, Contains(HasSubstr("block has 9 references, counted 1")));
    EXPECT_THAT(found, Contains(HasSubstr("tree has 2 references, counted 1")));
    EXPECT_THAT(found, Contains(StartsWith("expiry-wrong")));
    VerifyOptions options;
    options.repair_counters = true;
    const VerifyReport report = must(repo_.verify(options, [](const VerifyProblem&) {}));
    EXPECT_TRUE(report.counters_repaired);
    EXPECT_EQ(report.counted, right);
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_EQ(must(repo_.space()).counters, right);
}

TEST_F(Damage, TotalsFromBeforeTreesCountedAreCompleted) {
    const Counters right = must(repo_.space()).counters;
    EXPECT_EQ(right.tree_bytes, 32 * merkle::node_count(100));
    change_index([&](Txn& txn) {
        const Bytes whole = encode(must(read_totals(txn)));
        must(txn.put(Table::meta, as_bytes("totals"), BytesView(whole).first(32)));
    });
    EXPECT_EQ(must(repo_.space()).counters, right);
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(repo_.set_expiry(made_.manifest, 4'000'000'000));
    EXPECT_EQ(must(repo_.space()).counters, right);
    must(repo_.remove_dataset(made_.manifest));
    EXPECT_EQ(must(repo_.space()).counters.tree_bytes, 0U);
}

TEST_F(Damage, BlocksNobodyRefersToAreRepairedAway) {
    change_index([&](Txn& txn) {
        must(txn.erase(Table::datasets, made_.manifest.bytes()));
        must(txn.erase(Table::trees, made_.tree.bytes()));
    });
    VerifyOptions options;
    options.repair_counters = true;
    must(repo_.verify(options, [](const VerifyProblem&) {}));
    EXPECT_EQ(must(repo_.space()).counters.blocks, 0U);
}

TEST_F(Damage, NonsenseInTheIndexIsRefused) {
    change_index([&](Txn& txn) {
        must(txn.put(Table::blocks, made_.blocks[0].bytes(), as_bytes("nonsense")));
    });
    EXPECT_EQ(code_of(repo_.get(made_.blocks[0])), Errc::repo_damaged);
    EXPECT_EQ(code_of(repo_.verify({}, [](const VerifyProblem&) {})), Errc::repo_damaged);
}

TEST_F(Damage, IndexIsRebuiltFromSegments) {
    const Bytes loose = random_bytes(5000, 777);
    must(repo_.put(cid_of(loose), loose, 0));
    const Made second = must(write_blocks(repo_, seeds(90, 30), 99, "two"));
    must(repo_.drop_bytes(std::span(&second.blocks[20], 1)));
    flip(entry(made_.blocks[5]).extent, 500);
    const Counters before = must(repo_.space()).counters;
    EXPECT_EQ(code_of(Repo::rebuild_index(scratch_.repo() + "x")), Errc::repo_missing);
    {
        const Repo closed = std::move(repo_);
    }
    Store::release(std::move(store_));

    ASSERT_EQ(::truncate((scratch_.repo() + "/index.mdb").c_str(), 5000), 0);
    EXPECT_FALSE(Repo::open(scratch_.repo(), {}).has_value());
    const RebuildReport report = must(Repo::rebuild_index(scratch_.repo()));
    EXPECT_EQ(report.datasets, 2U);
    EXPECT_EQ(report.trees, 2U);
    EXPECT_EQ(report.kept_blocks, 1U);
    EXPECT_EQ(report.missing_blocks, 1U) << "the damaged one; the dropped one is found again";
    EXPECT_EQ(report.damaged_records, 1U);

    repo_ = must(Repo::open(scratch_.repo(), {}));
    store_ = must(Store::open(scratch_.repo(), {}));
    EXPECT_EQ(must(repo_.space()).counters.blocks, before.blocks);
    EXPECT_EQ(must(repo_.space()).counters.datasets, 2U);
    EXPECT_THAT(problems(repo_), ElementsAre(StartsWith("block-missing")));
    heal(5);
    EXPECT_THAT(problems(repo_), IsEmpty());
    for (std::size_t i = 0; i < second.blocks.size(); ++i)
        EXPECT_EQ(must(repo_.get(second.blocks[i])), random_bytes(90 + i, kBlock));
    EXPECT_EQ(must(repo_.get(cid_of(loose))), loose);
    EXPECT_EQ(must(repo_.dataset(second.manifest)).manifest.filename, "two");
    must(repo_.remove_dataset(made_.manifest));
    must(repo_.remove_dataset(second.manifest));
    must(repo_.remove(cid_of(loose)));
    must(repo_.gc({}));
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
    EXPECT_EQ(must(repo_.space()).stored_bytes, 0U);
}

TEST_F(Damage, RebuildingNeedsTheRepoAlone) {
    // The lock is the same one that keeps tools out meanwhile.
    const auto lock = lock_repo(scratch_.repo(), true, at_once());
    EXPECT_EQ(code_of(lock), Errc::repo_locked);
}

TEST(Rebuild, GoesThroughHolesAndSmallSegments) {
    const Scratch scratch;
    std::vector<Made> made;
    {
        Config config;
        config.zstd_level = 3;
        Repo repo = must(Repo::init(scratch.repo(), config, small()));
        for (std::uint64_t i = 0; i < 6; ++i)
            made.push_back(must(write_blocks(repo, seeds(i * 100, 100))));
        for (std::size_t i = 0; i < made.size(); i += 2)
            must(repo.remove_dataset(made[i].manifest));
        GcOptions options;
        options.compact = false;
        must(repo.gc(options));
    }
    must(Repo::rebuild_index(scratch.repo(), small()));
    Repo repo = must(Repo::open(scratch.repo(), small()));
    EXPECT_THAT(problems(repo), IsEmpty());
    for (std::size_t i = 1; i < made.size(); i += 2)
        for (std::size_t b = 0; b < 100; ++b)
            EXPECT_EQ(must(repo.get(made[i].blocks[b])), random_bytes(i * 100 + b, kBlock));
}

} // namespace
} // namespace codex::repo::test
