// The control socket as its clients see it, over a network whose clock jumps.
#include "node/control_server.hpp"

#include "base/simulated_network.hpp"
#include "must.hpp"
#include "node/control_client.hpp"

#include <gmock/gmock.h>

namespace codex::node {
namespace {

using codex::test::must;
using codex::test::must_fail;
using std::chrono::minutes;
using std::chrono::seconds;

/// Answers each request with its peers as pongs; `fetch` is answered when somebody says so.
class Answers : public ControlHandler {
public:
    explicit Answers(EventLoop& loop) : released(loop) {}
    Task<Result<void>> answer(Request request, Conversation* with) override {
        return run(this, std::move(request), with);
    }
    static Task<Result<void>> run(Answers* self, Request request, Conversation* with) {
        ++self->asked;
        if (request.ask == Ask::reload)
            co_return fail(Error(Errc::config_invalid, "no").hint("do it"));
        for (std::uint64_t i = 0; i < request.count; ++i) {
            Reply pong(Pong{i});
            CODEX_CO_CHECK(with->say(std::move(pong)));
        }
        if (request.ask == Ask::fetch) {
            Signal& left = with->left();
            while (!with->gone() && !self->open) {
                co_await left.wait(self->until);
            }
            self->left += with->gone() ? 1 : 0;
        }
        co_return Result<void>();
    }
    int asked = 0;
    int left = 0;
    bool open = false;
    Clock::Instant until = Clock::Instant::max();
    Signal released;
};

class ControlServerTest : public ::testing::Test {
protected:
    void begin(ControlOptions options = {}) {
        auto acceptor = must(network_->listen(at_));
        at_ = acceptor->local();
        server_ = std::make_unique<ControlServer>(loop_, std::move(acceptor), answers_, options);
    }
    bool until(const std::function<bool()>& done, Clock::Duration span = minutes(10)) {
        return loop_.run_until(done, loop_.now() + span);
    }
    std::unique_ptr<Lines> dial() {
        auto socket = run_task(loop_, network_->connect(at_, loop_.now() + minutes(1)));
        return std::make_unique<Lines>(must(std::move(*socket)));
    }
    Result<std::vector<std::uint64_t>> ask(Lines& lines, Ask what, std::uint64_t count = 1) {
        Request request;
        request.ask = what;
        request.count = count;
        std::vector<std::uint64_t> pongs;
        const TakeReply take = [&pongs](const Reply& reply) -> Result<void> {
            pongs.push_back(std::get<Pong>(reply).microseconds);
            return {};
        };
        const Patience patience{minutes(1), [] { return Error(Errc::timeout, "silent"); }};
        auto done =
            run_task(loop_, node::ask(&loop_, &lines, std::move(request), &take, &patience));
        CODEX_CHECK(std::move(*done));
        return pongs;
    }
    void say(Lines& lines, std::string text) {
        must(*run_task(loop_, Lines::say(&lines, std::move(text), loop_.now() + minutes(1))));
    }
    /// Empty: the other side has ended, or nothing came in time.
    std::string hear(Lines& lines) {
        auto line = run_task(loop_, Lines::next(&lines, loop_.now() + minutes(5)));
        return *line && **line ? ***line : std::string();
    }

