// One node: what it answers to each kind of message, what it makes of the answers of others, and
// what nobody gets from it before he has shown who he is.
#include "dht_told_peer.hpp"

#include <algorithm>

namespace codex::net::dht {
namespace {

using namespace std::chrono_literals;
using test::must;

TEST(DhtNode, AnswersEachKindOfMessage) {
    Swarm swarm;
    Dht& node = *swarm.add().dht;
    ToldPeer peer(swarm, 50);

    peer.say(node, Ping{7});
    auto pongs = peer.heard<Pong>();
    ASSERT_EQ(pongs.size(), 1u);
    EXPECT_EQ(pongs[0].sequence, node.record().record.sequence);
    EXPECT_EQ(pongs[0].seen, peer.address());

    peer.say(node, FindNode{{0, 256}});
    EXPECT_EQ(peer.heard<Nodes>(), (std::vector<Nodes>{{1, {node.record().envelope}}}));
    // It knows the asker alone, who is not told of himself.
    std::vector<std::uint16_t> all;
    for (std::uint16_t i = 1; i <= kMaxDistance; ++i)
        all.push_back(i);
    peer.say(node, FindNode{all});
    EXPECT_EQ(peer.heard<Nodes>(), (std::vector<Nodes>{{1, {}}}));
    peer.say(node, FindNodeFast{peer.id()});
    EXPECT_EQ(peer.heard<Nodes>(), (std::vector<Nodes>{{1, {}}}));
    peer.say(node, TalkRequest{Bytes{1}, Bytes{2}});
    EXPECT_EQ(peer.heard<TalkResponse>(), (std::vector<TalkResponse>{{}}));

    const Id content = content_id(1);
    peer.say(node, GetProviders{content});
    EXPECT_EQ(peer.heard<Providers>(), (std::vector<Providers>{{1, {}}}));
    const Bytes record =
        seal_peer_record(peer.key(), 3, std::vector{Multiaddr::tcp(peer.address().ip_view(), 1)});
    peer.say(node, AddProvider{content, record});
    EXPECT_TRUE(peer.messages.empty()) << "it is not answered";
    peer.say(node, GetProviders{content});
    EXPECT_EQ(peer.heard<Providers>(), (std::vector<Providers>{{1, {record}}}));
    // Kinds that nobody speaks, and answers to nothing.
    peer.say(node, Unspoken{9});
    peer.say(node, Pong{1, peer.address()});
    peer.say(node, Nodes{1, {}});
    EXPECT_TRUE(peer.messages.empty());
    EXPECT_EQ(node.counters().unsolicited, 2u);
    EXPECT_EQ(node.counters().providers_taken, 1u);
    EXPECT_EQ(node.counters().requests_silent, 2u);
    EXPECT_GE(node.counters().sessions.misses, 1u);
    EXPECT_GT(node.counters().sessions.hits, node.counters().sessions.misses);
    EXPECT_EQ(node.counters().sessions.unopened, 0u);
}

TEST(DhtNode, TellsOfManyNodesInDatagramsThatPassEverywhere) {
    Swarm swarm;
    swarm.add_many(40);
    EXPECT_TRUE(swarm.run_until([&] { return swarm.at(3).node_count() == 39; }, 10s));
    ToldPeer peer(swarm, 500);
    std::vector<std::uint16_t> all;
    for (std::uint16_t i = 1; i <= kMaxDistance; ++i)
        all.push_back(i);
    peer.say(swarm.at(3), FindNode{all});
    const auto parts = peer.heard<Nodes>();
    std::set<Bytes> records;
    for (const Nodes& part : parts) {
        EXPECT_EQ(part.total, parts.size());
        EXPECT_GT(part.records.size(), 3u);
        records.insert(part.records.begin(), part.records.end());
    }
    EXPECT_EQ(records.size(), 16u);
    EXPECT_LE(parts.size(), 3u);
    EXPECT_LE(peer.largest_in, 1200u);
    peer.say(swarm.at(3), FindNodeFast{peer.id()});
    const auto fast = peer.heard<Nodes>();
    ASSERT_EQ(fast.size(), 1u);
    EXPECT_EQ(fast[0].records.size(), 6u);

    // Of many providers six, others each time.
    const Id content = content_id(5);
    for (std::uint64_t i = 0; i < 40; ++i)
        swarm.nodes[3]->store.add(content,
                                  must(open_node_record(swarm.nodes[i]->provider_record())),
                                  Source::of(swarm.nodes[i]->address),
                                  swarm.clock.unix_seconds() + 100, swarm.clock.unix_seconds());
    std::set<Bytes> providers;
    for (int i = 0; i < 20; ++i) {
        peer.say(swarm.at(3), GetProviders{content}, 50ms);
        const auto answer = peer.heard<Providers>();
        ASSERT_EQ(answer.size(), 1u);
        EXPECT_EQ(answer[0].total, 1u);
        EXPECT_EQ(answer[0].records.size(), 6u);
        providers.insert(answer[0].records.begin(), answer[0].records.end());
    }
    EXPECT_GT(providers.size(), 25u);
    EXPECT_LE(peer.largest_in, 1200u);
    // What is over is not told, though it may be kept.
    swarm.run_for(101s);
    peer.say(swarm.at(3), GetProviders{content});
    EXPECT_EQ(peer.heard<Providers>(), (std::vector<Providers>{{1, {}}}));
}

TEST(DhtNode, GivesNobodyMoreThanHeSentBeforeHeHasShownWhoHeIs) {
    Swarm swarm;
    swarm.add_many(20);
    EXPECT_TRUE(swarm.run_until([&] { return swarm.at(0).node_count() == 19; }, 10s));
    // Strangers that only send, as whoever forges an address does: at whom the answers go.
    for (std::uint32_t i = 0; i < 30; ++i) {
        ToldPeer peer(swarm, 1000 + i);
        SeededRandom random(i);
        const Id source = [&] {
            Id id;
            must(random.fill(id.bytes));
            return id;
        }();
        for (int k = 0; k < 3; ++k) {
            MaskingIv iv{};
            Nonce nonce{};
            must(random.fill(iv));
            must(random.fill(nonce));
            const Bytes header = make_header(iv, nonce, OrdinaryHead{source});
            peer.send_raw(swarm.at(0),
                          make_datagram(swarm.at(0).id(), header, Bytes(20 + 100 * i, 7)));
            Bytes garbage(63 + i);
            must(random.fill(garbage));
            peer.send_raw(swarm.at(0), garbage);
        }
        peer.listen(2s);
        EXPECT_LE(peer.bytes_in, peer.bytes_out) << i;
        EXPECT_LE(peer.bytes_in, 3 * kMinDatagramBytes);
    }
    EXPECT_EQ(swarm.at(0).node_count(), 19u);
}

TEST(DhtNode, TakesTheProvidersThatProveThemselvesAlone) {
    Swarm swarm;
    Dht& node = *swarm.add().dht;
    ToldPeer peer(swarm, 50);
    const Id content = content_id(1);
    Bytes forged =
        seal_peer_record(peer.key(), 3, std::vector{Multiaddr::tcp(peer.address().ip_view(), 1)});
    forged.back() ^= 1;
    peer.say(node, AddProvider{content, forged});
    peer.say(node, AddProvider{content, Bytes()});
    peer.say(node, AddProvider{content, Bytes(50000, 1)});
    std::vector<Multiaddr> many;
    for (std::uint16_t i = 1; i <= 200; ++i)
        many.push_back(Multiaddr::tcp(peer.address().ip_view(), i));
    peer.say(node, AddProvider{content, seal_peer_record(peer.key(), 3, many)});
    EXPECT_EQ(node.counters().providers_refused, 4u);
    peer.say(node, GetProviders{content});
    EXPECT_EQ(peer.heard<Providers>(), (std::vector<Providers>{{1, {}}}));
}

TEST(DhtNode, GetsTheNewerRecordThatANodeSaysItHas) {
    Swarm swarm;
    Dht& node = *swarm.add().dht;
    ToldPeer peer(swarm, 50, 10);
    peer.say(node, Ping{10});
    ASSERT_EQ(node.node_count(), 1u);
    peer.set_sequence(11);
    peer.tells = {peer.record().envelope};
    peer.asked_of.clear();
    peer.listen(25s); // it is asked whether it is still there meanwhile
    EXPECT_EQ(node.counters().records_updated, 1u);
    const auto asked = [&](const Body& what) {
        return std::count(peer.asked_of.begin(), peer.asked_of.end(), what);
    };
    EXPECT_EQ(asked(FindNode{{0}}), 1);
    EXPECT_GE(asked(Ping{node.record().record.sequence}), 2);
}

TEST(DhtNode, AsksAgainOnceAndLeavesOutWhoIsSilent) {
    Swarm swarm;
    Dht& node = *swarm.add().dht;
    ToldPeer peer(swarm, 50);
    peer.say(node, Ping{1});
    ASSERT_EQ(node.node_count(), 1u);
    peer.listen(300ms); // the first look around is over
    const auto right = peer.answers;
    std::size_t heard = 0;
    // Of each question the first copy is lost.
    peer.answers = [&](const Body& asked) {
        return ++heard % 2 == 0 ? right(asked) : std::vector<Body>();
    };
    peer.listen(60s);
    EXPECT_GT(heard, 10u);
    EXPECT_EQ(node.counters().requests_missed, 0u);
    ASSERT_EQ(node.node_count(), 1u);
    EXPECT_EQ(node.nodes()[0].reliability, 1);
    EXPECT_EQ(node.reliable_count(), 1u);
    EXPECT_LT(node.nodes()[0].silent_for, 12s);

    peer.answers = [](const Body&) { return std::vector<Body>(); };
    peer.listen(3min);
    EXPECT_EQ(node.node_count(), 0u);
    EXPECT_EQ(node.reliable_count(), 0u);
    EXPECT_GT(node.counters().requests_missed, 0u);
    EXPECT_GE(node.counters().requests_out,
              node.counters().requests_missed + node.counters().requests_answered);
}

/// Whom it was told of has answered, which was lost; in the session that there is by then it shows
/// its record no more.
TEST(DhtNode, KnowsWhoSpeaksInASessionThoughItsAnswerWasLost) {
    Swarm swarm;
    Dht& node = *swarm.add().dht;
    ToldPeer teller(swarm, 50);
    ToldPeer peer(swarm, 51);
    teller.tells = {peer.record().envelope};
    const auto right = peer.answers;
    peer.answers = [](const Body&) { return std::vector<Body>(); };
    teller.say(node, Ping{1});
    for (int i = 0; i < 100; ++i) {
        teller.listen(50ms);
        peer.hear();
    }
    ASSERT_FALSE(peer.asked_of.empty());
    ASSERT_EQ(node.node_count(), 1u);
    teller.tells.clear();
    peer.answers = right;
    peer.say(node, Ping{1});
    EXPECT_EQ(peer.heard<Pong>().size(), 1u);
    EXPECT_EQ(node.node_count(), 2u);
}

TEST(DhtNode, TellsWhereEnoughStrangersHaveSeenIt) {
    Swarm swarm;
    Dht& node = *swarm.add().dht;
    std::vector<std::unique_ptr<ToldPeer>> peers;
    for (std::uint32_t i = 0; i < 5; ++i) {
        peers.push_back(std::make_unique<ToldPeer>(swarm, 50 + i));
        if (i < 2)
            peers.back()->seen_as = host_address(77); // liars
    }
    const auto ask = [&](std::size_t i) {
        TaskGroup group(swarm.loop);
        std::optional<Result<Clock::Duration>> rtt;
        group.start(codex::detail::keep_value(node.ping(peers[i]->record(), swarm.in(1s)), &rtt));
        peers[i]->listen(200ms);
        ASSERT_TRUE(rtt && *rtt);
        EXPECT_EQ(**rtt, 40ms) << "a handshake first";
    };
    for (std::size_t i = 0; i < 4; ++i) {
        ask(i);
        EXPECT_FALSE(node.seen_at()) << i;
    }
    ask(4);
    EXPECT_EQ(node.seen_at(), host_address(99));
    EXPECT_EQ(node.node_count(), 5u);
}

TEST(DhtNode, NumbersItsRecordsUpwardsWhateverTheClockSays) {
    Swarm swarm;
    DhtOptions how;
    how.record_sequence = swarm.clock.unix_seconds() + 5000;
    WholeNode& node = swarm.add(how);
    EXPECT_EQ(node.dht->record().record.sequence, how.record_sequence + 1);
    EXPECT_EQ(node.last_sequence, how.record_sequence + 1);
    const SocketAddress elsewhere = host_address(200);
    node.dht->announce(elsewhere);
    EXPECT_EQ(node.dht->record().record.sequence, how.record_sequence + 2);
    EXPECT_EQ(udp_address(node.dht->record().record), elsewhere);
    EXPECT_EQ(must(open_node_record(node.dht->record().envelope)).record,
              node.dht->record().record);
    node.restart();
    EXPECT_EQ(node.dht->record().record.sequence, how.record_sequence + 3);
}

TEST(DhtNode, IsNotAnnouncedWithoutAnAddress) {
    Swarm swarm;
    WholeNode& node = swarm.add();
    DhtOptions how;
    how.announced = SocketAddress(std::array<std::uint8_t, 4>{}, 8091);
    auto made =
        Dht::make(must(SecretKey::decode(node.identity)), *node.network,
                  SocketAddress(node.address.ip_view(), 8091), node.secrets, node.store, how);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), Errc::argument_invalid);
}

