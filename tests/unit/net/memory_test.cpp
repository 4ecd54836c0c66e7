// What a node does where memory is refused, or a mistake is made: it gives up what that is for, and
// goes on.
#include "failing_memory.hpp"
#include "node_pair.hpp"
#include "sanitizers.hpp"

namespace codex::net {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::must;
using test::must_fail;

/// Whatever of it comes about.
void try_to_talk(Pair& pair, const Bytes& said) {
    if (!pair.connect())
        return;
    pair.both_know();
    const Clock::Instant until = pair.in(minutes(1));
    const auto heard = pair.run(talk(pair.a.get(), pair.b->id(), &said, said.size(), until));
    EXPECT_TRUE(!heard || *heard == said);
}

/// The first talk of two nodes with the `nth` allocation refused, of both and of the network
/// between them; then a second one. Gives whether there was such an allocation.
bool talk_without(long nth, std::string_view muxer, const Bytes& said, std::uint64_t& counted) {
    SimulatedPair simulated({}, with_muxer(muxer), with_muxer(muxer));
    Pair& pair = simulated.pair;
    bool refused = false;
    {
        const test::FailingMemory failing(nth);
        try {
            try_to_talk(pair, said);
        } catch (const std::bad_alloc&) {
            // In what is this test's own.
        }
        refused = failing.refused();
    }
    // What was lost on the way is given up when its time is over.
    pair.loop.run_until([] { return false; }, pair.in(minutes(12)));
    must(pair.connect());
    const Clock::Instant until = pair.in(minutes(1));
    const auto heard = pair.run(talk(pair.a.get(), pair.b->id(), &said, said.size(), until));
    EXPECT_TRUE(heard && *heard == said);
    EXPECT_EQ(pair.a->limit_counts().of(Limit::fault) + pair.b->limit_counts().of(Limit::fault),
              0u);
    for (const Host* host : {pair.a.get(), pair.b.get()})
        counted += host->limit_counts().of(Limit::memory);
    return refused;
}

TEST(HostMemory, EndsNoMoreThanWhatItWasFor) {
    if (test::kThreadSanitizer)
        GTEST_SKIP() << "it has an operator new of its own, which refuses nothing";
    const Bytes said = pattern(100000);
    for (const std::string_view muxer : {mux::kMplex, mux::kYamux}) {
        std::uint64_t counted = 0;
        long nth = 0;
        // Each of some hundreds would take too long.
        for (bool refused = true; refused && !HasFailure(); nth += 19) {
            SCOPED_TRACE(fmt::format("{}, allocation {}", muxer, nth));
            refused = talk_without(nth, muxer, said, counted);
        }
        EXPECT_GT(nth, 300);
        EXPECT_GT(counted, 5u);
    }
}

Task<void> want_too_much(Stream /*stream*/) {
    throw std::bad_alloc();
    co_return;
}

Task<void> make_a_mistake(EventLoop* loop, Stream /*stream*/) {
    co_await loop->next_turn();
    throw std::out_of_range("a mistake");
}

TEST(HostMemory, GivesUpAStreamWhoseHandlerThrows) {
    SimulatedPair simulated;
    Pair& pair = simulated.pair;
    const std::string much = "/test/much/1";
    const std::string wrong = "/test/wrong/1";
    pair.b->serve(much, 4, want_too_much);
    pair.b->serve(wrong, 4,
                  [&pair](Stream stream) { return make_a_mistake(&pair.loop, std::move(stream)); });
    must(pair.connect());
    for (const std::string& protocol : {much, wrong}) {
        auto stream = must(pair.run(pair.a->open(
            pair.b->id(), std::vector<std::string>(1, protocol), pair.in(seconds(5)))));
        EXPECT_EQ(must_fail(pair.run(stream.wait_more(0, pair.in(seconds(5))))).code(),
                  Errc::unavailable);
    }
    EXPECT_EQ(pair.b->limit_counts().of(Limit::memory), 1u);
    EXPECT_EQ(pair.b->limit_counts().of(Limit::fault), 1u);
    EXPECT_EQ(pair.b->connections().size(), 1u);
    must(pair.run(pair.a->ping(pair.b->id(), pair.in(minutes(1)))));
}

} // namespace
} // namespace codex::net
