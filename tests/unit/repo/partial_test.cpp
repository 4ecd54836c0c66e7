// Partial datasets: whatever order their leaves come in, whoever brings them, and whatever happens
// in between, what is committed stays, can be proved, and becomes the dataset that put makes.
#include "repo/partial_fixture.hpp"

#include "repo/broken_disk.hpp"
#include "repo/index/partial_entry.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Any order of leaves gives the repo that put gives.
TEST_F(Partial, AnyOrderGivesTheSameRepoAsPut) {
    std::uint64_t seed = 0;
    for (const std::uint64_t n : {1U, 2U, 3U, 7U, 65U, 130U}) {
        std::vector<std::uint64_t> list = seeds(n * 1000, n);
        if (n > 6) { // padding, and a block more than once
            list[2] = 0;
            list[5] = 0;
            list[n - 1] = list[1];
        }
        const Peer peer(list);
        for (const std::size_t step : {std::size_t{1}, std::size_t{5}, std::size_t{300}}) {
            PartialDataset partial = open(peer, {.expiry = 99});
            EXPECT_FALSE(partial.complete());
            must(add_in_order(partial, peer, peer.order(++seed), step));
            ASSERT_TRUE(partial.complete());
            EXPECT_EQ(must(partial.present()), IndexSet({0, n}));
            const DatasetInfo info = must(repo_.dataset(peer.cid));
            EXPECT_EQ(info.manifest_bytes, peer.manifest);
            EXPECT_EQ(info.expiry, 99U);
            const Counters counters = must(repo_.space()).counters;
            std::map<Cid, std::uint64_t> references;
            for (std::uint64_t i = 0; i < n; ++i)
                ++references[peer.block(i)];
            for (const auto& [block, count] : references)
                if (!block.is_empty_block()) {
                    EXPECT_EQ(must(repo_.stat(block))->references, count);
                }
            EXPECT_THAT(problems(repo_), IsEmpty());
            EXPECT_THAT(listed(), IsEmpty());
            EXPECT_THAT(writer_files(scratch_.repo()), IsEmpty());
            for (std::uint64_t i = 0; i < n; ++i)
                EXPECT_EQ(must(must(repo_.tree(peer.tree_cid())).proof(i)), peer.proof(i));
            must(repo_.remove_dataset(peer.cid));
            EXPECT_EQ(must(repo_.space()).counters, Counters{});
            const Scratch other;
            Repo put = must(Repo::init(other.repo(), {}, small()));
            DatasetWriter writer = must(put.write_dataset());
            std::vector<LeafInput> leaves;
            for (std::uint64_t i = 0; i < n; ++i)
                leaves.push_back({i, peer.block(i), peer.leaf(i).data});
            must(writer.leaves(leaves));
            must(writer.finish_tree());
            must(writer.commit(peer.manifest, 99));
            EXPECT_EQ(must(put.space()).counters, counters);
        }
    }
}

