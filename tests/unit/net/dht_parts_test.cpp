// What a node of the DHT is put together from: records that were opened, datagrams that wait, and
// where others have seen it.
#include "dht_node_fixture.hpp"
#include "net/dht/record_cache.hpp"

namespace codex::net::dht {
namespace {

using namespace std::chrono_literals;
using test::must;

Bytes record_of(std::uint64_t seed) {
    SeededSecrets random(seed);
    return seal_peer_record(must(SecretKey::generate(random)), 1,
                            std::vector{udp_multiaddr(host_address(1))});
}

TEST(DhtRecords, AreCheckedOnce) {
    RecordCache cache(2);
    const std::vector<Bytes> records = {record_of(1), record_of(2), record_of(3)};
    const auto opened = [&](std::size_t i) {
        EXPECT_EQ(must(cache.open(records[i])), must(open_node_record(records[i])));
        return cache.checked();
    };
    EXPECT_EQ(opened(0), 1u);
    EXPECT_EQ(opened(0), 1u);
    EXPECT_EQ(opened(1), 2u);
    EXPECT_EQ(opened(0), 2u);
    EXPECT_EQ(opened(2), 3u); // in the place of 1, which was used longest ago
    EXPECT_EQ(opened(0), 3u);
    EXPECT_EQ(opened(1), 4u);
    EXPECT_EQ(opened(2), 5u);
    // What is wrong is not remembered as right, nor in its place.
    Bytes forged = records[2];
    forged.back() ^= 1;
    EXPECT_FALSE(cache.open(forged));
    EXPECT_FALSE(cache.open(forged));
    EXPECT_FALSE(cache.open({}));
    EXPECT_EQ(cache.checked(), 8u);
    EXPECT_EQ(opened(2), 8u);
}

TEST(DhtRecords, HaveAddressesOfBothKinds) {
    for (const SocketAddress& address :
         {host_address(1), SocketAddress(Bytes(16, 0x20), 65535),
          SocketAddress(Bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 1)}) {
        PeerRecord record{PeerId(identity_named("dht_a").public_key()), 1, {}};
        record.addresses.push_back(udp_multiaddr(address));
        EXPECT_EQ(udp_address(record), address);
    }
    EXPECT_EQ(udp_multiaddr(host_address(1)).text(), "/ip4/10.0.0.1/udp/8090");
}

TEST(DhtOutbox, SendsAnswersFirstAndHoldsOnlySoMany) {
    Swarm swarm;
    const SocketAddress from = host_address(1);
    const SocketAddress to = host_address(2);
    const auto sender = swarm.internet.host(from.ip_view());
    const auto receiver = swarm.internet.host(to.ip_view());
    const auto out = must(sender->bind_datagrams(from));
    const auto in = must(receiver->bind_datagrams(to));
    Outbox box(*out, swarm.loop);
    TaskGroup tasks(swarm.loop);
    tasks.start(Outbox::run(&box));
    const auto received = [&] {
        swarm.run_for(1s);
        std::vector<Bytes> all;
        Bytes buffer(100);
        while (const auto arrived = must(in->try_receive(buffer)))
            all.emplace_back(buffer.begin(),
                             buffer.begin() + static_cast<std::ptrdiff_t>(arrived->bytes));
        return all;
    };
    box.send({to, {1}}, Urgency::request);
    EXPECT_EQ(box.waiting(), 0u);
    EXPECT_EQ(received(), (std::vector<Bytes>{{1}}));

    swarm.internet.set_full(from.ip_view(), true);
    box.send({to, {2}}, Urgency::request);
    box.send({to, {3}}, Urgency::answer);
    box.send({to, {4}}, Urgency::answer);
    EXPECT_EQ(received(), std::vector<Bytes>());
    EXPECT_EQ(box.waiting(), 3u);
    swarm.internet.set_full(from.ip_view(), false);
    EXPECT_EQ(received(), (std::vector<Bytes>{{3}, {4}, {2}}));
    EXPECT_EQ(box.packets(), 4u);
    EXPECT_EQ(box.bytes(), 4u);

    swarm.internet.set_full(from.ip_view(), true);
    for (std::size_t i = 0; i < 3 * Outbox::kMost; ++i)
        box.send({to, {static_cast<std::uint8_t>(i)}}, Urgency::request);
    EXPECT_EQ(box.waiting(), Outbox::kMost);
    EXPECT_EQ(box.lost(), 2 * Outbox::kMost);
    swarm.internet.set_full(from.ip_view(), false);
    EXPECT_EQ(received().size(), Outbox::kMost);
    // Where there is no way is no matter of those behind.
    box.send({SocketAddress(Bytes(16, 1), 1), {5}}, Urgency::answer);
    box.send({to, {6}}, Urgency::answer);
    EXPECT_EQ(received(), (std::vector<Bytes>{{6}}));
    EXPECT_EQ(box.lost(), 2 * Outbox::kMost + 1);
}

TEST(DhtSeenAddresses, AreAgreedOnByMostAndAtLeastThreeSources) {
    SeenAddresses seen;
    const SocketAddress right = host_address(70);
    const SocketAddress wrong = host_address(71);
    EXPECT_FALSE(seen.agreed());
    for (int i = 0; i < 5; ++i)
        seen.heard(host_address(1), wrong); // one, however often
    EXPECT_FALSE(seen.agreed());
    seen.heard(host_address(2), right);
    seen.heard(host_address(3), right);
    EXPECT_FALSE(seen.agreed());
    seen.heard(host_address(4), right);
    EXPECT_EQ(seen.agreed(), right);
    seen.heard(host_address(5), wrong);
    seen.heard(host_address(6), wrong);
    EXPECT_FALSE(seen.agreed()) << "three of six are no more than half";
    seen.heard(host_address(1), right); // it has changed its mind
    EXPECT_EQ(seen.agreed(), right);
    // What was said long ago counts no more.
    for (std::uint32_t i = 0; i < SeenAddresses::kMost; ++i)
        seen.heard(host_address(100 + i), wrong);
    EXPECT_EQ(seen.agreed(), wrong);
}

} // namespace
} // namespace codex::net::dht
