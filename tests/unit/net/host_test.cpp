// Whole nodes on each other: over a simulated network, whose clock jumps, and over loopback.
#include "base/system_network.hpp"
#include "node_pair.hpp"

namespace codex::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::must;
using test::must_fail;

class HostPair : public testing::Test {
protected:
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
};

Task<void> never_read(EventLoop* loop, Stream stream) {
    co_await loop->pause_until(loop->now() + minutes(5));
    stream.reset();
}

Task<void> dial_beside(Host* from, Host* to, Clock::Instant until) {
    const auto made = co_await from->connect(to->id(), to->addresses(), until);
    EXPECT_TRUE(made);
}

void expect_talk(Pair& pair, std::string_view muxer) {
    const auto connection = must(pair.connect());
    EXPECT_EQ(connection->muxer(), muxer);
    EXPECT_TRUE(pair.both_know());
    EXPECT_EQ(pair.a->said_by(pair.b->id())->agent_version, "codex");
    EXPECT_GE(must(pair.run(pair.a->ping(pair.b->id(), pair.in(minutes(1))))).count(), 0);
    EXPECT_GE(must(pair.run(pair.b->ping(pair.a->id(), pair.in(minutes(1))))).count(), 0);
    const Bytes large = pattern(3 << 20);
    const Bytes small = pattern(300);
    const Bytes back =
        must(pair.run(talk(pair.a.get(), pair.b->id(), &large, 1 << 20, pair.in(minutes(5)))));
    EXPECT_TRUE(back == large);
    const Bytes ones =
        must(pair.run(talk(pair.b.get(), pair.a->id(), &small, 1, pair.in(minutes(5)))));
    EXPECT_TRUE(ones == small);
    const Error none = must_fail(pair.run(pair.a->open(
        pair.b->id(), std::vector<std::string>(1, "/not/served"), pair.in(minutes(1)))));
    EXPECT_EQ(none.code(), Errc::protocol_unsupported);
}

TEST(Host, TalksByEachMuxerHoweverBytesAreCut) {
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
            if (piece == 1 && muxer == mux::kYamux)
                continue; // as slow, and cut the same way below the muxer
            WireOptions wire;
            wire.piece_bytes = piece == 1 ? 7 : piece;
            wire.delay = milliseconds(5);
            SimulatedPair simulated(wire, with_muxer(muxer));
            expect_talk(simulated.pair, muxer);
        }
    }
}

TEST(Host, TalksOverLoopback) {
    for (const char* const listen : {"/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"}) {
        SystemLoop loop;
        SystemNetwork network(loop);
        Pair pair(loop, network, network, listen);
        expect_talk(pair, mux::kMplex);
    }
}

TEST_F(HostPair, RefusesAnotherPeerThanWasDialled) {
    SeededSecrets secrets(3);
    const PeerId other(must(SecretKey::generate(secrets)).public_key());
    const Error error =
        must_fail(pair.run(pair.a->connect(other, pair.b->addresses(), pair.in(minutes(1)))));
    EXPECT_EQ(error.code(), Errc::peer_wrong) << error.text();
    EXPECT_TRUE(pair.b->connections().empty());
    const Error self = must_fail(
        pair.run(pair.b->connect(pair.b->id(), pair.b->addresses(), pair.in(minutes(1)))));
    EXPECT_EQ(self.code(), Errc::argument_invalid);
}

TEST_F(HostPair, GivesUpOnWhoNeverAnswers) {
    simulated.internet.set_silent(kIpB, true);
    const Clock::Instant start = simulated.loop.now();
    EXPECT_EQ(must_fail(pair.connect()).code(), Errc::timeout);
    EXPECT_EQ(simulated.loop.now() - start, HostLimits().dial);
    simulated.internet.set_silent(kIpB, false);
    // An address that failed is not tried at once again, unless that is asked for.
    EXPECT_EQ(must_fail(pair.connect()).code(), Errc::unavailable);
    must(pair.run(
        pair.a->connect(pair.b->id(), pair.b->addresses(), pair.in(minutes(1)), Redial::at_once)));
}

