// A server of a repo's blocks, as peers see it.
#include "server_fixture.hpp"

namespace codex::exchange::test {
namespace {

TEST_F(ServerTest, SaysWhatIsThereAndSendsItWithProofs) {
    const Made made = must(write_blocks(repo_, seeds(1, 37)));
    serve();
    ask(haves_of(made.tree, 0, 37));
    EXPECT_TRUE(comes(37, 0));
    for (const auto& [peer, said] : client.heard.presences)
        EXPECT_TRUE(said.have);
    ask(blocks_of(made.tree, 0, 37));
    EXPECT_TRUE(comes(37, 37));
    for (std::size_t i = 0; i < 37; ++i) {
        EXPECT_EQ(client.heard.blocks[i].address.index, i); // in the order asked for
        expect_leaf(client.heard.blocks[i], made);
    }
    EXPECT_EQ(server->counts().blocks, 37u);
    EXPECT_EQ(server->counts().block_bytes, 37u * kBlock);
    EXPECT_EQ(server->wants(), 0u);
    EXPECT_EQ(server->unsent_bytes(), 0u);
    expect_quiet(37, 37);
}

TEST_F(ServerTest, ServesPlainBlocksAndManifests) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    serve();
    ask({want_have(plain(made.manifest)), want_have(plain(made.blocks[1]))});
    EXPECT_TRUE(comes(2, 0));
    ask({want_block(plain(made.manifest)), want_block(plain(made.blocks[1]))});
    EXPECT_TRUE(comes(2, 2));
    EXPECT_EQ(client.heard.blocks[0].data, must(repo_.get(made.manifest)));
    EXPECT_EQ(client.heard.blocks[1].data, random_bytes(2, kBlock));
    EXPECT_TRUE(client.heard.blocks[1].proof.empty());
}

TEST_F(ServerTest, SaysThatABlockIsNotThereWhereThatIsAskedForAlone) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    serve();
    const Cid none = tree_named("none");
    ask({want_have(leaf(made.tree, 3)), want_have(leaf(none, 0)), want_have(plain(none)),
         want_block(leaf(made.tree, 3)), want_block(plain(block_named("none")))});
    expect_quiet(0, 0);
    ask({want_have(leaf(made.tree, 4), true), want_have(leaf(none, 0), true),
         want_have(plain(block_named("other")), true), want_block(leaf(made.tree, 5), true),
         want_block(leaf(made.tree, 0), true)});
    EXPECT_TRUE(comes(4, 1));
    std::set<BlockAddress> absent;
    for (const auto& [peer, said] : client.heard.presences) {
        EXPECT_FALSE(said.have);
        absent.insert(said.address);
    }
    EXPECT_EQ(absent, (std::set{leaf(made.tree, 4), leaf(none, 0), plain(block_named("other")),
                                leaf(made.tree, 5)}));
    expect_quiet(4, 1);
    EXPECT_EQ(server->counts().dont_haves, 4u);
    EXPECT_EQ(client.heard.leaves, 0); // silence, and no end, for what was never announced
}

TEST_F(ServerTest, DeliversALeafOfTheEmptyBlockWithoutData) {
    const Digest nothing = Cid::empty_block().digest32();
    const Bytes data = random_bytes(1, kBlock);
    auto writer = must(repo_.write_dataset());
    const std::vector<repo::LeafInput> leaves = {{0, cid_of(data), data},
                                                 {1, Cid::empty_block(), {}}};
    must(writer.leaves(leaves));
    Made made;
    made.tree = must(writer.finish_tree());
    made.blocks = {cid_of(data), Cid::empty_block()};
    must(writer.commit(repo::test::manifest_for(made.tree, 2, kBlock, ""), 0));
    serve();
    ask(haves_of(made.tree, 0, 2));
    ask(blocks_of(made.tree, 0, 2));
    EXPECT_TRUE(comes(0, 2));
    EXPECT_TRUE(client.heard.blocks[1].data.empty());
    EXPECT_EQ(client.heard.blocks[1].cid, Cid::empty_block());
    EXPECT_EQ(client.heard.blocks[1].cid.digest32(), nothing);
    expect_leaf(client.heard.blocks[1], made);
}

