// Each limit of a node (codex-libp2p(7), LIMITS) bites, is counted, and hits whom it is for alone.
#include "limits_fixture.hpp"

namespace codex::net {
namespace {

using std::chrono::hours;
using test::must_fail;

// --- connections --------------------------------------------------------------------------------

TEST_F(Limits, APeerHasOnlySoManyConnections) {
    start();
    std::vector<std::unique_ptr<RudePeer>> same;
    for (int i = 0; i < 3; ++i) {
        same.push_back(polite(7));
        must(connect(*same.back()));
        let(seconds(1));
    }
    EXPECT_EQ(hits(Limit::peer_connections), 1u);
    EXPECT_TRUE(same[0]->is_connected() && same[1]->is_connected());
    EXPECT_FALSE(same[2]->is_connected());
    expect_service();
}

TEST_F(Limits, ConnectionsMakeRoomWhereOneIsIdle) {
    HostOptions options;
    options.limits.connections = 3;
    start(std::move(options));
    std::vector<std::unique_ptr<RudePeer>> peers;
    const auto come = [&] {
        peers.push_back(polite(10 + peers.size()));
        must(connect(*peers.back()));
        let(seconds(1));
        return peers.back()->is_connected();
    };
    EXPECT_TRUE(come() && come() && come());
    // All are new: none is closed for another.
    EXPECT_FALSE(come());
    EXPECT_EQ(hits(Limit::connections), 1u);
    let(minutes(1));
    // The one that is idle for longest is protected, and the next has a stream.
    b().set_protected(peers[0]->id(), true);
    auto stream = peers[1]->open();
    write(stream, lines({select::kHeader, kEcho}));
    let(seconds(5));
    EXPECT_TRUE(come());
    EXPECT_EQ(hits(Limit::evicted), 1u);
    EXPECT_TRUE(peers[0]->is_connected() && peers[1]->is_connected());
    EXPECT_FALSE(peers[2]->is_connected());
    // Who dials is held to the same.
    const Error full = must_fail(pair().run(
        b().connect(PeerId(identity_named("dht_a").public_key()),
                    std::vector<Multiaddr>(1, must(Multiaddr::from_text("/ip4/10.0.0.1/tcp/8070"))),
                    pair().in(seconds(5)))));
    EXPECT_EQ(full.code(), Errc::connection_limit) << full.text();
    EXPECT_EQ(hits(Limit::connections), 2u);
}

TEST_F(Limits, WhatIsIdleIsCounted) {
    start();
    must(pair().connect());
    EXPECT_TRUE(bites(Limit::idle_connection, minutes(9), minutes(12)));
}

TEST_F(Limits, APeerThatDoesNotReadIsLeft) {
    start();
    // It asks for an echo of more than it holds itself, and goes into the buffers of the network.
    auto deaf = polite(20);
    deaf->stop_reading_when_full();
    must(connect(*deaf));
    let(seconds(1));
    auto stream = deaf->open();
    write(stream, lines({select::kHeader, kEcho}));
    const Bytes much = pattern(std::size_t{5} << 20);
    const Error stuck = must_fail(pair().run(stream.write(much, pair().in(seconds(5)))));
    EXPECT_EQ(stuck.code(), Errc::timeout);
    EXPECT_TRUE(bites(Limit::write_time, seconds(50), seconds(70)));
    EXPECT_TRUE(until(seconds(5), [&] { return b().connections().empty(); }));
    expect_service();
}

// --- streams ------------------------------------------------------------------------------------

TEST_F(Limits, APeerHasOnlySoManyStreams) {
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        HostOptions options;
        options.limits.mux.streams_in = 4;
        start(std::move(options));
        auto peer = polite(30);
        must(connect(*peer, muxer));
        let(seconds(1));
        std::vector<Stream> streams;
        for (int i = 0; i < 5; ++i)
            streams.push_back(peer->open());
        EXPECT_TRUE(until(seconds(2), [&] { return hits(Limit::peer_streams) == 1; }));
        EXPECT_EQ(must_fail(pair().run(streams[4].wait_more(0, pair().in(seconds(1))))).code(),
                  Errc::unavailable);
        EXPECT_EQ(must_fail(pair().run(streams[3].wait_more(0, pair().in(seconds(1))))).code(),
                  Errc::timeout);
        expect_service();
    }
}

TEST_F(Limits, AllPeersHaveOnlySoManyStreams) {
    HostOptions options;
    options.limits.streams = 3;
    start(std::move(options));
    auto one = polite(31);
    auto other = polite(32);
    must(connect(*one));
    must(connect(*other));
    let(seconds(1));
    std::vector<Stream> streams;
    for (int i = 0; i < 4; ++i)
        streams.push_back((i % 2 == 0 ? one : other)->open());
    EXPECT_TRUE(until(seconds(2), [&] { return hits(Limit::streams) == 1; }));
    EXPECT_EQ(must_fail(pair().run(streams[3].wait_more(0, pair().in(seconds(1))))).code(),
              Errc::unavailable);
    streams.clear();
    let(seconds(1));
    expect_service();
}

Task<void> say_slowly(EventLoop* loop, Stream* stream, Bytes bytes, Clock::Duration pause) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const BytesView one = BytesView(bytes).subspan(at, 1);
        const auto written = co_await stream->write(one, loop->now() + seconds(5));
        if (!written)
            co_return;
        co_await loop->pause_until(loop->now() + pause);
    }
}

