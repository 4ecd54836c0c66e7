// What ends a connection of others, or makes them silent, is never said (codex-libp2p(7)): found in
// what a node of ours says, byte for byte.
#include "mux_fixture.hpp"
#include "net/mux/yamux.hpp"
#include "raw_peer.hpp"

namespace codex::net {
namespace {

using mux::Side;
using mux::StreamId;
using mux::YamuxHeader;
using mux::YamuxType;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::must;
using test::must_fail;

const SocketAddress kListens(kIpB, 8070);

/// Every yamux frame that one side says, in whatever pieces, and whether it may say it.
class YamuxJudge {
public:
    explicit YamuxJudge(Side side) : odd_(side == Side::dialer) {}
    /// The other side lets so much more come on a stream of that number.
    void allow(std::uint32_t stream, std::uint64_t bytes) { of(stream).may += bytes; }
    void read(BytesView said) {
        append(unread_, said);
        std::size_t at = 0;
        while (unread_.size() - at >= mux::kYamuxHeaderBytes) {
            const BytesView rest = BytesView(unread_).subspan(at);
            const YamuxHeader header =
                must(mux::read_yamux_header(rest.first(mux::kYamuxHeaderBytes)));
            const std::size_t payload = header.type == YamuxType::data ? header.length : 0;
            if (rest.size() < mux::kYamuxHeaderBytes + payload)
                break;
            judge(header);
            at += mux::kYamuxHeaderBytes + payload;
        }
        unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    std::uint64_t data_bytes = 0;
    /// What the other side was allowed to send on the stream, beyond what it may from the start.
    [[nodiscard]] std::uint64_t announced(std::uint32_t stream) { return of(stream).announced; }

private:
    struct One {
        std::uint64_t may = mux::kYamuxInitialWindow;
        std::uint64_t announced = 0;
        bool opened = false;
        bool ended = false;
    };
    One& of(std::uint32_t stream) { return streams_[stream]; }
    void judge(const YamuxHeader& header) {
        if (header.type == YamuxType::ping || header.type == YamuxType::go_away)
            return;
        One& one = of(header.stream);
        if (header.has(mux::kYamuxSyn)) {
            EXPECT_EQ(header.stream % 2 == 1, odd_) << "a number of the other side's";
            EXPECT_FALSE(one.opened) << "a number that was used";
            one.opened = true;
        }
        if (header.type == YamuxType::data) {
            EXPECT_FALSE(one.ended) << "behind its end";
            EXPECT_LE(header.length, one.may) << "beyond the window";
            one.may -= std::min<std::uint64_t>(one.may, header.length);
            data_bytes += header.length;
        } else {
            one.announced += header.length;
        }
        one.ended = one.ended || header.has(mux::kYamuxFin) || header.has(mux::kYamuxRst);
    }

    bool odd_;
    Bytes unread_;
    std::map<std::uint32_t, One> streams_;
};

/// A stream, and what the other side knows of it.
struct Talk {
    StreamId here = 0;
    std::uint32_t number = 0;
    std::uint64_t came = 0; ///< bytes that the other side has said on it
    std::uint64_t consumed = 0;
    bool over = false;
};

TEST(YamuxTraps, NoMoreIsSaidThanTheWindowHasAndNoMoreLetInThanOnesOwn) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        std::mt19937_64 random(seed);
        const auto up_to = [&random](std::uint64_t most) { return random() % (most + 1); };
        mux::MuxEnd<mux::Yamux> end(Side::dialer);
        YamuxJudge judge(Side::dialer);
        std::vector<Talk> talks;
        for (std::uint32_t i = 0; i < 5; ++i) {
            talks.push_back({must(end.muxer.open(end.out)), 2 * i + 1});
            Bytes ack;
            mux::append_yamux_header(ack, {YamuxType::window_update, mux::kYamuxAck, 2 * i + 1, 0});
            end.feed(ack);
        }
        for (int step = 0; step < 600; ++step) {
            Talk& talk = talks[random() % talks.size()];
            Bytes input;
            switch (random() % 6) {
            case 0:
            case 1:
                (void)end.muxer.write(talk.here, Bytes(up_to(200000), 'x'), end.out);
                break;
            case 2: {
                const auto by = static_cast<std::uint32_t>(up_to(100000));
                mux::append_yamux_header(input, {YamuxType::window_update, 0, talk.number, by});
                judge.allow(talk.number, by);
                break;
            }
            case 3: {
                // As much as may come, mostly.
                const std::uint64_t may =
                    mux::kYamuxInitialWindow + judge.announced(talk.number) - talk.came;
                const auto size = static_cast<std::uint32_t>(std::min(may, up_to(300000)));
                if (end.muxer.unread_bytes() + size > mux::MuxLimits().unread_bytes)
                    break;
                mux::append_yamux_header(input, {YamuxType::data, 0, talk.number, size});
                input.resize(input.size() + size, 'y');
                talk.came += size;
                break;
            }
            case 4: {
                const std::uint64_t some = up_to(talk.came - talk.consumed);
                end.muxer.consumed(talk.here, some, end.out);
                talk.consumed += some;
                break;
            }
            default:
                if (random() % 50 == 0)
                    end.muxer.end(talk.here, end.out);
                else if (random() % 20 == 0)
                    end.muxer.widen(talk.here, static_cast<std::uint32_t>(up_to(1 << 20)), end.out);
                break;
            }
            end.feed(input);
            judge.read(std::exchange(end.out, {}));
            // What may still come, and what nobody has consumed, is no more than its window.
            for (const Talk& one : talks)
                ASSERT_LE(mux::kYamuxInitialWindow + judge.announced(one.number) - one.consumed,
                          end.muxer.window(one.here))
                    << seed << " " << step;
        }
        EXPECT_GT(judge.data_bytes, 5U * mux::kYamuxInitialWindow) << seed;
    }
}

// --- agreeing on a protocol
// -----------------------------------------------------------------------

class SelectTraps : public ::testing::Test {
protected:
    void start(std::string_view muxer) {
        peer_.reset();
        simulated_.emplace(WireOptions{}, HostOptions(), HostOptions());
        peer_ = std::make_unique<RudePeer>(*simulated_->host_a, 7);
        peer_->on_stream([this](Stream stream) { return keep(this, std::move(stream)); });
        must(pair().run(RudePeer::connect(peer_.get(), kListens, muxer, pair().in(seconds(5)))));
        // The first is that of identify, which b asks at once.
        ASSERT_TRUE(
            pair().loop.run_until([this] { return streams_.size() == 1; }, pair().in(seconds(5))));
    }
    static Task<void> keep(SelectTraps* self, Stream stream) {
        self->streams_.push_back(std::make_unique<Stream>(std::move(stream)));
        co_return;
    }
    Pair& pair() { return simulated_->pair; }
    void let(Clock::Duration span) {
        pair().loop.run_until([] { return false; }, pair().in(span));
    }
    void write(Stream& stream, BytesView bytes) {
        must(pair().run(stream.write(bytes, pair().in(seconds(5)))));
    }
    /// What has come on a stream of b's since the last time.
    Bytes heard(Stream& stream) {
        let(seconds(1));
        const Bytes bytes(stream.unread().begin(), stream.unread().end());
        stream.consume(bytes.size());
        return bytes;
    }
    void TearDown() override {
        streams_.clear();
        peer_.reset();
    }

