// Coroutines on a loop: who goes on when, and what is left of one that is destroyed while it waits.
#include "base/event_loop.hpp"

#include "base/thread.hpp"

#include <gtest/gtest.h>

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

} // namespace
} // namespace codex