TEST_F(Limits, AgreeingOnAProtocolHasItsTime) {
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        start();
        auto peer = polite(33);
        must(connect(*peer, muxer));
        let(seconds(1));
        {
            const auto silent = peer->open();
            EXPECT_TRUE(bites(Limit::select_time, seconds(9), seconds(11)));
        }
        {
            auto half = peer->open();
            Bytes line = lines({select::kHeader});
            line.resize(line.size() / 2);
            write(half, line);
            EXPECT_TRUE(bites(Limit::select_time, seconds(9), seconds(11)));
        }
        auto slow = peer->open();
        TaskGroup beside(pair().loop);
        beside.start(say_slowly(&pair().loop, &slow, lines({select::kHeader, kEcho}), seconds(1)));
        EXPECT_TRUE(bites(Limit::select_time, seconds(9), seconds(11)));
        EXPECT_TRUE(peer->is_connected());
        expect_service();
    }
}

Task<void> keep(EventLoop* loop, Stream stream) {
    co_await stream.wait_more(0, loop->now() + hours(2));
}

Task<void> ping_on(Host* host, PeerId peer, Clock::Duration pause) {
    EventLoop& loop = host->loop();
    for (;;) {
        const Clock::Instant until = loop.now() + minutes(1);
        const auto taken = co_await host->ping(peer, until);
        if (!taken)
            co_return;
        co_await loop.pause_until(loop.now() + pause);
    }
}

TEST_F(Limits, AStreamThatIsIdleGoesAlsoWhereOthersAreBusy) {
    start();
    const std::string kept = "/test/kept/1";
    b().serve(kept, 4, [this](Stream stream) { return keep(&pair().loop, std::move(stream)); });
    must(pair().connect());
    auto stream = must(pair().run(
        pair().a->open(b().id(), std::vector<std::string>(1, kept), pair().in(seconds(5)))));
    TaskGroup beside(pair().loop);
    beside.start(ping_on(pair().a.get(), b().id(), seconds(5)));
    EXPECT_TRUE(bites(Limit::idle_stream, minutes(9), minutes(11)));
    EXPECT_EQ(must_fail(pair().run(stream.wait_more(0, pair().in(seconds(5))))).code(),
              Errc::unavailable);
    expect_service();
}

// --- handshakes ---------------------------------------------------------------------------------

/// Says `bytes`, one each `pause`, and hears what comes; the end of the connection is its end.
Task<void> say_to(EventLoop* loop, Socket* socket, Bytes bytes, Clock::Duration pause,
                  bool* ended) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const BytesView one = BytesView(bytes).subspan(at, 1);
        const Clock::Instant until = loop->now() + seconds(5);
        const auto written = co_await write_all(socket, one, until);
        if (!written)
            break;
        if (pause != Clock::Duration::zero()) {
            co_await loop->pause_until(loop->now() + pause);
        }
    }
    Bytes heard(4096);
    for (;;) {
        const auto size = co_await read_some(socket, heard, loop->now() + hours(1));
        if (!size || *size == 0)
            break;
    }
    *ended = true;
}

