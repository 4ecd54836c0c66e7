// A way in through a router, as long as a node runs: found, renewed, lost and taken back, on a
// clock that jumps.
#include "net/nat/way_in.hpp"

#include "captured_log.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace codex::net::nat {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

SocketAddress ip4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                  std::uint16_t port = 0) {
    return {std::array<std::uint8_t, 4>{a, b, c, d}, port};
}

/// What a router does, and what it was asked.
struct Router {
    std::string name = "first";
    std::optional<SocketAddress> address = ip4(5, 6, 7, 8); ///< nothing: it does not answer
    bool is_new = false;
    bool refuses_tcp = false;
    bool refuses_udp = false;
    bool keeps = false;      ///< what is taken back
    bool is_deaf = false;    ///< gives no answer, before or after the end of the time
    std::uint16_t shift = 0; ///< between the ports
    std::optional<Clock::Duration> lifetime = minutes(60);

    std::vector<Clock::Instant> asked;  ///< for its address
    std::vector<Clock::Instant> mapped; ///< each of TCP
    std::vector<std::uint16_t> open;    ///< its ports, those of UDP and a hundred thousand
    std::size_t removals = 0;
};

/// Asks such a router.
class FakeMapper final : public PortMapper {
public:
    FakeMapper(EventLoop& loop, Router& router) : loop_(loop), router_(router) {}

    std::string_view name() const override { return router_.name; }
    Task<Result<Outside>> outside(Clock::Instant until) override {
        router_.asked.push_back(loop_.now());
        if (router_.is_deaf) {
            co_await loop_.pause_until(Clock::Instant::max());
        }
        if (!router_.address) {
            co_await loop_.pause_until(until);
            co_return fail(Errc::timeout, "it is silent");
        }
        co_await loop_.pause_until(loop_.now() + milliseconds(1));
        co_return Outside{*router_.address, std::exchange(router_.is_new, false)};
    }
    Task<Result<Mapping>> map(Mapping wanted, Clock::Instant /*until*/) override {
        co_await loop_.pause_until(loop_.now() + milliseconds(1));
        if (wanted.transport == Transport::tcp)
            router_.mapped.push_back(loop_.now());
        if (wanted.transport == Transport::tcp ? router_.refuses_tcp : router_.refuses_udp)
            co_return fail(Errc::unavailable, "it refuses");
        wanted.outside = static_cast<std::uint16_t>(wanted.inside + router_.shift);
        wanted.lifetime = router_.lifetime;
        if (std::ranges::find(router_.open, wanted.outside) == router_.open.end())
            router_.open.push_back(wanted.outside);
        co_return wanted;
    }
    Task<Result<void>> unmap(Mapping granted, Clock::Instant until) override {
        ++router_.removals;
        if (router_.keeps) {
            co_await loop_.pause_until(until);
            co_return fail(Errc::timeout, "it is silent");
        }
        std::erase(router_.open, granted.outside);
        co_return Result<void>();
    }

private:
    EventLoop& loop_;
    Router& router_;
};

class WayInTest : public testing::Test {
protected:
    WayIn& begin(std::vector<Router*> routers, std::uint16_t udp = 8090) {
        std::vector<std::unique_ptr<PortMapper>> ways;
        for (Router* router : routers)
            ways.push_back(std::make_unique<FakeMapper>(loop, *router));
        WayInOptions options;
        options.tcp_port = 8070;
        options.udp_port = udp;
        options.changed = [this](const auto& entrance) { told.push_back(entrance); };
        options.logger = log.logger();
        return way_in.emplace(loop, std::move(ways), options);
    }
    void run_for(Clock::Duration span) {
        static_cast<void>(loop.run_until([] { return false; }, loop.now() + span));
    }
    /// Ends it, and gives how long that takes.
    Clock::Duration end() {
        const Clock::Instant began = loop.now();
        way_in->end();
        EXPECT_TRUE(loop.run_until([&] { return way_in->ended(); }, began + minutes(1)));
        return loop.now() - began;
    }

    SimulatedClock clock;
    SimulatedLoop loop{clock};
    test::CapturedLog log{clock, "info"};
    std::vector<std::optional<Entrance>> told;
    std::optional<WayIn> way_in;
};

TEST_F(WayInTest, TellsWhatTheRouterGrants) {
    Router router;
    router.shift = 100;
    begin({&router});
    run_for(seconds(1));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0], (Entrance{ip4(5, 6, 7, 8, 8170), ip4(5, 6, 7, 8, 8190)}));
    EXPECT_EQ(log.count("The router lets others in"), 1U);
    EXPECT_EQ(log.count("connections=5.6.7.8:8170 datagrams=5.6.7.8:8190"), 1U);
}

