// What a server does where memory is refused: it gives up what that is for, and goes on.
#include "failing_memory.hpp"
#include "fetch_fixture.hpp"
#include "sanitizers.hpp"

namespace codex::exchange::test {
namespace {

using repo::test::seeds;

/// A peer asks for all of a dataset, with the `nth` allocation refused, of both and of what is
/// between them; then again. Gives whether there was such an allocation.
bool ask_without(Store& node, const Dataset& data, World& world, Speaker& client, long nth) {
    const auto ask = [&] {
        Message message;
        for (std::uint64_t i = 0; i < data.size(); ++i) {
            message.wants.push_back(want_have(leaf(data.tree_cid(), i)));
            message.wants.push_back(want_block(leaf(data.tree_cid(), i), true));
        }
        client.peers->send(node.id(), message);
    };
    const auto come = [&] {
        if (!client.peers->has(node.id()))
            world.connect(client, node);
        return world.until(
            [&] { return client.peers->has(node.id()) && node.peers->has(client.id()); },
            minutes(1));
    };
    EXPECT_TRUE(come());
    ask();
    const std::function<bool()> done = [&] { return client.heard.blocks.size() >= data.size(); };
    bool refused = false;
    {
        const codex::test::FailingMemory failing(nth);
        // What is thrown here ends the process of a node.
        EXPECT_NO_THROW(world.until(done, seconds(5))) << "allocation " << nth;
        refused = failing.refused();
    }
    // A connection that was given up has gone by then.
    world.pass(minutes(2));
    client.heard.blocks.clear();
    EXPECT_TRUE(come());
    ask();
    EXPECT_TRUE(world.until(done, minutes(1))) << "allocation " << nth;
    client.heard = Heard();
    return refused;
}

TEST(ServerMemory, EndsNoMoreThanAPeerThatCannotBeServed) {
    if (codex::test::kThreadSanitizer)
        GTEST_SKIP() << "it has an operator new of its own, which refuses nothing";
    World world;
    const Dataset data(seeds(1, 40));
    Store node(world, 1);
    node.store(data, {0, data.size()});
    node.serve();
    Speaker client(world.internet, 2);
    long nth = 0;
    for (bool refused = true; refused && !HasFailure(); nth += 7)
        refused = ask_without(node, data, world, client, nth);
    EXPECT_GT(nth, 300);
    EXPECT_EQ(node.host->limit_counts().of(net::Limit::fault), 0U);
    EXPECT_GT(node.host->limit_counts().of(net::Limit::memory), 5U);
    EXPECT_EQ(node.server->unsent_bytes(), 0U);
}

} // namespace
} // namespace codex::exchange::test
