// Coroutines on a loop: who goes on when, and what is left of one that is destroyed while it waits.
#include "base/event_loop.hpp"

#include "base/thread.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {
std::atomic<int> yields{0}; ///< of the whole test program
}

extern "C" int sched_yield() noexcept {
    ++yields;
    return static_cast<int>(::syscall(SYS_sched_yield));
}

namespace codex {
namespace {

using std::chrono::seconds;

Task<void> note_after(EventLoop* loop, Clock::Duration span, int number, std::vector<int>* notes) {
    const Clock::Instant until = loop->now() + span;
    co_await loop->pause_until(until);
    notes->push_back(number);
}

Task<void> note_signals(Signal* signal, Clock::Instant until, int number, std::vector<int>* notes) {
    for (;;) {
        const auto in_time = co_await signal->wait(until);
        notes->push_back(in_time ? number : -number);
        if (!in_time)
            co_return;
    }
}

TEST(EventLoop, JumpsToWhatIsNextAndKeepsTheOrder) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    TaskGroup group(loop);
    std::vector<int> notes;
    const Clock::Instant start = loop.now();
    group.start(note_after(&loop, seconds(3600), 3, &notes));
    group.start(note_after(&loop, seconds(1), 1, &notes));
    group.start(note_after(&loop, seconds(1), 2, &notes));
    EXPECT_EQ(group.size(), 3u);
    EXPECT_FALSE(loop.run_until([&] { return notes.size() == 3; }, start + seconds(3599)));
    EXPECT_EQ(notes, (std::vector<int>{1, 2}));
    EXPECT_TRUE(loop.run_until([&] { return group.size() == 0; }, start + seconds(4000)));
    EXPECT_EQ(notes, (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(loop.now() - start, seconds(3600));
}

// On a machine that has other work a yield costs milliseconds, and a simulation jumps thousands of
// times.
TEST(EventLoop, YieldsToNobodyWhereItJumps) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    TaskGroup group(loop);
    std::vector<int> notes;
    for (int i = 1; i <= 9; ++i)
        group.start(note_after(&loop, seconds(i), i, &notes));
    const int before = yields;
    EXPECT_TRUE(loop.run_until([&] { return group.size() == 0; }, loop.now() + seconds(10)));
    EXPECT_EQ(yields, before);
    clock.sleep_for(seconds(1)); // and these are counted
    EXPECT_EQ(yields, before + 1);
}

TEST(EventLoop, TellsASignalFromTheEndOfATime) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    TaskGroup group(loop);
    Signal signal(loop);
    std::vector<int> notes;
    const Clock::Instant until = loop.now() + seconds(5);
    group.start(note_signals(&signal, until, 1, &notes));
    group.start(note_signals(&signal, until, 2, &notes));
    signal.notify();
    signal.notify(); // of those that wait again: nobody does yet
    EXPECT_TRUE(loop.run_until([&] { return group.size() == 0; }, until + seconds(1)));
    EXPECT_EQ(notes, (std::vector<int>{1, 2, -1, -2}));
}

TEST(EventLoop, ForgetsATaskThatIsDestroyedWhileItWaits) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    Signal signal(loop);
    std::vector<int> notes;
    const Clock::Instant until = loop.now() + seconds(5);
    {
        TaskGroup group(loop);
        group.start(note_signals(&signal, until, 1, &notes)); // is signalled, and not run yet
        signal.notify();
        group.start(note_signals(&signal, until, 2, &notes)); // waits
        EXPECT_EQ(group.size(), 2u);
    }
    signal.notify();
    EXPECT_FALSE(loop.run_until([] { return false; }, until + seconds(1)));
    EXPECT_TRUE(notes.empty());
}

TEST(EventLoop, RunsWhatOthersPost) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    std::vector<int> notes;
    Thread other;
    ASSERT_TRUE(other.start([&loop, &notes] {
        for (int i = 0; i < 3; ++i)
            loop.post([&notes, i] { notes.push_back(i); });
    }));
    other.wait();
    EXPECT_TRUE(loop.run_until([&] { return notes.size() == 3; }, loop.now() + seconds(1)));
    EXPECT_EQ(notes, (std::vector<int>{0, 1, 2}));
}

