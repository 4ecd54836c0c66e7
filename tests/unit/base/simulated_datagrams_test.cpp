// What the wires of a simulated network do to datagrams.
#include "simulated_pair.hpp"

namespace codex::simulated_test {
namespace {

class SimulatedDatagrams : public SimulatedPair {
protected:
    void begin(const WireOptions& wire, std::uint64_t seed = 1) {
        a.reset(), b.reset();
        begin_hosts(wire, seed);
        a = must(host_a->bind_datagrams(SocketAddress(kA, 8090)));
        b = must(host_b->bind_datagrams(SocketAddress(kB, 8090)));
    }
    struct Got {
        std::uint8_t number;
        Clock::Duration took;
        friend bool operator==(const Got&, const Got&) = default;
    };
    /// Sends `count` of `size` bytes at once, from A to B, and gives what comes within a minute.
    std::vector<Got> send(std::size_t count, std::size_t size = 100) {
        const Clock::Instant begun = loop.now();
        Bytes bytes(size);
        for (std::size_t i = 0; i < count; ++i) {
            bytes[0] = static_cast<std::uint8_t>(i);
            EXPECT_TRUE(must(a->try_send(b->local(), bytes)));
        }
        std::vector<Got> got;
        while (run_task(loop, b->readable(begun + minutes(1)))->has_value()) {
            EXPECT_EQ(must(b->try_receive(bytes))->bytes, size);
            got.push_back({bytes[0], loop.now() - begun});
        }
        return got;
    }

    std::unique_ptr<DatagramSocket> a, b;
};

TEST_F(SimulatedDatagrams, TakeAsLongAsTheWireSays) {
    begin({.delay = milliseconds(50), .bytes_per_second = 1e5});
    const auto got = send(3, 1000);
    ASSERT_EQ(got.size(), 3U);
    EXPECT_EQ(got[0], (Got{0, milliseconds(60)}));
    EXPECT_EQ(got[2], (Got{2, milliseconds(80)}));
}

TEST_F(SimulatedDatagrams, AreDroppedWhereTooManyWaitForASlowWire) {
    begin({.buffer_bytes = 10'000, .bytes_per_second = 1e6});
    EXPECT_EQ(send(100, 1000).size(), 11U);
}

TEST_F(SimulatedDatagrams, AreLostAsTheSeedSays) {
    begin({.delay = milliseconds(5), .loss = 0.25}, 3);
    const auto got = send(200);
    EXPECT_GT(got.size(), 120U);
    EXPECT_LT(got.size(), 180U);
    begin({.delay = milliseconds(5), .loss = 0.25}, 3);
    EXPECT_EQ(send(200), got);
    begin({.delay = milliseconds(5), .loss = 0.25}, 4);
    EXPECT_NE(send(200), got);
}

TEST_F(SimulatedDatagrams, OvertakeEachOtherAndComeTwice) {
    begin({.delay = milliseconds(5), .jitter = milliseconds(20), .twice = 0.5}, 3);
    const auto got = send(100);
    EXPECT_GT(got.size(), 120U);
    EXPECT_LT(got.size(), 180U);
    std::set<int> numbers;
    std::size_t overtaken = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        numbers.insert(got[i].number);
        overtaken += i != 0 && got[i].number < got[i - 1].number ? 1 : 0;
        EXPECT_GE(got[i].took, milliseconds(5));
        EXPECT_LE(got[i].took, milliseconds(25));
    }
    EXPECT_EQ(numbers.size(), 100U);
    EXPECT_GT(overtaken, 10U);
}

TEST_F(SimulatedDatagrams, ThatAreUnderWayIntoACutAreLostAndThoseThatHaveComeAreNot) {
    begin({.delay = milliseconds(10)});
    must(a->try_send(b->local(), as_bytes("one")));
    pass(milliseconds(10));
    must(a->try_send(b->local(), as_bytes("two")));
    internet().set_cut(kA, kB, true);
    must(a->try_send(b->local(), as_bytes("three")));
    internet().set_cut(kA, kB, false);
    must(a->try_send(b->local(), as_bytes("four")));
    pass(minutes(1));
    Bytes bytes(10);
    EXPECT_EQ(must(b->try_receive(bytes))->bytes, 3U);
    EXPECT_EQ(must(b->try_receive(bytes))->bytes, 4U);
    EXPECT_FALSE(must(b->try_receive(bytes)));
}

TEST_F(SimulatedDatagrams, PassAFirewallAsAnswersForAWhile) {
    begin({.delay = milliseconds(10)});
    internet().set_silent(kB, true);
    EXPECT_EQ(send(1).size(), 0U);
    must(b->try_send(a->local(), as_bytes("hello")));
    EXPECT_EQ(send(1).size(), 1U); // and a minute passes
    EXPECT_EQ(send(1).size(), 0U);
    must(b->try_send(a->local(), as_bytes("hello")));
    const auto other = must(host_a->bind_datagrams(SocketAddress(kA, 0)));
    must(other->try_send(b->local(), as_bytes("hello")));
    pass(minutes(1));
    Bytes bytes(10);
    EXPECT_FALSE(must(b->try_receive(bytes))); // another port was not asked
    internet().set_silent(kB, false);
    EXPECT_EQ(send(1).size(), 1U);
}

TEST_F(SimulatedDatagrams, WaitWhereTheSystemTakesNone) {
    begin({.delay = milliseconds(10)});
    internet().set_full(kA, true);
    EXPECT_FALSE(must(a->try_send(b->local(), as_bytes("hello"))));
    EXPECT_EQ(must_fail(*run_task(loop, a->writable(loop.now() + seconds(1)))).code(),
              Errc::timeout);
    std::optional<Result<void>> ended;
    TaskGroup group(loop);
    group.start(detail::keep_value(a->writable(loop.now() + minutes(1)), &ended));
    pass(seconds(1));
    EXPECT_FALSE(ended);
    internet().set_full(kA, false);
    pass(seconds(1));
    ASSERT_TRUE(ended);
    EXPECT_TRUE(*ended);
    EXPECT_EQ(send(1).size(), 1U);
    // Who waits when it is closed is told that.
    internet().set_full(kA, true);
    ended.reset();
    group.start(detail::keep_value(a->writable(loop.now() + minutes(1)), &ended));
    a->close();
    pass(seconds(1));
    ASSERT_TRUE(ended);
    EXPECT_EQ(must_fail(std::move(*ended)).code(), Errc::cancelled);
}

} // namespace
} // namespace codex::simulated_test