    std::optional<SimulatedPair> simulated_;
    std::vector<std::unique_ptr<Stream>> streams_;
    std::unique_ptr<RudePeer> peer_;
};

TEST_F(SelectTraps, OfSeveralProposalsEachWaitsForItsAnswerAndNothingIsSaidEarly) {
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        streams_.clear();
        start(muxer);
        std::optional<Result<Stream>> opened;
        TaskGroup group(pair().loop);
        group.start(codex::detail::keep_value(
            pair().b->open(peer_->id(), {"/a", "/b", "/c"}, pair().in(minutes(1))), &opened));
        ASSERT_TRUE(
            pair().loop.run_until([this] { return streams_.size() == 2; }, pair().in(seconds(5))));
        Stream& stream = *streams_[1];
        EXPECT_EQ(heard(stream), lines({select::kHeader, "/a"}));
        EXPECT_TRUE(heard(stream).empty());
        write(stream, lines({select::kHeader, "na"}));
        EXPECT_EQ(heard(stream), lines({"/b"}));
        EXPECT_FALSE(opened);
        write(stream, lines({"/b"}));
        EXPECT_TRUE(heard(stream).empty());
        ASSERT_TRUE(opened && *opened);
        EXPECT_EQ((*opened)->protocol(), "/b");
    }
}