TEST_F(ServerTest, OffersWhatArrivesToWhomItWasNotThere) {
    repo::Repo other = must(repo::Repo::open(scratch_.repo(), {}));
    const Made first = must(write_blocks(repo_, seeds(1, 3)));
    serve();
    // Made elsewhere, to know its names.
    Scratch elsewhere;
    repo::Repo copy = must(repo::Repo::init(elsewhere.repo(), {}, {}));
    const Made coming = must(write_blocks(copy, seeds(100, 50)));
    ask(haves_of(coming.tree, 0, 50));
    ask({want_have(plain(coming.manifest), true), want_have(plain(block_named("never")))});
    EXPECT_TRUE(comes(1, 0));
    EXPECT_FALSE(presence(0).have);
    expect_quiet(1, 0);
    must(write_blocks(other, seeds(100, 50)));
    EXPECT_TRUE(comes(52, 0));
    for (std::size_t i = 1; i < 52; ++i)
        EXPECT_TRUE(presence(i).have) << i;
    expect_quiet(52, 0);
    // In few messages, not one a block: the questions that were open came together.
    EXPECT_LE(client.heard.messages, 4);
    ask(blocks_of(coming.tree, 0, 50));
    EXPECT_TRUE(comes(52, 50));
}

TEST_F(ServerTest, SendsWhatWasWantedWhenItArrives) {
    serve();
    const Bytes data = random_bytes(5, 1000);
    ask({want_block(plain(cid_of(data)))});
    expect_quiet(0, 0);
    must(repo_.put(cid_of(data), data, 0));
    EXPECT_TRUE(comes(0, 1));
    EXPECT_EQ(client.heard.blocks[0].data, data);
}

TEST_F(ServerTest, IsToldAtOnceOfWhatThisProcessStores) {
    ServerOptions options;
    options.look = minutes(60);
    serve(std::move(options));
    Scratch elsewhere;
    repo::Repo copy = must(repo::Repo::init(elsewhere.repo(), {}, {}));
    const Made coming = must(write_blocks(copy, seeds(100, 5)));
    ask(haves_of(coming.tree, 0, 5));
    ask({want_have(plain(coming.manifest))});
    expect_quiet(0, 0);
    must(write_blocks(repo_, seeds(100, 5)));
    server->arrived(coming.tree, {1, 2});
    EXPECT_TRUE(comes(2, 0));
    server->arrived(coming.manifest);
    EXPECT_TRUE(comes(3, 0));
    expect_quiet(3, 0);
}

TEST_F(ServerTest, ForgetsQuestionsThatAFullListReplaces) {
    serve();
    Scratch elsewhere;
    repo::Repo copy = must(repo::Repo::init(elsewhere.repo(), {}, {}));
    const Made coming = must(write_blocks(copy, seeds(100, 9)));
    ask(haves_of(coming.tree, 0, 9));
    world.pass(seconds(1));
    ask(haves_of(coming.tree, 4, 2), true);
    world.pass(seconds(1));
    must(write_blocks(repo_, seeds(100, 9)));
    EXPECT_TRUE(comes(2, 0));
    expect_quiet(2, 0);
    EXPECT_EQ(presence(0).address, leaf(coming.tree, 4));
}

TEST_F(ServerTest, EndsAConnectionOverABlockThatWasAnnouncedAndIsGone) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    serve();
    ask(haves_of(made.tree, 0, 3));
    EXPECT_TRUE(comes(3, 0));
    must(repo_.drop_bytes(std::vector(1, made.blocks[1])));
    ask(blocks_of(made.tree, 0, 3));
    EXPECT_TRUE(comes(3, 2));
    const Clock::Instant asked = world.loop.now();
    EXPECT_TRUE(world.until([&] { return client.heard.leaves == 1; }));
    EXPECT_GE(world.loop.now() - asked, seconds(9));
    EXPECT_LE(world.loop.now() - asked, seconds(11));
    EXPECT_EQ(server->counts().gone, 1u);
    EXPECT_EQ(client.heard.presences.size(), 3u); // and no DontHave before
    EXPECT_EQ(server->wants(), 0u);
}

TEST_F(ServerTest, SendsABlockThatWasGoneAndReturns) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    serve();
    ask(haves_of(made.tree, 0, 3));
    EXPECT_TRUE(comes(3, 0));
    must(repo_.drop_bytes(std::vector(1, made.blocks[1])));
    ask(blocks_of(made.tree, 0, 3));
    EXPECT_TRUE(comes(3, 2));
    world.pass(seconds(5));
    const Bytes data = random_bytes(2, kBlock);
    must(repo_.restore(std::vector(1, repo::Restored{made.blocks[1], data})));
    EXPECT_TRUE(comes(3, 3));
    world.pass(minutes(1));
    EXPECT_EQ(client.heard.leaves, 0);
}

/// Counts what it is given to do.
class CountingExecutor final : public InlineExecutor {
public:
    void post(std::function<void()> job) override {
        ++jobs;
        InlineExecutor::post(std::move(job));
    }
    int jobs = 0;
};

