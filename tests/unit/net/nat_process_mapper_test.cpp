// Asking a router by programs that a test makes up: that are silent, garbage, ended, or refused.
#include "net/nat/process_mapper.hpp"

#include "must.hpp"

#include <algorithm>
#include <deque>
#include <gtest/gtest.h>

namespace codex::net::nat {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::must;
using test::must_fail;
using About = RouterQuestion::About;

constexpr std::string_view kUrl = "http://192.168.7.1:5000/root.xml";

/// Programs that end with what is next; where nothing is, they are silent.
class FakePrograms final : public Programs {
public:
    explicit FakePrograms(EventLoop& loop) : loop_(loop) {}
    Task<Result<ProgramEnd>> run(Program program, Clock::Instant until) override {
        begun.push_back(program);
        if (ends.empty()) {
            co_await loop_.pause_until(until);
            co_return fail(Errc::timeout, "it does not answer in time");
        }
        co_await loop_.pause_until(loop_.now() + milliseconds(20));
        Result<ProgramEnd> end = std::move(ends.front());
        ends.pop_front();
        co_return end;
    }
    void say(std::string_view line, int status = 0) {
        ends.push_back(ProgramEnd{status, fmt::format("{}\n{{\"type\":\"summary\"}}\n", line)});
    }
    void say_router(std::string_view way, std::string_view router, std::string_view age) {
        say(fmt::format(R"({{"type":"router","way":"{}","address":"5.6.7.8","router":"{}",)"
                        R"("seconds":{}}})",
                        way, router, age));
    }

    std::deque<Result<ProgramEnd>> ends;
    std::vector<Program> begun;

private:
    EventLoop& loop_;
};

class ProcessMapperTest : public testing::Test {
protected:
    template <class T> T run(Task<T> task) {
        auto value = run_task(loop, std::move(task), loop.now() + minutes(10));
        if (!value)
            throw std::runtime_error("it has no end");
        return std::move(*value);
    }
    ProcessMapper& begin(Way way, std::optional<SocketAddress> own = {}) {
        return mapper.emplace(
            loop, programs, way,
            [this](const RouterQuestion& question) {
                questions.push_back(question);
                return Program{"/the/program", {"program", "asks"}};
            },
            own);
    }
    Result<Outside> outside(Clock::Duration patience = seconds(6)) {
        return run(mapper->outside(loop.now() + patience));
    }
    void let_pass(Clock::Duration span) {
        static_cast<void>(loop.run_until([] { return false; }, loop.now() + span));
    }

