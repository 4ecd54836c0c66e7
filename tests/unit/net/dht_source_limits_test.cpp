// What one source may send, and that many do not take what others have.
#include "net/dht/source_limits.hpp"

#include "base/random.hpp"
#include "captured_log.hpp"
#include "must.hpp"

#include <gtest/gtest.h>

namespace codex::net::dht::source_limits_test {
namespace {

using codex::test::must;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

SocketAddress v4(std::uint32_t number, std::uint16_t port = 8090) {
    std::array<std::uint8_t, 4> ip{};
    for (std::size_t i = 0; i < 4; ++i)
        ip[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    return {ip, port};
}
SocketAddress v6(std::uint16_t net, std::uint16_t host) {
    std::array<std::uint8_t, 16> ip = {0x20, 0x01, 0x0d, 0xb8};
    ip[6] = static_cast<std::uint8_t>(net >> 8), ip[7] = static_cast<std::uint8_t>(net);
    ip[14] = static_cast<std::uint8_t>(host >> 8), ip[15] = static_cast<std::uint8_t>(host);
    return {ip, 8090};
}
constexpr std::uint32_t kPublic = 0xc0000200; // 192.0.2.0

class DhtSourceLimits : public testing::Test {
protected:
    /// How many of `tries` packets at once are looked at.
    std::size_t at_once(SourceGate& gate, const SocketAddress& from, std::size_t tries,
                        PacketCost cost = PacketCost::little) {
        std::size_t allowed = 0;
        for (std::size_t i = 0; i < tries; ++i)
            allowed += gate.allow(cost, from, clock.now()) ? 1 : 0;
        return allowed;
    }

    SimulatedClock clock;
    test::CapturedLog log{clock};
    LimitCounts counts{clock, log.logger()};
};

TEST_F(DhtSourceLimits, OneHasAHundredPacketsAndThenFiftyASecond) {
    SourceGate gate({}, counts);
    const SocketAddress from = v4(kPublic);
    EXPECT_EQ(at_once(gate, from, 1000), 100U);
    EXPECT_EQ(counts.of(Limit::dht_packets), 900U);
    EXPECT_EQ(log.count("limit=dht_packets peer=192.0.2.0"), 1U);
    clock.advance(milliseconds(1000));
    EXPECT_EQ(at_once(gate, from, 1000), 50U);
    clock.advance(std::chrono::hours(1));
    EXPECT_EQ(at_once(gate, from, 1000), 100U); // what it did not use is not kept beyond that
    // Handshakes have a bucket of their own.
    EXPECT_EQ(at_once(gate, from, 100, PacketCost::handshake), 20U);
    EXPECT_EQ(counts.of(Limit::dht_handshakes), 80U);
    clock.advance(milliseconds(1000));
    EXPECT_EQ(at_once(gate, from, 100, PacketCost::handshake), 10U);
}

TEST_F(DhtSourceLimits, SourcesAreAddressesOfIpv4AndNetsOfIpv6) {
    SourceGate gate({}, counts);
    EXPECT_EQ(at_once(gate, v4(kPublic, 1), 60), 60U);
    EXPECT_EQ(at_once(gate, v4(kPublic, 2), 60), 40U); // ports are free
    EXPECT_EQ(at_once(gate, v4(kPublic + 1), 200), 100U);
    EXPECT_EQ(at_once(gate, v6(1, 1), 60), 60U);
    EXPECT_EQ(at_once(gate, v6(1, 2), 60), 40U);
    EXPECT_EQ(at_once(gate, v6(2, 1), 200), 100U);
    EXPECT_EQ(Source::of(v6(0x102, 3)).text(), "2001:db8:0:102::/64");
    EXPECT_EQ(Source::of(v4(kPublic)).text(), "192.0.2.0");
    std::array<std::uint8_t, 16> mapped{};
    mapped[10] = mapped[11] = 0xff, mapped[12] = 192, mapped[14] = 2;
    EXPECT_EQ(Source::of(SocketAddress(mapped, 1)), Source::of(v4(kPublic)));
}

TEST_F(DhtSourceLimits, ThisHostHasTwentyTimesAsMany) {
    SourceGate gate({}, counts);
    EXPECT_EQ(at_once(gate, v4(0x7f000001), 5000), 2000U);
    EXPECT_EQ(at_once(gate, v4(0x7f000001), 5000, PacketCost::handshake), 400U);
    std::array<std::uint8_t, 16> loopback{};
    loopback[15] = 1;
    EXPECT_EQ(at_once(gate, SocketAddress(loopback, 1), 5000), 2000U);
}

/// The limit as one would write it down: what is in a bucket, and what has flowed in since.
class PlainBucket {
public:
    PlainBucket(std::size_t rate, Clock::Instant now)
        : each_(nanoseconds(1'000'000'000) / static_cast<std::int64_t>(rate)),
          depth_(each_ * static_cast<std::int64_t>(2 * rate)), in_it_(depth_), since_(now) {}
    bool take(Clock::Instant now) {
        in_it_ = std::min(depth_, in_it_ + nanoseconds(now - since_));
        since_ = now;
        if (in_it_ < each_)
            return false;
        in_it_ -= each_;
        return true;
    }

private:
    nanoseconds each_, depth_, in_it_;
    Clock::Instant since_;
};

TEST_F(DhtSourceLimits, AllowsWhatAPlainBucketDoes) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        SeededRandom random(seed);
        const auto below = [&](std::uint64_t bound) { return must(random.below(bound)); };
        SourceLimits limits;
        limits.packets = 1 + below(30);
        limits.handshakes = 1 + below(30);
        limits.sources = 8;
        SourceGate gate(limits, counts);
        std::map<std::pair<std::uint64_t, PacketCost>, PlainBucket> plain;
        std::size_t refused = 0;
        for (int step = 0; step < 20000; ++step) {
            const std::uint64_t source = below(8);
            const PacketCost cost = below(4) == 0 ? PacketCost::handshake : PacketCost::little;
            const auto found =
                plain
                    .try_emplace({source, cost},
                                 cost == PacketCost::little ? limits.packets : limits.handshakes,
                                 clock.now())
                    .first;
            const bool expected = found->second.take(clock.now());
            refused += expected ? 0 : 1;
            ASSERT_EQ(
                gate.allow(cost, v4(kPublic + static_cast<std::uint32_t>(source)), clock.now()),
                expected)
                << "seed " << seed << ", step " << step;
            if (below(50) == 0) // in two lists, as some have proved where they are
                gate.proved(v4(kPublic + static_cast<std::uint32_t>(below(8))), clock.now());
            if (below(3) == 0)
                clock.advance(nanoseconds(below(5'000'000)));
            if (below(500) == 0)
                clock.advance(std::chrono::minutes(1));
        }
        EXPECT_GT(refused, 0U) << "seed " << seed;
    }
}

TEST_F(DhtSourceLimits, WhoForgesManyAddressesTakesNothingFromThoseThatProvedTheirs) {
    SourceLimits limits;
    limits.sources = 1000;
    SourceGate gate(limits, counts);
    const SocketAddress known = v4(kPublic);
    EXPECT_TRUE(gate.allow(PacketCost::little, known, clock.now()));
    gate.proved(known, clock.now());
    clock.advance(std::chrono::minutes(10)); // it is quiet for longer than any bucket takes to fill
    std::size_t looked_at = 0;
    for (std::uint32_t i = 0; i < 200'000; ++i) { // in a second
        looked_at += gate.allow(PacketCost::little, v4(0x05000000 + i), clock.now()) ? 1 : 0;
        if (i % 10'000 == 0) {
            EXPECT_TRUE(gate.allow(PacketCost::little, known, clock.now()));
            EXPECT_TRUE(gate.allow(PacketCost::handshake, known, clock.now()));
        }
        clock.advance(std::chrono::microseconds(5));
    }
    EXPECT_LE(gate.size(), limits.sources + SourceGate::kMostProved);
    // Those with a place, as their buckets fill up again, and those that share one.
    EXPECT_LT(looked_at, 55'000U);
    EXPECT_GT(counts.of(Limit::dht_sources), 100'000U);
    EXPECT_EQ(counts.of(Limit::dht_packets), 0U);
    // Who comes now for the first time, and proves it, has a place from then on.
    const SocketAddress late = v4(kPublic + 1);
    gate.proved(late, clock.now());
    EXPECT_EQ(at_once(gate, late, 1000), 100U);
    // After the flood all is as before.
    clock.advance(std::chrono::seconds(3));
    EXPECT_EQ(at_once(gate, v4(kPublic + 2), 1000), 100U);
}

TEST_F(DhtSourceLimits, OfThoseThatProvedTheirAddressTheLastAreRemembered) {
    SourceGate gate({}, counts);
    for (std::uint32_t i = 0; i < 5000; ++i)
        gate.proved(v4(0x05000000 + i), clock.now());
    EXPECT_EQ(gate.size(), SourceGate::kMostProved);
}

} // namespace
} // namespace codex::net::dht::source_limits_test
