// What a server does of much that is asked, and for many: nothing twice, in turns, and within
// limits.
#include "base/stepped_executor.hpp"
#include "server_fixture.hpp"

namespace codex::exchange::test {
namespace {

using ServerLimits = ServerTest;

TEST_F(ServerLimits, SendsNothingThatIsCancelled) {
    const Made made = must(write_blocks(repo_, seeds(1, 100)));
    SteppedExecutor stepped;
    serve(stepped);
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

TEST_F(ServerLimits, DropsARepeatWhileTheBlockIsOnItsWay) {
    const Made made = must(write_blocks(repo_, seeds(1, 4)));
    SteppedExecutor stepped;
    serve(stepped);
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

TEST_F(ServerLimits, WritesMessagesOfNoMoreThanTwentyBlocks) {
    const Made made = must(write_blocks(repo_, seeds(1, 200)));
    serve();
    ask(blocks_of(made.tree, 0, 200));
    EXPECT_TRUE(comes(0, 200));
    EXPECT_GE(client.heard.messages, 10);
    EXPECT_EQ(client.heard.messages, static_cast<int>(server->counts().messages));
}

TEST_F(ServerLimits, AnswersLongListsInMessagesOfNoMoreThan1024) {
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

TEST_F(ServerLimits, HoldsAPeerToItsWants) {
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

TEST_F(ServerLimits, ReadsAFloodOfWantsMoreSlowlyAndLosesNothing) {
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

TEST_F(ServerLimits, ServesManyAtATimeFairlyAndNobodyWaitsForOneWhoDoesNotRead) {
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

TEST_F(ServerLimits, EndsWithPeersThatStillWant) {
    const Made made = must(write_blocks(repo_, seeds(1, 100)));
    SteppedExecutor stepped;
    serve(stepped);
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
