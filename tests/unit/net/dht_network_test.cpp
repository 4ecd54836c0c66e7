// Networks of whole nodes on a clock that jumps: how they find each other and what others provide,
// with losses, kills, partitions and strangers who would like to have it all. What a large one
// costs is what its pairs say to each other: CODEX_CROWD (50) is how many nodes the largest has,
// CODEX_LOSSY (1) how many networks lose a fifth of all; scripts/test --full has more of both.
#include "dht_node_fixture.hpp"

#include <algorithm>
#include <cstdlib>

namespace codex::net::dht {
namespace {

using namespace std::chrono_literals;
using test::must;

std::size_t fewest_known(const Swarm& swarm) {
    std::size_t fewest = SIZE_MAX;
    for (const auto& node : swarm.nodes)
        if (node->dht)
            fewest = std::min(fewest, node->dht->node_count());
    return fewest;
}

std::size_t setting(const char* name, std::size_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::stoul(text);
}

bool provides(const std::vector<FoundProvider>& found, const WholeNode& node) {
    return std::any_of(found.begin(), found.end(), [&node](const FoundProvider& one) {
        return one.record.peer == node.dht->record().record.peer;
    });
}

TEST(DhtNetwork, TwoNodesFindEachOtherAtOnce) {
    Swarm swarm;
    swarm.add_many(2);
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 1; }, 1s));
    const auto nodes = swarm.at(0).nodes();
    EXPECT_EQ(nodes[0].id, swarm.at(1).id());
    EXPECT_EQ(nodes[0].address, swarm.nodes[1]->address);
    EXPECT_EQ(nodes[0].peer, swarm.at(1).record().record.peer);
    EXPECT_TRUE(swarm.at(1).nodes()[0].is_seed);
    EXPECT_FALSE(nodes[0].is_seed);

    const Id content = content_id(1);
    EXPECT_EQ(swarm.provide(1, content), 2u);
    for (const std::size_t from : {std::size_t{0}}) {
        const auto found = swarm.find(from, content);
        ASSERT_EQ(found.size(), 1u);
        EXPECT_EQ(found[0].envelope, swarm.nodes[1]->provider_record());
    }
    EXPECT_TRUE(swarm.find(1, content).empty()) << "nobody looks for himself";
    EXPECT_TRUE(swarm.find(0, content_id(2)).empty());
}

TEST(DhtNetwork, EveryTableOfEightIsFullInTenSeconds) {
    Swarm swarm;
    swarm.add_many(8);
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 7; }, 10s));
}

TEST(DhtNetwork, EveryTableOfACrowdIsFullInTenSeconds) {
    const std::size_t crowd = setting("CODEX_CROWD", 50);
    Swarm swarm;
    swarm.add_many(crowd);
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == crowd - 1; }, 10s));
    std::string sizes;
    for (const auto& node : swarm.nodes)
        sizes += std::to_string(node->dht->node_count()) + " ";
    EXPECT_EQ(fewest_known(swarm), crowd - 1) << sizes;

    // What one provides all find, and soon.
    const Id content = content_id(3);
    EXPECT_EQ(swarm.provide(17, content), 16u);
    for (std::size_t from = 0; from < crowd; from += 9) {
        const Clock::Instant begun = swarm.loop.now();
        EXPECT_TRUE(provides(swarm.find(from, content), *swarm.nodes[17])) << from;
        EXPECT_LT(swarm.loop.now() - begun, 500ms);
    }
    auto found = run_task(swarm.loop, swarm.at(3).find_node(swarm.at(40).id(), swarm.in(5s)));
    ASSERT_TRUE(found);
    EXPECT_EQ(must(std::move(*found)).envelope, swarm.at(40).record().envelope);
}

TEST(DhtNetwork, WhoComesLateKnowsAsMuch) {
    Swarm swarm;
    swarm.add_many(40);
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 39; }, 10s));
    swarm.run_for(10min);
    swarm.add();
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 40; }, 10s));
}

