// A server as its clients see it: what they ask, in pieces, at once, too slowly, or not to the end.
#include "server_fixture.hpp"

namespace codex::http {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ServerTest = codex::test::HttpServerTest;

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(std::string_view target, std::string_view body, std::string_view more = "") {
    return fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{}\r\n{}", target,
                       body.size(), more, body);
}

std::size_t times(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + 1))
        ++count;
    return count;
}

TEST_F(ServerTest, AnswersOneAfterTheOtherOnOneConnection) {
    begin();
    const auto socket = dial();
    say(*socket, kGet);
    const std::string first = hear(*socket, seconds(1));
    EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(first, HasSubstr("Content-Length: 2\r\n"));
    EXPECT_THAT(first, HasSubstr("\r\nDate: "));
    EXPECT_THAT(first, HasSubstr("\r\nServer: codex\r\n"));
    EXPECT_THAT(first, Not(HasSubstr("Connection")));
    EXPECT_THAT(first, EndsWith("\r\n\r\nok"));
    // Several at once are answered in their order.
    say(*socket, post("/size", "12345") + post("/echo", "hello") + std::string(kGet));
    const std::string rest = hear(*socket, seconds(1));
    EXPECT_EQ(times(rest, "HTTP/1.1 200 OK"), 3U);
    EXPECT_LT(rest.find("\r\n\r\n5"), rest.find("5\r\nhello\r\n0\r\n\r\n"));
    EXPECT_THAT(rest, EndsWith("ok"));
    EXPECT_EQ(server_->connections(), 1U);
    EXPECT_EQ(server_->answering(), 0U);
}

