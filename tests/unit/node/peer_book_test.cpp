// What is remembered of peers, and whom a search dials therefore.
#include "node/peer_book.hpp"

#include "found_nodes.hpp"
#include "node/peer_search.hpp"

namespace codex::node::peer_book_test {
namespace {

using codex::test::must;
using exchange::FetchPeer;
using found_nodes::Dataset;
using found_nodes::Whole;
using net::dht::Id;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Standing = PeerBook::Standing;

net::PeerId peer_named(std::uint32_t number) {
    std::array<std::uint8_t, 36> bytes{0x12, 0x20};
    std::memcpy(bytes.data() + 2, &number, sizeof number);
    return *net::PeerId::from_bytes(BytesView(bytes).first(34));
}

FetchPeer gave(const net::PeerId& peer, std::uint64_t blocks, std::uint64_t wrong,
               std::uint64_t late) {
    FetchPeer since{peer};
    since.blocks = blocks;
    since.wrong = wrong;
    since.late = late;
    since.rate = 1e6;
    return since;
}

TEST(PeerBookTest, WhoGivesIsBelievedAndWhoLiesOrIsSilentIsNot) {
    PeerBook book;
    const Clock::Instant now{hours(1)};
    const net::PeerId one = peer_named(1);
    EXPECT_EQ(book.standing(one), Standing::unknown);
    EXPECT_EQ(book.belief(one), 1);
    book.gave(gave(one, 0, 0, 0), now);
    EXPECT_EQ(book.size(), 0U) << "who was asked for nothing is as before";
    book.gave(gave(one, 100, 0, 2), now);
    EXPECT_EQ(book.standing(one), Standing::good);
    EXPECT_EQ(book.rate(one), 1e6);
    EXPECT_TRUE(book.may_dial(one, now));
    book.gave(gave(one, 100, 1, 0), now);
    EXPECT_EQ(book.standing(one), Standing::poor);
    EXPECT_FALSE(book.may_dial(one, now));
    EXPECT_LT(book.belief(one), 0.3);
    book.gave(gave(one, 100, 0, 0), now);
    EXPECT_EQ(book.standing(one), Standing::good);
    EXPECT_TRUE(book.may_dial(one, now));

    const net::PeerId silent = peer_named(2);
    for (int i = 0; i < 8; ++i)
        book.gave(gave(silent, 0, 0, 1), now);
    EXPECT_EQ(book.standing(silent), Standing::poor);
    EXPECT_EQ(book.belief(silent), 1.0 / 16);
}

TEST(PeerBookTest, PausesBecomeLongerUpToAnHourAndAreForgivenByBlocks) {
    PeerBook book;
    Clock::Instant now{hours(1)};
    const net::PeerId one = peer_named(1);
    for (const auto pause : {minutes(1), minutes(2), minutes(4), minutes(8), minutes(16),
                             minutes(32), minutes(60), minutes(60)}) {
        book.unreachable(one, now);
        EXPECT_FALSE(book.may_dial(one, now + pause - seconds(1)));
        EXPECT_TRUE(book.may_dial(one, now + pause));
        now += pause;
    }
    book.reached(one, now);
    EXPECT_TRUE(book.may_dial(one, now));
    book.unreachable(one, now);
    EXPECT_FALSE(book.may_dial(one, now + minutes(15))) << "to take a connection is not to give";
    book.gave(gave(one, 10, 0, 0), now);
    book.unreachable(one, now);
    EXPECT_TRUE(book.may_dial(one, now + minutes(1)));
}

TEST(PeerBookTest, PeersThatSomebodyMakesUpPushOutNobodyWhoGives) {
    PeerBook book(100);
    Clock::Instant now{hours(1)};
    for (std::uint32_t i = 0; i < 50; ++i)
        book.gave(gave(peer_named(i), 100, 0, 0), now);
    for (std::uint32_t i = 1000; i < 6000; ++i) {
        now += seconds(1);
        book.unreachable(peer_named(i), now);
    }
    EXPECT_EQ(book.size(), 100U);
    for (std::uint32_t i = 0; i < 50; ++i)
        EXPECT_EQ(book.standing(peer_named(i)), Standing::good);
    EXPECT_FALSE(book.may_dial(peer_named(5999), now));
    EXPECT_TRUE(book.may_dial(peer_named(1000), now)) << "forgotten";
}

/// One node that looks for a dataset, and others that are said to have it.
class DiallingTest : public found_nodes::FoundNodes {
protected:
    DiallingTest() { EXPECT_TRUE(know_each_other({&one, &two, &three})); }