TEST_F(Partial, GoesOnAfterItWasClosed) {
    const Peer peer(seeds(1, 100));
    {
        PartialDataset partial = open(peer, {.expiry = 50, .label = "half"});
        EXPECT_EQ(must(partial.add(peer.leaves(10, 40))), 40U);
        EXPECT_EQ(must(partial.add(peer.leaves(30, 30))), 10U); // those that are new
        must(partial.commit());
        EXPECT_FALSE(partial.commit_by().has_value());
        EXPECT_EQ(must(partial.present()), IndexSet({10, 50}));
        EXPECT_EQ(must(partial.add(peer.leaves(0, 1))), 1U);
        EXPECT_TRUE(partial.commit_by().has_value());
    } // without a commit: the last one is lost, as by a kill
    reopen();
    PartialDataset partial = open(peer, {.expiry = 40});
    EXPECT_EQ(must(partial.present()), IndexSet({10, 50}));
    const PartialInfo info = must(repo_.partial(peer.cid));
    EXPECT_EQ(info.blocks_held, 50U);
    EXPECT_EQ(info.dataset.expiry, 50U) << "it is only ever prolonged";
    EXPECT_EQ(info.dataset.label, "half");
    EXPECT_EQ(info.dataset.manifest_bytes, peer.manifest);
    EXPECT_EQ(must(repo_.get(peer.cid)), peer.manifest);
    EXPECT_THAT(problems(repo_), IsEmpty());
    const auto get = repo_.dataset(peer.cid);
    EXPECT_EQ(code_of(get), Errc::dataset_partial);
    EXPECT_THAT(get.error().text(),
                HasSubstr("only 50 of its 100 blocks are here, missing are 0 to "
                          "9, 60 to 99"));
    must(add_in_order(partial, peer, peer.order(1), 7));
    EXPECT_TRUE(partial.complete());
    EXPECT_EQ(must(partial.add(peer.leaves(0, 5))), 0U);
    EXPECT_EQ(must(repo_.dataset(peer.cid)).label, "half");
    EXPECT_EQ(code_of(repo_.partial(peer.cid)), Errc::dataset_not_found);
    const PartialDataset again = open(peer, {.expiry = 60});
    EXPECT_TRUE(again.complete());
    EXPECT_EQ(again.tree(), nullptr);
    EXPECT_EQ(must(again.present()), IndexSet({0, 100}));
    EXPECT_EQ(must(repo_.dataset(peer.cid)).expiry, 60U);
}

/// Commits by itself, so that a kill costs no more than Limits say.
TEST_F(Partial, CommitsByBytesAndByTime) {
    OpenOptions options = small();
    options.clock = clock_;
    close();
    repo_ = must(Repo::open(scratch_.repo(), options));
    const Peer peer(seeds(1, 100));
    PartialDataset partial = open(peer);
    must(partial.add(peer.leaves(0, 3)));
    EXPECT_TRUE(must(partial.present()).empty());
    EXPECT_EQ(partial.commit_by(), clock_.now() + std::chrono::seconds(1));
    must(partial.add(peer.leaves(3, 10))); // more than 30000 bytes; the caller's thread commits
    EXPECT_EQ(must(partial.present()).size(), 13U);
    must(partial.add(peer.leaves(13, 1)));
    clock_.sleep_for(std::chrono::milliseconds(999));
    must(partial.add(peer.leaves(14, 1)));
    EXPECT_EQ(must(partial.present()).size(), 13U);
    clock_.sleep_for(std::chrono::milliseconds(1));
    must(partial.add(peer.leaves(15, 1)));
    EXPECT_EQ(must(partial.present()).size(), 16U);
}

