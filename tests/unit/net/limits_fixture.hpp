// What tests of the limits of a node share: it, one that is polite, and those that are rude.
#pragma once

#include "rude_peer.hpp"

namespace codex::net {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::must;

inline const SocketAddress kToB(kIpB, 8070);

/// The pair, and peers that are rude to b.
class Limits : public ::testing::Test {
protected:
    void start(HostOptions options = {}) {
        simulated_ =
            std::make_unique<SimulatedPair>(WireOptions{}, HostOptions{}, std::move(options));
    }
    Pair& pair() { return simulated_->pair; }
    Host& b() { return *simulated_->pair.b; }
    Network& network() { return *simulated_->host_a; }
    [[nodiscard]] std::uint64_t hits(Limit limit) { return b().limit_counts().of(limit); }
    void let(Clock::Duration span) { pair().pass(span); }
    bool until(Clock::Duration span, const std::function<bool()>& done) {
        return pair().until(done, span);
    }
    /// Whether `limit` bites once, not before `from` and by `to`.
    bool bites(Limit limit, Clock::Duration from, Clock::Duration to) {
        const std::uint64_t before = hits(limit);
        const auto bitten = [&] { return hits(limit) == before + 1; };
        return !until(from, bitten) && until(to - from, bitten);
    }
    Result<void> connect(RudePeer& peer, std::string_view muxer = mux::kMplex) {
        return pair().run(RudePeer::connect(&peer, kToB, muxer, pair().in(seconds(5))));
    }
    /// One that answers identify by a na, as the reference answers others.
    std::unique_ptr<RudePeer> polite(std::uint64_t seed) {
        auto peer = std::make_unique<RudePeer>(network(), seed);
        peer->on_stream([this](Stream stream) { return refuse(&pair().loop, std::move(stream)); });
        return peer;
    }
    static Task<void> refuse(EventLoop* loop, Stream stream) {
        const std::vector<std::string> nothing;
        const Clock::Instant until = loop->now() + minutes(1);
        const auto agreed = co_await stream.answer(&nothing, until);
        EXPECT_FALSE(agreed);
        stream.end();
    }
    void write(Stream& stream, const Bytes& bytes) {
        must(pair().run(stream.write(bytes, pair().in(seconds(5)))));
    }
    /// Others do not notice.
    void expect_service() {
        must(pair().connect());
        must(pair().run(pair().a->ping(b().id(), pair().in(minutes(1)))));
    }

private:
    std::unique_ptr<SimulatedPair> simulated_;
};

} // namespace codex::net