TEST(DhtNetwork, FindsThoughAFifthOfAllIsLost) {
    for (std::uint64_t seed = 1; seed <= setting("CODEX_LOSSY", 1); ++seed) {
        WireOptions wire = Swarm::default_wire();
        wire.loss = 0.2;
        Swarm swarm(seed, wire);
        swarm.add_many(30);
        EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) >= 20; }, 30s)) << seed;
        for (std::size_t i = 0; i < 5; ++i) {
            EXPECT_GE(swarm.provide(i, content_id(i)), 10u);
            EXPECT_TRUE(provides(swarm.find(29 - i, content_id(i)), *swarm.nodes[i])) << seed;
        }
        // And after an hour of it, too.
        swarm.run_for(1h);
        EXPECT_GE(fewest_known(swarm), 20u);
        for (std::size_t i = 0; i < 5; ++i)
            EXPECT_TRUE(provides(swarm.find(20 - i, content_id(i)), *swarm.nodes[i])) << seed;
    }
}

TEST(DhtNetwork, FindsThoughHalfOfAllAreKilled) {
    const std::size_t crowd = setting("CODEX_CROWD", 50) * 4 / 5; // even
    Swarm swarm(3);
    swarm.add_many(crowd);
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == crowd - 1; }, 10s));
    for (std::size_t i = 0; i < 10; ++i)
        swarm.provide(2 * i, content_id(i));
    for (std::size_t i = 1; i < crowd; i += 2)
        swarm.nodes[i]->dht.reset();
    for (std::size_t i = 0; i < 10; ++i)
        EXPECT_TRUE(provides(swarm.find(crowd - 2 - 2 * i, content_id(i)), *swarm.nodes[2 * i]))
            << i;
    // Those that are gone leave the tables.
    const auto only_living = [&] {
        return std::all_of(swarm.nodes.begin(), swarm.nodes.end(), [&](const auto& node) {
            return !node->dht || node->dht->node_count() <= crowd / 2 - 1;
        });
    };
    EXPECT_TRUE(swarm.run_until(only_living, 15min));
    EXPECT_GE(fewest_known(swarm), crowd / 2 - 1);
    // And come back with their keys.
    for (std::size_t i = 1; i < crowd; i += 2)
        swarm.nodes[i]->restart();
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == crowd - 1; }, 20s));
}

TEST(DhtNetwork, WhoLooksAgainAtOnceAsksOnlyThoseNextToIt) {
    Swarm swarm;
    swarm.add_many(40);
    ASSERT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 39; }, 20s));
    const Id content = content_id(7);
    const auto asked_by = [&](const auto& what) {
        const std::uint64_t before = swarm.at(3).counters().requests_out;
        what();
        return swarm.at(3).counters().requests_out - before;
    };
    const auto find = [&] { return swarm.find(3, content); };
    EXPECT_GE(asked_by(find), 32u) << "a walk, and then the 16 for what they know";

    EXPECT_GE(swarm.provide(9, content), 16u);
    std::vector<FoundProvider> found;
    EXPECT_EQ(asked_by([&] { found = find(); }), 16u);
    EXPECT_TRUE(found.size() == 1 && provides(found, *swarm.nodes[9]));
    EXPECT_EQ(asked_by([&] { static_cast<void>(swarm.provide(3, content)); }), 16u);
    EXPECT_GE(asked_by([&] { static_cast<void>(swarm.find(3, content_id(8))); }), 32u)
        << "that is somewhere else";

    swarm.run_for(10s);
    EXPECT_GE(asked_by(find), 32u) << "the network may be another by now";
}

TEST(DhtNetwork, WhoLooksAgainNoticesThatOneNextToItHasGone) {
    Swarm swarm;
    swarm.add_many(40);
    ASSERT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 39; }, 20s));
    const Id content = content_id(7);
    static_cast<void>(swarm.find(3, content));
    std::size_t next = 3; // the node that is next to it, but for the one that asks
    for (std::size_t i = 0; i < swarm.nodes.size(); ++i)
        if (i != 3 && (next == 3 || is_nearer(content, swarm.at(i).id(), swarm.at(next).id())))
            next = i;
    swarm.nodes[next]->dht.reset();
    static_cast<void>(swarm.find(3, content)); // it does not answer
    const std::uint64_t before = swarm.at(3).counters().requests_out;
    static_cast<void>(swarm.find(3, content));
    EXPECT_GE(swarm.at(3).counters().requests_out - before, 32u);
}