TEST_F(WayInTest, AsksForNoPortOfDatagramsWhereThereIsNone) {
    Router router;
    begin({&router}, 0);
    run_for(seconds(1));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0], (Entrance{ip4(5, 6, 7, 8, 8070), std::nullopt}));
    EXPECT_EQ(router.open, std::vector<std::uint16_t>{8070});
}

TEST_F(WayInTest, TakesTheFirstWayThatGivesOne) {
    Router first;
    Router second;
    second.name = "second";
    begin({&first, &second});
    run_for(minutes(1));
    EXPECT_EQ(told.size(), 1U);
    EXPECT_TRUE(second.asked.empty());
}

TEST_F(WayInTest, TakesTheNextWayWhereTheFirstGivesNone) {
    for (int kind = 0; kind < 3; ++kind) {
        Router first;
        if (kind == 0)
            first.address.reset();
        first.refuses_tcp = kind == 1;
        if (kind == 2)
            first.address = ip4(10, 0, 0, 1); // another router has its own address
        Router second;
        second.address = ip4(9, 9, 9, 9);
        told.clear();
        begin({&first, &second});
        run_for(seconds(10));
        ASSERT_EQ(told.size(), 1U) << kind;
        EXPECT_EQ(told[0]->tcp, ip4(9, 9, 9, 9, 8070)) << kind;
        way_in.reset();
    }
}

TEST_F(WayInTest, SaysThatARouterIsBehindAnotherOne) {
    Router router;
    router.address = ip4(100, 64, 3, 4);
    begin({&router});
    run_for(minutes(30));
    EXPECT_TRUE(told.empty());
    EXPECT_TRUE(router.mapped.empty());
    EXPECT_EQ(log.count("No router lets others in"), 1U) << "once, though it is asked again";
    EXPECT_EQ(
        log.count("first: the router is itself behind another one: its address 100.64.3.4 is"), 1U);
    EXPECT_GT(router.asked.size(), 3U);
}

TEST_F(WayInTest, BelievesNoAddressThatIsNone) {
    for (const SocketAddress& address :
         {ip4(0, 0, 0, 0), ip4(127, 0, 0, 1), ip4(224, 0, 0, 1), ip4(255, 255, 255, 255),
          ip4(169, 254, 1, 1), ip4(192, 0, 2, 1)}) {
        Router router;
        router.address = address;
        begin({&router});
        run_for(seconds(10));
        EXPECT_TRUE(told.empty()) << address.text();
        EXPECT_TRUE(router.open.empty()) << address.text();
        way_in.reset();
    }
}

TEST_F(WayInTest, TriesAgainMoreAndMoreSeldom) {
    Router router;
    router.address.reset();
    begin({&router});
    run_for(minutes(120));
    ASSERT_GT(router.asked.size(), 7U);
    EXPECT_LT(router.asked.size(), 16U);
    // Six seconds of asking, and the pause.
    EXPECT_EQ(router.asked[1] - router.asked[0], seconds(36));
    EXPECT_EQ(router.asked[2] - router.asked[1], seconds(66));
    EXPECT_EQ(router.asked.back() - router.asked[router.asked.size() - 2], seconds(1206));
    router.address = ip4(5, 6, 7, 8);
    run_for(minutes(21));
    EXPECT_EQ(told.size(), 1U) << "a router that comes later is found";
}

TEST_F(WayInTest, RenewsAtHalfOfWhatIsGrantedAndEveryTwentyMinutesAtLeast) {
    struct Row {
        std::optional<Clock::Duration> lifetime;
        Clock::Duration every;
    };
    for (const Row& row : {Row{minutes(20), minutes(10)}, Row{minutes(60), minutes(20)},
                           Row{std::nullopt, minutes(20)}, Row{seconds(1), seconds(30)}}) {
        Router router;
        router.lifetime = row.lifetime;
        begin({&router});
        run_for(minutes(130));
        ASSERT_GT(router.mapped.size(), 3U);
        const Clock::Duration between = router.mapped[3] - router.mapped[2];
        EXPECT_GE(between, row.every);
        EXPECT_LT(between, row.every + seconds(31));
        way_in.reset();
    }
    EXPECT_EQ(told.size(), 4U) << "each time once: nothing has changed";
}