TEST_F(HostPair, TriesAnAddressThatFailsSeldomer) {
    const std::vector<Multiaddr> nobody(1, must(Multiaddr::from_text("/ip4/10.0.0.2/tcp/1")));
    Clock::Duration longest{};
    for (int i = 0; i < 12; ++i) {
        const Clock::Instant start = pair.loop.now();
        for (;;) { // until it is tried again
            const Error error =
                must_fail(pair.run(pair.a->connect(pair.b->id(), nobody, pair.in(seconds(5)))));
            EXPECT_EQ(error.code(), Errc::unavailable);
            if (error.text().find("a moment ago") == std::string::npos)
                break;
            EXPECT_NE(error.text().find("refused"), std::string::npos) << error.text();
            pair.pass(seconds(1));
        }
        longest = std::max(longest, pair.loop.now() - start);
        EXPECT_LE(pair.loop.now() - start, seconds(62));
        // After the first, at least half of what doubles each time.
        if (i > 0) {
            EXPECT_GE(pair.loop.now() - start, milliseconds(500) * (1 << std::min(i - 1, 5)));
        }
    }
    EXPECT_GE(longest, seconds(30));
    // Another address of the same peer is tried at once; and who is there is no failure any more.
    must(pair.connect());
}

TEST_F(HostPair, LooksUpNames) {
    const std::array<std::uint8_t, 4> nobody{10, 0, 0, 99};
    simulated.internet.name("node.test", nobody);
    simulated.internet.name("node.test", kIpB);
    const auto at = [&](const char* text) {
        std::vector<Multiaddr> addresses(1, must(Multiaddr::from_text(text)));
        return pair.run(pair.a->connect(pair.b->id(), std::move(addresses), pair.in(minutes(1))));
    };
    EXPECT_EQ(must_fail(at("/dns4/other.test/tcp/8070")).code(), Errc::unavailable);
    EXPECT_EQ(must_fail(at("/dns6/node.test/tcp/8070")).code(), Errc::unavailable);
    const Error listed = must_fail(at("/dnsaddr/node.test"));
    EXPECT_EQ(listed.code(), Errc::unsupported);
    EXPECT_NE(listed.text().find("dnsaddr"), std::string::npos);
    must(at("/dns4/node.test/tcp/8070")); // its second address
}

TEST(SystemNetwork, LooksUpNames) {
    SystemLoop loop;
    SystemNetwork network(loop);
    const auto until = loop.now() + minutes(1);
    const auto found = must(*run_task(loop, network.resolve("localhost", true, false, until)));
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front().text(), "127.0.0.1:0");
    // Who does not wait for the answer leaves the loop without it, unless the resolver, which knows
    // that this is no name, is faster than the loop comes to wait.
    auto none = run_task(loop, network.resolve("no such name", true, true, loop.now()));
    EXPECT_THAT(must_fail(std::move(*none)).code(),
                testing::AnyOf(Errc::timeout, Errc::unavailable));
}

TEST_F(HostPair, HoldsAnUnfinishedHandshakeForItsTimeAlone) {
    const SocketAddress to(kIpB, 8070);
    const auto silent = must(pair.run(simulated.host_a->connect(to, pair.in(seconds(1)))));
    EXPECT_FALSE(
        pair.until([&] { return pair.b->limit_counts().of(Limit::upgrade_time) > 0; }, seconds(9)));
    EXPECT_TRUE(
        pair.until([&] { return pair.b->limit_counts().of(Limit::upgrade_time) > 0; }, seconds(2)));
    must(pair.connect());
}

TEST_F(HostPair, KeepsBothOfTwoCrossingDials) {
    must(pair.a->listen(must(Multiaddr::from_text("/ip4/10.0.0.1/tcp/8070"))));
    TaskGroup group(pair.loop);
    group.start(dial_beside(pair.a.get(), pair.b.get(), pair.in(minutes(1))));
    group.start(dial_beside(pair.b.get(), pair.a.get(), pair.in(minutes(1))));
    EXPECT_TRUE(pair.until([&] { return group.size() == 0; }, minutes(1)));
    EXPECT_TRUE(pair.both_know());
    EXPECT_EQ(pair.a->connections().size(), 2u);
    EXPECT_EQ(pair.b->connections().size(), 2u);
}

