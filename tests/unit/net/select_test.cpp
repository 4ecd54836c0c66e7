// Agreeing on a protocol: known lines, early data, answers in any pieces, and what breaks the
// rules.
#include "net/select/negotiation.hpp"

#include "codec/uvarint.hpp"
#include "network_vectors.hpp"

namespace codex::net::select {
namespace {

using test::must;
using test::must_fail;
using test::unhex;
using testing::HasSubstr;

Bytes line(std::string_view text) {
    Bytes bytes;
    append_line(bytes, text);
    return bytes;
}

Bytes lines(std::initializer_list<std::string_view> texts) {
    Bytes bytes;
    for (const std::string_view text : texts)
        append_line(bytes, text);
    return bytes;
}

const std::vector<std::string> kServed = {"/mplex/6.7.0", "/yamux/1.0.0"};

TEST(SelectLines, VectorsBothWays) {
    const auto& frames = network()["multistream"]["frames"];
    ASSERT_EQ(frames.size(), 10u);
    for (const auto& [text, hex] : frames.items()) {
        const Bytes frame = unhex(hex);
        EXPECT_EQ(line(text), frame);
        const auto read = must(read_line(frame));
        ASSERT_TRUE(read.has_value());
        EXPECT_EQ(read->text, text);
        EXPECT_EQ(read->size, frame.size());
        for (std::size_t size = 0; size < frame.size(); ++size)
            EXPECT_FALSE(must(read_line(BytesView(frame).first(size))).has_value());
    }
}

TEST(SelectLines, LengthsAtTheirBounds) {
    const auto of = [](std::uint64_t length, std::size_t bytes, char last) {
        Bytes made;
        codec::append_uvarint(made, length);
        made.resize(made.size() + bytes, 'a');
        made.back() = static_cast<std::uint8_t>(last);
        return made;
    };
    EXPECT_EQ(must(read_line(of(kMaxLineBytes, kMaxLineBytes, '\n')))->text.size(), 1023u);
    EXPECT_THAT(must_fail(read_line(of(kMaxLineBytes + 1, 1, 'a'))).text(),
                HasSubstr("1025 bytes"));
    EXPECT_THAT(must_fail(read_line(Bytes{0})).text(), HasSubstr("0 bytes"));
    EXPECT_THAT(must_fail(read_line(of(3, 3, 'b'))).text(), HasSubstr("newline"));
    EXPECT_EQ(must(read_line(of(1, 1, '\n')))->text, "");
    EXPECT_EQ(must_fail(read_line(Bytes(10, 0xff))).code(), Errc::select_invalid);
    EXPECT_FALSE(must(read_line(Bytes(9, 0xff))).has_value());
}

TEST(SelectDialer, SaysHeaderAndProposalAtOnceAndGoesThroughItsList) {
    Dialer dialer({"/a", "/b", "/c"});
    EXPECT_FALSE(dialer.may_send_early());
    Bytes out;
    dialer.start(out);
    EXPECT_EQ(out, lines({kHeader, "/a"}));
    out.clear();
    const Bytes answers = lines({kHeader, "na"});
    EXPECT_EQ(must(dialer.receive(answers, out)), answers.size());
    EXPECT_EQ(out, line("/b"));
    Bytes agreed = line("/b");
    append(agreed, as_bytes("said in it"));
    EXPECT_EQ(must(dialer.receive(agreed, out)), agreed.size() - 10);
    ASSERT_TRUE(dialer.done());
    EXPECT_EQ(dialer.chosen(), "/b");
    EXPECT_EQ(must(dialer.receive(as_bytes("more"), out)), 0u);
}

TEST(SelectDialer, TakesAnswersInAnyPiecesWithAndWithoutHeader) {
    for (const bool with_header : {true, false}) {
        for (const std::size_t piece : {1u, 2u, 5u, 100u}) {
            Dialer dialer({"/noise"});
            EXPECT_TRUE(dialer.may_send_early());
            Bytes out;
            dialer.start(out);
            Bytes pending;
            const Bytes answer = with_header ? lines({kHeader, "/noise"}) : line("/noise");
            for (std::size_t at = 0; at < answer.size(); at += piece) {
                append(pending, BytesView(answer).subspan(at, std::min(piece, answer.size() - at)));
                const std::size_t taken = must(dialer.receive(pending, out));
                pending.erase(pending.begin(),
                              pending.begin() + static_cast<std::ptrdiff_t>(taken));
            }
            EXPECT_TRUE(dialer.done());
            EXPECT_TRUE(pending.empty());
        }
    }
}

TEST(SelectDialer, EndsWhenNothingIsLeftOrTheAnswerIsNone) {
    Bytes out;
    Dialer refused({"/a"});
    refused.start(out);
    const Error error = must_fail(refused.receive(lines({kHeader, "na"}), out));
    EXPECT_EQ(error.code(), Errc::protocol_unsupported);
    EXPECT_THAT(error.text(), HasSubstr("/a"));
    for (const Bytes& bad : {lines({kHeader, kHeader}), lines({kHeader, "/b"}), line("/b"),
                             lines({kHeader, "ls"}), Bytes{3, 'n', 'a', 'x'}, Bytes{0}}) {
        Dialer dialer({"/a"});
        EXPECT_EQ(must_fail(dialer.receive(bad, out)).code(), Errc::select_invalid);
    }
}

TEST(SelectListener, AnswersHeaderAndProposalOfOneReadAndKeepsEarlyData) {
    Bytes input = lines({kHeader, "/yamux/1.0.0"});
    append(input, as_bytes("early"));
    Listener listener(kServed);
    Bytes out;
    EXPECT_EQ(must(listener.receive(input, out)), input.size() - 5);
    ASSERT_TRUE(listener.done());
    EXPECT_EQ(listener.chosen(), "/yamux/1.0.0");
    EXPECT_EQ(out, lines({kHeader, "/yamux/1.0.0"}));
}

TEST(SelectListener, SaysNoToOthersAndToASecondHeader) {
    Listener listener(kServed);
    Bytes out;
    const Bytes input =
        lines({kHeader, "/x", kHeader, "/mplex/6.7.1", "", "/mplex/6.7.0/", "/mplex/6.7.0"});
    EXPECT_EQ(must(listener.receive(input, out)), input.size());
    EXPECT_EQ(out, lines({kHeader, "na", "na", "na", "na", "na", "/mplex/6.7.0"}));
    EXPECT_EQ(listener.chosen(), "/mplex/6.7.0");
}

TEST(SelectListener, ListsWhatItServes) {
    Listener listener(kServed);
    Bytes out;
    must(listener.receive(lines({kHeader, "ls"}), out));
    Bytes expected = line(kHeader);
    const Bytes inner = lines({"/mplex/6.7.0", "/yamux/1.0.0"});
    codec::append_uvarint(expected, inner.size() + 1);
    append(expected, inner);
    expected.push_back('\n');
    EXPECT_EQ(out, expected);
    EXPECT_FALSE(listener.done());
}

TEST(SelectListener, RefusesAnotherHeaderAndAnEndlessTalk) {
    Bytes out;
    Listener older(kServed);
    EXPECT_THAT(must_fail(older.receive(line("/multistream/0.3.0"), out)).text(),
                HasSubstr("/multistream/0.3.0"));
    EXPECT_TRUE(out.empty());
    Listener http(kServed);
    EXPECT_EQ(
        must_fail(http.receive(as_bytes("GET / HTTP/1.1\r\n" + std::string(100, 'a')), out)).code(),
        Errc::select_invalid);
    Listener listener(kServed);
    must(listener.receive(line(kHeader), out));
    for (std::size_t i = 0; i < kMaxProposals; ++i)
        must(listener.receive(line("/x"), out));
    EXPECT_THAT(must_fail(listener.receive(line("/x"), out)).text(), HasSubstr("more than 64"));
}

TEST(SelectBothSides, AgreeOnTheFirstThatBothHave) {
    for (const auto& [wanted, agreed] :
         std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"/mplex/6.7.0", "/yamux/1.0.0"}, "/mplex/6.7.0"},
             {{"/tls/1.0.0", "/yamux/1.0.0"}, "/yamux/1.0.0"}}) {
        Dialer dialer(wanted);
        Listener listener(kServed);
        Bytes there;
        Bytes back;
        dialer.start(there);
        for (int turn = 0; turn < 10 && !dialer.done(); ++turn) {
            back.clear();
            must(listener.receive(std::exchange(there, {}), back));
            must(dialer.receive(back, there));
        }
        EXPECT_EQ(dialer.chosen(), agreed);
        EXPECT_EQ(listener.chosen(), agreed);
    }
}

} // namespace
} // namespace codex::net::select