TEST_F(Partial, ProvesWhatItHoldsAndTakesNothingElse) {
    const Peer peer(seeds(1, 77));
    const Peer foreign(seeds(500, 77));
    PartialDataset partial = open(peer);
    for (const std::uint64_t i : {0U, 5U, 40U, 76U}) {
        const VerifiedLeaf leaf = peer.leaf(i);
        must(partial.add({&leaf, 1}));
    }
    must(partial.commit());
    const PartialTree tree = must(repo_.partial_tree(peer.tree_cid()));
    EXPECT_EQ(tree.cid(), peer.tree_cid());
    EXPECT_EQ(tree.manifest(), peer.cid);
    for (const std::uint64_t i : {0U, 5U, 40U, 76U}) {
        EXPECT_EQ(must(tree.proof(i)), peer.proof(i));
        EXPECT_EQ(Cid::block(must(tree.leaf(i))), peer.block(i));
    }
    const auto run = must(tree.proved(5, 36)); // to 40
    EXPECT_EQ(run.front()->proof, peer.proof(5));
    EXPECT_EQ(run.back()->proof, peer.proof(40));
    EXPECT_EQ(Cid::block(run.back()->digest), peer.block(40));
    EXPECT_FALSE(run[20 - 5]);
    EXPECT_EQ(code_of(tree.proved(76, 2)), Errc::merkle_index);
    std::vector<Digest> leaves(36);
    must(tree.leaves(41, leaves)); // to 76, the last one
    EXPECT_EQ(Cid::block(leaves[76 - 41]), peer.block(76));
    EXPECT_EQ(leaves[50 - 41], Digest{});
    EXPECT_EQ(code_of(tree.leaves(42, leaves)), Errc::merkle_index);
    EXPECT_EQ(code_of(tree.proof(20)), Errc::block_not_found);
    EXPECT_EQ(code_of(tree.proof(77)), Errc::merkle_index);
    EXPECT_EQ(code_of(repo_.partial_tree(foreign.tree_cid())), Errc::block_not_found);

    std::vector<VerifiedLeaf> batch = {peer.leaf(1), foreign.leaf(2)};
    EXPECT_EQ(code_of(partial.add(batch)), Errc::proof_invalid);
    batch[1] = {peer.block(3), peer.leaf(3).data, &peer.proof(2)}; // of another leaf
    EXPECT_EQ(code_of(partial.add(batch)), Errc::proof_invalid);
    merkle::Proof wrong = peer.proof(3);
    wrong.path[2][7] ^= 1;
    batch[1].proof = &wrong;
    const auto bad = partial.add(batch);
    EXPECT_EQ(code_of(bad), Errc::proof_invalid);
    EXPECT_THAT(bad.error().text(), HasSubstr("leaf 3"));
    wrong = peer.proof(3);
    wrong.index = 77;
    EXPECT_EQ(code_of(partial.add(batch)), Errc::merkle_index);
    wrong.index = 3;
    wrong.leaf_count = 78;
    EXPECT_EQ(code_of(partial.add(batch)), Errc::merkle_index);
    batch[1] = {Cid::sha256(codec::Multicodec::raw, peer.block(3).digest32()), peer.leaf(3).data,
                &peer.proof(3)};
    EXPECT_EQ(code_of(partial.add(batch)), Errc::cid_wrong_codec);
    batch[1] = {peer.block(3), {}, &peer.proof(3)};
    EXPECT_EQ(code_of(partial.add(batch)), Errc::limit_exceeded);
    must(partial.commit());
    EXPECT_EQ(must(partial.present()).size(), 4U)
        << "nothing of a batch with a wrong leaf is taken";
    must(add_in_order(partial, peer, peer.order(3), 10));
    EXPECT_TRUE(partial.complete());
    EXPECT_EQ(must(tree.proof(20)), peer.proof(20)) << "whoever serves it goes on";
    EXPECT_EQ(must(tree.present()).size(), 77U);
}

/// Leaves that two of them bring are here once.
TEST_F(Partial, SeveralAddAtOnce) {
    const Peer peer(seeds(1, 90));
    Repo second = must(Repo::open(scratch_.repo(), small()));
    PartialDataset a = open(peer);
    PartialDataset b = must(second.open_partial(peer.manifest));
    must(a.add(peer.leaves(0, 5)));
    must(b.add(peer.leaves(3, 5)));
    must(b.commit());
    must(a.commit());
    EXPECT_EQ(must(a.present()), IndexSet({0, 8}));
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(a.add(peer.leaves(8, 40)));
    must(a.commit());
    must(b.add(peer.leaves(40, 2))); // staged when the other makes it whole
    must(add_in_order(a, peer, peer.order(4), 11));
    EXPECT_TRUE(a.complete());
    EXPECT_FALSE(b.complete());
    must(b.commit());
    EXPECT_TRUE(b.complete());
    EXPECT_THAT(problems(repo_), IsEmpty());
    must(repo_.remove_dataset(peer.cid));
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
}