TEST(Host, ResetsAStreamThatNobodyReadsAndServesTheOthers) {
    SimulatedPair simulated({}, with_muxer(mux::kMplex));
    Pair& pair = simulated.pair;
    const std::string deaf = "/test/deaf/1";
    pair.b->serve(deaf, 4,
                  [&pair](Stream stream) { return never_read(&pair.loop, std::move(stream)); });
    must(pair.connect());
    auto stream = must(pair.run(
        pair.a->open(pair.b->id(), std::vector<std::string>(1, deaf), pair.in(minutes(1)))));
    const Bytes much = pattern(8 << 20);
    const Error error =
        must_fail(pair.run(send_and_end(&stream, &much, much.size(), pair.in(minutes(2)))));
    EXPECT_EQ(error.code(), Errc::unavailable) << error.text();
    EXPECT_EQ(pair.b->limit_counts().of(Limit::unread), 1u);
    must(pair.run(pair.a->ping(pair.b->id(), pair.in(minutes(1)))));
}

TEST_F(HostPair, ClosesWhatIsIdle) {
    must(pair.connect());
    EXPECT_TRUE(pair.both_know());
    EXPECT_FALSE(pair.until([&] { return pair.a->connections().empty(); }, minutes(9)));
    EXPECT_TRUE(
        pair.until([&] { return pair.a->connections().empty() && pair.b->connections().empty(); },
                   minutes(2)));
}

TEST(Host, TakesOnlySoManyThatHaveNotSaidWhoTheyAre) {
    HostOptions options;
    options.limits.unauthenticated = 3;
    options.limits.unauthenticated_per_ip = 2;
    SimulatedPair simulated({}, {}, std::move(options));
    Pair& pair = simulated.pair;
    const auto stranger = simulated.internet.host(std::array<std::uint8_t, 4>{9, 9, 9, 9});
    const SocketAddress to(kIpB, 8070);
    std::vector<std::unique_ptr<Socket>> open;
    const auto come = [&](Network& from, Limit limit, std::uint64_t refused) {
        open.push_back(must(pair.run(from.connect(to, pair.in(seconds(1))))));
        pair.pass(milliseconds(1));
        EXPECT_EQ(pair.b->limit_counts().of(limit), refused);
    };
    come(*stranger, Limit::unauthenticated_ip, 0);
    come(*stranger, Limit::unauthenticated_ip, 0);
    come(*stranger, Limit::unauthenticated_ip, 1);
    come(*simulated.host_a, Limit::unauthenticated, 0); // of a private net
    come(*simulated.host_a, Limit::unauthenticated, 1);
    // The newest has its place, and the oldest none any more.
    std::array<std::uint8_t, 100> bytes{};
    EXPECT_TRUE(must(open.back()->try_read(bytes)) != std::optional<std::size_t>(0));
    for (std::optional<std::size_t> got = 1; got && *got != 0;)
        got = must(open.front()->try_read(bytes));
    open.clear();
    pair.pass(seconds(1));
    must(pair.connect());
}

TEST(Host, ConnectsThoughOthersOfItsAddressComeAndSayNothing) {
    HostOptions options;
    options.limits.unauthenticated_per_ip = 2;
    SimulatedPair simulated({}, {}, std::move(options));
    Pair& pair = simulated.pair;
    const auto network = simulated.internet.host(std::array<std::uint8_t, 4>{9, 9, 9, 9});
    const SocketAddress to(kIpB, 8070);
    std::vector<std::unique_ptr<Socket>> silent;
    for (int i = 0; i < 2; ++i)
        silent.push_back(must(pair.run(network->connect(to, pair.in(seconds(1))))));
    SeededSecrets secrets(9);
    const auto neighbour =
        must(Host::make(must(SecretKey::generate(secrets)), *network, secrets, HostOptions()));
    must(pair.run(neighbour->connect(pair.b->id(), pair.b->addresses(), pair.in(minutes(1)))));
    EXPECT_EQ(pair.b->limit_counts().of(Limit::unauthenticated_ip), 1u);
    must(pair.run(neighbour->ping(pair.b->id(), pair.in(minutes(1)))));
}

TEST_F(HostPair, ConnectsThoughOthersComeAndSayNothing) {
    const SocketAddress to(kIpB, 8070);
    std::vector<std::unique_ptr<Socket>> silent;
    for (int i = 0; i < 40; ++i)
        silent.push_back(must(pair.run(simulated.host_a->connect(to, pair.in(seconds(1))))));
    must(pair.connect());
    must(pair.run(pair.a->ping(pair.b->id(), pair.in(minutes(1)))));
    EXPECT_EQ(pair.b->limit_counts().of(Limit::unauthenticated), 9u);
    // One that has said who it is was not the oldest any more.
    for (int i = 0; i < 40; ++i)
        silent.push_back(must(pair.run(simulated.host_a->connect(to, pair.in(seconds(1))))));
    must(pair.run(pair.a->ping(pair.b->id(), pair.in(minutes(1)))));
}

