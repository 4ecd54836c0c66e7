// codex-testshaper: a slow and lossy wire in front of a node, for tests over real sockets.
//
//   codex-testshaper PORT DELAY_MS BYTES_PER_SECOND LOSS SEED
//
// Says the port of loopback where it listens, and leads what is dialled there to PORT: each byte
// some milliseconds later, so many a second (0: all) both ways, with segments lost as TCP notices
// it (base/simulated_network.hpp). Ends when it is killed.
#include "base/detail/simulated_wire.hpp"
#include "base/system_network.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace codex {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::array<std::uint8_t, 4> kLoopback = {127, 0, 0, 1};

/// What all connections share.
struct Wire {
    EventLoop* loop;
    SystemNetwork* network;
    std::uint16_t port;
    SeededRandom* random;
    std::shared_ptr<detail::Line> there;
    std::shared_ptr<detail::Line> back;
};

/// Reads as long as there is room on the wire.
Task<void> take(Wire* wire, Socket* from, detail::Pipe* pipe) {
    Bytes bytes(65536);
    for (;;) {
        while (pipe->room() == 0) {
            co_await pipe->writable.wait();
        }
        const std::size_t most = std::min(bytes.size(), pipe->room());
        const Clock::Instant until = wire->loop->now() + minutes(60);
        const auto size = co_await read_some(from, MutableBytes(bytes).first(most), until);
        if (!size || *size == 0)
            break;
        pipe->send(BytesView(bytes).first(*size), wire->loop->now(), *wire->random);
    }
    pipe->end(wire->loop->now());
}

/// Writes what has arrived.
Task<void> give(Wire* wire, Socket* to, detail::Pipe* pipe) {
    for (;;) {
        const auto next = pipe->next();
        if (!next || *next > wire->loop->now()) {
            const Clock::Instant looks = next.value_or(Clock::Instant::max());
            co_await pipe->readable.wait(looks);
            continue;
        }
        if (pipe->pieces.empty())
            break;
        const Bytes bytes = std::move(pipe->pieces.front().bytes);
        pipe->pieces.pop_front();
        const Clock::Instant until = wire->loop->now() + minutes(60);
        const auto written = co_await write_all(to, bytes, until);
        pipe->held_bytes -= bytes.size();
        pipe->writable.notify();
        if (!written)
            break;
    }
    to->end();
}

Task<void> lead(Wire* wire, std::unique_ptr<Socket> dialler) {
    const Clock::Instant until = wire->loop->now() + minutes(1);
    const SocketAddress target(kLoopback, wire->port);
    auto served = co_await wire->network->connect(target, until);
    if (!served)
        co_return;
    detail::Pipe there(*wire->loop, wire->there);
    detail::Pipe back(*wire->loop, wire->back);
    TaskGroup tasks(*wire->loop);
    tasks.start(take(wire, dialler.get(), &there));
    tasks.start(give(wire, served->get(), &there));
    tasks.start(take(wire, served->get(), &back));
    tasks.start(give(wire, dialler.get(), &back));
    Signal& ended = tasks.ended();
    while (tasks.size() > 0) {
        co_await ended.wait();
    }
}

Task<void> accept(Wire* wire, Acceptor* acceptor, TaskGroup* connections) {
    for (;;) {
        auto dialler = co_await acceptor->accept();
        if (!dialler)
            co_return;
        connections->start(lead(wire, std::move(*dialler)));
    }
}

Result<void> run(std::span<char*> arguments) {
    if (arguments.size() != 5)
        return fail(Errc::argument_invalid, "PORT DELAY_MS BYTES_PER_SECOND LOSS SEED");
    SystemLoop loop;
    SystemNetwork network(loop);
    SeededRandom random(std::strtoull(arguments[4], nullptr, 10));
    Wire wire{&loop,
              &network,
              static_cast<std::uint16_t>(std::atoi(arguments[0])),
              &random,
              std::make_shared<detail::Line>(),
              std::make_shared<detail::Line>()};
    for (const auto& line : {wire.there, wire.back}) {
        line->options.delay = milliseconds(std::atoi(arguments[1]));
        line->options.bytes_per_second = std::atof(arguments[2]);
        line->options.loss = std::atof(arguments[3]);
        line->options.buffer_bytes = std::size_t{4} << 20;
    }
    CODEX_TRY(acceptor, network.listen(SocketAddress(kLoopback, 0)));
    fmt::print("{}\n", acceptor->local().port);
    std::fflush(stdout);
    TaskGroup tasks(loop);
    tasks.start(accept(&wire, acceptor.get(), &tasks));
    loop.run();
    return {};
}

} // namespace
} // namespace codex

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto done = codex::run(std::span(argv + 1, static_cast<std::size_t>(argc - 1)));
    if (!done)
        fmt::print(stderr, "codex-testshaper: error: {}\n", done.error().text());
    return done ? 0 : 1;
}