/// The last leaf is staged by one, and all others by the other: whoever commits last finishes.
TEST_F(Partial, WhoCommitsTheLastLeafFinishes) {
    const Peer peer(seeds(1, 14));
    Repo second = must(Repo::open(scratch_.repo(), small()));
    PartialDataset a = open(peer);
    PartialDataset b = must(second.open_partial(peer.manifest));
    must(a.add(peer.leaves(0, 7)));
    must(b.add(peer.leaves(7, 7)));
    must(b.commit());
    must(a.commit());
    EXPECT_TRUE(a.complete());
    EXPECT_EQ(must(b.present()).size(), 14U);
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Partial, PuttingTheDatasetEndsIt) {
    const Made made = must(write_blocks(repo_, seeds(1, 30)));
    const Bytes manifest = must(repo_.get(made.manifest));
    must(repo_.remove_dataset(made.manifest));
    const Peer peer(seeds(1, 30));
    ASSERT_EQ(peer.manifest, manifest);
    PartialDataset partial = open(peer, {.expiry = 500, .label = "mine"});
    must(partial.add(peer.leaves(0, 10)));
    must(partial.commit());
    must(partial.add(peer.leaves(10, 1)));
    must(write_blocks(repo_, seeds(1, 30), 300));
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_THAT(listed(), IsEmpty());
    EXPECT_EQ(must(repo_.dataset(peer.cid)).expiry, 500U);
    EXPECT_EQ(must(repo_.dataset(peer.cid)).label, "mine");
    must(partial.commit());
    EXPECT_TRUE(partial.complete());
    must(repo_.gc({}));
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_THAT(writer_files(scratch_.repo()), IsEmpty());
    EXPECT_EQ(must(repo_.stat(peer.block(0)))->references, 1U);
}

/// Under another name, the tree that is here is enough.
TEST_F(Partial, ATreeThatIsHereIsEnough) {
    const Peer peer(seeds(1, 30), "one");
    const Peer other(seeds(1, 30), "two");
    hold(peer, 10);
    hold(other, 5);
    {
        PartialDataset partial = open(peer);
        must(add_in_order(partial, peer, peer.order(1), 30));
        EXPECT_TRUE(partial.complete());
    }
    EXPECT_TRUE(open(other).complete()) << "what was begun";
    EXPECT_TRUE(open(Peer(seeds(1, 30), "three")).complete()) << "what was not";
    EXPECT_THAT(problems(repo_), IsEmpty());
    EXPECT_EQ(must(repo_.stat(peer.block(0)))->references, 1U);
    EXPECT_THAT(writer_files(scratch_.repo()), IsEmpty());
}

TEST_F(Partial, WhoAddsToWhatWasRemovedIsTold) {
    const Peer peer(seeds(1, 30));
    PartialDataset partial = open(peer);
    must(partial.add(peer.leaves(0, 3)));
    must(partial.commit());
    must(repo_.remove_dataset(peer.cid));
    EXPECT_EQ(code_of(partial.present()), Errc::dataset_not_found);
    must(partial.add(peer.leaves(3, 3)));
    EXPECT_EQ(code_of(partial.commit()), Errc::dataset_not_found);
    EXPECT_EQ(code_of(partial.add(peer.leaves(6, 3))), Errc::dataset_not_found);
    EXPECT_EQ(must(repo_.space()).counters, Counters{});
    hold(peer, 4); // begun anew
    EXPECT_EQ(code_of(partial.commit()), Errc::dataset_not_found);
    EXPECT_EQ(must(repo_.partial(peer.cid)).blocks_held, 4U);
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Partial, RefusesWhatIsNoDataset) {
    EXPECT_EQ(code_of(repo_.open_partial(as_bytes("no manifest"))), Errc::protobuf_invalid);
    const Peer peer(seeds(1, 10));
    EXPECT_EQ(code_of(repo_.open_partial(peer.manifest, {.label = std::string(256, 'x')})),
              Errc::argument_invalid);
    // No file is as large as a manifest says without room for its tree.
    EXPECT_EQ(code_of(repo_.open_partial(
                  manifest_for(peer.tree_cid(), std::uint64_t{1} << 31, kBlock, ""))),
              Errc::quota_exceeded);
    EXPECT_THAT(writer_files(scratch_.repo()), IsEmpty());
    close();
    OpenOptions reading = small();
    reading.read_only = true;
    repo_ = must(Repo::open(scratch_.repo(), reading));
    EXPECT_EQ(code_of(repo_.open_partial(peer.manifest)), Errc::repo_read_only);
}

