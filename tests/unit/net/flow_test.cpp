// How bytes flow between nodes: as fast as a link lets them, as slowly as a reader takes them, and
// no more of them held than may be.
#include "node_pair.hpp"

namespace codex::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::must;
using test::must_fail;

const std::string kSink = "/test/sink/1";

/// Takes everything, a pause after each 64 KiB, and ends behind the end.
Task<void> take_slowly(EventLoop* loop, Stream stream, Clock::Duration pause) {
    Bytes bytes(65536);
    for (;;) {
        const Clock::Instant until = loop->now() + minutes(5);
        const auto size = co_await stream.read_some(bytes, until);
        if (!size || *size == 0)
            break;
        if (pause != Clock::Duration::zero()) {
            co_await loop->pause_until(loop->now() + pause);
        }
    }
    stream.end();
}

Task<void> take_nothing(EventLoop* loop, Stream stream) {
    co_await loop->pause_until(loop->now() + minutes(5));
    stream.reset();
}

/// Reads to the end, as fast as it comes.
Task<void> take_back(Stream* stream, Clock::Instant until) {
    Bytes bytes(65536);
    for (;;) {
        const auto size = co_await stream->read_some(bytes, until);
        if (!size || *size == 0)
            co_return;
    }
}

Task<Result<void>> send_to_the_end(Stream* stream, const Bytes* bytes, Clock::Instant until) {
    CODEX_CO_CHECK(stream->write(*bytes, until));
    co_return co_await stream->finish(until);
}

Stream open(Pair& pair, const std::string& protocol) {
    return must(pair.run(
        pair.a->open(pair.b->id(), std::vector<std::string>(1, protocol), pair.in(seconds(30)))));
}

void serve_sink(Pair& pair, Clock::Duration pause) {
    pair.b->serve(kSink, 4, [&pair, pause](Stream stream) {
        return take_slowly(&pair.loop, std::move(stream), pause);
    });
}

TEST(Flow, FillsALongLink) {
    WireOptions wire;
    wire.delay = milliseconds(50);
    wire.buffer_bytes = std::size_t{64} << 20;
    SimulatedPair simulated(wire, with_muxer(mux::kYamux));
    Pair& pair = simulated.pair;
    serve_sink(pair, {});
    must(pair.connect());
    auto stream = open(pair, kSink);
    const Bytes much = pattern(std::size_t{32} << 20);
    const Clock::Instant start = pair.loop.now();
    must(pair.run(send_to_the_end(&stream, &much, pair.in(minutes(5)))));
    // By the window that it begins with it would take 128 round trips.
    EXPECT_LT(pair.loop.now() - start, 30 * milliseconds(100));
    const auto round_trip = pair.b->connections().front()->round_trip();
    ASSERT_TRUE(round_trip);
    EXPECT_GE(*round_trip, milliseconds(100));
    EXPECT_LE(*round_trip, milliseconds(150));
}

TEST(Flow, PingsAreAnsweredWhileMuchIsSentBothWays) {
    // Peers on js-libp2p ping every ten seconds, and end a connection that does not answer.
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        WireOptions wire;
        wire.delay = milliseconds(20);
        wire.bytes_per_second = 200e3;
        wire.buffer_bytes = std::size_t{64} << 10;
        SimulatedPair simulated(wire, with_muxer(muxer));
        Pair& pair = simulated.pair;
        must(pair.connect());
        auto there = open(pair, kEcho);
        const Bytes much = pattern(std::size_t{6} << 20);
        TaskGroup beside(pair.loop);
        beside.start(send_beside(&there, &much, much.size(), pair.in(minutes(5))));
        beside.start(take_back(&there, pair.in(minutes(5))));
        for (int i = 0; i < 3; ++i) {
            pair.loop.run_until([] { return false; }, pair.in(seconds(1)));
            const auto taken = must(pair.run(pair.a->ping(pair.b->id(), pair.in(minutes(1)))));
            EXPECT_LE(taken, seconds(5)) << muxer;
        }
        EXPECT_EQ(beside.size(), 2U) << "there is still something to send";
        EXPECT_TRUE(
            pair.loop.run_until([&beside] { return beside.size() == 0; }, pair.in(minutes(2))));
    }
}

