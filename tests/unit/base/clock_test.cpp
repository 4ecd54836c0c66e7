#include "base/clock.hpp"

#include <condition_variable>
#include <ctime>
#include <mutex>
#include <shared_mutex>
#include <thread>

namespace codex {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SystemClock, IsTheSystemsOnBothItsTimes) {
    const Clock& clock = Clock::system();
    const auto before = static_cast<std::uint64_t>(std::time(nullptr));
    const std::uint64_t seconds_now = clock.unix_seconds();
    // time(2) is coarse: it may be behind by a tick.
    EXPECT_GE(seconds_now, before);
    EXPECT_LE(seconds_now, static_cast<std::uint64_t>(std::time(nullptr)) + 1);
    EXPECT_NEAR(static_cast<double>(clock.unix_ms()) / 1000.0, static_cast<double>(seconds_now), 5);

    const Clock::Instant begin = clock.now();
    clock.sleep_for(milliseconds(2));
    EXPECT_GE(clock.now() - begin, milliseconds(2));
    clock.sleep_until(begin); // is past
}

TEST(SystemClock, NapsAreBounded) {
    const Clock& clock = Clock::system();
    EXPECT_EQ(clock.nap(clock.now()), Clock::Duration::zero());
    EXPECT_GT(clock.nap(Clock::Instant::max()), Clock::Duration::zero());
    EXPECT_LE(clock.nap(Clock::Instant::max()), std::chrono::hours(1));
}

TEST(SimulatedClock, GoesOnlyWhenItIsToldTo) {
    const SimulatedClock clock(1000);
    EXPECT_EQ(clock.unix_seconds(), 1000U);
    const Clock::Instant begin = clock.now();
    EXPECT_EQ(clock.now(), begin);
    clock.advance(milliseconds(1500));
    EXPECT_EQ(clock.unix_ms(), 1'001'500);
    EXPECT_EQ(clock.unix_seconds(), 1001U);
    EXPECT_EQ(clock.now() - begin, milliseconds(1500));
}

TEST(SimulatedClock, SleepsTakeNoTime) {
    const SimulatedClock clock(1000);
    const auto real = std::chrono::steady_clock::now();
    clock.sleep_for(std::chrono::hours(1000));
    EXPECT_LT(std::chrono::steady_clock::now() - real, std::chrono::hours(1));
    EXPECT_EQ(clock.unix_seconds(), 1000U + 3'600'000U);
    const Clock::Instant now = clock.now();
    clock.sleep_until(now - seconds(1));
    EXPECT_EQ(clock.now(), now) << "it never goes backwards";
}

TEST(SimulatedClock, OfManySleepersTheLatestWins) {
    const SimulatedClock clock;
    const Clock::Instant begin = clock.now();
    std::vector<std::thread> sleepers;
    for (int i = 1; i <= 4; ++i)
        sleepers.emplace_back([&, i] { clock.sleep_until(begin + seconds(i)); });
    for (std::thread& sleeper : sleepers)
        sleeper.join();
    EXPECT_EQ(clock.now() - begin, seconds(4));
}

TEST(StoppedWallClock, StandsStillAndTicks) {
    const SimulatedClock ticking(5);
    const StoppedWallClock clock(ticking, 1234567);
    const Clock::Instant begin = clock.now();
    clock.sleep_for(seconds(9));
    EXPECT_EQ(clock.unix_seconds(), 1234567U);
    EXPECT_EQ(clock.now() - begin, seconds(9));
    EXPECT_EQ(ticking.unix_seconds(), 14U);
    EXPECT_GT(StoppedWallClock(ticking, UINT64_MAX).unix_ms(), 0) << "no overflow";
    EXPECT_EQ(StoppedWallClock(ticking, 0).unix_seconds(), 0U);
}

