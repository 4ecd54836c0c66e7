// Requests as bytes: what is taken, and what is refused because somebody else could read it
// otherwise.
#include "http/parser.hpp"
#include "http/target.hpp"
#include "must.hpp"

#include <gmock/gmock.h>

namespace codex::http {
namespace {

using codex::test::must;
using codex::test::must_fail;
using ::testing::ElementsAre;

constexpr std::size_t kHeadBytes = 8192;

/// A request and its body, from bytes that come `step` at a time.
struct Read {
    Request request;
    std::string body;
};
Result<Read> read(std::string_view text, std::size_t step = SIZE_MAX) {
    RequestParser parser(kHeadBytes);
    std::size_t taken = 0;
    std::size_t come = 0;
    const auto more = [&] {
        come = std::min(text.size(), come > text.size() - std::min(step, text.size())
                                         ? text.size()
                                         : come + std::min(step, text.size()));
    };
    for (;;) {
        CODEX_TRY(head, parser.head(as_bytes(text.substr(0, come))));
        if (head) {
            taken = *head;
            break;
        }
        if (come == text.size())
            return fail(Errc::truncated, "no head");
        more();
    }
    Read read{parser.request(), {}};
    std::array<std::uint8_t, 7> room{};
    while (!parser.done()) {
        CODEX_TRY(stepped, parser.body(as_bytes(text.substr(taken, come - taken)), room));
        taken += stepped.taken;
        read.body += as_text(BytesView(room).first(stepped.given));
        if (stepped.taken != 0 || stepped.given != 0)
            continue;
        if (come == text.size())
            return fail(Errc::truncated, "no end");
        more();
    }
    return read;
}

TEST(RequestParser, ReadsHeads) {
    const Read one = must(read("GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept:  text/plain \r\n\r\n"));
    EXPECT_EQ(one.request.method, "GET");
    EXPECT_EQ(one.request.target, "/a?b=c");
    EXPECT_THAT(one.request.fields, ElementsAre(Field{"Host", "x"}, Field{"Accept", "text/plain"}));
    EXPECT_TRUE(one.request.is_1_1);
    EXPECT_TRUE(one.request.keep_alive);
    EXPECT_FALSE(one.request.has_body());
    const Read old = must(read("\r\nHEAD / HTTP/1.0\r\n\r\n"));
    EXPECT_FALSE(old.request.is_1_1);
    EXPECT_FALSE(old.request.keep_alive);
    EXPECT_TRUE(old.request.is_head());
    EXPECT_TRUE(must(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).request.keep_alive);
    EXPECT_FALSE(
        must(read("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).request.keep_alive);
    EXPECT_EQ(must(read("PURGE / HTTP/1.1\r\nHost: x\r\n\r\n")).request.method, "PURGE");
}

constexpr std::string_view kChunked =
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n1;a=b\r\n,\r\n0A\r\n0123456789\r\n0\r\nTrailer: y\r\n\r\n";

TEST(RequestParser, ReadsBodiesHoweverTheyAreCut) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{5},
                                   std::size_t{11}, std::size_t{1000}}) {
        EXPECT_EQ(must(read(kChunked, step)).body, "hello,0123456789");
        const Read sized =
            must(read("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789", step));
        EXPECT_EQ(sized.body, "0123456789");
        EXPECT_EQ(sized.request.content_length, 10U);
        EXPECT_EQ(must(read("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "0\r\n\r\n",
                            step))
                      .body,
                  "");
    }
}

TEST(RequestParser, IsCutAtAnyByte) {
    for (std::size_t size = 0; size < kChunked.size(); ++size)
        EXPECT_EQ(must_fail(read(kChunked.substr(0, size), 3)).code(), Errc::truncated) << size;
}

TEST(RequestParser, TakesNothingOfTheNextRequest) {
    RequestParser parser(kHeadBytes);
    const std::string two = std::string(kChunked) + "GET / HTTP/1.1\r\n";
    std::size_t taken = *must(parser.head(as_bytes(two)));
    std::array<std::uint8_t, 100> room{};
    while (!parser.done())
        taken += must(parser.body(as_bytes(std::string_view(two).substr(taken)), room)).taken;
    EXPECT_EQ(taken, kChunked.size());
}

TEST(RequestParser, RefusesWhatCouldBeReadInTwoWays) {
    const std::string begin = "POST / HTTP/1.1\r\nHost: x\r\n";
    const std::string nul("A: b\0c\r\n\r\n", 10);
    for (const std::string& rest : std::vector<std::string>{
             "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
             "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
             "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
             "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
             "Content-Length: 5, 5\r\n\r\n",
             "Content-Length: +5\r\n\r\n",
             "Content-Length: 0x5\r\n\r\n",
             "Content-Length: -1\r\n\r\n",
             "Content-Length:\r\n\r\n",
             "Content-Length: 99999999999999999999\r\n\r\n",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
             "A: b\r\n c\r\n\r\n",
             "A: b\r\n\tc\r\n\r\n",
             "A: b\nC: d\r\n\r\n",
             "A: b\rC: d\r\n\r\n",
             "A: b\r\n\n",
             nul,
             "A : b\r\n\r\n",
             " A: b\r\n\r\n",
             ": b\r\n\r\n",
             "A\r\n\r\n",
             "A(: b\r\n\r\n",
             "Host: y\r\n\r\n",
         })
        EXPECT_EQ(must_fail(read(begin + rest, 7)).code(), Errc::malformed) << rest;
    for (const std::string_view whole : {
             "GET / HTTP/1.1\r\n\r\n", // no host
             "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
             "GET /\r\n\r\n",
             "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
             "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
             " GET / HTTP/1.1\r\nHost: x\r\n\r\n",
             "G\x01T / HTTP/1.1\r\nHost: x\r\n\r\n",
             "GET / HTTP/1.1\nHost: x\n\n",
             "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
             "GET / HTTP/11\r\nHost: x\r\n\r\n",
             "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
         })
        EXPECT_EQ(must_fail(read(whole)).code(), Errc::malformed) << whole;
    for (const std::string_view whole : {
             "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
             "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
             "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
         })
        EXPECT_EQ(must_fail(read(whole)).code(), Errc::unsupported) << whole;
}

TEST(RequestParser, RefusesChunksThatAreNone) {
    const std::string begin = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string_view rest : {
             "x\r\nhello\r\n0\r\n\r\n",
             "\r\nhello\r\n0\r\n\r\n",
             "-5\r\nhello\r\n0\r\n\r\n",
             "0x5\r\nhello\r\n0\r\n\r\n",
             "5\nhello\r\n0\r\n\r\n",
             "5\r\nhello0\r\n\r\n     ",
             "5\r\nhelloworld\r\n0\r\n\r\n",
             "11111111111111111\r\nhello\r\n0\r\n\r\n",
             "5;a\x01\r\nhello\r\n0\r\n\r\n",
             "0\r\nA b\r\n\r\n",
             // Lines that end in LF alone, also where nothing follows.
             "5\nhello\n0\n\n",
             "5\n",
             "0\n\n",
             "\n",
             "5\r\nhello\n",
             "5\r\nhello\n0\n\n",
             "5\r\nhello\r\n0\n\n",
             "0\r\nA: b\n\n",
             // More than there can be.
             "ffffffffffffffff\r\nhello",
             "8000000000000000\r\nhello",
         })
        EXPECT_EQ(must_fail(read(begin + std::string(rest))).code(), Errc::malformed) << rest;
}

TEST(RequestParser, TakesLineFeedsThatAreContent) {
    const std::string begin = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t step = 1; step < 12; ++step) {
        EXPECT_EQ(must(read(begin + "1\r\n\n\r\n3\r\n\n\n\n\r\n0\r\n\r\n", step)).body, "\n\n\n\n");
        EXPECT_EQ(must(read(begin + "4\r\na\nb\n\r\n0\r\nA: b\r\n\r\n", step)).body, "a\nb\n");
    }
    // A chunk may be as large as nobody's is.
    EXPECT_EQ(must_fail(read(begin + "7fffffffffffffff\r\nhello")).code(), Errc::truncated);
}

