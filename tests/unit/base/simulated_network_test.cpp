// The wires of a simulated network: how fast they are, what they lose, and when nothing passes.
#include "simulated_pair.hpp"

namespace codex::simulated_test {
namespace {

class SimulatedWire : public SimulatedPair {
protected:
    void begin(const WireOptions& wire, std::uint64_t seed = 1) {
        a.reset(), b.reset(), acceptor.reset();
        begin_hosts(wire, seed);
        acceptor = must(host_b->listen(SocketAddress(kB, 8070)));
    }
    template <class T> Result<T> run(Task<Result<T>> task) {
        auto value = run_task(loop, std::move(task), loop.now() + minutes(60));
        if (!value)
            return fail(Errc::timeout, "the task has not ended");
        return std::move(*value);
    }
    void connect() {
        a = must(run(host_a->connect(SocketAddress(kB, 8070), loop.now() + minutes(1))));
        b = must(run(acceptor->accept()));
    }
    static Task<Result<std::size_t>> read_all(Socket* socket, Clock::Instant until) {
        std::size_t all = 0;
        Bytes bytes(65536);
        for (;;) {
            CODEX_CO_TRY(size, read_some(socket, bytes, until));
            if (size == 0)
                co_return all;
            for (std::size_t i = 0; i < size; ++i)
                if (bytes[i] != static_cast<std::uint8_t>((all + i) % 251))
                    co_return fail(Errc::malformed, "byte {} is another", all + i);
            all += size;
        }
    }
    static Task<void> send_all(Socket* socket, std::size_t size, Clock::Instant until) {
        Bytes bytes(size);
        for (std::size_t i = 0; i < size; ++i)
            bytes[i] = static_cast<std::uint8_t>(i % 251);
        const auto sent = co_await write_all(socket, bytes, until);
        EXPECT_TRUE(sent);
        socket->end();
    }
    /// How long it takes until all of `size` bytes have come.
    Clock::Duration transfer(std::size_t size) {
        const Clock::Instant begun = loop.now();
        const Clock::Instant until = begun + minutes(60);
        TaskGroup group(loop);
        group.start(send_all(a.get(), size, until));
        EXPECT_EQ(must(run(read_all(b.get(), until))), size);
        return loop.now() - begun;
    }
    std::unique_ptr<Acceptor> acceptor;
    std::unique_ptr<Socket> a, b;
};

TEST_F(SimulatedWire, CarriesSoManyBytesASecond) {
    begin({.delay = milliseconds(50), .bytes_per_second = 1e6});
    connect();
    const Clock::Duration took = transfer(1'000'000);
    EXPECT_GE(took, milliseconds(1050));
    EXPECT_LE(took, milliseconds(1060));
}

TEST_F(SimulatedWire, LosesWhatComesLaterThenAndNothingElse) {
    WireOptions wire{.delay = milliseconds(100), .bytes_per_second = 1e6, .loss = 0.05};
    begin(wire, 5);
    connect();
    const Clock::Duration took = transfer(1'000'000);
    // As TCP in those conditions: some tens of kilobytes a second.
    EXPECT_GE(took, seconds(10));
    EXPECT_LE(took, seconds(60));
    // Only the seed says what is lost.
    const auto once_more = [&](std::uint64_t seed) {
        begin(wire, seed);
        connect();
        return transfer(100'000);
    };
    const Clock::Duration first = once_more(6);
    EXPECT_EQ(once_more(6), first);
    EXPECT_NE(once_more(7), first);
}

TEST_F(SimulatedWire, BringsWhatWasSentIntoACutWhenItIsMended) {
    begin({.delay = milliseconds(10)});
    connect();
    TaskGroup group(loop);
    const Clock::Instant until = loop.now() + minutes(60);
    group.start(send_all(a.get(), 10, until));
    internet().set_cut(kA, kB, true); // the bytes are on their way
    Bytes bytes(100);
    EXPECT_EQ(must_fail(run(read_some(b.get(), bytes, loop.now() + minutes(3)))).code(),
              Errc::timeout);
    internet().set_cut(kA, kB, false);
    EXPECT_EQ(must(run(read_all(b.get(), until))), 10U);
}

TEST_F(SimulatedWire, DialsAgainUntilACutIsMended) {
    begin({.delay = milliseconds(10)});
    internet().set_cut(kA, kB, true);
    EXPECT_EQ(
        must_fail(run(host_a->connect(SocketAddress(kB, 8070), loop.now() + seconds(20)))).code(),
        Errc::timeout);
    TaskGroup group(loop);
    std::optional<Result<std::unique_ptr<Socket>>> made;
    group.start(detail::keep_value(
        host_a->connect(SocketAddress(kB, 8070), loop.now() + seconds(20)), &made));
    pass(seconds(5));
    EXPECT_FALSE(made);
    internet().set_cut(kA, kB, false);
    EXPECT_TRUE(loop.run_until([&] { return made.has_value(); }, loop.now() + seconds(20)));
    EXPECT_TRUE(*made);
}

TEST_F(SimulatedWire, TellsNobodyOfAnEndBehindACut) {
    begin({.delay = milliseconds(10)});
    connect();
    internet().set_cut(kA, kB, true);
    a.reset(); // as when its host loses power
    Bytes bytes(100);
    EXPECT_EQ(must_fail(run(read_some(b.get(), bytes, loop.now() + minutes(3)))).code(),
              Errc::timeout);
    EXPECT_TRUE(b->try_write(bytes));
    internet().set_cut(kA, kB, false);
    EXPECT_EQ(must(run(read_some(b.get(), bytes, loop.now() + minutes(3)))), 0U);
    EXPECT_FALSE(b->try_write(bytes));
}

TEST_F(SimulatedWire, BreaksConnectionsAtBothEnds) {
    begin({.delay = milliseconds(10)});
    connect();
    internet().break_connections(kA, kB);
    Bytes bytes(100);
    EXPECT_EQ(must_fail(a->try_read(bytes)).code(), Errc::unavailable);
    EXPECT_EQ(must_fail(b->try_write(bytes)).code(), Errc::unavailable);
    connect(); // anew
    EXPECT_GT(transfer(1000), Clock::Duration::zero());
}

} // namespace
} // namespace codex::simulated_test