TEST(Flow, PiecesGoAsOne) {
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        SimulatedPair simulated({}, with_muxer(muxer));
        Pair& pair = simulated.pair;
        must(pair.connect());
        auto stream = open(pair, kEcho);
        const Bytes first = pattern(3);
        const Bytes second = pattern(100000);
        std::vector<BytesView> pieces{first, {}, second, first, {}};
        must(pair.run(stream.write_pieces(std::move(pieces), seconds(5))));
        Bytes back(first.size() * 2 + second.size());
        must(pair.run(stream.read(back, pair.in(seconds(5)))));
        Bytes said = first;
        append(said, second);
        append(said, first);
        EXPECT_TRUE(back == said);
    }
}

TEST(Flow, WaitsForWhoTakesSlowlyAndNotForWhoTakesNothing) {
    SimulatedPair simulated({}, with_muxer(mux::kYamux));
    Pair& pair = simulated.pair;
    serve_sink(pair, seconds(1));
    const std::string deaf = "/test/deaf/1";
    pair.b->serve(deaf, 4,
                  [&pair](Stream stream) { return take_nothing(&pair.loop, std::move(stream)); });
    must(pair.connect());
    const Bytes much = pattern(std::size_t{1} << 20);
    auto slow = open(pair, kSink);
    Clock::Instant start = pair.loop.now();
    must(pair.run(slow.write_pieces(std::vector<BytesView>(1, much), seconds(4))));
    EXPECT_GT(pair.loop.now() - start, seconds(10));
    auto never = open(pair, deaf);
    start = pair.loop.now();
    const Error error =
        must_fail(pair.run(never.write_pieces(std::vector<BytesView>(1, much), seconds(4))));
    EXPECT_EQ(error.code(), Errc::timeout);
    EXPECT_LT(pair.loop.now() - start, seconds(6));
}

TEST(Flow, AllConnectionsHoldOnlySoMuch) {
    HostOptions options;
    const std::size_t most = std::size_t{512} << 10;
    options.limits.network_bytes = most;
    SimulatedPair simulated({}, with_muxer(mux::kMplex), std::move(options));
    Pair& pair = simulated.pair;
    const std::string deaf = "/test/deaf/1";
    pair.b->serve(deaf, 4,
                  [&pair](Stream stream) { return take_nothing(&pair.loop, std::move(stream)); });
    must(pair.connect());
    auto stream = open(pair, deaf);
    const Bytes much = pattern(std::size_t{8} << 20);
    const Error stuck = must_fail(pair.run(stream.write(much, pair.in(seconds(5)))));
    EXPECT_EQ(stuck.code(), Errc::timeout);
    EXPECT_GE(pair.b->held_bytes(), most);
    EXPECT_LE(pair.b->held_bytes(), most + (128 << 10));
    // Who holds nothing is served meanwhile.
    const auto network = simulated.internet.host(std::array<std::uint8_t, 4>{10, 0, 0, 3});
    SeededSecrets secrets(9);
    const auto other = must(Host::make(must(SecretKey::generate(secrets)), *network, secrets));
    must(pair.run(other->connect(pair.b->id(), pair.b->addresses(), pair.in(seconds(2)))));
    must(pair.run(other->ping(pair.b->id(), pair.in(seconds(2)))));
    EXPECT_EQ(pair.b->limit_counts().of(Limit::network_bytes), 0u);
    EXPECT_TRUE(pair.loop.run_until(
        [&pair] { return pair.b->limit_counts().of(Limit::network_bytes) == 1; },
        pair.in(seconds(12))));
    EXPECT_TRUE(
        pair.loop.run_until([&pair] { return pair.b->held_bytes() == 0; }, pair.in(seconds(5))));
    must(pair.run(pair.a->ping(pair.b->id(), pair.in(seconds(5)))));
}

} // namespace
} // namespace codex::net
