// Datagrams, of the system and of a simulated network: what holds for both.
#include "base/simulated_network.hpp"
#include "base/system_network.hpp"
#include "must.hpp"

#include <gtest/gtest.h>

namespace codex::datagrams_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::must;
using test::must_fail;

constexpr std::array<std::uint8_t, 4> kHere = {127, 0, 0, 1};

/// A host that can send to itself. Threads: the loop's.
class Place {
public:
    virtual ~Place() = default;
    virtual EventLoop& loop() = 0;
    virtual Network& network() = 0;
};

class SystemPlace final : public Place {
public:
    EventLoop& loop() override { return loop_; }
    Network& network() override { return network_; }

private:
    SystemLoop loop_;
    SystemNetwork network_{loop_};
};

class SimulatedPlace final : public Place {
public:
    EventLoop& loop() override { return loop_; }
    Network& network() override { return *network_; }

private:
    SimulatedClock clock_;
    SimulatedLoop loop_{clock_};
    SimulatedInternet internet_{loop_, {.delay = milliseconds(1)}};
    std::unique_ptr<Network> network_ = internet_.host(kHere);
};

class DatagramsTest : public testing::TestWithParam<bool> {
protected:
    DatagramsTest() {
        if (GetParam())
            place_ = std::make_unique<SimulatedPlace>();
        else
            place_ = std::make_unique<SystemPlace>();
    }
    std::unique_ptr<DatagramSocket> bind(std::uint16_t port = 0) {
        return must(network().bind_datagrams(SocketAddress(kHere, port)));
    }
    Network& network() { return place_->network(); }
    EventLoop& loop() { return place_->loop(); }

    template <class T> Result<T> run(Task<Result<T>> task) {
        auto value = run_task(loop(), std::move(task), loop().now() + minutes(2));
        if (!value)
            return fail(Errc::timeout, "the task has not ended");
        return std::move(*value);
    }
    struct Got {
        Bytes bytes;
        std::size_t size;
        SocketAddress from;
    };
    /// The next one, where `room` bytes are for it; nothing, when none has come by `until`.
    std::optional<Got> receive(DatagramSocket& at, Clock::Instant until,
                               std::size_t room = kMaxDatagramBytes) {
        Bytes bytes(room, 0xee);
        for (;;) {
            const auto arrived = must(at.try_receive(bytes));
            if (arrived) {
                bytes.resize(std::min(room, arrived->bytes));
                return Got{bytes, arrived->bytes, arrived->from};
            }
            const auto came = run(at.readable(until));
            if (!came)
                return std::nullopt;
        }
    }
    std::optional<Got> receive(DatagramSocket& at) {
        return receive(at, loop().now() + minutes(1));
    }
    /// What has come within a moment that is longer than anything takes here.
    std::optional<Got> receive_soon(DatagramSocket& at) {
        return receive(at, loop().now() + milliseconds(50));
    }

private:
    std::unique_ptr<Place> place_;
};

TEST_P(DatagramsTest, ArriveWholeWithTheAddressOfTheirSender) {
    const auto a = bind();
    const auto b = bind();
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1280},
                                   std::size_t{9000}, kMaxDatagramBytes}) {
        Bytes bytes(size);
        for (std::size_t i = 0; i < size; ++i)
            bytes[i] = static_cast<std::uint8_t>(i % 251);
        EXPECT_TRUE(must(a->try_send(b->local(), bytes)));
        const auto got = receive(*b);
        ASSERT_TRUE(got);
        EXPECT_EQ(got->size, size);
        EXPECT_EQ(got->bytes, bytes);
        EXPECT_EQ(got->from, a->local());
    }
    EXPECT_TRUE(must(b->try_send(a->local(), as_bytes("you"))));
    EXPECT_EQ(as_text(receive(*a)->bytes), "you");
}

TEST_P(DatagramsTest, ThatAreCutSayHowLongTheyWere) {
    const auto a = bind();
    const auto b = bind();
    must(a->try_send(b->local(), as_bytes("longer than that")));
    must(a->try_send(b->local(), as_bytes("next")));
    const auto cut = receive(*b, loop().now() + minutes(1), 6);
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->size, 16U);
    EXPECT_EQ(as_text(cut->bytes), "longer");
    EXPECT_EQ(as_text(receive(*b)->bytes), "next"); // not the rest of the first
}