TEST(DhtNode, HearsayIsAskedBeforeItIsBelieved) {
    Swarm swarm;
    Dht& node = *swarm.add().dht;
    ToldPeer liar(swarm, 50);
    // Names without anybody, and one of somebody who is elsewhere.
    for (std::uint64_t i = 0; i < 16; ++i) {
        SeededSecrets random(i);
        const SecretKey key = must(SecretKey::generate(random));
        liar.tells.push_back(seal_peer_record(
            key, 1, std::vector{udp_multiaddr(host_address(600 + static_cast<std::uint32_t>(i)))}));
    }
    liar.answers = [&](const Body& asked) {
        std::vector<Body> all;
        const auto* distances = std::get_if<FindNode>(&asked);
        if (distances == nullptr) {
            all.push_back(Pong{1, node.local()});
            return all;
        }
        Nodes nodes;
        for (const Bytes& envelope : liar.tells) {
            const unsigned distance = log_distance(must(open_node_record(envelope)).id, liar.id());
            if (std::find(distances->distances.begin(), distances->distances.end(), distance) !=
                distances->distances.end())
                nodes.records.push_back(envelope);
        }
        all.push_back(std::move(nodes));
        return all;
    };
    liar.say(node, Ping{1});
    liar.listen(30s);
    EXPECT_EQ(node.node_count(), 1u);
    EXPECT_GT(node.counters().requests_missed, 0u);
}

} // namespace
} // namespace codex::net::dht
