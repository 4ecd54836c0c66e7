// Routers of NAT-PMP on a simulated network, those that lie among them.
#include "nat_neighbour.hpp"
#include "net/nat/nat_pmp.hpp"

namespace codex::net::nat {
namespace {

class NatPmpTest : public RoutersTest {
protected:
    NatPmpTest() {
        router.take_datagrams(5351, [this](const std::string& asked) { return answers(asked); });
    }
    std::vector<std::string> answers(const std::string& asked) {
        if (on_asked)
            on_asked();
        if (!other.empty())
            return other;
        if (silent-- > 0)
            return {};
        std::string answer = {'\0', static_cast<char>(asked.at(1) + '\x80'), '\0', result};
        const auto epoch = static_cast<std::uint32_t>(
            began + std::chrono::duration_cast<seconds>(loop.now().time_since_epoch()).count());
        for (int shift = 24; shift >= 0; shift -= 8)
            answer += static_cast<char>(epoch >> shift);
        if (asked.at(1) == 0)
            answer += "\x05\x06\x07\x08";
        else
            answer += asked.substr(4, 2) + granted + asked.substr(8);
        return {answer};
    }

    std::int64_t began = 1000; ///< what it counts beside the clock
    char result = 0;
    int silent = 0; ///< how many questions are lost
    std::string granted = "\x1f\x86";
    std::vector<std::string> other; ///< what it says instead
    std::function<void()> on_asked;
    std::optional<SocketAddress> gateway = SocketAddress(kRouterIp, 0);
    NatPmp pmp{*here, [this] { return gateway; }};
};

TEST_F(NatPmpTest, AsksForAWayInAndTakesItBack) {
    const auto outside = must(run(pmp.outside(in(seconds(6)))));
    EXPECT_EQ(outside.address.text(), "5.6.7.8:0");
    EXPECT_TRUE(outside.is_new);
    const Mapping granted_as = must(run(pmp.map({Transport::tcp, 8070, 8070}, in(seconds(6)))));
    EXPECT_EQ(granted_as, (Mapping{Transport::tcp, 8070, 8070, seconds(3600)}));
    EXPECT_EQ(router.asked.back(), std::string("\0\2\0\0\x1f\x86\x1f\x86\0\0\x0e\x10", 12));
    must(run(pmp.map({Transport::udp, 8070, 8070}, in(seconds(6)))));
    EXPECT_EQ(router.asked.back(), std::string("\0\1\0\0\x1f\x86\x1f\x86\0\0\x0e\x10", 12));
    must(run(pmp.unmap(granted_as, in(seconds(6)))));
    EXPECT_EQ(router.asked.back(), std::string("\0\2\0\0\x1f\x86\0\0\0\0\0\0", 12));
}

TEST_F(NatPmpTest, TakesThePortThatIsGranted) {
    must(run(pmp.outside(in(seconds(6)))));
    granted = std::string("\x20\0", 2);
    EXPECT_EQ(must(run(pmp.map({Transport::tcp, 8070, 8070}, in(seconds(6))))).outside, 0x2000);
}

TEST_F(NatPmpTest, AsksAgainWhatWasLost) {
    silent = 3; // after 250, 500 and 1000 ms
    const Clock::Instant began_at = loop.now();
    must(run(pmp.outside(in(seconds(6)))));
    EXPECT_GE(loop.now() - began_at, milliseconds(1750));
    EXPECT_LT(loop.now() - began_at, milliseconds(1800));
    silent = 1000;
    EXPECT_EQ(must_fail(run(pmp.outside(in(seconds(6))))).code(), Errc::timeout);
}

TEST_F(NatPmpTest, SaysWhyItIsRefused) {
    result = 2;
    EXPECT_EQ(must_fail(run(pmp.outside(in(seconds(6))))).text(),
              "the router refuses: it is not allowed there");
    other = {std::string("\2\x80\0\1\0\0\0\0", 8)}; // PCP alone
    EXPECT_EQ(must_fail(run(pmp.outside(in(seconds(6))))).text(),
              "the router refuses: it speaks another version");
    gateway.reset();
    EXPECT_EQ(must_fail(run(pmp.outside(in(seconds(6))))).text(), "this host has no router");
}

TEST_F(NatPmpTest, PassesOverWhatIsNoAnswer) {
    must(run(pmp.outside(in(seconds(6)))));
    const std::string head = std::string("\0\x82\0\0\0\0\4\0", 8);
    for (const std::string& wrong :
         {std::string(), std::string("\0", 1),
          std::string("\0\x81\0\0\0\0\4\0", 8) + "\x1f\x86\x1f\x86\1\1\1\1",
          head + "\x1f\x86\x1f\x86\1\1\1", head + "\x1f\x87\x1f\x86\1\1\1\1",
          std::string(2000, 'x')}) {
        other = {wrong};
        EXPECT_EQ(must_fail(run(pmp.map({Transport::tcp, 8070, 8070}, in(seconds(1))))).code(),
                  Errc::timeout)
            << wrong.size();
    }
    other = {head + std::string("\x1f\x86\0\0\0\0\1\1", 8)};
    EXPECT_EQ(must_fail(run(pmp.map({Transport::tcp, 8070, 8070}, in(seconds(1))))).code(),
              Errc::malformed);
}

TEST_F(NatPmpTest, BelievesTheRouterAlone) {
    const auto third = internet.host(kThirdIp);
    const auto forger = must(third->bind_datagrams(SocketAddress(kThirdIp, 5351)));
    const std::string forged("\0\x80\0\0\0\0\4\0\1\2\3\4", 12);
    // It is faster than the router, which answers the next question.
    silent = 1;
    on_asked = [&] { static_cast<void>(must(forger->try_send(router.from, as_bytes(forged)))); };
    EXPECT_EQ(must(run(pmp.outside(in(seconds(6))))).address.text(), "5.6.7.8:0");
}

TEST_F(NatPmpTest, AsksAnotherRouterOnceItIsTheOne) {
    Neighbour third(internet, kThirdIp);
    third.take_datagrams(5351, [](const std::string&) {
        return std::vector<std::string>{std::string("\0\x80\0\0\0\0\4\0\1\2\3\4", 12)};
    });
    must(run(pmp.outside(in(seconds(6)))));
    gateway = SocketAddress(kThirdIp, 0);
    const auto outside = must(run(pmp.outside(in(seconds(6)))));
    EXPECT_EQ(outside.address.text(), "1.2.3.4:0");
    EXPECT_TRUE(outside.is_new);
}

TEST_F(NatPmpTest, SeesThatTheRouterHasBegunAnew) {
    must(run(pmp.outside(in(seconds(6)))));
    clock.advance(seconds(600));
    EXPECT_FALSE(must(run(pmp.outside(in(seconds(6))))).is_new);
    clock.advance(seconds(600));
    began -= 30; // its clock is slower by less than an eighth
    EXPECT_FALSE(must(run(pmp.outside(in(seconds(6))))).is_new);
    clock.advance(seconds(60));
    began = -std::chrono::duration_cast<seconds>(loop.now().time_since_epoch()).count();
    EXPECT_TRUE(must(run(pmp.outside(in(seconds(6))))).is_new);
    EXPECT_FALSE(must(run(pmp.outside(in(seconds(6))))).is_new);
}

} // namespace
} // namespace codex::net::nat