TEST_P(DatagramsTest, ToNobodyAreLostAndNobodyIsTold) {
    const auto a = bind();
    const auto b = bind();
    const SocketAddress nobody(kHere, 1); // which nobody gets who asks for any
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(must(a->try_send(nobody, as_bytes("hello"))));
        EXPECT_FALSE(receive_soon(*a)); // what ICMP brings back is no error
    }
    EXPECT_TRUE(must(a->try_send(b->local(), as_bytes("hello"))));
    EXPECT_TRUE(receive(*b));
}

TEST_P(DatagramsTest, ThatCannotBeSentDoNotHinderOthers) {
    const auto a = bind();
    const auto b = bind();
    const Bytes too_long(kMaxDatagramBytes + 1);
    EXPECT_EQ(must_fail(a->try_send(b->local(), too_long)).code(), Errc::limit_exceeded);
    const std::array<std::uint8_t, 16> v6 = {0x20, 0x01, 0x0d, 0xb8};
    EXPECT_EQ(must_fail(a->try_send(SocketAddress(v6, 1), as_bytes("hello"))).code(),
              Errc::unavailable);
    EXPECT_TRUE(must(a->try_send(b->local(), as_bytes("hello"))));
    EXPECT_EQ(as_text(receive(*b)->bytes), "hello");
}

TEST_P(DatagramsTest, AreWaitedForUntilTheTimeIsUp) {
    const auto a = bind();
    const auto b = bind();
    Bytes bytes(10);
    EXPECT_FALSE(must(a->try_receive(bytes)));
    const Clock::Instant until = loop().now() + milliseconds(20);
    EXPECT_EQ(must_fail(run(a->readable(until))).code(), Errc::timeout);
    EXPECT_GE(loop().now(), until);
    must(b->try_send(a->local(), as_bytes("hello")));
    must(run(a->readable(loop().now() + minutes(1))));
    must(run(a->readable(loop().now() + minutes(1)))); // it is there still
    must(run(a->writable(loop().now() + minutes(1))));
    EXPECT_TRUE(must(a->try_receive(bytes)));
}

TEST_P(DatagramsTest, AreNotWaitedForAnyMoreWhereItIsClosed) {
    const auto a = bind();
    std::optional<Result<void>> ended;
    TaskGroup group(loop());
    group.start(detail::keep_value(a->readable(Clock::Instant::max()), &ended));
    EXPECT_FALSE(ended);
    a->close();
    ASSERT_TRUE(loop().run_until([&] { return ended.has_value(); }, loop().now() + minutes(1)));
    EXPECT_EQ(must_fail(std::move(*ended)).code(), Errc::cancelled);
    Bytes bytes(10);
    EXPECT_EQ(must_fail(a->try_receive(bytes)).code(), Errc::cancelled);
    EXPECT_EQ(must_fail(a->try_send(a->local(), bytes)).code(), Errc::cancelled);
    EXPECT_EQ(must_fail(run(a->writable(loop().now() + minutes(1)))).code(), Errc::cancelled);
}

TEST_P(DatagramsTest, HaveAPortThatNobodyElseHas) {
    auto a = bind();
    const SocketAddress at = a->local();
    EXPECT_NE(at.port, 0);
    EXPECT_EQ(must_fail(network().bind_datagrams(at)).code(), Errc::address_in_use);
    const std::array<std::uint8_t, 4> elsewhere = {192, 0, 2, 1};
    EXPECT_EQ(must_fail(network().bind_datagrams(SocketAddress(elsewhere, 0))).code(),
              Errc::unavailable);
    if (!GetParam())
        return; // another process may be quicker
    a.reset();
    EXPECT_EQ(bind(at.port)->local(), at);
}

