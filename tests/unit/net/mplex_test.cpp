// mplex: known frames, streams both ways, limits, and each thing that ends a connection of others.
#include "net/mux/mplex.hpp"

#include "codec/uvarint.hpp"
#include "mux_fixture.hpp"
#include "network_vectors.hpp"

namespace codex::net::mux {
namespace {

using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

using MplexEnd = MuxEnd<Mplex>;

TEST(MplexFrames, VectorsBothWays) {
    const auto& frames = network()["mplex"]["frames"];
    ASSERT_EQ(frames.size(), 8u);
    for (const auto& vector : frames) {
        const Bytes frame = unhex(vector["hex"]);
        const auto header = must(read_mplex_header(frame));
        ASSERT_TRUE(header.has_value());
        EXPECT_EQ(header->id, vector["id"]);
        EXPECT_EQ(static_cast<int>(header->flag), vector["flag"]);
        EXPECT_EQ(header->size + header->payload, frame.size());
        Bytes made;
        append_mplex_header(made, vector["id"], header->flag, header->payload);
        EXPECT_TRUE(equal(made, BytesView(frame).first(header->size))) << vector["name"];
        for (std::size_t size = 0; size < header->size; ++size)
            EXPECT_FALSE(must(read_mplex_header(BytesView(frame).first(size))).has_value());
    }
}

TEST(MplexFrames, BoundsOfNumbers) {
    Bytes largest;
    append_mplex_header(largest, kMaxMplexId, MplexFlag::message_initiator, kMaxMplexPayload);
    EXPECT_EQ(must(read_mplex_header(largest))->id, kMaxMplexId);
    EXPECT_EQ(must(read_mplex_header(largest))->payload, kMaxMplexPayload);
    EXPECT_THAT(must_fail(read_mplex_header(must(from_hex("0a818040")))).text(),
                HasSubstr("1048577 bytes"));
    EXPECT_THAT(must_fail(read_mplex_header(must(from_hex("0700")))).text(), HasSubstr("flag 7"));
    EXPECT_EQ(must_fail(read_mplex_header(Bytes(10, 0xff))).code(), Errc::mux_invalid);
}

TEST(Mplex, IsWrittenAsTheReferenceWritesIt) {
    MplexEnd end;
    const StreamId stream = must(end.muxer.open(end.out));
    EXPECT_EQ(end.said(), "0800");
    EXPECT_EQ(end.muxer.write(stream, as_bytes("hi"), end.out), 2u);
    EXPECT_EQ(end.said(), "0a026869");
    end.muxer.end(stream, end.out);
    EXPECT_EQ(end.said(), "0c00");
    EXPECT_EQ(end.muxer.write(stream, as_bytes("hi"), end.out), 0u) << "it said that it ends";
    end.muxer.end(stream, end.out);
    EXPECT_EQ(end.said(), "");
    // The second stream of this side is 2, whatever the other side has; a name is nothing to us.
    EXPECT_EQ(end.feed_hex("100561"
                           "6c"
                           "70"
                           "68"
                           "61"),
              "opened");
    const StreamId theirs = end.events.last;
    const StreamId second = must(end.muxer.open(end.out));
    EXPECT_EQ(end.said(), "1000");
    EXPECT_EQ(end.muxer.write(theirs, as_bytes("hi"), end.out), 2u);
    EXPECT_EQ(end.said(), "11026869");
    end.muxer.reset(second, end.out);
    end.muxer.reset(theirs, end.out);
    EXPECT_EQ(end.said(), "16001500");
    EXPECT_EQ(end.muxer.streams_in() + end.muxer.streams_out(), 1u) << "only the first is left";
}

TEST(Mplex, StreamsBothWaysEndEachForItself) {
    MplexEnd a;
    MplexEnd b;
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
    EXPECT_EQ(as_text(a.events.received[stream]), "answer");
    EXPECT_EQ(a.muxer.streams_out(), 1u) << "what is unread counts";
    a.muxer.consumed(stream, 6, a.out);
    b.muxer.consumed(theirs, 8, b.out);
    EXPECT_EQ(a.muxer.streams_out() + b.muxer.streams_in(), 0u);
    EXPECT_EQ(a.muxer.unread_bytes() + b.muxer.unread_bytes(), 0u);
}

TEST(Mplex, TakesBytesInAnyPieces) {
    std::mt19937_64 random(1);
    MplexEnd writer;
    const StreamId stream = must(writer.muxer.open(writer.out));
    const Bytes content = test::random_bytes(random, 200000);
    EXPECT_EQ(writer.muxer.write(stream, content, writer.out), content.size());
    writer.muxer.end(stream, writer.out);
    for (const std::size_t piece : {1u, 2u, 3u, 1000u, 65536u}) {
        MplexEnd reader;
        for (std::size_t at = 0; at < writer.out.size(); at += piece) {
            const auto part =
                BytesView(writer.out).subspan(at, std::min(piece, writer.out.size() - at));
            EXPECT_EQ(must(reader.muxer.receive(part, reader.out, reader.events)), part.size());
        }
        EXPECT_EQ(reader.events.take(), "opened, data, ended");
        EXPECT_EQ(reader.events.received[reader.events.last], content);
    }
}

TEST(Mplex, FramesFitIntoOneOfNoise) {
    MplexEnd end;
    const StreamId stream = must(end.muxer.open(end.out));
    end.out.clear();
    const std::size_t size = end.muxer.begin_data(stream, 1 << 24, end.out);
    EXPECT_EQ(size, end.muxer.writable(stream));
    EXPECT_LE(end.out.size() + size, kMaxWrittenFrameBytes);
    EXPECT_LE(size, kMaxMplexPayload) << "the reference closes the connection above";
    EXPECT_EQ(end.muxer.begin_data(stream, 0, end.out), 0u);
}

TEST(Mplex, WhatEndsAConnectionOfOthersIsRefusedAndNeverSaid) {
    MplexEnd flag;
    EXPECT_EQ(flag.refusal("0f00").code(), Errc::mux_invalid);
    MplexEnd large;
    EXPECT_EQ(large.refusal("0a818040").code(), Errc::mux_invalid);
    MplexEnd twice;
    EXPECT_EQ(twice.feed_hex("0800"), "opened");
    EXPECT_THAT(twice.refusal("0800").text(), HasSubstr("while it is open"));
    // Numbers are used once: the reference ends a connection where one is used while it is open.
    MplexEnd end;
    std::string said;
    for (int i = 0; i < 3; ++i) {
        const StreamId stream = must(end.muxer.open(end.out));
        end.muxer.reset(stream, end.out);
        said += end.said();
    }
    EXPECT_EQ(said, "08000e00"
                    "10001600"
                    "18001e00");
    // Nor are more opened than the 200 that it takes.
    MplexEnd many;
    for (std::size_t i = 0; i < MuxLimits().streams_out; ++i)
        must(many.muxer.open(many.out));
    EXPECT_LT(MuxLimits().streams_out, 200u);
    many.out.clear();
    EXPECT_EQ(must_fail(many.muxer.open(many.out)).code(), Errc::mux_limit);
    EXPECT_TRUE(many.out.empty());
}

TEST(Mplex, FramesOfStreamsThatAreNoMoreArePassedOver) {
    MplexEnd end;
    EXPECT_EQ(end.feed_hex("0a026869"
                           "09026869"
                           "0c00"
                           "0b00"
                           "0e00"
                           "0d00"),
              "");
    EXPECT_EQ(end.feed_hex("0800"
                           "0c00"
                           "0c00"),
              "opened, ended");
    EXPECT_EQ(end.feed_hex("0a026869"), "") << "behind its end";
    EXPECT_EQ(end.feed_hex("0e00"
                           "0e00"),
              "reset");
    EXPECT_EQ(end.said(), "");
    // An end or a reset with payload, which nobody should send.
    EXPECT_EQ(end.feed_hex("0800"
                           "0c026869"
                           "1000"
                           "0e03616263"),
              "opened, ended, opened, reset");
}

TEST(Mplex, ANumberMayBeUsedAgainWhenBothSidesHaveEnded) {
    MplexEnd end;
    EXPECT_EQ(end.feed_hex("0800"
                           "0a026869"
                           "0c00"),
              "opened, data, ended");
    const StreamId first = end.events.last;
    end.muxer.end(first, end.out);
    EXPECT_EQ(end.said(), "0b00");
    EXPECT_EQ(end.muxer.unread_bytes(), 2u);
    EXPECT_EQ(end.feed_hex("0800"), "opened");
    EXPECT_NE(end.events.last, first);
    end.muxer.reset(first, end.out);
    EXPECT_EQ(end.said(), "") << "that would reset the second";
    EXPECT_EQ(end.muxer.streams_in(), 1u);
    EXPECT_EQ(end.feed_hex("0a0168"), "data");
}

TEST(Mplex, OneStreamTooManyIsResetAlone) {
    MuxLimits limits;
    limits.streams_in = 2;
    MplexEnd end(limits);
    EXPECT_EQ(end.feed_hex("0000"
                           "0800"
                           "1000"
                           "12026869"),
              "opened, opened, refused");
    EXPECT_EQ(end.said(), "1500");
    EXPECT_EQ(end.feed_hex("0600"
                           "1800"),
              "reset, opened");
}

TEST(Mplex, WhatNobodyReadsStopsTheInput) {
    MuxLimits limits;
    limits.unread_stream_bytes = 10;
    MplexEnd end(limits);
    const Bytes input = must(from_hex("0800"
                                      "0a0c"
                                      "616263646566"
                                      "676869"
                                      "6a6b6c"
                                      "1000"));
    EXPECT_EQ(must(end.muxer.receive(input, end.out, end.events)), 14u);
    EXPECT_TRUE(end.muxer.paused());
    const BytesView rest = BytesView(input).subspan(14);
    EXPECT_EQ(must(end.muxer.receive(rest, end.out, end.events)), 0u);
    const StreamId stream = end.events.last;
    end.muxer.consumed(stream, 1, end.out);
    EXPECT_FALSE(end.muxer.paused());
    EXPECT_EQ(must(end.muxer.receive(rest, end.out, end.events)), 1u);
    end.muxer.reset(stream, end.out);
    EXPECT_FALSE(end.muxer.paused()) << "a stream that is given up holds up nobody";
    EXPECT_EQ(end.feed(rest.subspan(1)), "opened, data, opened");
    EXPECT_EQ(end.muxer.unread_bytes(), 0u);
}

TEST(Mplex, AllStreamsTogetherStopTheInput) {
    MuxLimits limits;
    limits.unread_bytes = 3;
    MplexEnd end(limits);
    const Bytes input = must(from_hex("0800"
                                      "1000"
                                      "0a026161"
                                      "12026161"));
    EXPECT_EQ(must(end.muxer.receive(input, end.out, end.events)), input.size() - 1);
    EXPECT_TRUE(end.muxer.paused());
    end.muxer.consumed(1, 2, end.out);
    EXPECT_EQ(must(end.muxer.receive(BytesView(input).last(1), end.out, end.events)), 1u);
}

TEST(Mplex, AnswersThatNobodyTakesStopTheInput) {
    MuxLimits limits;
    limits.streams_in = 0;
    limits.reply_bytes = 8;
    MplexEnd end(limits);
    Bytes input;
    for (std::uint64_t id = 0; id < 100; ++id)
        append_mplex_header(input, id, MplexFlag::new_stream, 0);
    const std::size_t taken = must(end.muxer.receive(input, end.out, end.events));
    EXPECT_EQ(end.out.size(), 8u);
    EXPECT_EQ(taken, 8u);
    end.out.clear();
    EXPECT_GT(must(end.muxer.receive(BytesView(input).subspan(taken), end.out, end.events)), 0u);
}

} // namespace
} // namespace codex::net::mux
