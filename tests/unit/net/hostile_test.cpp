// What no node of ours says, said to one: by hand, frame by frame. Whoever says it is dropped, or
// loses what it is about; the log says so at most once in ten seconds; others notice nothing, and
// nothing is held for it any more.
#include "captured_log.hpp"
#include "raw_peer.hpp"

#include <gmock/gmock.h>

namespace codex::net {
namespace {

using mux::MplexFlag;
using mux::YamuxType;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::must;
using test::must_fail;

const SocketAddress kVictim(kIpB, 8070);

Bytes mplex(std::uint64_t id, MplexFlag flag, BytesView payload = {}) {
    Bytes frame;
    mux::append_mplex_header(frame, id, flag, payload.size());
    append(frame, payload);
    return frame;
}

Bytes yamux(YamuxType type, std::uint16_t flags, std::uint32_t stream, std::uint32_t length,
            BytesView payload = {}) {
    Bytes frame;
    mux::append_yamux_header(frame, {type, flags, stream, length});
    append(frame, payload);
    return frame;
}

class HostileTest : public ::testing::Test {
protected:
    HostileTest() {
        HostOptions options;
        options.logger = log.logger();
        simulated.emplace(WireOptions{}, HostOptions(), std::move(options));
    }
    ~HostileTest() override { peer_.reset(); }

    RawPeer& come(std::string_view muxer, bool hears = true) {
        peer_.reset();
        peer_ = std::make_unique<RawPeer>(*simulated->host_a, ++seed_);
        peer_->hears = hears;
        must(pair().run(RawPeer::connect(peer_.get(), kVictim, muxer, pair().in(seconds(5)))));
        EXPECT_TRUE(
            until(seconds(1), [this] { return pair().b->connection(peer_->id()) != nullptr; }));
        return *peer_;
    }
    /// Whether all of it was taken.
    bool say(const Bytes& bytes) {
        return pair().run(RawPeer::say(peer_.get(), bytes, pair().in(seconds(5)))).has_value();
    }
    [[nodiscard]] RawPeer* peer() { return peer_.get(); }
    Pair& pair() { return simulated->pair; }
    bool until(Clock::Duration span, const std::function<bool()>& done) {
        return pair().loop.run_until(done, pair().in(span));
    }
    [[nodiscard]] std::uint64_t hits(Limit limit) { return pair().b->limit_counts().of(limit); }
    [[nodiscard]] std::size_t said(Limit limit) const {
        return log.count(fmt::format("limit={} ", limit_name(limit)));
    }
    /// The one that came last is no more.
    bool is_dropped(Clock::Duration within = seconds(1)) {
        return until(within, [this] { return pair().b->connection(peer_->id()) == nullptr; });
    }
    void expect_service() {
        must(pair().connect());
        must(pair().run(pair().a->ping(pair().b->id(), pair().in(seconds(5)))));
        EXPECT_TRUE(until(seconds(5), [this] { return pair().b->held_bytes() == 0; }));
    }