TEST_P(DatagramsTest, ThatNobodyReadsAreDroppedBeyondWhatMayWait) {
    const auto a = bind();
    const auto b = bind();
    const std::size_t sent = 20'000;
    Bytes bytes(1000);
    for (std::size_t i = 0; i < sent; ++i) {
        bytes[0] = static_cast<std::uint8_t>(i >> 8), bytes[1] = static_cast<std::uint8_t>(i);
        must(a->try_send(b->local(), bytes));
    }
    std::size_t got = 0;
    std::optional<std::size_t> before;
    while (const auto next = receive_soon(*b)) {
        ASSERT_EQ(next->size, bytes.size());
        const std::size_t number = std::size_t{next->bytes[0]} << 8 | next->bytes[1];
        EXPECT_TRUE(!before || number > *before);
        before = number;
        ++got;
    }
    EXPECT_GT(got, 10U);
    EXPECT_LT(got, sent / 2);
}

/// Whatever is sent where, each arrives once where it was sent to, as it was, or not at all.
TEST_P(DatagramsTest, DoNotGetMixedUp) {
    SeededRandom random(7);
    std::vector<std::unique_ptr<DatagramSocket>> sockets;
    for (int i = 0; i < 4; ++i)
        sockets.push_back(bind());
    // By whom they go to: by whom and what.
    std::map<SocketAddress, std::multiset<std::pair<SocketAddress, Bytes>>> under_way;
    std::size_t got = 0;
    const auto drain = [&](DatagramSocket& at) {
        while (const auto next = receive(at, loop().now() + milliseconds(5))) {
            auto& expected = under_way[at.local()];
            const auto found = expected.find({next->from, next->bytes});
            ASSERT_NE(found, expected.end());
            expected.erase(found);
            ++got;
        }
    };
    const std::size_t sent = 300;
    for (std::size_t i = 0; i < sent; ++i) {
        DatagramSocket& from = *sockets[must(random.below(sockets.size()))];
        DatagramSocket& to = *sockets[must(random.below(sockets.size()))];
        Bytes bytes(must(random.below(must(random.below(2)) == 0 ? 20 : 2000)));
        must(random.fill(bytes));
        if (must(from.try_send(to.local(), bytes)))
            under_way[to.local()].insert({from.local(), bytes});
        if (must(random.below(10)) == 0)
            drain(*sockets[must(random.below(sockets.size()))]);
    }
    for (const auto& socket : sockets)
        drain(*socket);
    EXPECT_GT(got, sent / 2);
}

INSTANTIATE_TEST_SUITE_P(Networks, DatagramsTest, testing::Bool(),
                         [](const auto& of) { return of.param ? "Simulated" : "System"; });

TEST(SystemDatagrams, ThatHaveNoWayFailAlone) {
    SystemLoop loop;
    SystemNetwork network(loop);
    const auto a = must(network.bind_datagrams(SocketAddress(kHere, 0)));
    // From an address of this host alone nothing can leave it.
    const std::array<std::uint8_t, 4> elsewhere = {192, 0, 2, 1};
    EXPECT_FALSE(a->try_send(SocketAddress(elsewhere, 9), as_bytes("hello")));
    EXPECT_FALSE(a->try_send(SocketAddress(kHere, 0), as_bytes("hello"))); // no such port
    EXPECT_TRUE(must(a->try_send(a->local(), as_bytes("hello"))));
    Bytes bytes(10);
    must(*run_task(loop, a->readable(loop.now() + minutes(1))));
    EXPECT_EQ(must(a->try_receive(bytes))->bytes, 5U);
}

TEST(SystemDatagrams, OfBothKindsOfAddressesShareAPort) {
    SystemLoop loop;
    SystemNetwork network(loop);
    const std::array<std::uint8_t, 16> any_v6{};
    auto v6 = network.bind_datagrams(SocketAddress(any_v6, 0));
    if (!v6)
        GTEST_SKIP() << "no IPv6 here";
    const std::array<std::uint8_t, 4> any_v4{};
    const auto v4 = must(network.bind_datagrams(SocketAddress(any_v4, (*v6)->local().port)));
    must(v4->try_send(SocketAddress(kHere, v4->local().port), as_bytes("hello")));
    must(*run_task(loop, v4->readable(loop.now() + minutes(1))));
    Bytes bytes(10);
    EXPECT_EQ(must(v4->try_receive(bytes))->from, SocketAddress(kHere, v4->local().port));
    EXPECT_FALSE(must((*v6)->try_receive(bytes)));
}