TEST_F(Limits, AHandshakeHasItsTimeHoweverItIsDrawnOut) {
    // What noise begins with: its length, and the first 32 bytes of a message of 32.
    Bytes first = lines({select::kHeader, kNoise});
    Bytes half_a_line = lines({select::kHeader});
    half_a_line.resize(half_a_line.size() / 2);
    Bytes half_a_message = first;
    append(half_a_message, Bytes{0, 32});
    append(half_a_message, pattern(16));
    Bytes announced = first;
    append(announced, Bytes{255, 255});
    append(announced, pattern(60));
    // The first whole, which is answered, and of the third nothing, or less than it has.
    Bytes no_third = first;
    append(no_third, Bytes{0, 32});
    append(no_third, pattern(32));
    Bytes half_of_the_third = no_third;
    append(half_of_the_third, Bytes{0, 200});
    append(half_of_the_third, pattern(60));
    const struct {
        const char* what;
        Bytes bytes;
        Clock::Duration pause;
    } kinds[] = {
        {"nothing", {}, {}},
        {"half a line", half_a_line, {}},
        {"a byte a second", half_a_message, seconds(1)},
        {"half a message", half_a_message, {}},
        {"a message of 64 KiB, a byte a second", announced, milliseconds(200)},
        {"no third message", no_third, {}},
        {"half of the third message", half_of_the_third, {}},
        {"the third, a few bytes a second", half_of_the_third, milliseconds(150)},
    };
    for (const auto& kind : kinds) {
        SCOPED_TRACE(kind.what);
        start();
        const auto socket = must(pair().run(network().connect(kToB, pair().in(seconds(1)))));
        bool ended = false;
        TaskGroup beside(pair().loop);
        beside.start(say_to(&pair().loop, socket.get(), kind.bytes, kind.pause, &ended));
        EXPECT_TRUE(bites(Limit::upgrade_time, milliseconds(9900), milliseconds(10100)));
        EXPECT_TRUE(until(seconds(1), [&ended] { return ended; }));
        expect_service();
    }
}

/// As far as noise, and then a frame of half a line.
Task<Result<void>> stop_behind_noise(Socket* socket, SeededSecrets* secrets, Bytes said,
                                     Clock::Instant until) {
    auto identity = SecretKey::generate(*secrets);
    auto statics = noise::KeyPair::generate(*secrets);
    if (!identity || !statics)
        co_return fail(Errc::io, "no keys");
    const Bytes proof = noise::identity_proof(*identity, *statics);
    noise::Handshake handshake(noise::Role::initiator, proof, *statics);
    Bytes out = lines({select::kHeader, kNoise});
    auto started = handshake.start(*secrets, out);
    if (!started)
        co_return started;
    CODEX_CO_CHECK(write_all(socket, out, until));
    Bytes heard(4096);
    std::size_t size = 0;
    const std::size_t answer = lines({select::kHeader, kNoise}).size();
    while (!handshake.done()) {
        const MutableBytes space = MutableBytes(heard).subspan(size);
        CODEX_CO_TRY(more, read_some(socket, space, until));
        size += more;
        if (more == 0)
            co_return fail(Errc::truncated, "it has ended");
        if (size <= answer)
            continue;
        out.clear();
        const auto taken = handshake.receive(BytesView(heard).first(size).subspan(answer), out);
        if (!taken)
            co_return fail(Error(taken.error().code(), taken.error().text()));
        if (handshake.done())
            break;
        size = answer; // it keeps what it took
    }
    noise::Established established = handshake.finish();
    auto sealed = established.sealer.seal(said, out);
    if (!sealed)
        co_return sealed;
    CODEX_CO_CHECK(write_all(socket, out, until));
    co_return Result<void>();
}

TEST_F(Limits, BehindNoiseAHandshakeHasALongerTime) {
    Bytes half_a_line = lines({select::kHeader, mux::kMplex});
    half_a_line.resize(half_a_line.size() / 2);
    for (const Bytes& said : {half_a_line, lines({select::kHeader})}) {
        start();
        SeededSecrets secrets(5);
        const auto socket = must(pair().run(network().connect(kToB, pair().in(seconds(1)))));
        must(pair().run(stop_behind_noise(socket.get(), &secrets, said, pair().in(seconds(5)))));
        bool ended = false;
        TaskGroup beside(pair().loop);
        beside.start(say_to(&pair().loop, socket.get(), {}, {}, &ended));
        EXPECT_TRUE(bites(Limit::upgrade_time, seconds(29), seconds(31)));
        EXPECT_TRUE(until(seconds(1), [&ended] { return ended; }));
        expect_service();
    }
}

} // namespace
} // namespace codex::net
