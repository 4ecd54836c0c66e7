// Clients that mean harm, or leave, as a node takes them.
#include "rest_fixture.hpp"

namespace codex::node::rest::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using HostileRest = RestTest;

TEST_F(HostileRest, FetchesThatNobodyWaitsForAreNotWithoutNumber) {
    const auto wait_for = [this](std::string_view cid) {
        auto socket = dial();
        say(*socket,
            fmt::format("POST /api/codex/v1/data/{}/network HTTP/1.1\r\nHost: x\r\n\r\n", cid));
        return socket;
    };
    meet();
    std::vector<std::unique_ptr<Socket>> waiting;
    for (std::uint32_t i = 0; i < 5; ++i)
        waiting.push_back(wait_for(Dataset(repo::test::seeds(10 * i, 3)).cid.text()));
    settle(std::chrono::milliseconds(100));
    const Dataset one_more(repo::test::seeds(900, 3));
    for (const auto& [method, path] : std::vector<std::pair<std::string, std::string>>{
             {"POST", "/network"}, {"GET", "/network/stream"}}) {
        const Heard refused = ask(method, "/data/" + one_more.cid.text() + path);
        EXPECT_EQ(refused.status(), "503");
        EXPECT_EQ(refused.body, "5 datasets are being fetched already; ask again later");
    }
    // Another of one that is being fetched is none more, and one that ends makes room.
    const auto again = wait_for(Dataset(repo::test::seeds(0, 3)).cid.text());
    settle(std::chrono::milliseconds(100));
    EXPECT_EQ(hear(*again, std::chrono::milliseconds(1)), "");
    there_.store(one_more);
    waiting[3]->close();
    settle(seconds(1));
    EXPECT_EQ(ask("POST", "/data/" + one_more.cid.text() + "/network").status(), "200");
}

TEST_F(HostileRest, WhoeverLeavesAtWhateverByteLeavesNothing) {
    const Dataset data(repo::test::seeds(1, 30));
    here_.store(data);
    const std::string cid = data.cid.text();
    for (const std::string& whole : std::vector<std::string>{
             "POST /api/codex/v1/data HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
             "POST /api/codex/v1/data HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
             "chunked\r\n\r\n3\r\nhel\r\n2"
             "\r\nlo\r\n0\r\n\r\n",
             "POST /api/codex/v1/data HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: "
             "100-continue"
             "\r\n\r\nhello",
             "GET /api/codex/v1/data/" + cid + " HTTP/1.1\r\nHost: x\r\n\r\n",
             "GET /api/codex/v1/data/" + cid + "/network/stream HTTP/1.1\r\nHost: x\r\n\r\n",
             "POST /api/codex/v1/data/" + cid + "/network HTTP/1.1\r\nHost: x\r\n\r\n",
             "GET /api/codex/v1/debug/info HTTP/1.1\r\nHost: x\r\n\r\n",
         })
        for (std::size_t size = 0; size <= whole.size(); ++size) {
            const auto socket = dial();
            say(*socket, std::string_view(whole).substr(0, size));
            if (size % 3 != 0)
                settle(std::chrono::milliseconds(1));
            if (size % 2 == 0)
                socket->close();
            else
                socket->end();
        }
    // And at whatever byte of an answer.
    for (std::size_t bytes = 1; bytes < 3000; bytes += bytes < 300 ? 13 : 400) {
        const auto socket = dial();
        say(*socket, "GET /api/codex/v1/data/" + cid + " HTTP/1.1\r\nHost: x\r\n\r\n");
        Bytes room(bytes);
        must(
            *run_task(world_.loop, read_some(socket.get(), room, world_.loop.now() + seconds(60))));
    }
    settle(seconds(70));
    EXPECT_EQ(server_->answering(), 0U);
    EXPECT_EQ(server_->connections(), 0U);
    EXPECT_EQ(ask("GET", "/peerid").status(), "200");
    EXPECT_TRUE(ask("GET", "/data/" + cid).body == content(data));
}