/// Whatever call of the disk fails, all that was said to be held is, and the same again succeeds.
TEST_F(Partial, AFailingDiskLosesNothing) {
    using Kind = BrokenDisk::Fault;
    const Peer peer(seeds(1, 40));
    close();
    BrokenDisk disk;
    OpenOptions options = small();
    options.disk = disk;
    for (const auto& [kind, error, code] :
         {std::tuple(Kind::writes, ENOSPC, Errc::no_space),
          std::tuple(Kind::torn_writes, EIO, Errc::io), std::tuple(Kind::syncs, EIO, Errc::io)}) {
        repo_ = must(Repo::open(scratch_.repo(), options));
        disk.fault = kind;
        disk.error = error;
        bool failed = true;
        for (int n = 0; failed; ++n) {
            ASSERT_LT(n, 300);
            disk.calls_left = n;
            const auto attempt = [&]() -> Result<void> {
                CODEX_TRY(partial, repo_.open_partial(peer.manifest));
                CODEX_CHECK(add_in_order(partial, peer, peer.order(static_cast<unsigned>(n)), 6));
                return {};
            };
            const auto done = attempt();
            failed = disk.calls_left < 0;
            disk.calls_left = 1'000'000;
            ASSERT_EQ(done.has_value(), !failed) << "call " << n;
            if (failed) {
                EXPECT_EQ(done.error().code(), code) << done.error().text();
            }
            ASSERT_THAT(problems(repo_), IsEmpty()) << "call " << n;
            if (n % 3 == 0 && failed && repo_.partial(peer.cid)) // others go on with what is here
                must(repo_.remove_dataset(peer.cid));
        }
        must(repo_.remove_dataset(peer.cid));
        must(repo_.gc({}));
        EXPECT_EQ(must(repo_.space()).counters, Counters{});
        EXPECT_THAT(writer_files(scratch_.repo()), IsEmpty());
        close();
    }
    repo_ = must(Repo::open(scratch_.repo(), small()));
}

TEST_F(Partial, WhoGoesOnGivesBackAManifestThatIsLost) {
    const Peer peer(seeds(1, 37));
    {
        PartialDataset partial = open(peer);
        must(partial.add(peer.leaves(0, 5)));
        must(partial.commit());
    }
    must(repo_.drop_bytes({&peer.cid, 1}));
    EXPECT_FALSE(repo_.get(peer.cid));
    PartialDataset partial = open(peer);
    EXPECT_EQ(must(repo_.get(peer.cid)), peer.manifest);
    must(partial.add(peer.leaves(5, 32)));
    EXPECT_THAT(problems(repo_), IsEmpty());
}

TEST_F(Partial, LearnsItsTreeFromAllLeavesOrNothing) {
    const Peer peer(seeds(1, 37));
    PartialDataset partial = open(peer);
    const auto wrong = [&](std::uint64_t first, std::span<Digest> out) -> Result<void> {
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = peer.tree().leaves()[first + i];
        out[30 - first][5] ^= 1;
        return {};
    };
    EXPECT_FALSE(must(partial.learn_tree(wrong)));
    EXPECT_FALSE(partial.tree()->proof(3));
    const auto right = [&](std::uint64_t first, std::span<Digest> out) -> Result<void> {
        std::ranges::copy(peer.tree().leaves().subspan(first, out.size()), out.begin());
        return {};
    };
    EXPECT_TRUE(must(partial.learn_tree(right)));
    for (std::uint64_t i = 0; i < peer.size(); ++i)
        EXPECT_EQ(must(partial.tree()->proof(i)).path, peer.proof(i).path) << i;
    EXPECT_TRUE(must(partial.present()).empty());
    must(partial.add(peer.leaves(0, peer.size())));
    EXPECT_TRUE(partial.complete());
}

} // namespace

} // namespace codex::repo::test