    SimulatedClock clock_;
    SimulatedLoop loop_{clock_};
    SimulatedInternet internet_{loop_};
    std::array<std::uint8_t, 4> ip_{127, 0, 0, 1};
    std::unique_ptr<Network> network_ = internet_.host(ip_);
    SocketAddress at_{ip_, 0};
    Answers answers_{loop_};
    std::unique_ptr<ControlServer> server_;
};

TEST_F(ControlServerTest, AnswersOneAfterTheOther) {
    begin();
    const auto lines = dial();
    EXPECT_EQ(must(ask(*lines, Ask::ping, 3)), (std::vector<std::uint64_t>{0, 1, 2}));
    const Error error = must_fail(ask(*lines, Ask::reload));
    EXPECT_EQ(error.code(), Errc::config_invalid);
    EXPECT_EQ(error.text(), "no");
    EXPECT_EQ(error.hint(), "do it");
    EXPECT_EQ(must(ask(*lines, Ask::ping, 500)).size(), 500U);
    EXPECT_EQ(server_->answering(), 0U);
}

TEST_F(ControlServerTest, SilenceIsAnErrorOfWhoAsks) {
    const auto acceptor = must(network_->listen(at_)); // nobody accepts
    at_ = acceptor->local();
    const auto lines = dial();
    const Clock::Instant begin = loop_.now();
    const Error error = must_fail(ask(*lines, Ask::health));
    EXPECT_EQ(error.code(), Errc::timeout);
    EXPECT_EQ(error.text(), "silent");
    EXPECT_LE(loop_.now() - begin, minutes(1) + seconds(1));
}

/// Says a part of an answer every ten seconds, and never the last.
Task<void> drip(EventLoop* loop, Acceptor* acceptor) {
    auto socket = co_await acceptor->accept();
    Lines lines(must(std::move(socket)));
    for (;;) {
        std::string part = encode(Reply(Pong{1}));
        const Clock::Instant next = loop->now() + seconds(10);
        const auto said = co_await Lines::say(&lines, std::move(part), Clock::Instant::max());
        if (!said)
            co_return;
        co_await loop->pause_until(next);
    }
}

TEST_F(ControlServerTest, PartsThatComeDoNotPutOffTheEndOfAll) {
    const auto acceptor = must(network_->listen(at_));
    at_ = acceptor->local();
    TaskGroup node(loop_, [](const std::exception_ptr& /*thrown*/) {});
    node.start(drip(&loop_, acceptor.get()));
    const auto lines = dial();
    const Clock::Instant begin = loop_.now();
    int parts = 0;
    const TakeReply count = [&parts](const Reply& /*reply*/) -> Result<void> {
        return ++parts < 100 ? Result<void>() : fail(Errc::internal, "it goes on and on");
    };
    const Patience patience{minutes(1), [] { return Error(Errc::timeout, "over"); },
                            begin + minutes(3)};
    Request request;
    request.ask = Ask::health;
    auto done = run_task(loop_, node::ask(&loop_, lines.get(), request, &count, &patience));
    EXPECT_EQ(must_fail(std::move(*done)).text(), "over");
    EXPECT_GE(parts, 17); // each of them was in time
    EXPECT_EQ(loop_.now() - begin, minutes(3));
}

/// Answers one request by these lines.
Task<void> recite(EventLoop* /*loop*/, Acceptor* acceptor, std::vector<std::string> said) {
    auto socket = co_await acceptor->accept();
    Lines lines(must(std::move(socket)));
    auto request = co_await Lines::next(&lines, Clock::Instant::max());
    must(std::move(request));
    for (std::string& line : said) {
        const auto sent = co_await Lines::say(&lines, std::move(line), Clock::Instant::max());
        EXPECT_TRUE(sent);
    }
}

TEST_F(ControlServerTest, PartsThatOnlyANewerNodeKnowsArePassedOver) {
    const auto acceptor = must(network_->listen(at_));
    at_ = acceptor->local();
    TaskGroup node(loop_, [](const std::exception_ptr& /*thrown*/) {});
    std::vector<std::string> said = {R"({"newer":{"of":[1,2]}})",
                                     R"({"pong":{"microseconds":5,"newer":{}}})", R"({"newer":{}})",
                                     R"({"done":{"newer":1}})"};
    node.start(recite(&loop_, acceptor.get(), std::move(said)));
    const auto lines = dial();
    EXPECT_EQ(must(ask(*lines, Ask::ping, 1)), (std::vector<std::uint64_t>{5}));
}

TEST_F(ControlServerTest, WhatIsNoRequestEndsNothingButItself) {
    begin();
    const auto lines = dial();
    for (const char* wrong : {"", "nonsense", "[]", R"({"request":"reboot"})"}) {
        say(*lines, wrong);
        EXPECT_TRUE(std::holds_alternative<Error>(must(decode_reply(hear(*lines))))) << wrong;
    }
    EXPECT_EQ(must(ask(*lines, Ask::ping)).size(), 1U);
    EXPECT_EQ(answers_.asked, 1);
}

TEST_F(ControlServerTest, ALineWithoutAnEndIsRefusedAndHungUpOn) {
    begin();
    auto socket = must(*run_task(loop_, network_->connect(at_, loop_.now() + minutes(1))));
    const Bytes piece(4096, 'x');
    for (std::size_t sent = 0; sent <= kMaxLineBytes; sent += piece.size())
        must(*run_task(loop_, write_all(socket.get(), piece, loop_.now() + minutes(1))));
    Lines lines(std::move(socket));
    const Reply reply = must(decode_reply(hear(lines)));
    EXPECT_EQ(std::get<Error>(reply).code(), Errc::limit_exceeded);
    EXPECT_EQ(hear(lines), "");
}

TEST_F(ControlServerTest, WhoSaysNothingIsHungUpOn) {
    begin();
    const auto silent = dial();
    const Reply reply = must(decode_reply(hear(*silent)));
    EXPECT_EQ(std::get<Error>(reply).code(), Errc::timeout);
    EXPECT_EQ(hear(*silent), "");
    EXPECT_LT(clock_.now().time_since_epoch(), minutes(2) + seconds(1));
}

TEST_F(ControlServerTest, WhoLeavesWantsNoAnswer) {
    begin();
    auto lines = dial();
    say(*lines, R"({"request":"fetch","count":0})");
    ASSERT_TRUE(until([&] { return server_->answering() == 1; }));
    lines.reset();
    EXPECT_TRUE(until([&] { return answers_.left == 1; }));
    EXPECT_TRUE(until([&] { return server_->answering() == 0; }));
    // So does who says more before it has its answer.
    lines = dial();
    say(*lines, R"({"request":"fetch","count":0})");
    say(*lines, R"({"request":"peers"})");
    EXPECT_TRUE(until([&] { return answers_.left == 2; }));
}

TEST_F(ControlServerTest, ManyAreAnsweredAtOnceAndNoMoreThanMayBe) {
    ControlOptions options;
    options.clients = 3;
    begin(options);
    std::vector<std::unique_ptr<Lines>> waiting;
    for (int i = 0; i < 2; ++i) {
        waiting.push_back(dial());
        say(*waiting.back(), R"({"request":"fetch","count":0})");
    }
    ASSERT_TRUE(until([&] { return server_->answering() == 2; }));
    auto third = dial();
    EXPECT_EQ(must(ask(*third, Ask::ping)).size(), 1U);
    const auto fourth = dial();
    EXPECT_EQ(must_fail(ask(*fourth, Ask::ping)).code(), Errc::connection_limit);
    third.reset();
    // Its place is free as soon as it has been noticed.
    Result<std::vector<std::uint64_t>> answered = fail(Errc::unavailable);
    for (int tries = 0; tries < 10 && !answered; ++tries)
        answered = ask(*dial(), Ask::ping);
    EXPECT_TRUE(answered);
}

TEST_F(ControlServerTest, ClosingTakesNoMoreAndAnswersWhatWasAsked) {
    begin();
    const auto idle = dial();
    EXPECT_EQ(must(ask(*idle, Ask::ping)).size(), 1U);
    const auto waiting = dial();
    say(*waiting, R"({"request":"fetch","count":0})");
    ASSERT_TRUE(until([&] { return server_->answering() == 1; }));
    server_->close();
    EXPECT_FALSE(*run_task(loop_, network_->connect(at_, loop_.now() + seconds(5))));
    EXPECT_FALSE(ask(*idle, Ask::ping));
    EXPECT_EQ(answers_.asked, 2);
    EXPECT_EQ(server_->answering(), 1U);
}

} // namespace
} // namespace codex::node