    SimulatedClock clock;
    SimulatedLoop loop{clock};
    FakePrograms programs{loop};
    std::vector<RouterQuestion> questions;
    std::optional<ProcessMapper> mapper;
};

TEST_F(ProcessMapperTest, AsksForTheAddressAndThenWhereItWasFound) {
    begin(Way::upnp, SocketAddress(std::array<std::uint8_t, 4>{192, 168, 7, 2}, 8070));
    programs.say_router("upnp", kUrl, "null");
    const Outside first = must(outside());
    EXPECT_EQ(first.address.text(), "5.6.7.8:0");
    EXPECT_TRUE(first.is_new);
    programs.say_router("upnp", kUrl, "null");
    EXPECT_FALSE(must(outside()).is_new);
    ASSERT_EQ(questions.size(), 2U);
    EXPECT_EQ(questions[0].router, "");
    EXPECT_EQ(questions[0].patience, seconds(5)) << "it ends by itself before it is ended";
    EXPECT_EQ(questions[1].router, kUrl);
    EXPECT_EQ(questions[1].own->text(), "192.168.7.2:8070");
    EXPECT_EQ(programs.begun[1].path, "/the/program");
    EXPECT_GT(programs.begun[1].limits.memory_bytes, 0U);
    EXPECT_EQ(programs.begun[1].limits.output_bytes, kMaxAnswerBytes);
}

TEST_F(ProcessMapperTest, LooksForTheRouterAgainWhenItDoesNotAnswer) {
    begin(Way::upnp);
    programs.say_router("upnp", kUrl, "null");
    static_cast<void>(must(outside()));
    programs.say(R"({"type":"refusal","way":"upnp","why":"the router does not show what it is"})",
                 1);
    const Error error = must_fail(outside());
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_EQ(error.text(), "the router does not show what it is");
    programs.say_router("upnp", "http://192.168.7.1:5001/root.xml", "null");
    EXPECT_TRUE(must(outside()).is_new);
    EXPECT_EQ(questions.back().router, "");
}

TEST_F(ProcessMapperTest, NoticesARouterThatHasBegunAnew) {
    begin(Way::pmp);
    programs.say_router("pmp", "192.168.7.1", "1000");
    EXPECT_TRUE(must(outside()).is_new);
    let_pass(seconds(120));
    programs.say_router("pmp", "192.168.7.1", "1107"); // a slow clock
    EXPECT_FALSE(must(outside()).is_new);
    let_pass(seconds(120));
    programs.say_router("pmp", "192.168.7.1", "1190");
    EXPECT_TRUE(must(outside()).is_new);
    programs.say_router("pmp", "192.168.7.2", "1190");
    EXPECT_TRUE(must(outside()).is_new);
    EXPECT_EQ(questions.back().router, "") << "it is this host's router, whichever that is now";
}

TEST_F(ProcessMapperTest, AsksForAMappingAndTakesItBack) {
    begin(Way::pmp);
    const Mapping wanted{Transport::udp, 8090, 8090, {}};
    programs.say(R"({"type":"mapping","way":"pmp","transport":"udp","inside":8090,)"
                 R"("outside":8095,"seconds":600,"router":"192.168.7.1"})");
    const Mapping granted = must(run(mapper->map(wanted, loop.now() + seconds(6))));
    EXPECT_EQ(granted, (Mapping{Transport::udp, 8090, 8095, seconds(600)}));
    programs.say(R"({"type":"removal","way":"pmp","transport":"udp","outside":8095,)"
                 R"("router":"192.168.7.1"})");
    EXPECT_TRUE(run(mapper->unmap(granted, loop.now() + seconds(2))).has_value());
    EXPECT_EQ(questions.back().about, About::unmap);
    EXPECT_EQ(questions.back().mapping, granted);
    EXPECT_EQ(questions.back().patience, seconds(1));
}

TEST_F(ProcessMapperTest, OneThatIsSilentIsARouterThatDoesNotAnswer) {
    begin(Way::upnp);
    const Clock::Instant began = loop.now();
    const Error error = must_fail(outside(seconds(6)));
    EXPECT_EQ(error.code(), Errc::timeout);
    EXPECT_EQ(error.text(), "the router does not answer");
    EXPECT_EQ(loop.now() - began, seconds(6));
}

TEST_F(ProcessMapperTest, SaysHowOneHasEndedThatSaidNothing) {
    begin(Way::upnp);
    for (const int status : {127, 128 + 9, 70}) {
        programs.ends.push_back(ProgramEnd{status, ""});
        const Error error = must_fail(outside());
        EXPECT_EQ(error.code(), Errc::unavailable);
        EXPECT_EQ(error.text(), fmt::format("what asks the router ended with {}", status));
    }
    programs.ends.push_back(ProgramEnd{0, "garbage"});
    EXPECT_EQ(must_fail(outside()).code(), Errc::malformed);
}

TEST_F(ProcessMapperTest, SaysWhyNoneWasBegun) {
    begin(Way::upnp);
    programs.ends.push_back(
        fail(Errc::no_space, "start a program: Resource temporarily unavailable"));
    const Error error = must_fail(outside());
    EXPECT_EQ(error.code(), Errc::no_space);
    EXPECT_EQ(error.text(), "ask the router: start a program: Resource temporarily unavailable");
    programs.ends.push_back(fail(Errc::limit_exceeded, "it says more than 8192 bytes"));
    EXPECT_EQ(must_fail(outside()).code(), Errc::limit_exceeded);
}

} // namespace
} // namespace codex::net::nat