Task<void> throw_after(EventLoop* loop, Clock::Duration span) {
    const Clock::Instant until = loop->now() + span;
    co_await loop->pause_until(until);
    throw std::bad_alloc();
}

Task<void> throw_at_once() {
    throw std::runtime_error("a mistake");
    co_return;
}

Task<int> throw_for_a_value() {
    co_await throw_at_once();
    co_return 1;
}

TEST(EventLoop, ThrowsWhatATaskThrowsAndRunsOn) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    TaskGroup group(loop);
    std::vector<int> notes;
    const Clock::Instant end = loop.now() + seconds(10);
    // All three are ready in one turn: the one behind that which throws is not lost.
    group.start(note_after(&loop, seconds(1), 1, &notes));
    group.start(throw_after(&loop, seconds(1)));
    group.start(note_after(&loop, seconds(1), 2, &notes));
    EXPECT_THROW(loop.run_until([&] { return group.size() == 0; }, end), std::bad_alloc);
    EXPECT_EQ(notes, (std::vector<int>{1}));
    EXPECT_TRUE(loop.run_until([&] { return group.size() == 0; }, end));
    EXPECT_EQ(notes, (std::vector<int>{1, 2}));
    EXPECT_THROW(static_cast<void>(run_task(loop, throw_for_a_value())), std::runtime_error);
}

TEST(EventLoop, KeepsWhatWasPostedBehindAJobThatThrows) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    bool ran = false;
    loop.post([] { throw std::bad_alloc(); });
    loop.post([&ran] { ran = true; });
    const Clock::Instant end = loop.now() + seconds(1);
    EXPECT_THROW(loop.run_until([&] { return ran; }, end), std::bad_alloc);
    EXPECT_TRUE(loop.run_until([&] { return ran; }, end));
}

TEST(TaskGroup, TellsWhatATaskThrewAndKeepsTheOthers) {
    const SimulatedClock clock;
    SimulatedLoop loop(clock);
    int memory = 0;
    int others = 0;
    TaskGroup group(loop, [&](const std::exception_ptr& thrown) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::bad_alloc&) {
            ++memory;
        } catch (const std::exception&) {
            ++others;
        }
    });
    std::vector<int> notes;
    group.start(throw_at_once());
    EXPECT_EQ(others, 1);
    group.start(throw_after(&loop, seconds(1)));
    group.start(note_after(&loop, seconds(2), 1, &notes));
    EXPECT_TRUE(loop.run_until([&] { return group.size() == 0; }, loop.now() + seconds(3)));
    EXPECT_EQ(memory, 1);
    EXPECT_EQ(notes, (std::vector<int>{1}));
}

/// Beside a map that does the same.
TEST(Timers, GiveTheNextWhateverIsTakenOut) {
    class One : public detail::Timed {
    public:
        One(Clock::Instant at, int number) : Timed(at), name(number) {}
        int name;
    };
    std::mt19937 random(1);
    std::vector<std::unique_ptr<One>> ones;
    std::multimap<Clock::Instant, One*> map;
    detail::Timers timers;
    const auto pick = [&map, &random] {
        return std::next(map.begin(), static_cast<std::ptrdiff_t>(random() % map.size()));
    };
    for (int i = 0; i < 20000; ++i) {
        // Many at the same time, of which the first to come is first.
        const auto at = Clock::Instant(seconds(random() % 50));
        ones.push_back(std::make_unique<One>(at, i));
        map.emplace(at, ones.back().get());
        timers.add(*ones.back());
        for (std::size_t out = random() % 3; out > 0 && !map.empty(); --out) {
            const auto gone = random() % 2 == 0 ? map.begin() : pick();
            timers.remove(*gone->second);
            timers.remove(*gone->second); // is not there any more
            map.erase(gone);
        }
        const auto* const first = static_cast<const One*>(timers.first());
        ASSERT_EQ(first == nullptr, map.empty());
        if (first != nullptr) {
            ASSERT_EQ(first->name, map.begin()->second->name);
        }
    }
}

} // namespace
} // namespace codex
