// Half of those that are said to have something are of no use: what is wanted comes nearly as fast
// as if they were not there.
#include "node/found_nodes.hpp"
#include "seeds.hpp"

#include <gtest/gtest.h>

namespace codex::node::bad_providers_test {
namespace {

using codex::test::must;
using exchange::test::Fault;
using exchange::test::Faulty;
using found_nodes::Dataset;
using found_nodes::Whole;
using found_nodes::World;
using net::dht::Id;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WireOptions kWire = {.delay = milliseconds(20), .bytes_per_second = 500e3};
constexpr std::uint8_t kGood = 4;
constexpr std::array<Fault, 5> kFaults = {Fault::silence, Fault::slowness, Fault::corrupt_data,
                                          Fault::silence, Fault::dropped_connection};
constexpr std::uint8_t kMadeUp = 8;

/// One that wants things, those that have them, and, perhaps, as many others or more. By the seed
/// others are dialled, and asked.
class Swarm {
public:
    Swarm(bool with_bad, std::uint64_t seed) : wants(world, 1, {}, {}, seed), with_bad_(with_bad) {
        for (std::uint8_t i = 0; i < kGood; ++i)
            good_.push_back(std::make_unique<Whole>(world, static_cast<std::uint8_t>(10 + i),
                                                    wants.record(), AnnouncerOptions(), seed));
        EXPECT_TRUE(world.until([&] { return wants.node->dht().node_count() == kGood; }));
    }
    /// How long it takes.
    Clock::Duration fetch(const Dataset& data) {
        for (const auto& one : good_)
            one->store.store(data);
        bad_.clear();
        if (with_bad_)
            add_bad(data);
        world.pass(minutes(1));
        const Clock::Instant began = world.loop.now();
        must(wants.fetch(data));
        wants.store.expect_whole(data);
        return world.loop.now() - began;
    }
    World world{kWire};
    Whole wants;

private:
    void add_bad(const Dataset& data) {
        std::uint8_t number = 100;
        for (const Fault fault : kFaults) {
            bad_.push_back(std::make_unique<Faulty>(world, number, data, fault));
            net::SeededSecrets of_key(number);
            say_has(data, must(net::SecretKey::generate(of_key)), number++);
        }
        for (std::uint8_t i = 0; i < kMadeUp; ++i, ++number) {
            world.internet.set_silent(std::array<std::uint8_t, 4>{10, 0, 0, number}, true);
            net::SeededSecrets of_key(number);
            say_has(data, must(net::SecretKey::generate(of_key)), number);
        }
    }
    void say_has(const Dataset& data, const net::SecretKey& key, std::uint8_t number) {
        const std::array<std::uint8_t, 4> ip = {10, 0, 0, number};
        const std::uint64_t now = world.clock.unix_seconds();
        const std::vector<net::Multiaddr> at(1, net::Multiaddr::tcp(ip, 8070));
        const auto record = must(net::dht::open_node_record(net::seal_peer_record(key, now, at)));
        const auto from = net::dht::Source::of(SocketAddress(ip, 8090));
        for (DhtStore* const store : {wants.dht_store.get(), good_[0]->dht_store.get()})
            EXPECT_TRUE(store->add(Id::of_content(data.cid), record, from, now + 24UL * 3600, now));
    }

    bool with_bad_;
    std::vector<std::unique_ptr<Whole>> good_;
    std::vector<std::unique_ptr<Faulty>> bad_;
};

double in_seconds(Clock::Duration span) {
    return std::chrono::duration<double>(span).count();
}

/// CODEX_SEEDS=FIRST-LAST runs others than usual.
TEST(BadProviders, HoldUpAFetchALittleAndTheNextOneLess) {
    const Dataset first(repo::test::seeds(1, 1500));
    const Dataset next(repo::test::seeds(5000, 1500));
    Swarm good(false, 0);
    const double first_alone = in_seconds(good.fetch(first));
    const double next_alone = in_seconds(good.fetch(next));
    // In 194 hardly one of the first five that answer is of use.
    const auto [from, to] = sim::seeds_or({193, 195});
    for (std::uint64_t seed = from; seed <= to; ++seed) {
        Swarm mixed(true, seed);
        const double first_mixed = in_seconds(mixed.fetch(first));
        const double next_mixed = in_seconds(mixed.fetch(next));
        std::printf("%llu: good alone %.2f and %.2f s, with others %.2f and %.2f s\n",
                    static_cast<unsigned long long>(seed), first_alone, next_alone, first_mixed,
                    next_mixed);
        EXPECT_LT(first_mixed, 2 * first_alone + 1) << seed;
        EXPECT_LT(next_mixed, 1.3 * next_alone) << seed;
    }
}

} // namespace
} // namespace codex::node::bad_providers_test
