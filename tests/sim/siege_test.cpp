// Who comes to a node only to do harm: the others get their blocks nearly as fast as without him,
// the node holds little for him, drops him, and says so at most once in ten seconds.
#include "captured_log.hpp"
#include "exchange/fetch_fixture.hpp"
#include "net/raw_peer.hpp"

#include <gtest/gtest.h>

namespace codex::exchange::test {
namespace {

using repo::test::seeds;

constexpr WireOptions kSiegeWire = {
    .delay = milliseconds(20), .buffer_bytes = std::size_t{512} << 10, .bytes_per_second = 400e3};
/// Others keep 80 of 100 of their rate.
constexpr double kMostTimes = 1 / 0.8;

/// One that does harm, as long as it is there, from an address of its own.
class Siege {
public:
    using Harm = Task<void> (*)(Siege*);
    Siege(World& world, const Speaker& at, Harm harm)
        : world_(world), network_(world.internet.host(kIp)), to_(at.host->addresses().front()),
          tasks_(world.loop) {
        tasks_.start(harm(this));
    }
    /// Connections that say nothing, or less than a handshake needs; each a little more.
    static Task<void> say_little(Siege* self) {
        Bytes said = net::lines({net::select::kHeader, net::kNoise});
        append(said, Bytes{0, 32, 1, 2, 3});
        for (;; ++self->rounds) {
            auto socket = co_await self->network_->connect(self->at(), self->world_.in(seconds(5)));
            if (socket) {
                const auto put =
                    (*socket)->try_write(BytesView(said).first(self->rounds % (said.size() + 1)));
                static_cast<void>(put);
                self->sockets_.push_back(std::move(*socket));
            }
            co_await self->world_.loop.pause_until(self->world_.in(milliseconds(50)));
        }
    }
    /// Streams without end.
    static Task<void> open_streams(Siege* self) {
        Bytes flood;
        for (std::uint64_t id = 0; id < 500; ++id) {
            net::mux::append_mplex_header(flood, id, net::mux::MplexFlag::new_stream, 0);
            net::mux::append_mplex_header(flood, id, net::mux::MplexFlag::reset_initiator, 0);
            net::mux::append_mplex_header(flood, id + 1000, net::mux::MplexFlag::new_stream, 0);
        }
        co_await say_on(self, std::move(flood), milliseconds(5));
    }
    /// A frame that is longer than any; which ends the connection, and there is another.
    static Task<void> say_too_much(Siege* self) {
        Bytes frame;
        net::mux::append_mplex_header(frame, 1, net::mux::MplexFlag::new_stream, 0);
        append(frame, Bytes{0x0a, 0x81, 0x80, 0x40});
        co_await say_on(self, std::move(frame), milliseconds(50));
    }
    /// As much as a stream may have unread, on many streams of which nothing is agreed on.
    static Task<void> fill_streams(Siege* self) {
        Bytes fill;
        const Bytes line(60000, 'x');
        for (std::uint64_t id = 0; id < 60; ++id) {
            net::mux::append_mplex_header(fill, id, net::mux::MplexFlag::new_stream, 0);
            net::mux::append_mplex_header(fill, id, net::mux::MplexFlag::message_initiator,
                                          line.size());
            append(fill, line);
        }
        co_await say_on(self, std::move(fill), milliseconds(50));
    }
    std::uint64_t rounds = 0;
    std::uint64_t connections = 0;

private:
    static constexpr std::array<std::uint8_t, 4> kIp{10, 0, 0, 9};
    [[nodiscard]] SocketAddress at() const {
        const auto endpoint = to_.tcp_endpoint();
        return {endpoint->ip, endpoint->port};
    }
    /// The same again and again, on a new connection where the last one has ended.
    static Task<void> say_on(Siege* self, Bytes what, Clock::Duration pause) {
        net::RawPeer* peer = nullptr;
        for (;; ++self->rounds) {
            if (peer == nullptr || peer->ended()) {
                self->peers_.push_back(
                    std::make_unique<net::RawPeer>(*self->network_, 1000 + self->connections));
                ++self->connections;
                peer = self->peers_.back().get();
                const auto connected = co_await net::RawPeer::connect(
                    peer, self->at(), net::mux::kMplex, self->world_.in(seconds(5)));
                if (!connected) {
                    peer = nullptr;
                    co_await self->world_.loop.pause_until(self->world_.in(pause));
                    continue;
                }
            }
            const auto said = co_await net::RawPeer::say(peer, what, self->world_.in(seconds(5)));
            static_cast<void>(said);
            peer->heard.clear();
            co_await self->world_.loop.pause_until(self->world_.in(pause));
        }
    }

