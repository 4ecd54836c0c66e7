// A server of a repo's blocks, as peers see it.
#include "exchange/server.hpp"

#include "base/stepped_executor.hpp"
#include "merkle/coding.hpp"
#include "nodes.hpp"
#include "repo/partial_fixture.hpp"

namespace codex::exchange::test {
namespace {

using repo::test::cid_of;
using repo::test::kBlock;
using repo::test::Made;
using Dataset = repo::test::Peer;
using repo::test::random_bytes;
using repo::test::Scratch;
using repo::test::seeds;
using repo::test::write_blocks;

std::vector<Want> blocks_of(const Cid& tree, std::uint64_t first, std::uint64_t count,
                            bool dont_have = false) {
    std::vector<Want> list;
    for (std::uint64_t i = 0; i < count; ++i)
        list.push_back(want_block(leaf(tree, first + i), dont_have));
    return list;
}

std::vector<Want> haves_of(const Cid& tree, std::uint64_t first, std::uint64_t count,
                           bool dont_have = false) {
    std::vector<Want> list;
    for (std::uint64_t i = 0; i < count; ++i)
        list.push_back(want_have(leaf(tree, first + i), dont_have));
    return list;
}

class ServerTest : public testing::Test {
protected:
    ServerTest()
        : repo_(must(repo::Repo::init(scratch_.repo(), {}, {}))), node(world.internet, 1),
          client(world.internet, 2) {}

    void serve(ServerOptions options = {}) {
        server = std::make_unique<Server>(*node.peers, repo_, executor, std::move(options));
        world.connect(client, node);
        ASSERT_TRUE(world.until(
            [&] { return client.peers->has(node.id()) && node.peers->has(client.id()); }));
    }
    void ask(std::vector<Want> entries, bool full = false) {
        client.peers->send(node.id(), wants(std::move(entries), full));
    }
    bool comes(std::size_t presences, std::size_t blocks) {
        return world.until([&] {
            return client.heard.presences.size() >= presences &&
                   client.heard.blocks.size() >= blocks;
        });
    }
    /// Nothing more comes within a minute.
    void expect_quiet(std::size_t presences, std::size_t blocks) {
        world.pass(seconds(60));
        EXPECT_EQ(client.heard.presences.size(), presences);
        EXPECT_EQ(client.heard.blocks.size(), blocks);
    }
    [[nodiscard]] const Presence& presence(std::size_t at) const {
        return client.heard.presences.at(at).second;
    }
    static void expect_leaf(const Heard::Block& block, const Made& made) {
        const std::uint64_t index = block.address.index;
        EXPECT_EQ(block.cid, made.blocks.at(index));
        EXPECT_EQ(cid_of(block.data), block.cid);
        const merkle::Proof proof = must(merkle::decode_proof(block.proof));
        EXPECT_EQ(proof.index, index);
        EXPECT_EQ(proof.leaf_count, made.blocks.size());
        must(merkle::verify(merkle::sha256_tree(), proof, block.cid.digest32(),
                            made.tree.digest32()));
    }