TEST(RequestParser, BoundsHeads) {
    const std::string begin = "GET / HTTP/1.1\r\nHost: x\r\nA: ";
    const std::string end = "\r\n\r\n";
    const std::size_t room = kHeadBytes - begin.size() - end.size();
    must(read(begin + std::string(room, 'a') + end));
    EXPECT_EQ(must_fail(read(begin + std::string(room + 1, 'a') + end)).code(),
              Errc::limit_exceeded);
    EXPECT_EQ(must_fail(read("GET /" + std::string(2 * kHeadBytes, 'a'), 100)).code(),
              Errc::limit_exceeded);
}

TEST(RequestParser, ExpectsOfHttp11Alone) {
    const std::string_view rest = "Host: x\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx";
    EXPECT_TRUE(must(read("PUT / HTTP/1.1\r\n" + std::string(rest))).request.expects_continue);
    EXPECT_FALSE(must(read("PUT / HTTP/1.0\r\n" + std::string(rest))).request.expects_continue);
}

TEST(AnswerHead, IsWhatWasSaid) {
    EXPECT_EQ(must(encode_head({404, {{"A", "b"}, {"C", "d e"}}})),
              "HTTP/1.1 404 Not Found\r\nA: b\r\nC: d e\r\n\r\n");
}

TEST(AnswerHead, HasNoFieldsThatMakeOthers) {
    for (const Field& field : std::vector<Field>{{"A", "b\r\nC: d"},
                                                 {"A", "b\n"},
                                                 {"A", std::string("b\0", 2)},
                                                 {"A", "\x1b[0m"},
                                                 {"A:", "b"},
                                                 {"A\r\nB", "c"},
                                                 {"", "b"},
                                                 {"A b", "c"}})
        EXPECT_EQ(must_fail(encode_head({200, {field}})).code(), Errc::malformed) << field.name;
    EXPECT_EQ(must_fail(encode_head({20, {}})).code(), Errc::malformed);
}

TEST(HttpDate, IsOfTheForm) {
    EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(http_date(1709164800), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(ParseTarget, TakesPathsApart) {
    const Target target = must(parse_target("/a/%7Ab//?x=1&y=%2F+z&x=2&&w#no"));
    EXPECT_THAT(target.segments, ElementsAre("a", "zb", "", ""));
    EXPECT_THAT(target.values("x"), ElementsAre("1", "2"));
    EXPECT_THAT(target.values("y"), ElementsAre("/ z"));
    EXPECT_THAT(target.values("w"), ElementsAre(""));
    EXPECT_THAT(must(parse_target("http://host:1/a?b")).segments, ElementsAre("a"));
    EXPECT_THAT(must(parse_target("/a%2Fb")).segments, ElementsAre("a/b"));
    for (const std::string_view wrong : {"", "a", "*", "/%", "/%4", "/%zz", "/%00", "/a/../b", "/.",
                                         "/%2e%2E/x", "http://host", "http://host?/", "/a?%"})
        EXPECT_EQ(must_fail(parse_target(wrong)).code(), Errc::malformed) << wrong;
}

} // namespace
} // namespace codex::http