    SimulatedClock clock_of_log;
    test::CapturedLog log{clock_of_log, "debug"};
    std::optional<SimulatedPair> simulated;

private:
    std::unique_ptr<RawPeer> peer_;
    std::uint64_t seed_ = 100;
};

TEST_F(HostileTest, FramesOfMplexThatAreNoneEndTheConnection) {
    Bytes too_long = must(from_hex("0800"
                                   "0a818040")); // 2^20 + 1 bytes
    Bytes endless = must(from_hex("0a"));
    endless.resize(12, 0xff);
    Bytes twice = mplex(1, MplexFlag::new_stream);
    append(twice, twice);
    for (const Bytes& bad : {must(from_hex("0f00")), too_long, endless, twice, Bytes(11, 0xff)}) {
        come(mux::kMplex);
        say(bad);
        EXPECT_TRUE(is_dropped()) << to_hex(bad);
        expect_service();
    }
}

TEST_F(HostileTest, FramesOfYamuxThatAreNoneEndTheConnection) {
    const Bytes open = yamux(YamuxType::window_update, mux::kYamuxSyn, 1, 0);
    const auto behind_open = [&open](const Bytes& frame) {
        Bytes both = open;
        append(both, frame);
        return both;
    };
    for (const Bytes& bad : {
             must(from_hex("010000010000000100000000")),            // another version
             must(from_hex("000400000000000100000000")),            // and type
             yamux(YamuxType::window_update, mux::kYamuxSyn, 2, 0), // a number of the listener's
             behind_open(open),
             behind_open(yamux(YamuxType::data, 0, 1, mux::kYamuxInitialWindow + 1)),
             behind_open(yamux(YamuxType::window_update, 0, 1, UINT32_MAX)),
             yamux(YamuxType::ping, mux::kYamuxAck, 0, 7), // nobody asked
             must(from_hex("000000010000000000000000")),   // data of no stream
         }) {
        RawPeer& peer = come(mux::kYamux);
        say(bad);
        EXPECT_TRUE(is_dropped()) << to_hex(bad);
        EXPECT_TRUE(until(seconds(5), [&peer] { return peer.ended(); }));
        // It is told that it made a mistake.
        const auto heard = std::string(as_text(peer.heard));
        EXPECT_NE(heard.find(as_text(yamux(YamuxType::go_away, 0, 0, mux::kYamuxProtocolError))),
                  std::string::npos);
        expect_service();
    }
}

TEST_F(HostileTest, WhatIsNotSealedAsItShouldBeEndsTheConnection) {
    Bytes short_frame = {0, 15};
    short_frame.resize(17);
    Bytes unsealed = {0, 40};
    unsealed.resize(42, 'x');
    Bytes longest = {0xff, 0xff};
    longest.resize(2 + 65535, 'x');
    for (const Bytes& bad : {Bytes{0, 0}, short_frame, unsealed, longest}) {
        RawPeer& peer = come(mux::kMplex);
        (void)pair().run(RawPeer::say_sealed(&peer, bad, pair().in(seconds(5))));
        EXPECT_TRUE(is_dropped());
        expect_service();
    }
}

TEST_F(HostileTest, AFrameThatIsSaidToBeLongAndNeverComesIsNoHarm) {
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        come(muxer);
        Bytes begun;
        if (muxer == mux::kMplex) {
            begun = mplex(1, MplexFlag::new_stream);
            mux::append_mplex_header(begun, 1, MplexFlag::message_initiator, mux::kMaxMplexPayload);
        } else {
            begun = yamux(YamuxType::data, mux::kYamuxSyn, 1, mux::kYamuxInitialWindow);
        }
        EXPECT_TRUE(say(begun));
        until(seconds(5), [] { return false; });
        EXPECT_LE(pair().b->held_bytes(), 1000U) << "what is announced is not held";
        expect_service();
        // Its stream has agreed on nothing in its time.
        EXPECT_TRUE(until(seconds(10), [this] { return hits(Limit::select_time) >= 1; }));
    }
}

TEST_F(HostileTest, AFloodOfStreamsCostsTheFloodAloneAndIsSaidOnce) {
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        const std::uint64_t before = hits(Limit::peer_streams);
        const std::size_t lines_before = said(Limit::peer_streams);
        come(muxer);
        Bytes flood;
        for (std::uint32_t id = 1; id < 20000; id += 2)
            append(flood, muxer == mux::kMplex
                              ? mplex(id, MplexFlag::new_stream)
                              : yamux(YamuxType::window_update, mux::kYamuxSyn, id, 0));
        EXPECT_TRUE(say(flood));
        const std::uint64_t surplus = 10000 - mux::MuxLimits().streams_in;
        EXPECT_TRUE(until(seconds(2), [&] {
            return hits(Limit::peer_streams) == before + surplus;
        })) << hits(Limit::peer_streams) - before;
        expect_service();
        EXPECT_EQ(said(Limit::peer_streams), lines_before + 1);
        // Those that are open say nothing.
        EXPECT_TRUE(until(seconds(12), [this] {
            return hits(Limit::select_time) >= mux::MuxLimits().streams_in - 2;
        }));
        until(seconds(12), [] { return false; });
    }
}

