// yamux: known frames, windows, pings, and each thing that ends a connection of others.
#include "net/mux/yamux.hpp"

#include "mux_fixture.hpp"
#include "network_vectors.hpp"

namespace codex::net::mux {
namespace {

using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

using YamuxEnd = MuxEnd<Yamux>;

TEST(YamuxFrames, VectorsBothWays) {
    const auto& headers = network()["yamux"]["headers"];
    ASSERT_EQ(headers.size(), 11u);
    for (const auto& vector : headers) {
        const YamuxHeader header{static_cast<YamuxType>(vector["type"].get<int>()), vector["flags"],
                                 vector["stream"], vector["length"]};
        Bytes made;
        append_yamux_header(made, header);
        EXPECT_EQ(made, unhex(vector["hex"])) << vector["name"];
        EXPECT_EQ(must(read_yamux_header(made)), header);
    }
}

TEST(YamuxFrames, OtherVersionsTypesAndPlacesAreRefused) {
    for (const char* bad :
         {"010000000000000100000000", "000400000000000100000000", "00ff00000000000100000000",
          "000000000000000000000000", "000100000000000000000001", "000200010000000100000000",
          "000300000000000100000000"})
        EXPECT_EQ(must_fail(read_yamux_header(must(from_hex(bad)))).code(), Errc::mux_invalid);
}

TEST(Yamux, IsWrittenByTheVectors) {
    YamuxEnd dialer(Side::dialer);
    const StreamId stream = must(dialer.muxer.open(dialer.out));
    EXPECT_EQ(dialer.said(), "000100010000000100000000");
    EXPECT_EQ(dialer.feed_hex("000100020000000100000000"), "");
    EXPECT_EQ(dialer.muxer.write(stream, as_bytes("hello"), dialer.out), 5u);
    EXPECT_EQ(dialer.said(), "000000000000000100000005"
                             "68656c6c6f");
    dialer.muxer.end(stream, dialer.out);
    EXPECT_EQ(dialer.said(), "000100040000000100000000");
    must(dialer.muxer.ping(7, dialer.out));
    EXPECT_EQ(dialer.said(), "000200010000000000000007");
    EXPECT_EQ(dialer.feed_hex("000200020000000000000007"), "pong 7");
    dialer.muxer.go_away(kYamuxNormal, dialer.out);
    EXPECT_EQ(dialer.said(), "000300000000000000000000");

    YamuxEnd listener(Side::listener);
    EXPECT_EQ(listener.feed_hex("000100010000000100000000"), "opened");
    EXPECT_EQ(listener.said(), "000100020000000100000000");
    EXPECT_EQ(listener.feed_hex("000200010000000000000007"), "");
    EXPECT_EQ(listener.said(), "000200020000000000000007");
    const StreamId own = must(listener.muxer.open(listener.out));
    listener.out.clear();
    listener.muxer.reset(own, listener.out);
    EXPECT_EQ(listener.said(), "000100080000000200000000");
    EXPECT_EQ(listener.feed_hex("000300000000000000000001"), "away 1");
    EXPECT_EQ(must_fail(listener.muxer.open(listener.out)).code(), Errc::mux_limit);
}

TEST(Yamux, StreamsBothWaysEndEachForItself) {
    YamuxEnd a(Side::dialer);
    YamuxEnd b(Side::listener);
    const StreamId stream = must(a.muxer.open(a.out));
    EXPECT_EQ(a.muxer.write(stream, as_bytes("question"), a.out), 8u);
    a.muxer.end(stream, a.out);
    settle(a, b);
    EXPECT_EQ(b.events.take(), "opened, data, ended");
    const StreamId theirs = b.events.last;
    EXPECT_EQ(as_text(b.events.received[theirs]), "question");
    EXPECT_EQ(b.muxer.write(theirs, as_bytes("answer"), b.out), 6u);
    b.muxer.end(theirs, b.out);
    settle(a, b);
    EXPECT_EQ(a.events.take(), "data, ended");
    EXPECT_EQ(a.muxer.streams_out(), 1u) << "what is unread counts";
    a.muxer.consumed(stream, 6, a.out);
    b.muxer.consumed(theirs, 8, b.out);
    EXPECT_EQ(a.muxer.streams_out() + b.muxer.streams_in(), 0u);
    EXPECT_TRUE(a.out.empty()) << "no window for what has ended";
}

TEST(Yamux, TakesBytesInAnyPieces) {
    std::mt19937_64 random(1);
    YamuxEnd writer(Side::dialer);
    const StreamId stream = must(writer.muxer.open(writer.out));
    const Bytes content = test::random_bytes(random, 200000);
    EXPECT_EQ(writer.muxer.write(stream, content, writer.out), content.size());
    writer.muxer.end(stream, writer.out);
    for (const std::size_t piece : {1u, 2u, 11u, 1000u, 65536u}) {
        YamuxEnd reader(Side::listener);
        for (std::size_t at = 0; at < writer.out.size(); at += piece) {
            const auto part =
                BytesView(writer.out).subspan(at, std::min(piece, writer.out.size() - at));
            EXPECT_EQ(must(reader.muxer.receive(part, reader.out, reader.events)), part.size());
        }
        EXPECT_EQ(reader.events.take(), "opened, data, ended");
        EXPECT_EQ(reader.events.received[reader.events.last], content);
    }
}

TEST(Yamux, WritesAsMuchAsTheWindowHas) {
    YamuxEnd a(Side::dialer);
    YamuxEnd b(Side::listener);
    const StreamId stream = must(a.muxer.open(a.out));
    const Bytes content(400000, 'x');
    EXPECT_EQ(a.muxer.write(stream, content, a.out), kYamuxInitialWindow);
    EXPECT_EQ(a.muxer.writable(stream), 0u);
    settle(a, b);
    EXPECT_EQ(a.events.take(), "");
    const StreamId theirs = b.events.last;
    b.muxer.consumed(theirs, kYamuxInitialWindow / 2 - 1, b.out);
    EXPECT_TRUE(b.out.empty()) << "an update only for half a window";
    b.muxer.consumed(theirs, 1, b.out);
    EXPECT_EQ(to_hex(b.out), "000100000000000100020000");
    settle(a, b);
    EXPECT_EQ(a.events.take(), "writable");
    EXPECT_EQ(a.muxer.write(stream, content, a.out), kYamuxInitialWindow / 2);
    settle(a, b);
    EXPECT_EQ(b.events.received[theirs].size(), kYamuxInitialWindow * 3 / 2);
    EXPECT_EQ(b.muxer.unread_bytes(), kYamuxInitialWindow);
}

TEST(Yamux, AWiderWindowLetsMoreCome) {
    YamuxEnd a(Side::dialer);
    YamuxEnd b(Side::listener);
    const StreamId stream = must(a.muxer.open(a.out));
    settle(a, b);
    const StreamId theirs = b.events.last;
    b.muxer.widen(theirs, 1 << 20, b.out);
    EXPECT_EQ(b.muxer.window(theirs), 1u << 20);
    settle(a, b);
    const Bytes content(2 << 20, 'x');
    EXPECT_EQ(a.muxer.write(stream, content, a.out), 1u << 20);
    b.muxer.widen(theirs, 1 << 19, b.out);
    b.muxer.widen(theirs, UINT32_MAX, b.out);
    EXPECT_EQ(b.muxer.window(theirs), kYamuxMaxWindow);
}

TEST(Yamux, WindowsGrowWithTheLink) {
    using namespace std::chrono_literals;
    EXPECT_EQ(grown_window(262144, 131073, 100ms, 50ms), 524288u);
    EXPECT_EQ(grown_window(262144, 131072, 100ms, 50ms), 262144u) << "not more than half";
    EXPECT_EQ(grown_window(262144, 200000, 101ms, 50ms), 262144u) << "too slow";
    EXPECT_EQ(grown_window(kYamuxMaxWindow / 2, 8 << 20, 1s, 50ms), kYamuxMaxWindow)
        << "a wide window may take longer";
    EXPECT_EQ(grown_window(kYamuxMaxWindow, 16 << 20, 1ms, 50ms), kYamuxMaxWindow);
}

TEST(Yamux, WhatEndsAConnectionOfOthersIsRefusedAndAnnounced) {
    const auto refused = [](std::string_view hex) {
        YamuxEnd end(Side::listener);
        EXPECT_EQ(end.refusal(hex).code(), Errc::mux_invalid) << hex;
        EXPECT_TRUE(end.said().ends_with("000300000000000000000001")) << hex;
    };
    refused("010000010000000100000000");
    refused("000500000000000100000000");
    refused("000100010000000200000000"); // an even number is ours
    refused("000100010000000100000000"
            "000100010000000100000000");
    refused("000000010000000100040001"); // one byte above the window
    refused("000100010000000100000000"
            "000000000000000100040001");
    refused("000200020000000000000007"); // nobody asked
    refused("000200000000000000000007");
    refused("000100010000000100000000"
            "0001000000000001ffffffff"); // the window would be 2^32 and more
    refused("000000010000000000000000");
}

TEST(Yamux, TheWholeWindowMayComeInOneFrame) {
    YamuxEnd end(Side::listener);
    Bytes input = must(from_hex("000000010000000100040000"));
    input.resize(input.size() + kYamuxInitialWindow, 'x');
    EXPECT_EQ(end.feed(input), "opened, data");
    EXPECT_EQ(end.events.received[end.events.last].size(), kYamuxInitialWindow);
}

TEST(Yamux, FramesOfStreamsThatAreNoMoreArePassedOver) {
    YamuxEnd end(Side::listener);
    EXPECT_EQ(end.feed_hex("000000000000000100000002"
                           "6869"
                           "000100080000000100000000"
                           "000100040000000300000000"
                           "000100000000000300000001"),
              "");
    EXPECT_EQ(end.feed_hex("000100010000000100000000"
                           "000000040000000100000002"
                           "6869"
                           "000000000000000100000002"
                           "6869"
                           "000100040000000100000000"),
              "opened, data, ended");
    EXPECT_EQ(end.feed_hex("000100080000000100000000"
                           "000100080000000100000000"),
              "reset");
    EXPECT_EQ(end.muxer.unread_bytes(), 0u);
    // Opened and ended, or given up, in one frame.
    EXPECT_EQ(end.feed_hex("000000050000000500000001"
                           "68"),
              "opened, data, ended");
    EXPECT_EQ(end.feed_hex("000100090000000700000000"), "opened, reset");
}

TEST(Yamux, OneStreamTooManyIsResetAlone) {
    MuxLimits limits;
    limits.streams_in = 1;
    YamuxEnd end(Side::listener, limits);
    EXPECT_EQ(end.feed_hex("000100010000000100000000"
                           "000000010000000300000002"
                           "6869"),
              "opened, refused");
    EXPECT_EQ(end.said(), "000100020000000100000000"
                          "000100080000000300000000");
    EXPECT_EQ(end.feed_hex("000000000000000100000001"
                           "68"),
              "data");
}

TEST(Yamux, NoMoreAreOpenedThanAreAcknowledged) {
    MuxLimits limits;
    limits.streams_out = 1000;
    YamuxEnd end(Side::dialer, limits);
    for (std::size_t i = 0; i < kYamuxMaxUnacknowledged; ++i)
        must(end.muxer.open(end.out));
    EXPECT_EQ(must_fail(end.muxer.open(end.out)).code(), Errc::mux_limit);
    // Data says as well that the stream is there.
    EXPECT_EQ(end.feed_hex("000000020000000300000001"
                           "68"),
              "data");
    must(end.muxer.open(end.out));
    EXPECT_FALSE(end.muxer.open(end.out).has_value());
    EXPECT_EQ(end.feed_hex("000100080000000500000000"), "reset");
    must(end.muxer.open(end.out));
}

TEST(Yamux, WhatNobodyReadsStopsTheInput) {
    MuxLimits limits;
    limits.unread_bytes = 3;
    YamuxEnd end(Side::listener, limits);
    const Bytes input = must(from_hex("000000010000000100000005"
                                      "6162636465"));
    EXPECT_EQ(must(end.muxer.receive(input, end.out, end.events)), 15u);
    EXPECT_TRUE(end.muxer.paused());
    end.muxer.consumed(end.events.last, 3, end.out);
    EXPECT_EQ(must(end.muxer.receive(BytesView(input).last(2), end.out, end.events)), 2u);
    EXPECT_FALSE(end.muxer.paused());
}

TEST(Yamux, AFloodOfPingsIsAnsweredAsFarAsTheAnswersGo) {
    MuxLimits limits;
    limits.reply_bytes = 100;
    YamuxEnd end(Side::listener, limits);
    Bytes input;
    for (std::uint32_t i = 0; i < 1000; ++i)
        append_yamux_header(input, {YamuxType::ping, kYamuxSyn, 0, i});
    const std::size_t taken = must(end.muxer.receive(input, end.out, end.events));
    EXPECT_EQ(taken, 108u);
    EXPECT_EQ(end.out.size(), 108u);
    YamuxEnd asks(Side::dialer);
    for (std::uint32_t i = 0; i < 16; ++i)
        must(asks.muxer.ping(i, asks.out));
    EXPECT_EQ(must_fail(asks.muxer.ping(16, asks.out)).code(), Errc::mux_limit);
}

} // namespace
} // namespace codex::net::mux