    /// Says that so many others have it, at addresses where nobody answers, one or several each.
    std::vector<net::PeerId> make_up(std::uint8_t count, std::uint8_t addresses = 1) {
        std::vector<net::PeerId> made;
        const std::uint64_t now = world.clock.unix_seconds();
        for (std::uint8_t i = 0; i < count; ++i) {
            net::SeededSecrets of_key(100U + i);
            std::vector<net::Multiaddr> at;
            for (std::uint8_t a = 0; a < addresses; ++a) {
                const std::array<std::uint8_t, 4> ip = {10, 1, i, a};
                world.internet.set_silent(ip, true);
                at.push_back(net::Multiaddr::tcp(ip, 8070));
            }
            const Bytes sealed =
                net::seal_peer_record(must(net::SecretKey::generate(of_key)), now, at);
            const auto record = must(net::dht::open_node_record(sealed));
            made.push_back(record.record.peer);
            const std::array<std::uint8_t, 4> from = {10, 1, i, 1};
            // Where who looks asks first: no search is needed to be told of all.
            EXPECT_TRUE(two.dht_store->add(Id::of_content(data.cid), record,
                                           net::dht::Source::of(SocketAddress(from, 8090)),
                                           now + 24UL * 3600, now));
        }
        return made;
    }
    /// How long it takes until there is a connection with the one that has it.
    Clock::Duration until_connected(PeerSearchOptions options) {
        PeerSearch search(two.node->dht(), *two.dht_store, *two.store.host, data.cid,
                          std::move(options));
        const Clock::Instant began = world.loop.now();
        search.begin();
        EXPECT_TRUE(
            world.until([&] { return two.store.host->connection(three.store.id()) != nullptr; }));
        return world.loop.now() - began;
    }
    Whole one{world, 1};
    Whole two{world, 2, one.record()};
    Whole three{world, 3, one.record()};
};

TEST_F(DiallingTest, WhereNobodyAnswersHoldsUpNobodyElse) {
    three.store.store(data);
    world.pass(minutes(1));
    make_up(120, 8);
    // As many as a search tells of are dialled within seconds, whatever addresses they name.
    EXPECT_LT(until_connected({}), seconds(25));
}

TEST_F(DiallingTest, WhoGaveWellIsDialledFirstAndWhoIsKnownForNothingLast) {
    three.store.store(data);
    world.pass(minutes(1));
    const std::vector<net::PeerId> made = make_up(5);
    PeerSearchOptions one_at_a_time;
    one_at_a_time.at_once = one_at_a_time.dials = 1;
    PeerBook book;
    one_at_a_time.book = &book;
    const auto dials = [&] { return two.store.host->traffic().dials; };
    std::uint64_t before = dials();
    for (const net::PeerId& peer : made)
        for (int i = 0; i < 3; ++i)
            book.unreachable(peer, world.loop.now());
    EXPECT_LT(until_connected(one_at_a_time), seconds(3)) << "the others are poor";
    EXPECT_EQ(dials(), before + 1);
    must(two.fetch(data));

    PeerBook another;
    one_at_a_time.book = &another;
    another.gave(gave(three.store.id(), 100, 0, 0), world.loop.now());
    two.store.peers->drop(three.store.id(), "another one is to be made");
    world.pass(seconds(1));
    make_up(5); // who could not be dialled was forgotten
    before = dials();
    EXPECT_LT(until_connected(one_at_a_time), seconds(3)) << "it is good";
    EXPECT_EQ(dials(), before + 1);
}

TEST_F(DiallingTest, WhoIsBackIsFetchedOfThoughAnotherFetchGaveHimUp) {
    three.store.store(data);
    world.pass(minutes(1));
    const std::array<std::uint8_t, 4> ip = three.ip();
    world.internet.set_silent(ip, true);
    EXPECT_FALSE(two.fetch(data));
    world.internet.set_silent(ip, false);
    world.pass(minutes(2)); // the host has a pause of its own for an address that failed
    three.advertiser.reset();
    three.advertiser = std::make_unique<Advertiser>(*three.node, three.store.repo,
                                                    three.store.executor, three.advertising);
    world.pass(seconds(30));
    must(two.fetch(data));
}

TEST_F(DiallingTest, WhatWasFetchedSaysWhoGivesWell) {
    three.store.store(data);
    world.pass(minutes(1));
    PeerBook book;
    PeerSearchOptions options;
    options.book = &book;
    PeerSearch search(two.node->dht(), *two.dht_store, *two.store.host, data.cid, options);
    exchange::FetchOptions how;
    how.source = &search;
    exchange::Fetch fetch(*two.store.peers, two.store.repo, data.cid, std::move(how),
                          codex::Job(two.store.executor));
    search.watch(fetch);
    must(world.run(exchange::Fetch::run(&fetch)));
    search.end_watch();
    EXPECT_EQ(book.standing(three.store.id()), Standing::good);
    EXPECT_GT(book.rate(three.store.id()), 0);
}

} // namespace
} // namespace codex::node::peer_book_test
