// Whole nodes on each other: over a simulated network, whose clock jumps, and over loopback.
#include "net/connection/host.hpp"

#include "base/simulated_network.hpp"
#include "base/system_network.hpp"
#include "network_vectors.hpp"

namespace codex::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::must;
using test::must_fail;

constexpr std::array<std::uint8_t, 4> kIpA = {10, 0, 0, 1};
constexpr std::array<std::uint8_t, 4> kIpB = {10, 0, 0, 2};
const std::string kEcho = "/test/echo/1";

/// Says back what it hears, and ends when the other side does.
Task<void> echo(EventLoop* loop, Stream stream) {
    Bytes bytes(65536);
    for (;;) {
        const Clock::Instant until = loop->now() + minutes(5);
        const auto size = co_await stream.read_some(bytes, until);
        if (!size)
            co_return;
        if (*size == 0)
            break;
        const BytesView heard = BytesView(bytes).first(*size);
        const auto written = co_await stream.write(heard, until);
        if (!written)
            co_return;
    }
    stream.end();
}

Task<Result<void>> send_and_end(Stream* stream, const Bytes* bytes, std::size_t piece,
                                Clock::Instant until) {
    for (std::size_t at = 0; at < bytes->size(); at += piece) {
        const BytesView part = BytesView(*bytes).subspan(at, std::min(piece, bytes->size() - at));
        CODEX_CO_CHECK(stream->write(part, until));
    }
    stream->end();
    co_return Result<void>();
}

Task<void> send_beside(Stream* stream, const Bytes* bytes, std::size_t piece,
                       Clock::Instant until) {
    const auto sent = co_await send_and_end(stream, bytes, piece, until);
    EXPECT_TRUE(sent);
}

Task<void> never_read(EventLoop* loop, Stream stream) {
    co_await loop->pause_until(loop->now() + minutes(5));
    stream.reset();
}

/// Sends `bytes` in pieces, and gives what comes back until the end.
Task<Result<Bytes>> exchange(Host* host, PeerId peer, const Bytes* bytes, std::size_t piece,
                             Clock::Instant until) {
    std::vector<std::string> protocols(1, kEcho);
    CODEX_CO_TRY(stream, host->open(peer, std::move(protocols), until));
    TaskGroup beside(host->loop());
    beside.start(send_beside(&stream, bytes, piece, until));
    Bytes back;
    for (;;) {
        CODEX_CO_TRY(more, stream.wait_more(0, until));
        if (!more)
            break;
        append(back, stream.unread());
        stream.consume(stream.unread().size());
    }
    co_return back;
}

Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    must(SeededRandom(7).fill(bytes));
    return bytes;
}

Task<void> dial_beside(Host* from, Host* to, Clock::Instant until) {
    const auto made = co_await from->connect(to->id(), to->addresses(), until);
    EXPECT_TRUE(made);
}

/// Two nodes, of which b listens; and whatever runs them.
class Pair {
public:
    Pair(EventLoop& on, Network& of_a, Network& of_b, const std::string& listen,
         HostOptions options_a = {}, HostOptions options_b = {})
        : loop(on), secrets_a_(1), secrets_b_(2),
          a(must(Host::make(identity_named("dht_a"), of_a, secrets_a_, std::move(options_a)))),
          b(must(Host::make(identity_named("dht_b"), of_b, secrets_b_, std::move(options_b)))) {
        for (Host* host : {a.get(), b.get()})
            host->serve(kEcho, 16, [&on](Stream stream) { return echo(&on, std::move(stream)); });
        must(b->listen(must(Multiaddr::from_text(listen))));
    }

    template <class T> Result<T> run(Task<Result<T>> task) {
        auto value = run_task(loop, std::move(task), in(minutes(10)));
        if (!value)
            return fail(Errc::timeout, "the task has not ended");
        return std::move(*value);
    }
    [[nodiscard]] Clock::Instant in(Clock::Duration span) const { return loop.now() + span; }
    Result<std::shared_ptr<Connection>> connect() {
        return run(a->connect(b->id(), b->addresses(), in(minutes(1))));
    }
    bool both_know() {
        return loop.run_until([this] { return a->said_by(b->id()) && b->said_by(a->id()); },
                              in(minutes(1)));
    }

    EventLoop& loop;

private:
    SeededSecrets secrets_a_;
    SeededSecrets secrets_b_;

public:
    std::unique_ptr<Host> a;
    std::unique_ptr<Host> b;
};

/// The same over a network that is simulated.
class SimulatedPair {
public:
    explicit SimulatedPair(const WireOptions& wire = {}, HostOptions options_a = {},
                           HostOptions options_b = {})
        : loop(clock), internet(loop, wire), host_a(internet.host(kIpA)),
          host_b(internet.host(kIpB)), pair(loop, *host_a, *host_b, "/ip4/10.0.0.2/tcp/8070",
                                            std::move(options_a), std::move(options_b)) {}