TEST(DhtNetwork, TwoPartsOfANetworkFindEachOtherAgain) {
    Swarm swarm(4);
    swarm.add_many(20);
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 19; }, 10s));
    const auto cut = [&](bool is_cut) {
        for (std::size_t i = 0; i < 10; ++i)
            for (std::size_t k = 10; k < 20; ++k)
                swarm.internet.set_cut(swarm.nodes[i]->address.ip_view(),
                                       swarm.nodes[k]->address.ip_view(), is_cut);
    };
    cut(true);
    const auto apart = [&] {
        return std::all_of(swarm.nodes.begin(), swarm.nodes.end(),
                           [](const auto& node) { return node->dht->node_count() <= 9; });
    };
    EXPECT_TRUE(swarm.run_until(apart, 1h));
    EXPECT_EQ(fewest_known(swarm), 9u);
    // The part without the seed lives on.
    swarm.provide(12, content_id(1));
    EXPECT_TRUE(provides(swarm.find(18, content_id(1)), *swarm.nodes[12]));
    cut(false);
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 19; }, 10min));
    EXPECT_TRUE(provides(swarm.find(3, content_id(1)), *swarm.nodes[12]));
}

Task<void> count_found(Dht* dht, Id content, Clock::Instant until, std::size_t* count) {
    const auto found = co_await dht->find_providers(content, until);
    *count += found ? 1 : 0;
}

/// The other one was cut off, too, and has not noticed: it goes on as if nothing had been.
TEST(DhtNetwork, WhoWasLostIsKnownAgainWhenItSpeaks) {
    Swarm swarm(3);
    swarm.add();
    swarm.add();
    ASSERT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 1; }, 10s));
    swarm.run_for(2min);
    const auto ip = [&](std::size_t i) { return swarm.nodes[i]->address.ip_view(); };
    swarm.internet.set_cut(ip(0), ip(1), true);
    static_cast<void>(run_task(
        swarm.loop, swarm.at(0).lookup(content_id(1), swarm.in(3s), Asking::by_distances)));
    ASSERT_EQ(swarm.at(0).node_count(), 0U);
    ASSERT_EQ(swarm.at(1).node_count(), 1U);
    swarm.run_for(500ms); // its spare is asked, and does not answer
    swarm.internet.set_cut(ip(0), ip(1), false);
    EXPECT_TRUE(swarm.run_until([&] { return swarm.at(0).node_count() == 1; }, 15s));
    EXPECT_EQ(swarm.at(1).node_count(), 1U);
}

TEST(DhtNetwork, SearchesWaitForEachOtherAndHaveAnEnd) {
    Swarm swarm;
    swarm.add_many(8);
    DhtOptions how;
    how.lookups = 1;
    Dht& dht = *swarm.add(how).dht;
    EXPECT_TRUE(swarm.run_until([&] { return dht.node_count() == 8; }, 10s));
    swarm.run_for(20s); // nothing else is under way
    std::size_t done = 0;
    TaskGroup searches(swarm.loop);
    for (std::uint64_t i = 0; i < 20; ++i)
        searches.start(count_found(&dht, content_id(i), swarm.in(1min), &done));
    EXPECT_TRUE(swarm.run_until([&] { return done == 20; }, 1min));
    // Those that nobody is asked for in time say so.
    for (std::uint64_t i = 0; i < 20; ++i)
        searches.start(count_found(&dht, content_id(i), swarm.in(30ms), &done));
    EXPECT_TRUE(swarm.run_until([&] { return searches.size() == 0; }, 1s));
    EXPECT_LT(done, 40u);
    // What is given up midway is given up.
    for (std::uint64_t i = 0; i < 20; ++i)
        searches.start(count_found(&dht, content_id(i), swarm.in(1min), &done));
    swarm.run_for(25ms);
}

TEST(DhtNetwork, TheSeedMayComeLast) {
    Swarm swarm(5);
    swarm.add();
    for (int i = 0; i < 5; ++i)
        swarm.add();
    swarm.nodes[0]->dht.reset();
    for (std::size_t i = 1; i < 6; ++i)
        swarm.nodes[i]->restart();
    swarm.run_for(30s);
    EXPECT_EQ(fewest_known(swarm), 0u);
    swarm.nodes[0]->restart();
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 5; }, 40s));
    // All but one die, and come again elsewhere: the last one asks the seed again by itself.
    for (std::size_t i = 1; i < 5; ++i)
        swarm.nodes[i]->dht.reset();
    swarm.nodes[0]->dht.reset();
    EXPECT_TRUE(swarm.run_until([&] { return swarm.at(5).node_count() == 0; }, 10min));
    for (std::size_t i = 0; i < 5; ++i)
        swarm.nodes[i]->restart();
    EXPECT_TRUE(swarm.run_until([&] { return fewest_known(swarm) == 5; }, 80s));
}

} // namespace
} // namespace codex::net::dht