TEST_F(ServerTest, HasNoBodyForHead) {
    begin();
    const auto socket = dial();
    say(*socket, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /many HTTP/1.1\r\nHost: x\r\n\r\n"
                 "HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string heard = hear(*socket, seconds(1));
    EXPECT_THAT(heard, HasSubstr("Content-Length: 2\r\n"));
    EXPECT_THAT(heard, HasSubstr("Content-Length: 1048576\r\n"));
    EXPECT_THAT(heard, HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_EQ(times(heard, "HTTP/1.1 200 OK"), 3U);
    EXPECT_THAT(heard, EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, SpeaksHttp10) {
    begin();
    EXPECT_THAT(ask("GET /a HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close\r\n"));
    const std::string echoed = ask("POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_THAT(echoed, Not(HasSubstr("chunked")));
    EXPECT_THAT(echoed, EndsWith("\r\n\r\nhello"));
    const auto socket = dial();
    say(*socket, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(hear(*socket, seconds(1)), HasSubstr("Connection: keep-alive\r\n"));
    EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(ServerTest, AsksForABodyThatWaitsToBeAskedFor) {
    begin();
    const std::string head =
        "POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
    const auto socket = dial();
    say(*socket, head);
    EXPECT_EQ(hear(*socket, seconds(1)), "HTTP/1.1 100 Continue\r\n\r\n");
    say(*socket, "abc");
    EXPECT_THAT(hear(*socket, seconds(1)), StartsWith("HTTP/1.1 200 OK"));
    // Who did not wait is not asked, and who is refused is told so at once.
    EXPECT_THAT(ask(head + "abc"), Not(HasSubstr("100")));
    std::string refused = head;
    refused.replace(5, 5, "/refuse");
    const std::string heard = ask(refused);
    EXPECT_THAT(heard, StartsWith("HTTP/1.1 422"));
    EXPECT_THAT(heard, HasSubstr("Connection: close\r\n"));
}

TEST_F(ServerTest, WhoIsRefusedReadsSoWhateverHeStillSends) {
    begin();
    const auto socket = dial();
    say(*socket, "POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    settle();
    say(*socket, std::string(100000, 'x'));
    EXPECT_THAT(hear(*socket), StartsWith("HTTP/1.1 422"));
    EXPECT_THAT(handler_.targets, ElementsAre("POST /refuse")); // the body was no request
    settle(seconds(3));
    EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(ServerTest, LosesNothingWhereverARequestIsCut) {
    begin();
    const std::string whole = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "5\r\nhello\r\n3\r\n, y\r\n0\r\n\r\n";
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const auto socket = dial();
        say(*socket, std::string_view(whole).substr(0, size));
        settle();
        say(*socket, std::string_view(whole).substr(size));
        const std::string heard = hear(*socket, seconds(1));
        EXPECT_THAT(heard, StartsWith("HTTP/1.1 200 OK")) << size;
        EXPECT_THAT(heard, EndsWith("0\r\n\r\n")) << size;
    }
    // And whoever leaves in the middle leaves nothing behind.
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto socket = dial();
        say(*socket, std::string_view(whole).substr(0, size));
        settle();
        if (size % 2 == 0)
            socket->close();
        else
            socket->end();
        settle();
    }
    EXPECT_TRUE(loop_.run_until([&] { return server_->connections() == 0; },
                                loop_.now() + std::chrono::minutes(5)));
}

TEST_F(ServerTest, AHeadHasTenSecondsAndAQuietConnectionAMinute) {
    begin();
    auto socket = dial();
    Clock::Instant began = loop_.now();
    EXPECT_EQ(hear(*socket), "");
    EXPECT_EQ(loop_.now() - began, seconds(10));
    // A byte now and then is no way to stay.
    socket = dial();
    began = loop_.now();
    for (std::size_t i = 0; i < kGet.size() && server_->connections() != 0; ++i) {
        say(*socket, kGet.substr(i, 1));
        settle(seconds(1));
    }
    EXPECT_LE(loop_.now() - began, seconds(15));
    EXPECT_TRUE(handler_.targets.empty());
    socket = dial();
    say(*socket, kGet);
    EXPECT_NE(hear(*socket, seconds(1)), "");
    began = loop_.now();
    EXPECT_EQ(hear(*socket), "");
    EXPECT_GE(loop_.now() - began, seconds(58));
    EXPECT_LE(loop_.now() - began, seconds(63));
}

TEST_F(ServerTest, ABodyThatStandsStillEnds) {
    begin();
    const auto socket = dial();
    say(*socket, "POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 5; ++i) { // slow is not still
        settle(seconds(10));
        say(*socket, "abc");
    }
    EXPECT_EQ(server_->answering(), 1U);
    settle(seconds(12));
    EXPECT_EQ(hear(*socket), "");
    EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(ServerTest, AnAnswerThatNobodyTakesEnds) {
    begin();
    const auto socket = dial();
    say(*socket, "GET /many HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(seconds(50));
    EXPECT_EQ(server_->answering(), 1U);
    settle(seconds(20));
    EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(ServerTest, SeesThatNobodyWaitsAnyMore) {
    begin();
    auto socket = dial();
    say(*socket, post("/wait", "x") + "GET ");
    settle(seconds(100));
    EXPECT_EQ(handler_.left, 0);
    socket->close();
    settle();
    EXPECT_EQ(handler_.left, 0); // its body was not read
    socket = dial();
    say(*socket, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(seconds(100));
    EXPECT_EQ(handler_.left, 0);
    socket->end(); // and one that only says no more has its answer
    EXPECT_THAT(hear(*socket), EndsWith("late"));
    EXPECT_EQ(handler_.left, 1);
}

TEST_F(ServerTest, WhatIsWrongEndsTheConnection) {
    http::ServerOptions options;
    options.refused_fields = {{"X-Guard", "on"}};
    begin(std::move(options));
    for (const std::string_view wrong :
         {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n", "nonsense\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: "
          "chunked\r\n\r\n"
          "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
          "POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n\r\n"}) {
        const std::string heard = ask(wrong);
        EXPECT_THAT(heard, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << wrong;
        EXPECT_THAT(heard, HasSubstr("Connection: close\r\n"));
        EXPECT_THAT(heard, HasSubstr("X-Guard: on\r\n"));
        EXPECT_THAT(heard, EndsWith("\r\n\r\n"));
    }
    EXPECT_THAT(handler_.targets, ElementsAre("POST /size"));
    EXPECT_THAT(ask("GET /" + std::string(9000, 'a')), StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), Not(HasSubstr("X-Guard")));
    EXPECT_THAT(ask("GET /inject HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(ask("GET /fail HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 507 "));
}

TEST_F(ServerTest, SaysThatThereIsNoMemory) {
    begin();
    const std::string asked = " HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n";
    const auto socket = dial();
    say(*socket, "POST /memory" + asked + std::string(200000, 'x')); // who still sends hears it
    const std::string heard = hear(*socket);
    EXPECT_THAT(heard, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(heard, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(heard, EndsWith("\r\n\r\n"));
    // Behind a head there is no other one.
    const std::string late = ask("POST /late-memory" + asked);
    EXPECT_EQ(times(late, "HTTP/1.1"), 1U);
    EXPECT_THAT(late, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("ok"));
}

TEST_F(ServerTest, NeverMakesUpWhatIsMissing) {
    begin();
    const std::string heard = ask("GET /short HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(heard, HasSubstr("Content-Length: 1048576\r\n"));
    EXPECT_EQ(times(heard, "m"), 3U << 16);
    settle(seconds(3));
    EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(ServerTest, BeginningsOfChunksAreBounded) {
    begin();
    const std::string head = "POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_THAT(ask(head + "5;" + std::string(200000, 'a')), StartsWith("HTTP/1.1 400"));
    std::string trailers = head + "0\r\n";
    for (int i = 0; i < 20000; ++i)
        trailers += fmt::format("A{}: b\r\n", i);
    EXPECT_THAT(ask(trailers), StartsWith("HTTP/1.1 400"));
}

TEST_F(ServerTest, QuietConnectionsMakeRoomForOthers) {
    ServerOptions options;
    options.connections = 3;
    begin(options);
    std::vector<std::unique_ptr<Socket>> quiet;
    for (int i = 0; i < 10; ++i) {
        quiet.push_back(dial());
        say(*quiet.back(), kGet);
        EXPECT_THAT(hear(*quiet.back(), seconds(1)), EndsWith("ok"));
        EXPECT_LE(server_->connections(), 3U);
    }
    // Where none is quiet, one more is told so.
    std::vector<std::unique_ptr<Socket>> busy;
    for (int i = 0; i < 3; ++i) {
        busy.push_back(dial());
        say(*busy.back(), "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        settle();
    }
    EXPECT_THAT(hear(*dial()), StartsWith("HTTP/1.1 503 "));
    EXPECT_EQ(server_->answering(), 3U);
}

/// Has descriptors for so many connections of the server.
class ScarceAcceptor final : public Acceptor {
public:
    ScarceAcceptor(std::unique_ptr<Acceptor> inner, std::function<bool()> has_room)
        : inner_(std::move(inner)), has_room_(std::move(has_room)) {}
    Task<Result<std::unique_ptr<Socket>>> accept() override { return accept_one(this); }
    [[nodiscard]] SocketAddress local() const override { return inner_->local(); }
    void close() override { inner_->close(); }

private:
    static Task<Result<std::unique_ptr<Socket>>> accept_one(ScarceAcceptor* self) {
        if (!self->has_room_())
            co_return fail(Errc::files_exhausted, "accept: too many open files");
        co_return co_await self->inner_->accept();
    }
    std::unique_ptr<Acceptor> inner_;
    std::function<bool()> has_room_;
};

TEST_F(ServerTest, QuietConnectionsMakeRoomWhereDescriptorsAreScarce) {
    auto acceptor = codex::test::must(network_->listen(at_));
    at_ = acceptor->local();
    const auto has_room = [this] { return !server_ || server_->connections() < 3; };
    server_.emplace(loop_, std::make_unique<ScarceAcceptor>(std::move(acceptor), has_room),
                    handler_, ServerOptions());
    std::vector<std::unique_ptr<Socket>> quiet;
    for (int i = 0; i < 10; ++i) {
        quiet.push_back(dial());
        say(*quiet.back(), kGet);
        EXPECT_THAT(hear(*quiet.back(), seconds(1)), EndsWith("ok")) << i;
    }
    EXPECT_LE(server_->connections(), 3U);
}

TEST_F(ServerTest, WhatWasTakenIsAnsweredWhenItCloses) {
    begin();
    const auto quiet = dial();
    say(*quiet, kGet);
    EXPECT_THAT(hear(*quiet, seconds(1)), EndsWith("ok"));
    const auto socket = dial();
    say(*socket, "POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab");
    settle();
    server_->close();
    EXPECT_EQ(hear(*quiet), "");
    EXPECT_EQ(server_->answering(), 1U);
    say(*socket, "c");
    EXPECT_THAT(hear(*socket), EndsWith("3"));
    EXPECT_EQ(server_->answering(), 0U);
    settle(seconds(3));
    EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(ServerTest, MuchGoesThroughWiresThatCutIt) {
    begin();
    WireOptions wire;
    wire.piece_bytes = 1000;
    wire.buffer_bytes = 5000;
    internet_.set_wire(ip_, ip_, wire);
    const std::string body(300000, 'z');
    EXPECT_THAT(ask(post("/size", body, "Connection: close\r\n")), EndsWith("300000"));
    std::string chunks = "POST /size HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t i = 1; i < 500; ++i)
        chunks += fmt::format("{:x}\r\n{}\r\n", i, std::string(i, 'y'));
    EXPECT_THAT(ask(chunks + "0\r\n\r\n"), EndsWith("\r\n\r\n124750"));
}

} // namespace
} // namespace codex::http
