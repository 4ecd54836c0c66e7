// One stranger who would like to have a node, or what it knows of something, for himself; and two
// nodes on the sockets of this host.
#include "base/system_network.hpp"
#include "dht_told_peer.hpp"

#include <algorithm>

namespace codex::net::dht {
namespace {

using namespace std::chrono_literals;
using test::must;

/// Nodes each in a net of its own, which all know each other.
void add_in_nets(Swarm& swarm, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        swarm.add({}, static_cast<std::uint32_t>(256 * (i + 1) + 1));
    EXPECT_TRUE(swarm.run_until(
        [&] {
            return std::all_of(swarm.nodes.begin(), swarm.nodes.end(), [&](const auto& node) {
                return node->dht->node_count() == count - 1;
            });
        },
        10s));
}

bool is_found(const std::vector<FoundProvider>& found, const WholeNode& node) {
    return std::any_of(found.begin(), found.end(), [&node](const FoundProvider& one) {
        return one.record.peer == node.dht->record().record.peer;
    });
}

TEST(DhtSiege, AHundredNamesOfOneHostDriveNobodyOut) {
    Swarm swarm;
    add_in_nets(swarm, 20);
    const Id content = content_id(1);
    swarm.provide(4, content);
    std::set<Id> honest;
    for (const ShownNode& node : swarm.at(0).nodes())
        honest.insert(node.id);

    // They show who they are, answer as they should, and tell of each other alone; of providers
    // they know nothing.
    std::vector<std::unique_ptr<ToldPeer>> names;
    for (std::uint16_t i = 0; i < 100; ++i) {
        const SocketAddress at(host_address(0x20001).ip_view(),
                               static_cast<std::uint16_t>(2000 + i));
        names.push_back(std::make_unique<ToldPeer>(swarm, at, 1, 5000 + i));
    }
    for (auto& name : names)
        for (std::size_t i = 0; i < 16; ++i)
            name->tells.push_back(names[(i * 7) % names.size()]->record().envelope);
    for (int round = 0; round < 4; ++round)
        for (auto& name : names) {
            name->say(swarm.at(0), Ping{1}, 50ms);
            for (auto& other : names)
                other->hear();
        }

    const auto nodes = swarm.at(0).nodes();
    EXPECT_GT(nodes.size(), honest.size()) << "they were not even heard";
    const auto still = std::count_if(nodes.begin(), nodes.end(), [&](const ShownNode& node) {
        return honest.contains(node.id);
    });
    EXPECT_EQ(static_cast<std::size_t>(still), honest.size());
    EXPECT_GT(swarm.at(0).counters().packets_refused, 0u) << "more handshakes than one host may";
    EXPECT_TRUE(is_found(swarm.find(0, content), *swarm.nodes[4]));
}

TEST(DhtSiege, AFloodOfProvidersOfOneHostHidesNobody) {
    Swarm swarm;
    add_in_nets(swarm, 8);
    const Id content = content_id(1);
    swarm.provide(4, content);
    ToldPeer flood(swarm, 0x20001);
    for (std::uint64_t i = 0; i < 300; ++i) {
        SeededSecrets random(i);
        const SecretKey key = must(SecretKey::generate(random));
        const std::vector<Multiaddr> tcp = {Multiaddr::tcp(flood.address().ip_view(), 1)};
        const Bytes record = seal_peer_record(key, 1, tcp);
        for (std::size_t k = 0; k < 8; ++k)
            flood.say(swarm.at(k), AddProvider{content, record}, 5ms);
        flood.listen(30ms);
    }
    EXPECT_GT(swarm.at(0).counters().providers_taken, 200u);
    // Who comes later has none of it, and asks them all.
    swarm.add({}, 256 * 20 + 1);
    EXPECT_TRUE(swarm.run_until([&] { return swarm.at(8).node_count() >= 8; }, 10s));
    const auto found = swarm.find(8, content);
    EXPECT_TRUE(is_found(found, *swarm.nodes[4]));
    EXPECT_GT(found.size(), 6u);
}

TEST(DhtSiege, AFloodOfDatagramsHoldsUpNobodyElse) {
    Swarm swarm;
    add_in_nets(swarm, 3);
    ToldPeer flood(swarm, 0x20001);
    SeededRandom random(1);
    for (int i = 0; i < 100; ++i) {
        for (int k = 0; k < 50; ++k) {
            Bytes garbage(100);
            must(random.fill(garbage));
            flood.send_raw(swarm.at(0), garbage);
        }
        swarm.run_for(10ms);
    }
    EXPECT_GT(swarm.at(0).counters().packets_refused, 4000u);
    EXPECT_EQ(flood.bytes_in, 0u);
    auto rtt = run_task(swarm.loop, swarm.at(1).ping(swarm.at(0).record(), swarm.in(1s)));
    ASSERT_TRUE(rtt);
    EXPECT_EQ(must(std::move(*rtt)), 20ms);
}

TEST(DhtOnThisHost, TwoNodesFindEachOtherAndWhatTheyProvide) {
    SystemLoop loop;
    SystemNetwork network(loop);
    SeededSecrets secrets(1);
    SeededRandom choices(1);
    MemoryProviders store_a(choices);
    MemoryProviders store_b(choices);
    const SocketAddress any(std::array<std::uint8_t, 4>{127, 0, 0, 1}, 0);
    const auto a =
        must(Dht::make(must(SecretKey::generate(secrets)), network, any, secrets, store_a));
    DhtOptions how;
    how.seeds.push_back(a->record());
    SecretKey key = must(SecretKey::generate(secrets));
    const Bytes record = seal_peer_record(key, 1, std::vector{Multiaddr::tcp(any.ip_view(), 1)});
    const auto b = must(Dht::make(std::move(key), network, any, secrets, store_b, how));
    const Clock::Instant end = loop.now() + 60s;
    EXPECT_TRUE(loop.run_until([&] { return a->node_count() == 1 && b->node_count() == 1; }, end));
    // On a machine that is busy with others a second may pass before an answer is read: who is
    // missed then comes back, and is asked again.
    const Id content = content_id(1);
    std::vector<FoundProvider> providers;
    while (providers.empty() && loop.now() < end) {
        auto told = run_task(loop, b->provide(content, record, end), end);
        ASSERT_TRUE(told && *told);
        EXPECT_GE(**told, 1u);
        auto found = run_task(loop, a->find_providers(content, end), end);
        ASSERT_TRUE(found);
        providers = must(std::move(*found));
    }
    ASSERT_EQ(providers.size(), 1u);
    EXPECT_EQ(providers[0].envelope, record);
}

} // namespace
} // namespace codex::net::dht