TEST_F(HostileTest, WhoAsksAndNeverReadsIsLeftAndHoldsWhatItMay) {
    // Answers of the muxer: pings that are to be echoed, streams that are to be reset.
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        come(muxer, false);
        Bytes asked;
        for (std::uint32_t i = 0; i < 20000; ++i)
            append(asked, muxer == mux::kMplex ? mplex(i + 1, MplexFlag::new_stream)
                                               : yamux(YamuxType::ping, mux::kYamuxSyn, 0, i));
        std::size_t most = 0;
        for (int round = 0; round < 400; ++round) {
            if (!pair().run(RawPeer::say(peer(), asked, pair().in(seconds(1)))))
                break;
            most = std::max(most, pair().b->held_bytes());
            asked.clear();
            for (std::uint32_t i = 0; i < 20000; ++i)
                append(asked, muxer == mux::kMplex
                                  ? mplex(100000ULL * (1 + static_cast<std::uint64_t>(round)) + i,
                                          MplexFlag::new_stream)
                                  : yamux(YamuxType::ping, mux::kYamuxSyn, 0, i));
        }
        most = std::max(most, pair().b->held_bytes());
        EXPECT_LE(most, std::size_t{1} << 20) << muxer;
        must(pair().connect());
        must(pair().run(pair().a->ping(pair().b->id(), pair().in(seconds(5)))));
        // It has not said who it is either.
        EXPECT_TRUE(is_dropped(seconds(40)));
        expect_service();
    }
}

/// Takes a connection, says `bytes`, one each `pause`, and nothing more.
Task<void> take_and_say(EventLoop* loop, Acceptor* acceptor, Bytes bytes, Clock::Duration pause) {
    const auto socket = co_await acceptor->accept();
    if (!socket)
        co_return;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const BytesView one = BytesView(bytes).subspan(at, 1);
        const auto written = co_await write_all(socket->get(), one, loop->now() + seconds(5));
        if (!written)
            break;
        co_await loop->pause_until(loop->now() + pause);
    }
    co_await loop->pause_until(loop->now() + minutes(10));
}

TEST_F(HostileTest, WhoIsDialledHasNoMoreTimeThanWhoDials) {
    const Bytes answer = lines({select::kHeader, kNoise});
    Bytes half = lines({select::kHeader});
    half.resize(10);
    Bytes frame = answer;
    append(frame, Bytes{0, 200});
    append(frame, pattern(150));
    std::uint16_t port = 99;
    for (const auto& [bytes, pause] :
         std::vector<std::pair<Bytes, Clock::Duration>>{{{}, {}},
                                                        {half, {}},
                                                        {answer, {}},
                                                        {answer, seconds(1)},
                                                        {frame, milliseconds(100)}}) {
        const auto acceptor = must(simulated->host_a->listen(SocketAddress(kIpA, ++port)));
        TaskGroup group(pair().loop);
        group.start(take_and_say(&pair().loop, acceptor.get(), bytes, pause));
        const Clock::Instant start = pair().loop.now();
        const Error error = must_fail(pair().run(
            pair().b->connect(pair().a->id(), std::vector<Multiaddr>(1, Multiaddr::tcp(kIpA, port)),
                              pair().in(minutes(5)), Redial::at_once)));
        EXPECT_EQ(error.code(), Errc::timeout) << error.text();
        EXPECT_LE(pair().loop.now() - start, HostLimits().noise + seconds(1));
        EXPECT_EQ(pair().b->held_bytes(), 0U);
    }
}

TEST_F(HostileTest, NamesOfStreamsAreHeldByNobody) {
    RawPeer& peer = come(mux::kMplex);
    const Bytes name(60000, 'n');
    for (int i = 0; i < 50; ++i) {
        Bytes frames = mplex(1, MplexFlag::new_stream, name);
        append(frames, mplex(1, MplexFlag::reset_initiator));
        EXPECT_TRUE(say(frames));
    }
    until(seconds(1), [] { return false; });
    EXPECT_FALSE(peer.ended());
    EXPECT_EQ(pair().b->held_bytes(), 0U);
    expect_service();
}

} // namespace
} // namespace codex::net
