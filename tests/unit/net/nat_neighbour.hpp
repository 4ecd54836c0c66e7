// A simulated net with a host and a router, whose answers a test makes up.
#pragma once

#include "base/simulated_network.hpp"
#include "must.hpp"
#include "net/nat/port_mapper.hpp"

#include <deque>
#include <functional>
#include <gtest/gtest.h>

namespace codex::net::nat {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::must;
using test::must_fail;

constexpr std::array<std::uint8_t, 4> kHostIp = {192, 168, 7, 2};
constexpr std::array<std::uint8_t, 4> kRouterIp = {192, 168, 7, 1};
constexpr std::array<std::uint8_t, 4> kThirdIp = {192, 168, 7, 66};

/// A host beside ours, that answers by a function, over TCP and to datagrams.
class Neighbour {
public:
    using Answers = std::function<std::vector<std::string>(const std::string& asked)>;
    Neighbour(SimulatedInternet& internet, BytesView ip) : network_(internet.host(ip)) {}

    void listen(std::uint16_t port, Answers answers) {
        acceptors_.push_back(must(network_->listen(SocketAddress(address().ip_view(), port))));
        tasks_.start(take_all(this, acceptors_.back().get(), std::move(answers)));
    }
    void take_datagrams(std::uint16_t port, Answers answers) {
        ports_.push_back(must(network_->bind_datagrams(SocketAddress(address().ip_view(), port))));
        tasks_.start(answer_datagrams(this, ports_.back().get(), std::move(answers)));
    }
    [[nodiscard]] SocketAddress address() const { return must(network_->interfaces()).at(0); }
    std::vector<std::string> asked; ///< in their order
    std::size_t taken = 0;          ///< connections
    SocketAddress from;             ///< of the last datagram

private:
    static Task<void> take_all(Neighbour* self, Acceptor* acceptor, Answers answers) {
        for (;;) {
            auto socket = co_await acceptor->accept();
            if (!socket)
                co_return;
            ++self->taken;
            self->tasks_.start(answer(self, std::move(*socket), answers));
        }
    }
    /// Pieces are a second apart from each other.
    static Task<void> answer(Neighbour* self, std::unique_ptr<Socket> socket, Answers answers) {
        std::string request;
        while (!is_whole(request)) {
            Bytes piece(4096);
            const auto size =
                co_await read_some(socket.get(), piece, self->network_->loop().now() + seconds(60));
            if (!size || *size == 0)
                co_return;
            request += as_text(BytesView(piece).first(*size));
        }
        self->asked.push_back(request);
        for (const std::string& piece : answers(request)) {
            const auto done = co_await write_all(socket.get(), as_bytes(piece),
                                                 self->network_->loop().now() + seconds(600));
            if (!done)
                co_return;
            EventLoop& loop = self->network_->loop();
            co_await loop.pause_until(loop.now() + seconds(1));
        }
    }
    static bool is_whole(const std::string& request) {
        const std::size_t head = request.find("\r\n\r\n");
        if (head == std::string::npos)
            return false;
        const std::size_t length = request.find("Content-Length: ");
        return length == std::string::npos ||
               request.size() >= head + 4 + std::stoul(request.substr(length + 16));
    }
    static Task<void> answer_datagrams(Neighbour* self, DatagramSocket* port, Answers answers) {
        for (;;) {
            Bytes bytes(2048);
            const auto arrived = port->try_receive(bytes);
            if (!arrived)
                co_return;
            if (!*arrived) {
                const auto waited = co_await port->readable(Clock::Instant::max());
                if (!waited)
                    co_return;
                continue;
            }
            self->from = (*arrived)->from;
            self->asked.emplace_back(as_text(BytesView(bytes).first((*arrived)->bytes)));
            for (const std::string& piece : answers(self->asked.back()))
                static_cast<void>(must(port->try_send((*arrived)->from, as_bytes(piece))));
        }
    }

    std::unique_ptr<Network> network_;
    std::deque<std::unique_ptr<Acceptor>> acceptors_;
    std::deque<std::unique_ptr<DatagramSocket>> ports_;
    TaskGroup tasks_{network_->loop()};
};

class RoutersTest : public testing::Test {
protected:
    template <class T> T run(Task<T> task) {
        auto value = run_task(loop, std::move(task), loop.now() + std::chrono::minutes(10));
        EXPECT_TRUE(value.has_value()) << "it has no end";
        if (!value)
            throw std::runtime_error("it has no end");
        return std::move(*value);
    }
    Clock::Instant in(Clock::Duration span) { return loop.now() + span; }

    SimulatedClock clock;
    SimulatedLoop loop{clock};
    SimulatedInternet internet{loop, [] {
                                   WireOptions wire;
                                   wire.delay = milliseconds(1);
                                   return wire;
                               }()};
    std::unique_ptr<Network> here = internet.host(kHostIp);
    Neighbour router{internet, kRouterIp};
};

} // namespace codex::net::nat