TEST(Deadline, PassesWhenItsClockSaysSo) {
    const SimulatedClock clock;
    const Deadline deadline = Deadline::after(clock, seconds(10));
    EXPECT_FALSE(deadline.passed());
    clock.advance(seconds(10) - Clock::Duration(1));
    EXPECT_FALSE(deadline.passed());
    clock.advance(Clock::Duration(1));
    EXPECT_TRUE(deadline.passed());
    EXPECT_TRUE(Deadline::after_seconds(clock, 0).passed());
    EXPECT_TRUE(Deadline::after(clock, -seconds(1)).passed());
}

TEST(Deadline, SaturatesAndMayNeverBe) {
    const SimulatedClock clock;
    clock.advance(seconds(1000));
    const std::uint64_t too_many[] = {UINT64_MAX, 1ULL << 62, 10'000'000'000ULL};
    for (const std::uint64_t count : too_many) {
        const Deadline deadline = Deadline::after_seconds(clock, count);
        EXPECT_TRUE(deadline.is_never()) << count;
        EXPECT_FALSE(deadline.passed());
    }
    EXPECT_FALSE(Deadline::after_seconds(clock, 9'000'000'000ULL).is_never());
    EXPECT_FALSE(Deadline::never().passed());
}

TEST(Deadline, PausesEndWithIt) {
    const SimulatedClock clock;
    const Clock::Instant begin = clock.now();
    const Deadline deadline = Deadline::after(clock, milliseconds(50));
    int pauses = 0;
    while (deadline.pause(milliseconds(20)))
        ++pauses;
    EXPECT_EQ(pauses, 3);
    EXPECT_EQ(clock.now() - begin, milliseconds(50)) << "the last one was shorter";
    EXPECT_TRUE(Deadline::never().pause(Clock::Duration::zero()));
}

/// A flag that one thread sets and another waits for.
struct Bell {
    std::mutex mutex;
    std::condition_variable changed;
    bool set = false;

    bool wait(const Deadline& deadline) {
        std::unique_lock lock(mutex);
        return wait_until(changed, lock, deadline, [this] { return set; });
    }
    void give() {
        const std::lock_guard lock(mutex);
        set = true;
        changed.notify_all();
    }
};

TEST(WaitUntil, EndsWithTheConditionOrTheDeadline) {
    Bell signal;
    EXPECT_FALSE(signal.wait(Deadline::after(Clock::system(), milliseconds(2))));
    std::thread other([&] { signal.give(); });
    EXPECT_TRUE(signal.wait(Deadline::never()));
    other.join();
    EXPECT_TRUE(signal.wait(Deadline::after_seconds(Clock::system(), 0))) << "it is true already";
}

TEST(WaitUntil, FollowsASimulatedClock) {
    Bell signal;
    const SimulatedClock clock;
    const Deadline deadline = Deadline::after(clock, seconds(3600));
    std::thread other([&] { clock.advance(seconds(3600)); });
    EXPECT_FALSE(signal.wait(deadline)) << "an hour that another thread lets pass";
    other.join();
}

TEST(LockUntil, TakesWhatIsFreeAndGivesUpInTime) {
    std::timed_mutex mutex;
    std::unique_lock holder(mutex);
    const SimulatedClock clock;
    const Deadline deadline = Deadline::after(clock, seconds(10));
    std::thread other([&] {
        std::unique_lock lock(mutex, std::defer_lock);
        EXPECT_FALSE(lock_until(lock, Deadline::after(Clock::system(), milliseconds(2))));
        clock.advance(seconds(10));
        EXPECT_FALSE(lock_until(lock, deadline));
    });
    other.join();
    holder.unlock();
    std::unique_lock lock(mutex, std::defer_lock);
    EXPECT_TRUE(lock_until(lock, deadline)) << "free, and the deadline has no say in it";

    std::shared_timed_mutex shared;
    std::shared_lock first(shared);
    std::shared_lock second(shared, std::defer_lock);
    EXPECT_TRUE(lock_until(second, Deadline::never()));
}

} // namespace
} // namespace codex
