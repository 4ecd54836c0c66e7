// A node as clients of HTTP see it, and another beside it, on a network whose clock jumps.
#pragma once

#include "exchange/fetch_fixture.hpp"
#include "http/server.hpp"
#include "node/rest/guards.hpp"
#include "node/rest/recent_log.hpp"
#include "node/rest/rest.hpp"

#include <gmock/gmock.h>

namespace codex::node::rest::test {

using codex::test::must;
using exchange::test::Dataset;
using exchange::test::Store;
using exchange::test::World;
using std::chrono::seconds;

/// The answer to a request.
struct Heard {
    std::string head;
    std::string body;
    [[nodiscard]] std::string status() const { return head.substr(9, 3); }
};

/// Everything at once, but what may take long, which waits where that is wanted. Threads: one.
class HeldUp final : public InlineExecutor {
public:
    [[nodiscard]] bool try_beside(std::function<void()> job, std::function<void()> freed) override {
        if (!hold)
            return false;
        jobs.push_back([long_job = std::move(job), told = std::move(freed)] {
            long_job();
            told();
        });
        return true;
    }
    void let_go() {
        hold = false;
        for (const auto& job : std::exchange(jobs, {}))
            job();
    }
    bool hold = false;
    std::vector<std::function<void()>> jobs;
};

class RestTest : public ::testing::Test {
protected:
    RestTest() {
        there_.serve();
        here_.serve();
        DaemonOptions daemon;
        daemon.part = [](const std::optional<std::string>& /*range*/,
                         std::optional<std::uint64_t> /*slot*/) -> Result<PartOf> {
            return nullptr;
        };
        daemon_ = std::make_unique<Daemon>(*here_.peers, *here_.server, here_.repo, here_.executor,
                                           std::move(daemon));
        RestOptions options;
        options.folder = "the folder";
        options.version = "1.2";
        options.revision = "abc";
        options.fetches = 5;
        options.set_log_levels = [this](std::string_view levels) -> Result<void> {
            if (levels == "nonsense")
                return fail(Errc::argument_invalid, "no");
            levels_ = levels;
            return {};
        };
        options.log_levels = [this] { return levels_; };
        options.settings = [] { return std::vector<ShownSetting>{{"a-setting", "1", "default"}}; };
        options.hint = [](const Error& /*error*/) { return "do something"; };
        options.log = log_;
        rest_ = std::make_unique<Rest>(*daemon_, *here_.peers, here_.repo, executor_,
                                       std::move(options));
        auto acceptor = must(network_->listen({ip_, 80}));
        http::ServerOptions guarded;
        guarded.refused_fields = guard_fields();
        server_ = std::make_unique<http::Server>(world_.loop, std::move(acceptor), *rest_,
                                                 std::move(guarded));
    }
    std::unique_ptr<Socket> dial() {
        auto socket =
            run_task(world_.loop, network_->connect({ip_, 80}, world_.loop.now() + seconds(60)));
        return must(std::move(*socket));
    }
    void say(Socket& socket, std::string_view text) {
        auto said = run_task(world_.loop,
                             write_all(&socket, as_bytes(text), world_.loop.now() + seconds(60)));
        must(std::move(*said));
    }
    std::string hear(Socket& socket, Clock::Duration span = seconds(300)) {
        std::string all;
        const Clock::Instant until = world_.loop.now() + span;
        for (;;) {
            Bytes room(100000);
            auto got = run_task(world_.loop, read_some(&socket, room, until));
            if (!*got || **got == 0)
                return all;
            all += as_text(BytesView(room).first(**got));
        }
    }
    Heard ask(std::string_view method, std::string_view path, std::string_view fields = "",
              std::string_view body = "") {
        const auto socket = dial();
        say(*socket, fmt::format("{} /api/codex/v1{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                 "{}{}\r\n{}",
                                 method, path, fields,
                                 body.empty() ? std::string()
                                              : fmt::format("Content-Length: {}\r\n", body.size()),
                                 body));
        const std::string all = hear(*socket);
        const std::size_t end = all.find("\r\n\r\n");
        return {all.substr(0, end), all.substr(end + 4)};
    }
    void settle(Clock::Duration span) {
        world_.loop.run_until([] { return false; }, world_.loop.now() + span);
    }
    /// What the other node sends from now on takes a second for each 1000000 bytes.
    void slow_down() {
        WireOptions wire;
        wire.bytes_per_second = 1e6;
        world_.internet.set_wire(std::array<std::uint8_t, 4>{10, 0, 0, 1},
                                 std::array<std::uint8_t, 4>{10, 0, 0, 2}, wire);
    }
    void meet() {
        const std::string address = there_.address().text();
        EXPECT_EQ(ask("GET", fmt::format("/connect/{}?addrs={}", there_.id().text(), address)).body,
                  "Successfully connected to peer");
    }
    static std::string content(const Dataset& data) {
        std::string all;
        for (std::uint64_t i = 0; i < data.size(); ++i)
            all += as_text(data.leaf(i).data);
        return all;
    }

    World world_;
    /// What comes can be read soon, though its repo's clock stands still here.
    static repo::OpenOptions committing_often() {
        repo::OpenOptions options;
        options.limits.partial_bytes = 8 * repo::test::kBlock;
        return options;
    }

    Store here_{world_, 1, committing_often()};
    Store there_{world_, 2};
    std::array<std::uint8_t, 4> ip_{127, 0, 0, 1};
    std::unique_ptr<Network> network_ = world_.internet.host(ip_);
    std::string levels_ = "info";
    std::shared_ptr<RecentLog> log_ = std::make_shared<RecentLog>();
    HeldUp executor_; ///< of what is asked over HTTP
    std::unique_ptr<Daemon> daemon_;
    std::unique_ptr<Rest> rest_;
    std::unique_ptr<http::Server> server_;
};

} // namespace codex::node::rest::test