    World world;
    Scratch scratch_;
    repo::Repo repo_;
    InlineExecutor executor;
    Speaker node;
    Speaker client;
    std::unique_ptr<Server> server;
};

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
    server = std::make_unique<Server>(*node.peers, repo_, counting);
    world.connect(client, node);
    ASSERT_TRUE(
        world.until([&] { return client.peers->has(node.id()) && node.peers->has(client.id()); }));
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
    EXPECT_EQ(looks(other, 3), idle);
    EXPECT_TRUE(client.heard.presences.empty());
    EXPECT_EQ(looks(data, 4), idle + 1);
    ASSERT_EQ(client.heard.presences.size(), 1U);
    EXPECT_EQ(presence(0).address, leaf(data.tree_cid(), 4));
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

TEST_F(ServerTest, SendsNothingThatIsCancelled) {
    const Made made = must(write_blocks(repo_, seeds(1, 100)));
    SteppedExecutor stepped;
    server = std::make_unique<Server>(*node.peers, repo_, stepped);
    world.connect(client, node);
    ASSERT_TRUE(world.until([&] { return client.peers->has(node.id()); }));
    ask(blocks_of(made.tree, 0, 100));
    world.pass(seconds(1)); // the first message is being read
    std::vector<Want> flood;
    for (int i = 0; i < 1000; ++i)
        flood.push_back(cancel(leaf(made.tree, static_cast<std::uint64_t>(i) + 40)));
    ask(flood);
    ask(flood);
    world.pass(seconds(1)); // what is asked after they have come is not even read
    world.until([&] {
        stepped.run_all();
        return client.heard.blocks.size() >= 40;
    });
    world.until([&] { return stepped.run_all() > 0; }, seconds(60));
    EXPECT_EQ(client.heard.blocks.size(), 40u);
    EXPECT_EQ(server->wants(), 0u);
    server.reset();
}

TEST_F(ServerTest, DropsARepeatWhileTheBlockIsOnItsWay) {
    const Made made = must(write_blocks(repo_, seeds(1, 4)));
    SteppedExecutor stepped;
    server = std::make_unique<Server>(*node.peers, repo_, stepped);
    world.connect(client, node);
    ASSERT_TRUE(world.until([&] { return client.peers->has(node.id()); }));
    for (int i = 0; i < 5; ++i) {
        ask(blocks_of(made.tree, 0, 4)); // as nodes before 2025-11 do, every half second
        world.pass(milliseconds(500));
    }
    const auto run = [&] {
        stepped.run_all();
        return false;
    };
    world.until(run, seconds(5));
    EXPECT_EQ(client.heard.blocks.size(), 4u);
    ask(blocks_of(made.tree, 0, 4)); // afterwards it is a new request
    world.until(run, seconds(5));
    EXPECT_EQ(client.heard.blocks.size(), 8u);
    server.reset();
}

TEST_F(ServerTest, WritesMessagesOfNoMoreThanTwentyBlocks) {
    const Made made = must(write_blocks(repo_, seeds(1, 200)));
    serve();
    ask(blocks_of(made.tree, 0, 200));
    EXPECT_TRUE(comes(0, 200));
    EXPECT_GE(client.heard.messages, 10);
    EXPECT_EQ(client.heard.messages, static_cast<int>(server->counts().messages));
}

TEST_F(ServerTest, AnswersLongListsInMessagesOfNoMoreThan1024) {
    const Made made = must(write_blocks(repo_, seeds(1, 10)));
    serve();
    std::vector<Want> list = haves_of(made.tree, 0, 10);
    for (int i = 0; i < 5000; ++i)
        list.push_back(want_have(leaf(made.tree, 10 + static_cast<std::uint64_t>(i)), true));
    ask(list);
    EXPECT_TRUE(comes(5010, 0));
    EXPECT_GE(client.heard.messages, 5);
    expect_quiet(5010, 0);
    EXPECT_EQ(server->counts().haves, 10u);
    EXPECT_EQ(server->counts().wants, 5010u);
}

TEST_F(ServerTest, HoldsAPeerToItsWants) {
    ServerOptions options;
    options.wants.wants = 100;
    options.all_wants = 150;
    options.few_wants = 20;
    const Made made = must(write_blocks(repo_, seeds(1, 10)));
    serve(std::move(options));
    Speaker second(world.internet, 3);
    world.connect(second, node);
    std::vector<Want> list;
    for (int i = 0; i < 150; ++i)
        list.push_back(want_block(leaf(tree_named("none"), static_cast<std::uint64_t>(i))));
    ask(list);
    ASSERT_TRUE(world.until(
        [&] { return node.host->limit_counts().of(net::Limit::exchange_wants) == 50; }));
    EXPECT_EQ(server->wants(), 100u);
    second.peers->send(node.id(), wants(list));
    ASSERT_TRUE(world.until(
        [&] { return node.host->limit_counts().of(net::Limit::exchange_all_wants) > 0; }));
    EXPECT_EQ(server->wants(), 150u);
    // Who wants to know hears at once that he is not served; the others hear nothing.
    EXPECT_TRUE(second.heard.presences.empty());
    second.peers->send(node.id(), wants({want_block(leaf(tree_named("more"), 7), true),
                                         want_have(leaf(tree_named("more"), 8), true)}));
    ASSERT_TRUE(world.until([&] { return second.heard.presences.size() == 2; }));
    EXPECT_FALSE(second.heard.presences[0].second.have);
    EXPECT_EQ(second.heard.presences[0].second.address, leaf(tree_named("more"), 7));
    EXPECT_FALSE(second.heard.presences[1].second.have);
    EXPECT_EQ(server->wants(), 150u);
    // Whoever wants little is served all the same.
    Speaker third(world.internet, 4);
    world.connect(third, node);
    ASSERT_TRUE(world.until([&] { return third.peers->has(node.id()); }));
    third.peers->send(node.id(), wants(blocks_of(made.tree, 0, 10)));
    EXPECT_TRUE(world.until([&] { return third.heard.blocks.size() == 10; }));
    // What left takes its wants with it.
    client.peers->drop(node.id(), "enough");
    EXPECT_TRUE(world.until([&] { return server->wants() == 50; }));
}

TEST_F(ServerTest, ReadsAFloodOfWantsMoreSlowlyAndLosesNothing) {
    ServerOptions options;
    options.wants_a_second = 1000;
    const Made made = must(write_blocks(repo_, seeds(1, 10)));
    serve(std::move(options));
    const Clock::Instant start = world.loop.now();
    std::vector<Want> flood;
    for (std::uint64_t i = 0; i < 1000; ++i)
        flood.push_back(cancel(leaf(tree_named("old"), i)));
    for (int i = 0; i < 20; ++i)
        ask(flood);
    ask(blocks_of(made.tree, 0, 10));
    EXPECT_TRUE(comes(0, 10));
    EXPECT_GE(world.loop.now() - start, seconds(15));
    EXPECT_LE(world.loop.now() - start, seconds(25));
    EXPECT_GT(node.host->limit_counts().of(net::Limit::exchange_rate), 0u);
    EXPECT_EQ(server->counts().cancels, 20000u);
    EXPECT_EQ(client.heard.leaves, 0);
}

TEST_F(ServerTest, ServesManyAtATimeFairlyAndNobodyWaitsForOneWhoDoesNotRead) {
    constexpr std::uint32_t kLarge = 65536;
    auto writer = must(repo_.write_dataset());
    Made made;
    for (std::uint64_t i = 0; i < 200; ++i) {
        const Bytes data = random_bytes(i + 1, kLarge);
        made.blocks.push_back(cid_of(data));
        const std::vector<repo::LeafInput> leaves = {{i, made.blocks.back(), data}};
        must(writer.leaves(leaves));
    }
    made.tree = must(writer.finish_tree());
    must(writer.commit(repo::test::manifest_for(made.tree, 200, kLarge, ""), 0));
    ServerOptions options;
    options.all_unsent_bytes = std::size_t{4} << 20;
    serve(std::move(options));
    std::vector<std::unique_ptr<Speaker>> all;
    for (std::uint8_t i = 0; i < 6; ++i) {
        all.push_back(std::make_unique<Speaker>(world.internet, static_cast<std::uint8_t>(10 + i)));
        world.connect(*all[i], node);
        ASSERT_TRUE(world.until([&] { return all[i]->peers->has(node.id()); }));
    }
    all[0]->heard.reads = false;
    for (auto& one : all)
        one->peers->send(node.id(), wants(blocks_of(made.tree, 0, one == all[1] ? 20 : 200)));
    // The one that wants little is not behind all that the others want.
    EXPECT_TRUE(world.until([&] { return all[1]->heard.blocks.size() == 20; }));
    for (std::size_t i = 2; i < all.size(); ++i)
        EXPECT_LT(all[i]->heard.blocks.size(), 100u) << i;
    std::size_t most = 0;
    EXPECT_TRUE(world.until([&] {
        most = std::max(most, server->unsent_bytes());
        return std::all_of(all.begin() + 2, all.end(),
                           [](const auto& one) { return one->heard.blocks.size() == 200; });
    }));
    EXPECT_TRUE(all[0]->heard.blocks.empty());
    EXPECT_LE(most, (std::size_t{4} << 20) + 7 * (std::size_t{300} << 10));
    all[0]->heard.reads = true;
    all[0]->peers->read_on(node.id());
    world.until([&] { return all[0]->heard.blocks.size() == 200; });
    for (const auto& one : all)
        for (const auto& block : one->heard.blocks)
            EXPECT_EQ(block.cid, made.blocks.at(block.address.index));
}

TEST_F(ServerTest, EndsWithPeersThatStillWant) {
    const Made made = must(write_blocks(repo_, seeds(1, 100)));
    SteppedExecutor stepped;
    server = std::make_unique<Server>(*node.peers, repo_, stepped);
    world.connect(client, node);
    ASSERT_TRUE(world.until([&] { return client.peers->has(node.id()); }));
    ask(blocks_of(made.tree, 0, 100));
    ask(haves_of(made.tree, 0, 1000));
    world.pass(seconds(1));
    server.reset();
    stepped.run_all(); // jobs that were begun
    world.pass(minutes(1));
    EXPECT_TRUE(client.heard.blocks.empty());
}

} // namespace
} // namespace codex::exchange::test
