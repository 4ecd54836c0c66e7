// Partial datasets in the repo's upkeep: gc, expiry and quota, a new index, damage, names, notices.
#include "repo/partial_fixture.hpp"

#include "repo/broken_disk.hpp"
#include "repo/index/partial_entry.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(Partial, GcLeavesItAndRemovingTakesIt) {
    const Peer peer(seeds(1, 60));
    const Made shares = must(write_blocks(repo_, seeds(50, 30)));
    const Counters before = must(repo_.space()).counters;
    hold(peer, 55);
    must(repo_.gc({}));
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_EQ(must(repo_.partial(peer.cid)).blocks_held, 55U);
    for (std::uint64_t i = 0; i < 55; ++i)
        EXPECT_EQ(must(repo_.get(peer.block(i))), random_bytes(1 + i, kBlock));
    must(repo_.remove_dataset(shares.manifest));
    must(repo_.gc({}));
    EXPECT_EQ(must(repo_.get(peer.block(54))), random_bytes(55, kBlock));
    must(write_blocks(repo_, seeds(50, 30)));
    must(repo_.remove_dataset(peer.cid));
    EXPECT_EQ(must(repo_.space()).counters, before);
    EXPECT_EQ(code_of(repo_.partial(peer.cid)), Errc::dataset_not_found);
    EXPECT_EQ(code_of(repo_.dataset(peer.cid)), Errc::dataset_not_found);
    EXPECT_EQ(code_of(repo_.remove_dataset(peer.cid)), Errc::dataset_not_found);
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(repo_.gc({}));
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_THAT(writer_files(scratch_.repo()), IsEmpty());
}

TEST_F(Partial, ExpiresAsADatasetDoes) {
    const Peer peer(seeds(1, 60));
    hold(peer, 20, {.expiry = 1000, .label = "short"});
    EXPECT_EQ(must(repo_.gc({.now = 1000})).expired_datasets, 0U);
    must(repo_.set_expiry(peer.cid, 2000));
    must(repo_.set_label(peer.cid, "longer"));
    EXPECT_EQ(must(repo_.partial(peer.cid)).dataset.label, "longer");
    EXPECT_EQ(must(repo_.gc({.now = 2000})).expired_datasets, 0U);
    const GcReport foretold = must(repo_.gc({.now = 2001, .dry_run = true}));
    const GcReport done = must(repo_.gc({.now = 2001}));
    EXPECT_EQ(done.expired_datasets, 1U);
    EXPECT_EQ(done.removed_blocks, 21U);
    EXPECT_EQ(done.abandoned_writers, 0U);
    EXPECT_EQ(foretold.expired_datasets, done.expired_datasets);
    EXPECT_EQ(foretold.removed_blocks, done.removed_blocks);
    EXPECT_EQ(foretold.abandoned_writers, done.abandoned_writers);
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_THAT(writer_files(scratch_.repo()), IsEmpty());
}

TEST_F(Partial, CountsInTheQuotaAsADatasetDoes) {
    const Peer peer(seeds(1, 100));
    const std::uint64_t tree = merkle::node_count(100) * sizeof(Digest);
    must(repo_.set_config({.quota_bytes = tree + peer.manifest.size() - 1}));
    EXPECT_EQ(code_of(repo_.open_partial(peer.manifest)), Errc::quota_exceeded);
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
    EXPECT_THAT(writer_files(scratch_.repo()), IsEmpty());
    must(repo_.set_config({.quota_bytes = tree + peer.manifest.size() + 30 * kBlock}));
    {
        PartialDataset partial = open(peer);
        EXPECT_EQ(must(repo_.space()).counters.tree_bytes, tree);
        must(partial.add(peer.leaves(0, 30)));
        EXPECT_EQ(code_of(partial.add(peer.leaves(30, 1))), Errc::quota_exceeded);
        must(partial.commit());
        EXPECT_EQ(must(partial.present()).size(), 30U);
        must(repo_.set_config({.quota_bytes = tree + peer.manifest.size() + 100 * kBlock}));
        must(add_in_order(partial, peer, peer.order(1), 9));
        EXPECT_TRUE(partial.complete()) << "the tree is not counted twice";
    }
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Partial, IsThereAgainInANewIndex) {
    const Peer peer(seeds(1, 100));
    const Peer plain(seeds(300, 30));
    hold(peer, 60, {.expiry = 777, .label = "back"});
    hold(plain, 10);
    const Counters before = must(repo_.space()).counters;
    for (const bool with_old_index : {true, false}) {
        const RebuildReport report = rebuild(with_old_index);
        EXPECT_EQ(report.partials, 2U);
        EXPECT_EQ(report.kept_blocks, 0U);
        EXPECT_THAT(report.lost, IsEmpty());
        EXPECT_EQ(must(repo_.space()).counters, before);
        const PartialInfo info = must(repo_.partial(peer.cid));
        EXPECT_EQ(info.blocks_held, 60U);
        EXPECT_EQ(info.dataset.expiry, 777U);
        EXPECT_EQ(info.dataset.label, "back");
        EXPECT_EQ(must(repo_.partial(plain.cid)).blocks_held, 10U);
    }
    {
        PartialDataset partial = open(peer, {.expiry = 777});
        must(add_in_order(partial, peer, peer.order(1), 16));
        EXPECT_TRUE(partial.complete());
    }
    EXPECT_EQ(must(repo_.stat(peer.block(0)))->references, 1U);
    EXPECT_EQ(rebuild(false).partials, 1U);
    EXPECT_EQ(must(repo_.dataset(peer.cid)).expiry, 777U);
}

