// Networks by who is whose seed: chains, layers, and groups that know nothing of each other.
#include "dht_node_fixture.hpp"

#include <algorithm>

namespace codex::net::dht {
namespace {

using namespace std::chrono_literals;

/// Whether each of these nodes knows all the others of them, and nobody else.
bool know_each_other(Swarm& swarm, std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
        if (swarm.at(i).node_count() != end - first - 1)
            return false;
        for (const ShownNode& known : swarm.at(i).nodes()) {
            const auto is_it = [&](const auto& node) { return node->dht->id() == known.id; };
            const auto begin = swarm.nodes.begin();
            if (std::none_of(begin + static_cast<std::ptrdiff_t>(first),
                             begin + static_cast<std::ptrdiff_t>(end), is_it))
                return false;
        }
    }
    return true;
}

std::vector<PeerId> peers_in(const std::vector<FoundProvider>& found) {
    std::vector<PeerId> peers;
    for (const FoundProvider& one : found)
        peers.push_back(one.record.peer);
    return peers;
}

/// What the first provides the last finds, and the other way round.
void expect_found_from_end_to_end(Swarm& swarm, std::size_t first, std::size_t last) {
    const Id content = content_id(first + 1);
    EXPECT_GT(swarm.provide(first, content), 0u);
    EXPECT_EQ(peers_in(swarm.find(last, content)),
              std::vector<PeerId>(1, swarm.at(first).record().record.peer));
    const Id other = content_id(last + 1000);
    EXPECT_GT(swarm.provide(last, other), 0u);
    EXPECT_EQ(peers_in(swarm.find(first, other)),
              std::vector<PeerId>(1, swarm.at(last).record().record.peer));
}

TEST(DhtShapes, InAChainOfBootstrapsEverybodyKnowsEverybody) {
    Swarm swarm(7);
    swarm.add();
    for (std::size_t i = 0; i + 1 < 32; ++i)
        swarm.add_by({i});
    EXPECT_TRUE(swarm.run_until([&] { return know_each_other(swarm, 0, 32); }, 10s));
    expect_found_from_end_to_end(swarm, 0, 31);
}

TEST(DhtShapes, InAChainThatGrowsWithTimeAsWell) {
    Swarm swarm(8);
    swarm.add();
    for (std::size_t i = 0; i + 1 < 16; ++i) {
        swarm.add_by({i});
        swarm.run_for(40s);
    }
    EXPECT_TRUE(swarm.run_until([&] { return know_each_other(swarm, 0, 16); }, 10s));
    // What was the seed of the next one may go.
    for (std::size_t i = 0; i < 15; i += 2)
        swarm.nodes[i]->dht.reset();
    const Id content = content_id(5);
    EXPECT_GT(swarm.provide(1, content), 0u);
    EXPECT_EQ(peers_in(swarm.find(15, content)),
              std::vector<PeerId>(1, swarm.at(1).record().record.peer));
}

TEST(DhtShapes, InLayersOfBootstrapsEverybodyKnowsEverybody) {
    Swarm swarm(9);
    swarm.add();
    // Each of a layer has two of the one above it, and each layer is three times as wide.
    std::size_t above = 0;
    std::size_t wide = 1;
    while (wide < 27) {
        const std::size_t begin = swarm.nodes.size();
        for (std::size_t i = 0; i < 3 * wide; ++i)
            swarm.add_by({above + i % wide, above + (i + 1) % wide});
        above = begin;
        wide *= 3;
    }
    const std::size_t all = swarm.nodes.size();
    EXPECT_EQ(all, 40u);
    EXPECT_TRUE(swarm.run_until([&] { return know_each_other(swarm, 0, all); }, 10s));
    expect_found_from_end_to_end(swarm, 0, all - 1);
    expect_found_from_end_to_end(swarm, all - 20, all - 2);
}

TEST(DhtShapes, GroupsWithBootstrapsOfTheirOwnDoNotMix) {
    Swarm swarm(10);
    constexpr std::size_t kEach = 12;
    swarm.add_by({});
    for (std::size_t i = 1; i < kEach; ++i)
        swarm.add_by({0});
    swarm.add_by({});
    for (std::size_t i = 1; i < kEach; ++i)
        swarm.add_by({kEach});
    const auto apart = [&] {
        return know_each_other(swarm, 0, kEach) && know_each_other(swarm, kEach, 2 * kEach);
    };
    EXPECT_TRUE(swarm.run_until(apart, 10s));
    const Id content = content_id(3);
    EXPECT_EQ(swarm.provide(3, content), kEach);
    EXPECT_TRUE(swarm.find(kEach + 3, content).empty());
    EXPECT_EQ(swarm.find(5, content).size(), 1u);
    swarm.run_for(1h);
    EXPECT_TRUE(apart());
    EXPECT_TRUE(swarm.find(kEach + 3, content).empty());
    // One that knows both is enough, and then they are one.
    swarm.add_by({0, kEach});
    EXPECT_TRUE(swarm.run_until([&] { return know_each_other(swarm, 0, 2 * kEach + 1); }, 10min));
    EXPECT_EQ(swarm.find(kEach + 3, content).size(), 1u);
}

} // namespace
} // namespace codex::net::dht