TEST_F(SelectTraps, WhatComesEarlyBelongsToTheProtocolThatIsTakenAndToNoOther) {
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        streams_.clear();
        start(muxer);
        // All in one write: two that are not served, the one that is, and what is said in it.
        {
            Stream stream = peer_->open();
            Bytes bytes = lines({select::kHeader, "/x", "/y", kEcho});
            append(bytes, as_bytes("early"));
            write(stream, bytes);
            Bytes back = lines({select::kHeader, "na", "na", kEcho});
            append(back, as_bytes("early"));
            EXPECT_EQ(heard(stream), back);
        }
        // Said early to one that is not served: its bytes are no lines. The stream goes, and no
        // other.
        for (const Bytes& early : {Bytes(100, 0xff), Bytes{0}, pattern(3000)}) {
            Stream stream = peer_->open();
            Bytes bytes = lines({select::kHeader, "/x"});
            append(bytes, early);
            write(stream, bytes);
            auto more = pair().run(stream.wait_more(1000, pair().in(seconds(5))));
            EXPECT_EQ(must_fail(std::move(more)).code(), Errc::unavailable);
        }
        EXPECT_TRUE(peer_->is_connected());
        Stream stream = peer_->open();
        write(stream, lines({select::kHeader, kEcho}));
        EXPECT_EQ(heard(stream), lines({select::kHeader, kEcho}));
    }
}

// --- identify
// -------------------------------------------------------------------------------------

TEST_F(SelectTraps, NothingButTheProtocolIsSaidOnAStreamOfIdentifyAndItIsEnded) {
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        streams_.clear();
        start(muxer);
        Stream& stream = *streams_[0];
        EXPECT_EQ(heard(stream), lines({select::kHeader, identify::kIdentify}));
        identify::Identify about;
        about.public_key = peer_->identity().public_key();
        const Bytes message = identify::encode(about);
        Bytes answer = lines({select::kHeader, identify::kIdentify});
        codec::append_uvarint(answer, message.size());
        append(answer, message);
        write(stream, answer);
        stream.end();
        // The reference would wait for the end until the stream is idle.
        EXPECT_FALSE(must(pair().run(stream.wait_more(0, pair().in(seconds(2))))));
        EXPECT_TRUE(pair().b->said_by(peer_->id()));
    }
}

// --- frames by hand
// -------------------------------------------------------------------------------

TEST(Traps, AllIsServedBeforeIdentifyHasRun) {
    // The reference opens its stream beside identify, with the first thing that it says.
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
    RawPeer peer(*simulated.host_a, 7);
    must(pair.run(RawPeer::connect(&peer, kListens, mux::kMplex, pair.in(seconds(5)))));
    Bytes said = must(from_hex("0800"));
    Bytes payload = lines({select::kHeader, kEcho});
    append(payload, as_bytes("at once"));
    mux::append_mplex_header(said, 1, mux::MplexFlag::message_initiator, payload.size());
    append(said, payload);
    must(pair.run(RawPeer::say(&peer, said, pair.in(seconds(5)))));
    EXPECT_TRUE(pair.loop.run_until(
        [&] { return as_text(peer.heard).find("at once") != std::string_view::npos; },
        pair.in(seconds(1))));
    EXPECT_EQ(pair.b->said_by(peer.id()), nullptr);
}

TEST(Traps, AConnectionThatWasIdleIsMadeAnewWhenItIsWanted) {
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
    must(pair.connect());
    EXPECT_TRUE(pair.loop.run_until(
        [&] { return pair.a->connections().empty() && pair.b->connections().empty(); },
        pair.in(minutes(12))));
    must(pair.connect());
    must(pair.run(pair.a->ping(pair.b->id(), pair.in(seconds(5)))));
}

} // namespace
} // namespace codex::net