TEST_F(Partial, WhatWasRemovedDoesNotComeBack) {
    const Peer peer(seeds(1, 100));
    const Peer stays(seeds(90, 100));
    hold(peer, 95);
    hold(stays, 20);
    must(repo_.remove_dataset(peer.cid));
    for (const bool collected : {false, true}) {
        if (collected)
            must(repo_.gc({}));
        const RebuildReport report = rebuild(false);
        EXPECT_EQ(report.partials, 1U) << collected;
        EXPECT_EQ(report.kept_blocks, 0U) << collected;
        EXPECT_THAT(listed(), testing::ElementsAre(stays.cid));
        EXPECT_EQ(must(repo_.get(stays.block(0))), random_bytes(90, kBlock));
        EXPECT_FALSE(must(repo_.stat(peer.block(0))).has_value());
    }
    must(repo_.gc({}));
    EXPECT_THAT(writer_files(scratch_.repo()), SizeIs(1));
}

/// A disk that changes bytes of the tree's file: it is noticed, said, and mended by fetching again.
TEST_F(Partial, ADamagedTreeIsMendedByWhatComesAgain) {
    const Peer peer(seeds(1, 64));
    hold(peer, 40);
    const std::string file = writer_files(scratch_.repo()).at(0);
    {
        const Fd fd = must(open_file(file, O_RDWR));
        must(pwrite_full(fd.get(), Bytes(32, 0xee), 4096 + 7 * 32, "file")); // leaf 7
    }
    EXPECT_THAT(problems(repo_), Contains(HasSubstr("2 of the 40 blocks that are here")));
    PartialDataset partial = open(peer);
    EXPECT_EQ(code_of(partial.tree()->proof(6)), Errc::repo_damaged);
    EXPECT_EQ(must(partial.tree()->proof(8)), peer.proof(8));
    EXPECT_EQ(code_of(partial.add(peer.leaves(40, 24))), Errc::repo_damaged) << "it would be whole";
    EXPECT_THAT(problems(repo_), SizeIs(1));
    EXPECT_EQ(must(partial.recheck()), IndexSet({6, 2}));
    EXPECT_EQ(must(partial.add(peer.leaves(0, 10))), 2U);
    must(partial.commit());
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(partial.add(peer.leaves(40, 24)));
    EXPECT_TRUE(partial.complete());
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_EQ(must(repo_.stat(peer.block(7)))->references, 1U);
}

TEST_F(Partial, ADamagedOrMissingFileIsSaid) {
    const Peer peer(seeds(1, 64));
    hold(peer, 40, {.label = "known by its note"});
    const std::string file = writer_files(scratch_.repo()).at(0);
    {
        const Fd fd = must(open_file(file, O_RDWR));
        must(pwrite_full(fd.get(), Bytes(1, 0xee), 30, "file")); // in the manifest
    }
    EXPECT_THAT(problems(repo_), Contains(HasSubstr("tree-damaged")));
    EXPECT_EQ(must(repo_.partial(peer.cid)).dataset.manifest_bytes, peer.manifest) << "its block";
    close();
    const RebuildReport report = must(Repo::rebuild_index(scratch_.repo(), small()));
    EXPECT_EQ(report.partials, 0U);
    EXPECT_THAT(report.lost, SizeIs(2)); // the file, and the dataset of which there is a note
    EXPECT_EQ(report.kept_blocks, 41U);
    repo_ = must(Repo::open(scratch_.repo(), small()));
    EXPECT_EQ(must(repo_.get(peer.block(0))), random_bytes(1, kBlock)) << "kept for itself";
    const Peer other(seeds(500, 10));
    hold(other, 5);
    for (const std::string& name : writer_files(scratch_.repo()))
        fs::remove(name);
    EXPECT_THAT(problems(repo_), Contains(HasSubstr("tree-missing")));
    must(repo_.remove_dataset(other.cid));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Partial, IsFoundByWhatItIsCalled) {
    const Peer peer(seeds(1, 10), "file");
    hold(peer, 5);
    EXPECT_EQ(must(repo_.named(peer.cid.text().substr(0, 20), Named::dataset)), peer.cid);
    EXPECT_THAT(listed(), testing::ElementsAre(peer.cid));
    std::size_t whole = 0;
    must(repo_.for_each_dataset([&](const DatasetInfo&) {
        ++whole;
        return true;
    }));
    EXPECT_EQ(whole, 0U);
}

/// So that a program that would take its pins for a dead writer's does not open the repo.
TEST_F(Partial, RaisesTheVersionOfTheRepo) {
    const auto version = [&] { return must(read_file(scratch_.repo() + "/version", 10)); };
    EXPECT_EQ(as_text(version()), "1\n");
    hold(Peer(seeds(1, 10)), 5);
    EXPECT_EQ(as_text(version()), "2\n");
    reopen();
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Partial, TellsWhoFollowsChanges) {
    Changes changes = must(repo_.changes());
    const Peer peer(seeds(1, 10));
    hold(peer, 5);
    PartialDataset partial = open(peer);
    must(partial.add(peer.leaves(5, 5)));
    const Notices notices = must(changes.take());
    EXPECT_THAT(notices.changes,
                testing::ElementsAre(Change{ChangeKind::partial_grown, peer.cid},
                                     Change{ChangeKind::partial_grown, peer.cid},
                                     Change{ChangeKind::dataset_stored, peer.cid}));
}

} // namespace

} // namespace codex::repo::test
