// What tests of a node that is spoken to share.
#pragma once

#include "node/daemon.hpp"

#include "exchange/fetch_fixture.hpp"

namespace codex::node::daemon_fixture {

using codex::test::must;
using codex::test::must_fail;
using exchange::test::Dataset;
using exchange::test::Store;
using exchange::test::World;
using std::chrono::minutes;
using std::chrono::seconds;

/// Hears an answer, and leaves when it is told to.
class Listener final : public Conversation {
public:
    explicit Listener(EventLoop& loop) : left_(loop) {}
    Task<Result<void>> say(Reply reply) override { return take(this, std::move(reply)); }
    [[nodiscard]] bool gone() const override { return gone_; }
    [[nodiscard]] Signal& left() override { return left_; }
    void leave() {
        gone_ = true;
        left_.notify();
    }
    template <class Kind> [[nodiscard]] std::vector<const Kind*> heard() const {
        std::vector<const Kind*> found;
        for (const Reply& reply : replies_)
            if (const auto* one = std::get_if<Kind>(&reply))
                found.push_back(one);
        return found;
    }

private:
    static Task<Result<void>> take(Listener* self, Reply reply) {
        self->replies_.push_back(std::move(reply));
        co_return Result<void>();
    }
    bool gone_ = false;
    Signal left_;
    std::vector<Reply> replies_;
};

class DaemonTest : public ::testing::Test {
protected:
    DaemonTest() {
        here_.serve();
        there_.serve();
        DaemonOptions options;
        options.part = [](const std::optional<std::string>& range,
                          std::optional<std::uint64_t> slot) -> Result<PartOf> {
            if (range || slot)
                return fail(Errc::usage, "no part");
            return nullptr;
        };
        options.reload = [this]() -> Result<std::vector<std::string>> {
            if (++reloads_ == 1)
                return fail(Errc::config_invalid, "no");
            return std::vector<std::string>{"listen-addrs", "threads"};
        };
        options.stop = [this] { ++stops_; };
        options.fetches = 2;
        daemon_ = std::make_unique<Daemon>(*here_.peers, *here_.server, here_.repo, here_.executor,
                                           std::move(options));
    }
    Result<void> ask(Request request, Listener& listener) {
        return world_.run(daemon_->answer(std::move(request), &listener));
    }
    Result<void> ask(Ask what, const std::string& address = {}) {
        Request request;
        request.ask = what;
        request.address = address;
        request.seconds = 20;
        return ask(std::move(request), listener_);
    }
    [[nodiscard]] Request fetching(const Dataset& data, std::vector<std::string> peers = {}) {
        Request request;
        request.ask = Ask::fetch;
        request.cid = data.cid.text();
        request.peers = std::move(peers);
        return request;
    }

    World world_;
    Store here_{world_, 1};
    Store there_{world_, 2};
    Listener listener_{world_.loop};
    int reloads_ = 0;
    int stops_ = 0;
    std::unique_ptr<Daemon> daemon_;
};

} // namespace codex::node::daemon_fixture
