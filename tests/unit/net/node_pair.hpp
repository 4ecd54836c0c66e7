// Two whole nodes on each other, over whatever network, and what they say to each other.
#pragma once

#include "base/simulated_network.hpp"
#include "net/connection/host.hpp"
#include "network_vectors.hpp"

namespace codex::net {

inline constexpr std::array<std::uint8_t, 4> kIpA = {10, 0, 0, 1};
inline constexpr std::array<std::uint8_t, 4> kIpB = {10, 0, 0, 2};
inline const std::string kEcho = "/test/echo/1";

/// Says back what it hears, and ends when the other side does.
inline Task<void> echo(EventLoop* loop, Stream stream) {
    Bytes bytes(65536);
    for (;;) {
        const Clock::Instant until = loop->now() + std::chrono::minutes(5);
        const auto size = co_await stream.read_some(bytes, until);
        if (!size)
            co_return;
        if (*size == 0)
            break;
        const BytesView heard = BytesView(bytes).first(*size);
        const auto written = co_await stream.write(heard, until);
        if (!written)
            co_return;
    }
    stream.end();
}

inline Task<Result<void>> send_and_end(Stream* stream, const Bytes* bytes, std::size_t piece,
                                       Clock::Instant until) {
    for (std::size_t at = 0; at < bytes->size(); at += piece) {
        const BytesView part = BytesView(*bytes).subspan(at, std::min(piece, bytes->size() - at));
        CODEX_CO_CHECK(stream->write(part, until));
    }
    stream->end();
    co_return Result<void>();
}

/// What cannot be sent does not come back, which whoever listens sees.
inline Task<void> send_beside(Stream* stream, const Bytes* bytes, std::size_t piece,
                              Clock::Instant until) {
    const auto sent = co_await send_and_end(stream, bytes, piece, until);
    static_cast<void>(sent);
}

/// Sends `bytes` in pieces, and gives what comes back until the end.
inline Task<Result<Bytes>> talk(Host* host, PeerId peer, const Bytes* bytes, std::size_t piece,
                                Clock::Instant until) {
    std::vector<std::string> protocols(1, kEcho);
    CODEX_CO_TRY(stream, host->open(peer, std::move(protocols), until));
    TaskGroup beside(host->loop());
    beside.start(send_beside(&stream, bytes, piece, until));
    Bytes back;
    for (;;) {
        CODEX_CO_TRY(more, stream.wait_more(0, until));
        if (!more)
            break;
        append(back, stream.unread());
        stream.consume(stream.unread().size());
    }
    co_return back;
}

inline Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    test::must(SeededRandom(7).fill(bytes));
    return bytes;
}

/// Two nodes, of which b listens; and whatever runs them.
class Pair {
public:
    Pair(EventLoop& on, Network& of_a, Network& of_b, const std::string& listen,
         HostOptions options_a = {}, HostOptions options_b = {})
        : loop(on), secrets_a_(1), secrets_b_(2),
          a(test::must(
              Host::make(identity_named("dht_a"), of_a, secrets_a_, std::move(options_a)))),
          b(test::must(
              Host::make(identity_named("dht_b"), of_b, secrets_b_, std::move(options_b)))) {
        for (Host* host : {a.get(), b.get()})
            host->serve(kEcho, 16, [&on](Stream stream) { return echo(&on, std::move(stream)); });
        test::must(b->listen(test::must(Multiaddr::from_text(listen))));
    }

    template <class T> Result<T> run(Task<Result<T>> task) {
        auto value = run_task(loop, std::move(task), in(std::chrono::minutes(10)));
        if (!value)
            return fail(Errc::timeout, "the task has not ended");
        return std::move(*value);
    }
    [[nodiscard]] Clock::Instant in(Clock::Duration span) const { return loop.now() + span; }
    Result<std::shared_ptr<Connection>> connect() {
        return run(a->connect(b->id(), b->addresses(), in(std::chrono::minutes(1))));
    }
    bool until(const std::function<bool()>& done, Clock::Duration span) {
        return loop.run_until(done, in(span));
    }
    void pass(Clock::Duration span) {
        until([] { return false; }, span);
    }
    bool both_know() {
        return until([this] { return a->said_by(b->id()) && b->said_by(a->id()); },
                     std::chrono::minutes(1));
    }

    EventLoop& loop;

private:
    SeededSecrets secrets_a_;
    SeededSecrets secrets_b_;

public:
    std::unique_ptr<Host> a;
    std::unique_ptr<Host> b;
};

/// The same over a network that is simulated.
class SimulatedPair {
public:
    explicit SimulatedPair(const WireOptions& wire = {}, HostOptions options_a = {},
                           HostOptions options_b = {})
        : loop(clock), internet(loop, wire), host_a(internet.host(kIpA)),
          host_b(internet.host(kIpB)), pair(loop, *host_a, *host_b, "/ip4/10.0.0.2/tcp/8070",
                                            std::move(options_a), std::move(options_b)) {}

    SimulatedClock clock;
    SimulatedLoop loop;
    SimulatedInternet internet;
    std::unique_ptr<Network> host_a;
    std::unique_ptr<Network> host_b;
    Pair pair;
};

inline HostOptions with_muxer(std::string_view muxer) {
    HostOptions options;
    options.muxers = {std::string(muxer)};
    return options;
}

} // namespace codex::net
