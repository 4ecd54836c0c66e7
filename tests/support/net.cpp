// codex-testnet: a node for tests against other people's implementations.
//
//   codex-testnet listen MUXER...        says its address, and serves /test/echo/1 until stdin ends
//   codex-testnet dial ADDRESS MUXER...  does what a test asks for, and says a line for each
#include "base/system_network.hpp"
#include "base/thread.hpp"
#include "net/connection/host.hpp"

#include <cstdio>
#include <unistd.h>

namespace codex {
namespace {

using namespace codex::net;
using std::chrono::minutes;
const std::string kEcho = "/test/echo/1";

Task<void> echo(EventLoop* loop, Stream stream) {
    for (;;) {
        const Clock::Instant until = loop->now() + minutes(5);
        const auto more = co_await stream.wait_more(0, until);
        if (!more)
            co_return;
        if (!*more)
            break;
        const Bytes heard(stream.unread().begin(), stream.unread().end());
        stream.consume(heard.size());
        const auto written = co_await stream.write(heard, until);
        if (!written)
            co_return;
    }
    stream.end();
}

Task<void> send_all(Stream* stream, const Bytes* bytes, std::size_t piece, Clock::Instant until) {
    for (std::size_t at = 0; at < bytes->size(); at += piece) {
        const BytesView part = BytesView(*bytes).subspan(at, std::min(piece, bytes->size() - at));
        const auto written = co_await stream->write(part, until);
        if (!written)
            co_return;
    }
    stream->end();
}

Task<Result<void>> exchange(Host* host, PeerId peer, std::size_t size, std::size_t piece,
                            Clock::Instant until) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 256);
    std::vector<std::string> protocols(1, kEcho);
    CODEX_CO_TRY(stream, host->open(peer, std::move(protocols), until));
    TaskGroup beside(host->loop());
    beside.start(send_all(&stream, &bytes, piece, until));
    Bytes back;
    for (;;) {
        CODEX_CO_TRY(more, stream.wait_more(0, until));
        if (!more)
            break;
        append(back, stream.unread());
        stream.consume(stream.unread().size());
    }
    if (back != bytes)
        co_return fail(Errc::malformed, "{} of {} bytes came back, or others", back.size(), size);
    co_return Result<void>();
}

Task<Result<void>> dial(Host* host, Multiaddr address) {
    const Clock::Instant until = host->loop().now() + minutes(2);
    const auto peer = address.peer();
    if (!peer)
        co_return fail(Errc::argument_invalid, "{}: no /p2p/ at its end", address.text());
    const std::vector<Multiaddr> addresses(1, *address.without_peer());
    CODEX_CO_TRY(connection, host->connect(*peer, addresses, until));
    fmt::print("muxer {}\n", connection->muxer());
    while (host->said_by(*peer) == nullptr) {
        Signal& changed = host->changed();
        const auto in_time = co_await changed.wait(until);
        if (!in_time || connection->closing())
            co_return fail(Errc::timeout, "no identify: {}", connection->why_closed());
    }
    fmt::print("identify {}\n", host->said_by(*peer)->agent_version.value_or("-"));
    CODEX_CO_CHECK(host->ping(*peer, until));
    fmt::print("ping\n");
    std::vector<std::string> unknown(1, "/not/served/1");
    const auto refused = co_await host->open(*peer, std::move(unknown), until);
    fmt::print("unknown {}\n", refused ? "taken" : errc_name(refused.error().code()));
    CODEX_CO_CHECK(exchange(host, *peer, 300, 1, until));
    fmt::print("bytes\n");
    CODEX_CO_CHECK(exchange(host, *peer, 4 << 20, 1 << 20, until));
    fmt::print("mebibytes\n");
    co_return Result<void>();
}

Result<void> run(std::span<char*> arguments) {
    if (arguments.size() < 2)
        return fail(Errc::usage, "listen MUXER... or dial ADDRESS MUXER...");
    const std::string command = arguments[0];
    const bool dials = command == "dial";
    SystemLoop loop;
    SystemNetwork network(loop);
    CODEX_TRY(key, SecretKey::generate(Random::system()));
    HostOptions options;
    options.muxers.assign(arguments.begin() + (dials ? 2 : 1), arguments.end());
    CODEX_TRY(host, Host::make(std::move(key), network, Random::system(), std::move(options)));
    host->serve(kEcho, 16, [&loop](Stream stream) { return echo(&loop, std::move(stream)); });
    if (dials) {
        CODEX_TRY(address, Multiaddr::from_text(arguments[1]));
        auto result = run_task(loop, dial(host.get(), address));
        return std::move(*result);
    }
    CODEX_TRY(at, Multiaddr::from_text("/ip4/127.0.0.1/tcp/0"));
    CODEX_CHECK(host->listen(at));
    CODEX_TRY(whole, host->addresses().front().with_peer(host->id()));
    fmt::print("{}\n", whole.text());
    std::fflush(stdout);
    Thread waiter;
    if (!waiter.start([&loop] {
            char byte = 0;
            while (::read(0, &byte, 1) > 0) {
            }
            loop.stop();
        }))
        return fail(Errc::io, "no thread to be had");
    loop.run();
    return {};
}

} // namespace
} // namespace codex

int main(int argc, char** argv) {
    const auto done = codex::run(std::span(argv + 1, static_cast<std::size_t>(argc - 1)));
    if (!done) {
        fmt::print(stderr, "codex-testnet: error: {}: {}\n", codex::errc_name(done.error().code()),
                   done.error().text());
        return codex::errc_exit_code(done.error().code());
    }
    return 0;
}