TEST_F(HostileRest, ManyWhoTakeNothingHoldLittle) {
    const Dataset data(repo::test::seeds(1, 300));
    here_.store(data);
    WireOptions wire;
    wire.buffer_bytes = 1000;
    world_.internet.set_wire(ip_, ip_, wire);
    std::vector<std::unique_ptr<Socket>> idle;
    for (int i = 0; i < 100; ++i) {
        idle.push_back(dial());
        say(*idle.back(),
            fmt::format("GET /api/codex/v1/data/{} HTTP/1.1\r\nHost: x\r\n\r\n", data.cid.text()));
        settle(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(server_->answering(), 100U);
    EXPECT_TRUE(ask("GET", "/data/" + data.cid.text()).body == content(data)); // in small pieces
    settle(seconds(70)); // those that stand still for a minute are left
    EXPECT_EQ(server_->answering(), 0U);
}

TEST_F(HostileRest, NoNameOrPathOfAStrangerMakesFieldsOrLines) {
    Dataset data(repo::test::seeds(1, 3));
    here_.store(data);
    for (const std::string path :
         {"/connect/x%0d%0aSet-Cookie:%20a=b", "/data/x%0d%0aSet-Cookie:%20a=b",
          "/data/%2e%2e%2f%2e%2e%2fetc", "/data/..%2fspace", "/data/%00",
          "/debug/chronicles/loglevel?level=%0d%0aSet-Cookie:%20a"}) {
        const Heard heard = ask(path.starts_with("/debug") ? "POST" : "GET", path);
        EXPECT_THAT(heard.head, Not(HasSubstr("Set-Cookie"))) << path;
        EXPECT_NE(heard.status(), "404") << path; // which no part of a path made of another
    }
    for (const std::string field : {"Accept", "Range", "If-None-Match", "Origin"})
        EXPECT_THAT(ask("GET", "/data/" + data.cid.text(), field + ": \x80\xff\"<script>\r\n").head,
                    Not(HasSubstr("<script>")))
            << field;
}

/// So many that say they send 100 MB, and stop when they have a turn.
class SlowUploads : public RestTest {
protected:
    void begin(std::size_t count, std::string_view length = "100000000") {
        executor_.hold = true;
        for (std::size_t i = 0; i < count; ++i) {
            uploads_.push_back(dial());
            say(*uploads_.back(), fmt::format("POST /api/codex/v1/data HTTP/1.1\r\nHost: x\r\n"
                                              "Content-Length: {}\r\n\r\n{}",
                                              length, std::string(262145, 'x')));
        }
        settle(std::chrono::milliseconds(10));
    }
    /// A job that has all it waits for.
    void run(std::size_t number) {
        executor_.hold = false; // what it shares out is done at once
        std::exchange(executor_.jobs[number], [] {})();
        executor_.hold = true;
    }
    /// All have left, and what they began has ended.
    void end() {
        uploads_.clear();
        settle(seconds(1));
        executor_.let_go();
        settle(seconds(1));
    }
    std::vector<std::unique_ptr<Socket>> uploads_;
};

TEST_F(SlowUploads, TheSlowestMakesRoomForWhoWaits) {
    begin(12);
    ASSERT_EQ(executor_.jobs.size(), 12U);
    settle(seconds(4));
    say(*uploads_[0], std::string(400000, 'x')); // that one is not slow
    const auto other = dial();
    say(*other, "POST /api/codex/v1/data HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" +
                    std::string(300000, 'y'));
    settle(seconds(6));
    ASSERT_EQ(executor_.jobs.size(), 12U); // nobody's job has ended yet
    run(1);
    const std::string refused = hear(*uploads_[1], seconds(1));
    EXPECT_THAT(refused, ::testing::StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(refused, HasSubstr("too slow, and others wait"));
    ASSERT_EQ(executor_.jobs.size(), 13U);
    settle(std::chrono::milliseconds(10)); // all of it is read
    run(12);
    EXPECT_THAT(hear(*other, seconds(1)), ::testing::StartsWith("HTTP/1.1 200 "));
    end();
}

TEST_F(SlowUploads, NobodyIsSentAwayWhileNobodyWaits) {
    begin(12);
    settle(seconds(50));
    EXPECT_EQ(server_->answering(), 12U);
    for (const auto& one : uploads_)
        EXPECT_EQ(hear(*one, std::chrono::milliseconds(1)), "");
    end();
}

TEST_F(SlowUploads, WhoWaitsInVainIsToldSo) {
    begin(12, "262145"); // all has come, and the disk is what takes long
    const auto other = dial();
    say(*other, "POST /api/codex/v1/data HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" +
                    std::string(300000, 'y'));
    EXPECT_EQ(hear(*other, seconds(55)), "");
    const std::string refused = hear(*other, seconds(10));
    EXPECT_THAT(refused, ::testing::StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(refused, HasSubstr("12 large files are being stored already"));
    EXPECT_EQ(executor_.jobs.size(), 12U);
    end();
}

} // namespace
} // namespace codex::node::rest::test
