// Many nodes, by one another, while some of them end and begin again.
#include "found_nodes.hpp"

namespace codex::node::dht_swarm_test {
namespace {

using codex::test::must;
using codex::test::must_fail;
using found_nodes::Dataset;
using found_nodes::NodeRecord;
using found_nodes::Whole;
using std::chrono::minutes;
using std::chrono::seconds;

class DhtSwarmTest : public found_nodes::FoundNodes {
protected:
    /// Begins one more, which knows `bootstrap` at first.
    Whole& add(std::vector<NodeRecord> bootstrap) {
        const auto number = static_cast<std::uint8_t>(nodes.size() + 1);
        nodes.push_back(std::make_unique<Whole>(world, number, std::move(bootstrap)));
        return *nodes.back();
    }
    bool all_know(std::size_t count, Clock::Duration span) {
        return world.until(
            [&] {
                return std::ranges::all_of(nodes, [&](const auto& one) {
                    return !one->node || one->node->dht().node_count() >= count;
                });
            },
            span);
    }
    std::vector<std::unique_ptr<Whole>> nodes;
};

TEST_F(DhtSwarmTest, EachKnowsOnlyTheOneBeforeAndAllAreFound) {
    add({});
    for (int i = 0; i < 9; ++i)
        add(nodes.back()->record());
    EXPECT_TRUE(all_know(9, seconds(30)));
    nodes.back()->store.store(data);
    world.pass(seconds(3));
    must(nodes.front()->fetch(data));
    nodes.front()->store.expect_whole(data);
}

TEST_F(DhtSwarmTest, TwoGroupsThatDoNotKnowEachOtherStayApart) {
    Whole& one = add({});
    Whole& other = add({});
    for (int i = 0; i < 3; ++i) {
        add(one.record());
        add(other.record());
    }
    EXPECT_TRUE(all_know(3, seconds(10)));
    one.store.store(data);
    world.pass(minutes(10));
    for (const auto& node : nodes)
        EXPECT_EQ(node->node->dht().node_count(), 3U);
    EXPECT_EQ(must_fail(nodes[3]->fetch(data)).code(), Errc::dataset_not_found);
    must(nodes[2]->fetch(data));
}

TEST_F(DhtSwarmTest, AFileReachesAllWhileSomeEndAndBeginAgain) {
    Whole& first = add({});
    while (nodes.size() < 16)
        add(first.record());
    ASSERT_TRUE(all_know(12, seconds(10)));
    nodes[1]->store.store(data);
    TaskGroup fetching(world.loop);
    std::vector<std::optional<Result<void>>> ended(nodes.size());
    const auto is_killed = [](std::size_t i) { return i % 5 == 3; };
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (!is_killed(i))
            fetching.start(codex::detail::keep_value(nodes[i]->begin_fetch(data), &ended[i]));
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (is_killed(i)) {
            nodes[i]->end();
            world.pass(seconds(2));
            nodes[i]->begin(i == 3 ? first.record() : std::vector<NodeRecord>());
        }
    ASSERT_TRUE(world.until([&] { return fetching.size() == 0; }, minutes(5)));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (is_killed(i))
            must(nodes[i]->fetch(data));
        else
            must(std::move(*ended[i]));
        nodes[i]->store.expect_whole(data);
    }
}

} // namespace
} // namespace codex::node::dht_swarm_test