TEST_F(ServerTest, WhatGrowsElsewhereIsLookedForInItsOwnTreeAlone) {
    const Dataset data(seeds(1, 20));
    const Dataset other(seeds(100, 20));
    CountingExecutor counting;
    serve(counting);
    ask(haves_of(data.tree_cid(), 0, 20));
    world.pass(seconds(1));
    const auto looks = [&](const Dataset& grown, std::uint64_t index) {
        auto partial = must(repo_.open_partial(grown.manifest));
        must(partial.add(grown.leaves(index, 1)));
        must(partial.commit());
        const int before = counting.jobs;
        world.pass(seconds(1));
        return counting.jobs - before;
    };
    const int idle = [&] {
        const int before = counting.jobs;
        world.pass(seconds(1));
        return counting.jobs - before;
    }();
    EXPECT_EQ(idle, 0) << "nothing was committed";
    EXPECT_EQ(looks(other, 3), 1) << "what it was";
    EXPECT_TRUE(client.heard.presences.empty());
    EXPECT_EQ(looks(data, 4), 2) << "and what is here of it";
    ASSERT_EQ(client.heard.presences.size(), 1U);
    EXPECT_EQ(presence(0).address, leaf(data.tree_cid(), 4));
}

TEST_F(ServerTest, OfATreeThatGrowsWhatHasComeIsLookedForAlone) {
    const Dataset data(seeds(1, 20));
    serve();
    auto partial = std::make_optional(must(repo_.open_partial(data.manifest)));
    const auto looks = [&](std::uint64_t index) {
        must(partial->add(data.leaves(index, 1)));
        must(partial->commit());
        const std::uint64_t before = server->counts().looked;
        world.pass(seconds(1));
        EXPECT_EQ(presence(client.heard.presences.size() - 1).address,
                  leaf(data.tree_cid(), index));
        return server->counts().looked - before;
    };
    ask(haves_of(data.tree_cid(), 0, 20));
    world.pass(seconds(1));
    EXPECT_EQ(server->counts().looked, 20U);
    EXPECT_EQ(looks(4), 1U);
    EXPECT_EQ(looks(7), 1U);
    EXPECT_EQ(looks(5), 1U);
    // What was removed and comes again is new.
    partial.reset();
    must(repo_.remove_dataset(data.cid));
    world.pass(seconds(1));
    partial.emplace(must(repo_.open_partial(data.manifest)));
    ask(haves_of(data.tree_cid(), 4, 1), true);
    world.pass(seconds(1));
    EXPECT_EQ(looks(4), 1U);
}

TEST_F(ServerTest, ABlockThatIsCancelledInTimeEndsNoConnection) {
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    serve();
    ask(haves_of(made.tree, 0, 3));
    EXPECT_TRUE(comes(3, 0));
    must(repo_.drop_bytes(std::vector(1, made.blocks[1])));
    ask(blocks_of(made.tree, 0, 3));
    EXPECT_TRUE(comes(3, 2));
    ask({cancel(leaf(made.tree, 1))});
    world.pass(minutes(1));
    EXPECT_EQ(client.heard.leaves, 0);
}

TEST_F(ServerTest, SendsWhatIsGoodOfABatchWithADamagedBlock) {
    const Made made = must(write_blocks(repo_, seeds(1, 10)));
    const auto files = repo::test::segment_files(scratch_.repo());
    serve();
    // The bytes of one block, found in its segment.
    const Bytes data = random_bytes(4, kBlock);
    bool spoiled = false;
    for (const std::string& file : files) {
        std::FILE* const f = std::fopen(file.c_str(), "r+b");
        ASSERT_NE(f, nullptr);
        std::fseek(f, 0, SEEK_END);
        Bytes all(static_cast<std::size_t>(std::ftell(f)));
        std::rewind(f);
        ASSERT_EQ(std::fread(all.data(), 1, all.size(), f), all.size());
        const auto at = std::search(all.begin(), all.end(), data.begin(), data.end());
        if (at != all.end()) {
            std::fseek(f, at - all.begin() + 100, SEEK_SET);
            std::fputc(data[100] ^ 1, f);
            spoiled = true;
        }
        std::fclose(f);
    }
    ASSERT_TRUE(spoiled);
    ask(blocks_of(made.tree, 0, 10, true));
    EXPECT_TRUE(comes(1, 9));
    EXPECT_EQ(presence(0).address, leaf(made.tree, 3));
    for (const auto& block : client.heard.blocks)
        expect_leaf(block, made);
    expect_quiet(1, 9);
}

} // namespace
} // namespace codex::exchange::test