TEST_F(WayInTest, NoticesAnotherAddressWithinTwoMinutes) {
    Router router;
    begin({&router});
    run_for(minutes(3));
    router.address = ip4(5, 6, 7, 9);
    run_for(minutes(2));
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1]->tcp, ip4(5, 6, 7, 9, 8070));
    EXPECT_EQ(router.mapped.size(), 2U) << "and asks for the ports anew";
}

TEST_F(WayInTest, AsksAnewARouterThatHasBegunAnew) {
    Router router;
    begin({&router});
    run_for(minutes(3));
    router.open.clear();
    router.is_new = true;
    run_for(minutes(2));
    EXPECT_EQ(router.open, (std::vector<std::uint16_t>{8070, 8090}));
    EXPECT_EQ(told.size(), 1U);
}

TEST_F(WayInTest, LosesAWayInAfterThreeTriesAndFindsItAgain) {
    Router router;
    begin({&router});
    run_for(seconds(10));
    const auto address = std::exchange(router.address, std::nullopt);
    run_for(seconds(150));
    EXPECT_EQ(told.size(), 1U) << "one try is none";
    run_for(minutes(3));
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1], std::nullopt);
    EXPECT_EQ(log.count("The router lets nobody in any more"), 1U);
    router.address = address;
    run_for(minutes(2));
    ASSERT_EQ(told.size(), 3U);
    EXPECT_EQ(told[2], told[0]);
}

TEST_F(WayInTest, GoesOnWithoutDatagramsAndAsksForThemAgain) {
    Router router;
    router.refuses_udp = true;
    begin({&router});
    run_for(minutes(1));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0]->udp, std::nullopt);
    EXPECT_EQ(log.count("The router lets in connections and no datagrams"), 1U);
    router.refuses_udp = false;
    run_for(minutes(21));
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1]->udp, ip4(5, 6, 7, 8, 8090));
}

TEST_F(WayInTest, TakesBackWhatWasGrantedAtTheEnd) {
    Router router;
    begin({&router});
    run_for(seconds(1));
    EXPECT_EQ(router.open.size(), 2U);
    EXPECT_LT(end(), seconds(1));
    EXPECT_TRUE(router.open.empty());
    EXPECT_EQ(told.size(), 1U) << "of its own end nobody is told";
}

TEST_F(WayInTest, TakesBackNothingThatWasNotGranted) {
    Router router;
    router.refuses_tcp = true;
    begin({&router});
    run_for(seconds(1));
    EXPECT_LT(end(), milliseconds(1));
    EXPECT_EQ(router.removals, 0U) << "it may be another host's";
}

TEST_F(WayInTest, EndsInTimeWhateverTheRouterDoes) {
    Router router;
    router.keeps = true;
    begin({&router});
    run_for(seconds(1));
    EXPECT_LE(end(), seconds(2));
    EXPECT_EQ(log.count("The router keeps a way in that was taken back"), 2U);
    way_in.reset();

    Router deaf;
    deaf.is_deaf = true;
    begin({&deaf});
    run_for(minutes(1));
    EXPECT_LE(end(), seconds(2));
}

TEST_F(WayInTest, CanBeLeftAtAnyMoment) {
    for (int millis = 0; millis < 8; ++millis) {
        Router router;
        begin({&router});
        run_for(milliseconds(millis));
        EXPECT_LE(end(), seconds(2));
        EXPECT_TRUE(router.open.empty() || millis < 4) << millis;
        way_in.reset();
    }
}

TEST(WaysOf, AreInTheOrderInWhichTheyAreAsked) {
    SimulatedClock clock;
    SimulatedLoop loop(clock);
    struct None final : Programs {
        Task<Result<ProgramEnd>> run(Program /*program*/, Clock::Instant /*until*/) override {
            co_return fail(Errc::unavailable);
        }
    } programs;
    const auto names = [&](NatKind kind) {
        std::string all;
        for (const auto& way : ways_of(kind, loop, programs, {}))
            all += fmt::format("{} ", way->name());
        return all;
    };
    EXPECT_EQ(names(NatKind::any), "UPnP NAT-PMP ");
    EXPECT_EQ(names(NatKind::upnp), "UPnP ");
    EXPECT_EQ(names(NatKind::pmp), "NAT-PMP ");
    EXPECT_EQ(names(NatKind::none), "");
    EXPECT_EQ(names(NatKind::extip), "");
}

} // namespace
} // namespace codex::net::nat