    SimulatedClock clock;
    SimulatedLoop loop;
    SimulatedInternet internet;
    std::unique_ptr<Network> host_a;
    std::unique_ptr<Network> host_b;
    Pair pair;
};

HostOptions with_muxer(std::string_view muxer) {
    HostOptions options;
    options.muxers = {std::string(muxer)};
    return options;
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
        must(pair.run(exchange(pair.a.get(), pair.b->id(), &large, 1 << 20, pair.in(minutes(5)))));
    EXPECT_TRUE(back == large);
    const Bytes ones =
        must(pair.run(exchange(pair.b.get(), pair.a->id(), &small, 1, pair.in(minutes(5)))));
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

TEST(Host, RefusesAnotherPeerThanWasDialled) {
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
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

TEST(Host, GivesUpOnWhoNeverAnswers) {
    SimulatedPair simulated;
    simulated.internet.set_silent(kIpB, true);
    const Clock::Instant start = simulated.loop.now();
    EXPECT_EQ(must_fail(simulated.pair.connect()).code(), Errc::timeout);
    EXPECT_EQ(simulated.loop.now() - start, HostLimits().dial);
    simulated.internet.set_silent(kIpB, false);
    must(simulated.pair.connect());
}

TEST(Host, HoldsAnUnfinishedHandshakeForItsTimeAlone) {
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
    const SocketAddress to(kIpB, 8070);
    const auto silent = must(pair.run(simulated.host_a->connect(to, pair.in(seconds(1)))));
    EXPECT_FALSE(pair.loop.run_until(
        [&] { return pair.b->limit_counts().of(Limit::upgrade_time) > 0; }, pair.in(seconds(9))));
    EXPECT_TRUE(pair.loop.run_until(
        [&] { return pair.b->limit_counts().of(Limit::upgrade_time) > 0; }, pair.in(seconds(2))));
    must(pair.connect());
}

TEST(Host, KeepsBothOfTwoCrossingDials) {
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
    must(pair.a->listen(must(Multiaddr::from_text("/ip4/10.0.0.1/tcp/8070"))));
    TaskGroup group(pair.loop);
    group.start(dial_beside(pair.a.get(), pair.b.get(), pair.in(minutes(1))));
    group.start(dial_beside(pair.b.get(), pair.a.get(), pair.in(minutes(1))));
    EXPECT_TRUE(pair.loop.run_until([&] { return group.size() == 0; }, pair.in(minutes(1))));
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

TEST(Host, ClosesWhatIsIdle) {
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
    must(pair.connect());
    EXPECT_TRUE(pair.both_know());
    EXPECT_FALSE(
        pair.loop.run_until([&] { return pair.a->connections().empty(); }, pair.in(minutes(9))));
    EXPECT_TRUE(pair.loop.run_until(
        [&] { return pair.a->connections().empty() && pair.b->connections().empty(); },
        pair.in(minutes(2))));
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
        pair.loop.run_until([] { return false; }, pair.in(milliseconds(1)));
        EXPECT_EQ(pair.b->limit_counts().of(limit), refused);
    };
    come(*stranger, Limit::unauthenticated_ip, 0);
    come(*stranger, Limit::unauthenticated_ip, 0);
    come(*stranger, Limit::unauthenticated_ip, 1);
    come(*simulated.host_a, Limit::unauthenticated, 0); // of a private net
    come(*simulated.host_a, Limit::unauthenticated, 1);
    open.clear();
    pair.loop.run_until([] { return false; }, pair.in(seconds(1)));
    must(pair.connect());
}

TEST(Host, ServesOnlySoManyStreamsOfAProtocolToAPeer) {
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
    must(pair.connect());
    std::vector<Stream> streams;
    for (int i = 0; i < 3; ++i)
        streams.push_back(must(pair.run(
            pair.a->open(pair.b->id(), std::vector<std::string>(1, std::string(identify::kPing)),
                         pair.in(minutes(1))))));
    EXPECT_TRUE(
        pair.loop.run_until([&] { return pair.b->limit_counts().of(Limit::protocol_streams) == 1; },
                            pair.in(seconds(5))));
    EXPECT_EQ(must_fail(pair.run(streams.back().wait_more(0, pair.in(seconds(5))))).code(),
              Errc::unavailable);
    streams.clear();
    must(pair.run(pair.a->ping(pair.b->id(), pair.in(minutes(1)))));
}

TEST(Host, TellsWhatHasChanged) {
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
    must(pair.connect());
    EXPECT_TRUE(pair.both_know());
    EXPECT_TRUE(pair.b->said_by(pair.a->id())->listen_addresses.empty());
    must(pair.a->listen(must(Multiaddr::from_text("/ip4/10.0.0.1/tcp/9"))));
    pair.a->push();
    EXPECT_TRUE(pair.loop.run_until(
        [&] { return !pair.b->said_by(pair.a->id())->listen_addresses.empty(); },
        pair.in(minutes(1))));
}

} // namespace
} // namespace codex::net
