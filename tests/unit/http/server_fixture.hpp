// A server on a network whose clock jumps, and clients that say to it what they like.
#pragma once

#include "base/simulated_network.hpp"
#include "http/server.hpp"
#include "must.hpp"

#include <gmock/gmock.h>

namespace codex::test {

/// Reads what a path says: /echo gives the body back in chunks, /size its length, /wait waits for
/// the client to leave, /refuse looks at nothing, /inject has a wrong field, /fail fails, /memory
/// finds none, /late-memory none behind the head of its answer, /short says more than it sends,
/// /many sends a megabyte.
class EchoHandler : public http::Handler {
public:
    Task<Result<void>> handle(http::Exchange* with) override {
        const std::string& target = with->request().target;
        targets.push_back(with->request().method + " " + target);
        if (target == "/echo")
            return echo(with);
        if (target == "/size")
            return size(with);
        if (target == "/wait")
            return wait(this, with);
        if (target == "/fail")
            return failing();
        if (target == "/memory" || target == "/late-memory")
            return greedy(with);
        if (target == "/short" || target == "/many")
            return many(with);
        return plain(with);
    }
    std::vector<std::string> targets;
    int left = 0;

private:
    static Task<Result<void>> echo(http::Exchange* with) {
        http::Answer head;
        head.fields.push_back({"X", "y"});
        bool begun = false;
        Bytes room(50);
        for (;;) {
            MutableBytes to(room);
            CODEX_CO_TRY(got, with->read(to));
            if (!begun) {
                CODEX_CO_CHECK(with->begin(std::move(head), std::nullopt));
            }
            begun = true;
            if (got == 0)
                break;
            const BytesView bytes = BytesView(room).first(got);
            CODEX_CO_CHECK(with->write(bytes));
        }
        co_return co_await with->end();
    }
    static Task<Result<void>> size(http::Exchange* with) {
        std::uint64_t all = 0;
        Bytes room(1000);
        for (;;) {
            MutableBytes to(room);
            CODEX_CO_TRY(got, with->read(to));
            if (got == 0)
                break;
            all += got;
        }
        http::Answer head;
        std::string body = std::to_string(all);
        co_return co_await with->answer(std::move(head), std::move(body));
    }
    static Task<Result<void>> wait(EchoHandler* self, http::Exchange* with) {
        Signal& left = with->left();
        while (!with->gone()) {
            co_await left.wait();
        }
        ++self->left;
        http::Answer head;
        std::string body = "late";
        co_return co_await with->answer(std::move(head), std::move(body));
    }
    static Task<Result<void>> greedy(http::Exchange* with) {
        if (with->request().target == "/late-memory") {
            http::Answer head;
            CODEX_CO_CHECK(with->begin(std::move(head), 5));
        }
        throw std::bad_alloc();
    }
    static Task<Result<void>> failing() { co_return fail(Errc::no_space, "no room"); }
    static Task<Result<void>> many(http::Exchange* with) {
        http::Answer head;
        const bool is_short = with->request().target == "/short";
        const std::optional<std::uint64_t> length = std::uint64_t{1} << 20;
        CODEX_CO_CHECK(with->begin(std::move(head), length));
        const Bytes piece(1 << 16, 'm');
        for (int i = 0; i < (is_short ? 3 : 16); ++i) {
            const BytesView bytes(piece);
            CODEX_CO_CHECK(with->write(bytes));
        }
        co_return co_await with->end();
    }
    static Task<Result<void>> plain(http::Exchange* with) {
        http::Answer head;
        if (with->request().target == "/refuse")
            head.status = 422;
        if (with->request().target == "/inject")
            head.fields.push_back({"A", "b\r\nC: d"});
        std::string body = "ok";
        co_return co_await with->answer(std::move(head), std::move(body));
    }
};

class HttpServerTest : public ::testing::Test {
protected:
    void begin(http::ServerOptions options = {}) {
        auto acceptor = must(network_->listen(at_));
        at_ = acceptor->local();
        server_.emplace(loop_, std::move(acceptor), handler_, std::move(options));
    }
    std::unique_ptr<Socket> dial() {
        auto socket =
            run_task(loop_, network_->connect(at_, loop_.now() + std::chrono::minutes(1)));
        return must(std::move(*socket));
    }
    void say(Socket& socket, std::string_view text) {
        auto said = run_task(
            loop_, write_all(&socket, as_bytes(text), loop_.now() + std::chrono::minutes(1)));
        must(std::move(*said));
    }
    /// All that comes until the end, or for `span`.
    std::string hear(Socket& socket, Clock::Duration span = std::chrono::minutes(5)) {
        std::string all;
        const Clock::Instant until = loop_.now() + span;
        for (;;) {
            Bytes room(100000);
            auto got = run_task(loop_, read_some(&socket, room, until));
            if (!*got || **got == 0)
                return all;
            all += as_text(BytesView(room).first(**got));
        }
    }
    /// Says it, and nothing more; what comes back.
    std::string ask(std::string_view text) {
        const auto socket = dial();
        say(*socket, text);
        return hear(*socket);
    }
    void settle(Clock::Duration span = std::chrono::milliseconds(1)) {
        loop_.run_until([] { return false; }, loop_.now() + span);
    }

    SimulatedClock clock_;
    SimulatedLoop loop_{clock_};
    SimulatedInternet internet_{loop_};
    std::array<std::uint8_t, 4> ip_{127, 0, 0, 1};
    std::unique_ptr<Network> network_ = internet_.host(ip_);
    SocketAddress at_{ip_, 0};
    EchoHandler handler_;
    std::optional<http::Server> server_;
};

} // namespace codex::test