/// Where the next that comes to `at` is from.
SocketAddress sender_of_next(SystemLoop& loop, DatagramSocket& at) {
    Bytes bytes(10);
    must(*run_task(loop, at.readable(loop.now() + minutes(1))));
    const auto arrived = must(at.try_receive(bytes));
    EXPECT_TRUE(arrived);
    return arrived ? arrived->from : SocketAddress();
}

/// Who asks at one address takes no answer from another one.
TEST(SystemDatagrams, OfAllAddressesAnswerFromTheOneThatWasAsked) {
    SystemLoop loop;
    SystemNetwork network(loop);
    const std::array<std::uint8_t, 4> any{};
    const auto of_all = must(network.bind_datagrams(SocketAddress(any, 0)));
    const auto asker = must(network.bind_datagrams(SocketAddress(kHere, 0)));
    for (const int last : {2, 3, 1, 2}) {
        const std::array<std::uint8_t, 4> asked = {127, 0, 0, static_cast<std::uint8_t>(last)};
        const SocketAddress at(asked, of_all->local().port);
        must(asker->try_send(at, as_bytes("who?")));
        EXPECT_EQ(sender_of_next(loop, *of_all), asker->local());
        for (int i = 0; i < 2; ++i) {
            must(of_all->try_send(asker->local(), as_bytes("me")));
            EXPECT_EQ(sender_of_next(loop, *asker), at) << last;
        }
    }
    // Whoever has not asked is told from where the system will.
    const auto other = must(network.bind_datagrams(SocketAddress(kHere, 0)));
    must(of_all->try_send(other->local(), as_bytes("hello")));
    EXPECT_EQ(sender_of_next(loop, *other), SocketAddress(kHere, of_all->local().port));
}

TEST(SystemDatagrams, OfAllAddressesOfIPv6AnswerAsWell) {
    SystemLoop loop;
    SystemNetwork network(loop);
    const std::array<std::uint8_t, 16> any{};
    auto of_all = network.bind_datagrams(SocketAddress(any, 0));
    std::array<std::uint8_t, 16> here{};
    here[15] = 1;
    const auto asker = network.bind_datagrams(SocketAddress(here, 0));
    if (!of_all || !asker)
        GTEST_SKIP() << "no IPv6 here";
    const SocketAddress at(here, (*of_all)->local().port);
    must((*asker)->try_send(at, as_bytes("who?")));
    EXPECT_EQ(sender_of_next(loop, **of_all), (*asker)->local());
    must((*of_all)->try_send((*asker)->local(), as_bytes("me")));
    EXPECT_EQ(sender_of_next(loop, **asker), at);
}

/// What is remembered of those who ask is bounded, and what is sent to those who are forgotten goes
/// out all the same.
TEST(SystemDatagrams, OfAllAddressesAnswerManyAndForgetTheFirst) {
    SystemLoop loop;
    SystemNetwork network(loop);
    const std::array<std::uint8_t, 4> any{};
    const std::array<std::uint8_t, 4> second = {127, 0, 0, 2};
    const auto of_all = must(network.bind_datagrams(SocketAddress(any, 0)));
    const SocketAddress at(second, of_all->local().port);
    const auto first = must(network.bind_datagrams(SocketAddress(kHere, 0)));
    must(first->try_send(at, as_bytes("who?")));
    EXPECT_EQ(sender_of_next(loop, *of_all), first->local());
    for (std::size_t i = 0; i < 1100; ++i) {
        const std::array<std::uint8_t, 4> ip = {127, 1, static_cast<std::uint8_t>(i / 200),
                                                static_cast<std::uint8_t>(1 + i % 200)};
        const auto other = must(network.bind_datagrams(SocketAddress(ip, 0)));
        must(other->try_send(at, as_bytes("who?")));
        EXPECT_EQ(sender_of_next(loop, *of_all), other->local());
        must(of_all->try_send(other->local(), as_bytes("me")));
        EXPECT_EQ(sender_of_next(loop, *other), at);
    }
    must(of_all->try_send(first->local(), as_bytes("me")));
    EXPECT_EQ(sender_of_next(loop, *first), SocketAddress(kHere, of_all->local().port));
}

} // namespace
} // namespace codex::datagrams_test
