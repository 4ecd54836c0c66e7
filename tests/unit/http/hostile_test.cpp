// Clients that mean harm: who trickle, and who hide a request in another.
#include "server_fixture.hpp"

namespace codex::http {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using HostileHttp = codex::test::HttpServerTest;

TEST_F(HostileHttp, ABodyThatTricklesEnds) {
    begin();
    for (const std::string_view kind : {"Content-Length: 9999999", "Transfer-Encoding: chunked"}) {
        const auto socket = dial();
        say(*socket, fmt::format("POST /size HTTP/1.1\r\nHost: x\r\n{}\r\n\r\n", kind));
        const Clock::Instant began = loop_.now();
        while (server_->answering() != 0 || loop_.now() == began) { // never still for long
            settle(seconds(1));
            static_cast<void>(socket->try_write(as_bytes("1\r\nx\r\n")));
        }
        EXPECT_GE(loop_.now() - began, seconds(58)) << kind;
        EXPECT_LE(loop_.now() - began, seconds(62)) << kind;
        settle(seconds(5));
        EXPECT_EQ(server_->connections(), 0U);
    }
    // As much as is asked for is enough, however long it takes.
    const auto socket = dial();
    say(*socket, "POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\n\r\n");
    const std::string piece(70000, 'x');
    for (int i = 0; i < 10; ++i) {
        settle(seconds(50));
        say(*socket, piece);
    }
    EXPECT_THAT(hear(*socket, seconds(1)), EndsWith("700000"));
}

TEST_F(HostileHttp, AnAnswerThatIsTakenInDropsEnds) {
    begin();
    WireOptions wire;
    wire.buffer_bytes = 5000;
    internet_.set_wire(ip_, ip_, wire);
    const auto socket = dial();
    say(*socket, "GET /many HTTP/1.1\r\nHost: x\r\n\r\n");
    const Clock::Instant began = loop_.now();
    Bytes room(10);
    while (server_->answering() != 0 || loop_.now() == began) {
        settle(seconds(1));
        static_cast<void>(socket->try_read(room));
    }
    EXPECT_GE(loop_.now() - began, seconds(58));
    EXPECT_LE(loop_.now() - began, seconds(70));
}

TEST_F(HostileHttp, WhoIsWaitedForLongestMakesRoom) {
    ServerOptions options;
    options.connections = 3;
    begin(options);
    const auto upload = [this] {
        auto socket = dial();
        say(*socket, "POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\nx");
        return socket;
    };
    const auto hurries = upload();
    const auto trickles = upload();
    settle(seconds(1));
    const auto stands = upload();
    const std::string piece(70000, 'x');
    for (int i = 0; i < 10; ++i) {
        // Nobody is slow yet: one more is told so.
        if (i == 0) {
            EXPECT_THAT(hear(*dial()), StartsWith("HTTP/1.1 503 "));
        }
        settle(std::chrono::milliseconds(500));
        say(*hurries, piece);
        static_cast<void>(trickles->try_write(as_bytes("x"))); // is slow all the same
    }
    const auto other = dial();
    say(*other, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(hear(*other, seconds(1)), EndsWith("ok"));
    EXPECT_LE(server_->connections(), 3U);
    // It was that one; the others go on.
    EXPECT_EQ(hear(*trickles, std::chrono::milliseconds(1)), "");
    EXPECT_FALSE(trickles->try_write(as_bytes("x")));
    EXPECT_TRUE(stands->try_write(as_bytes("x")));
    EXPECT_TRUE(hurries->try_write(as_bytes("x")));
    EXPECT_EQ(server_->answering(), 2U);
}

TEST_F(HostileHttp, ManyThatStandStillKeepNobodyOut) {
    begin();
    std::vector<std::unique_ptr<Socket>> still;
    for (int i = 0; i < 256; ++i) {
        still.push_back(dial());
        say(*still.back(), "POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\nx");
    }
    settle(seconds(2));
    std::vector<std::unique_ptr<Socket>> others;
    for (int i = 0; i < 20; ++i) {
        others.push_back(dial());
        say(*others.back(), "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    for (const auto& one : others)
        EXPECT_THAT(hear(*one, seconds(1)), EndsWith("ok"));
    EXPECT_LE(server_->connections(), 256U);
}

TEST_F(HostileHttp, NothingIsSmuggledBehindARequest) {
    begin();
    const std::string hidden = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    const std::string size = std::to_string(hidden.size());
    const std::string sized = "Content-Length: " + size + "\r\n";
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    const std::string none = "0\r\n\r\n";
    for (const auto& [fields, body] : std::vector<std::pair<std::string, std::string>>{
             // Two lengths, of which the one in front may take the other.
             {sized + chunked, none + hidden},
             {chunked + sized, none + hidden},
             {"Content-Length: 0\r\n" + sized, hidden},
             {sized + "Content-Length: 0\r\n", hidden},
             {"Content-Length: 0, " + size + "\r\n", hidden},
             {"Content-Length: 0 " + size + "\r\n", hidden},
             {"Content-Length: 0x0\r\n", hidden},
             {"Content-Length: +0\r\n", hidden},
             {"Content-Length:\r\n", hidden},
             // Codings that one of two may not take for chunks.
             {"Transfer-Encoding: xchunked\r\n", none + hidden},
             {"Transfer-Encoding: chunked, identity\r\n", none + hidden},
             {"Transfer-Encoding: identity, chunked\r\n", none + hidden},
             {"Transfer-Encoding: \"chunked\"\r\n", none + hidden},
             {"Transfer-Encoding: chunked;q=1\r\n", none + hidden},
             {"Transfer-Encoding:\x0b"
              "chunked\r\n",
              none + hidden},
             {"Transfer-Encoding : chunked\r\n", none + hidden},
             {"Transfer-Encoding\t: chunked\r\n", none + hidden},
             {" Transfer-Encoding: chunked\r\n", none + hidden},
             {"X: y\r\n Transfer-Encoding: chunked\r\n", none + hidden},
             {"X: y\nTransfer-Encoding: chunked\r\n", none + hidden},
             {"X: y\rTransfer-Encoding: chunked\r\n", none + hidden},
             {chunked + "Transfer-Encoding: identity\r\n", none + hidden},
             // Chunks that end earlier for one than for the other.
             {chunked, "0\n\n" + hidden},
             {chunked, "0\r\n\n" + hidden},
             {chunked, "0x0\r\n\r\n" + hidden},
             {chunked, "-0\r\n\r\n" + hidden},
             {chunked, "+0\r\n\r\n" + hidden},
             {chunked, " 0\r\n\r\n" + hidden},
             {chunked, "1\r\nab\r\n0\r\n\r\n" + hidden},
             {chunked, "1\r\na0\r\n\r\n" + hidden},
             {chunked, "10000000000000000\r\n\r\n" + hidden},
             {chunked, "0;a\n\r\n" + hidden},
             {chunked, "\r\n\r\n" + hidden},
         }) {
        handler_.targets.clear();
        const std::string all = "POST /size HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
        const std::string heard = ask(all);
        EXPECT_THAT(handler_.targets, Not(Contains("GET /smuggled"))) << all;
        EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ") || heard.starts_with("HTTP/1.1 501 "))
            << all << heard;
        EXPECT_EQ(heard.find("HTTP/1.1 ", 1), std::string::npos) << all;
    }
    // A body that nobody has read is no request.
    for (const std::string target : {"/a", "/refuse"}) {
        handler_.targets.clear();
        const std::string heard =
            ask("POST " + target + " HTTP/1.1\r\nHost: x\r\n" + sized + "\r\n" + hidden);
        EXPECT_THAT(handler_.targets, ElementsAre("POST " + target));
        EXPECT_THAT(heard, HasSubstr("Connection: close\r\n"));
    }
}

} // namespace
} // namespace codex::http