    World& world_;
    std::unique_ptr<Network> network_;
    net::Multiaddr to_;
    std::vector<std::unique_ptr<Socket>> sockets_;
    std::vector<std::unique_ptr<net::RawPeer>> peers_;
    TaskGroup tasks_;
};

class Besieged : public testing::Test {
protected:
    Besieged() : data(seeds(1, 600)) {}

    /// How many seconds a fetch takes, beside `harm` if there is any.
    double fetch_beside(Siege::Harm harm) {
        World world(kSiegeWire);
        const codex::test::CapturedLog log(world.clock);
        net::HostOptions options;
        options.logger = log.logger();
        Store seeder(world, 1, {}, {}, std::move(options));
        seeder.store(data, {0, data.size()});
        seeder.serve();
        std::optional<Siege> siege;
        if (harm != nullptr) {
            siege.emplace(world, seeder, harm);
            world.pass(seconds(5));
        }
        Store leecher(world, 4);
        FetchOptions how;
        how.peers = {seeder.address()};
        const Clock::Instant begun = world.loop.now();
        Fetch fetch(*leecher.peers, leecher.repo, data.cid, how, {});
        std::size_t held = 0;
        std::optional<Result<FetchStatus>> ended;
        TaskGroup group(world.loop);
        group.start(codex::detail::keep_value(Fetch::run(&fetch), &ended));
        EXPECT_TRUE(world.until([&] {
            held = std::max(held, seeder.host->held_bytes());
            return ended.has_value();
        }));
        must(std::move(*ended));
        const Clock::Duration took = world.loop.now() - begun;
        leecher.expect_whole(data);
        // What one peer may hold, and one that is served.
        EXPECT_LE(held, std::size_t{5} << 20);
        if (siege) {
            rounds = siege->rounds;
            expect_few_lines(log, *seeder.host, took + seconds(5));
            siege.reset();
            EXPECT_TRUE(
                world.until([&] { return seeder.host->connections().size() == 1; }, minutes(2)));
        }
        return std::chrono::duration<double>(took).count();
    }
    /// Some limit bit often, and each was said once in ten seconds at the most.
    static void expect_few_lines(const codex::test::CapturedLog& log, const net::Host& host,
                                 Clock::Duration span) {
        const auto most = static_cast<std::size_t>(span / seconds(10)) + 1;
        EXPECT_LE(log.lines().size(), most * net::kLimitCount);
        for (std::size_t i = 0; i < net::kLimitCount; ++i) {
            const auto limit = static_cast<net::Limit>(i);
            const std::size_t lines = log.count(fmt::format("limit={} ", net::limit_name(limit)));
            EXPECT_LE(lines, most) << net::limit_name(limit);
            EXPECT_EQ(lines > 0, host.limit_counts().of(limit) > 0) << net::limit_name(limit);
        }
    }

    Dataset data;
    std::uint64_t rounds = 0;
};

TEST_F(Besieged, OthersKeepTheirRateAndLittleIsHeldOrSaid) {
    const double alone = fetch_beside(nullptr);
    const struct {
        const char* what;
        Siege::Harm harm;
        std::uint64_t rounds; ///< at least; what is much takes its time on the wire
    } kinds[] = {{"handshakes that never end", Siege::say_little, 100},
                 {"streams without end", Siege::open_streams, 100},
                 {"frames that are too long", Siege::say_too_much, 50},
                 {"streams that are full", Siege::fill_streams, 2}};
    for (const auto& kind : kinds) {
        SCOPED_TRACE(kind.what);
        EXPECT_LE(fetch_beside(kind.harm), alone * kMostTimes);
        EXPECT_GE(rounds, kind.rounds);
    }
}

} // namespace
} // namespace codex::exchange::test