TEST(Host, NumbersItsRecordsBeyondAllBefore) {
    constexpr std::uint64_t kBefore = std::uint64_t{1} << 40; // of a clock that went back
    HostOptions options;
    options.record_sequence = kBefore;
    std::vector<std::uint64_t> kept;
    options.record_signed = [&kept](std::uint64_t sequence) { kept.push_back(sequence); };
    SimulatedPair simulated({}, {}, std::move(options));
    Pair& pair = simulated.pair;
    must(pair.connect());
    EXPECT_TRUE(pair.both_know());
    const auto number_of = [](const Host& host, const PeerId& peer) {
        return must(open_peer_record(host.said_by(peer)->signed_record)).sequence;
    };
    const std::uint64_t first = number_of(*pair.a, pair.b->id());
    EXPECT_EQ(first, kBefore + 1);
    pair.b->push();
    pair.pass(seconds(5));
    EXPECT_EQ(number_of(*pair.a, pair.b->id()), first) << "nothing has changed";
    must(pair.b->listen(must(Multiaddr::from_text("/ip4/10.0.0.2/tcp/9"))));
    pair.b->push();
    EXPECT_TRUE(pair.until([&] { return number_of(*pair.a, pair.b->id()) > first; }, minutes(1)));
    EXPECT_EQ(kept, (std::vector<std::uint64_t>{kBefore + 1, kBefore + 2}));
}

TEST_F(HostPair, ServesOnlySoManyStreamsOfAProtocolToAPeer) {
    must(pair.connect());
    std::vector<Stream> streams;
    for (int i = 0; i < 3; ++i)
        streams.push_back(must(pair.run(
            pair.a->open(pair.b->id(), std::vector<std::string>(1, std::string(identify::kPing)),
                         pair.in(minutes(1))))));
    EXPECT_TRUE(pair.until([&] { return pair.b->limit_counts().of(Limit::protocol_streams) == 1; },
                           seconds(5)));
    EXPECT_EQ(must_fail(pair.run(streams.back().wait_more(0, pair.in(seconds(5))))).code(),
              Errc::unavailable);
    streams.clear();
    must(pair.run(pair.a->ping(pair.b->id(), pair.in(minutes(1)))));
}

TEST_F(HostPair, TellsWhatHasChanged) {
    must(pair.connect());
    EXPECT_TRUE(pair.both_know());
    EXPECT_TRUE(pair.b->said_by(pair.a->id())->listen_addresses.empty());
    must(pair.a->listen(must(Multiaddr::from_text("/ip4/10.0.0.1/tcp/9"))));
    pair.a->push();
    EXPECT_TRUE(pair.until([&] { return !pair.b->said_by(pair.a->id())->listen_addresses.empty(); },
                           minutes(1)));
}

TEST_F(HostPair, TellsFirstWhereOthersReachItAndThenWhereItListens) {
    const auto told = [&](std::vector<std::string> texts) {
        std::vector<Multiaddr> addresses;
        for (const std::string& text : texts)
            addresses.push_back(must(Multiaddr::from_text(text)));
        return pair.until(
            [&] { return pair.a->said_by(pair.b->id())->listen_addresses == addresses; },
            minutes(1));
    };
    const std::string here = "/ip4/10.0.0.2/tcp/8070";
    const std::string way_in = "/ip4/192.0.2.9/tcp/4001";
    pair.b->announce({must(Multiaddr::from_text(way_in)), must(Multiaddr::from_text(here))});
    must(pair.connect());
    ASSERT_TRUE(pair.both_know());
    EXPECT_TRUE(told({way_in, here}));
    const auto number = [&] { return pair.a->said_by(pair.b->id())->record->sequence; };
    const std::uint64_t before = number();
    // Who is connected is told when it changes.
    pair.b->announce({});
    EXPECT_TRUE(told({here}));
    EXPECT_GT(number(), before);
}

} // namespace
} // namespace codex::net
