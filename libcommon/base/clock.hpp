// Time, as everything but a tool itself asks for it: an interface, so that an hour of a simulation
// takes no hour, and each of a hundred nodes in one process has its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace codex {

/// Threads: all calls from any thread, at once.
class Clock {
public:
    using Duration = std::chrono::nanoseconds;
    /// A point of the time that only goes forwards. Those of two clocks have nothing in common.
    using Instant = std::chrono::time_point<Clock, Duration>;

    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    /// The wall clock: milliseconds since 1970 in UTC. It may be set, also backwards.
    [[nodiscard]] virtual std::int64_t unix_ms() const = 0;
    /// The same in whole seconds; 0 before 1970.
    [[nodiscard]] std::uint64_t unix_seconds() const {
        const std::int64_t ms = unix_ms();
        return ms < 0 ? 0 : static_cast<std::uint64_t>(ms) / 1000;
    }
    [[nodiscard]] virtual Instant now() const = 0;
    /// Lets this thread do nothing until `until`; returns at once when that is past.
    virtual void sleep_until(Instant until) const = 0;
    void sleep_for(Duration span) const { sleep_until(now() + span); }
    /// How long a thread that waits for something else, at most until `until`, may be blocked
    /// before it asks this clock again; zero when `until` is past. For wait_until() and
    /// lock_until().
    [[nodiscard]] virtual Duration nap(Instant until) const = 0;

    /// The system's: CLOCK_REALTIME and CLOCK_MONOTONIC.
    [[nodiscard]] static const Clock& system();
};

/// The point of a clock's time at which something that is waited for is given up. A value; it must
/// not outlive the clock. Threads: as a number.
class Deadline {
public:
    /// Is never over.
    [[nodiscard]] static Deadline never() { return {Clock::system(), Clock::Instant::max()}; }
    /// `span` from now; a span that no clock will live to see is never over.
    [[nodiscard]] static Deadline after(const Clock& clock, Clock::Duration span) {
        const Clock::Instant now = clock.now();
        return {clock, span >= Clock::Instant::max() - now ? Clock::Instant::max() : now + span};
    }
    /// The same in whole seconds, of which there may be any number.
    [[nodiscard]] static Deadline after_seconds(const Clock& clock, std::uint64_t seconds) {
        constexpr auto kMost = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(Clock::Duration::max()).count());
        return after(clock, seconds >= kMost
                                ? Clock::Duration::max()
                                : std::chrono::seconds(static_cast<std::int64_t>(seconds)));
    }

    [[nodiscard]] bool passed() const { return !is_never() && clock_->now() >= at_; }
    [[nodiscard]] bool is_never() const { return at_ == Clock::Instant::max(); }
    [[nodiscard]] Clock::Instant at() const { return at_; }
    [[nodiscard]] const Clock& clock() const { return *clock_; }
    /// Sleeps for `span`, but not beyond the deadline; false, without sleeping, when it has passed.
    [[nodiscard]] bool pause(Clock::Duration span) const {
        const Clock::Instant now = clock_->now();
        if (!is_never() && now >= at_)
            return false;
        clock_->sleep_until(span < at_ - now ? now + span : at_);
        return true;
    }

private:
    Deadline(const Clock& clock, Clock::Instant at) : clock_(&clock), at_(at) {}
    const Clock* clock_;
    Clock::Instant at_;
};

/// Waits on a condition variable until `ready()`; false when the deadline passed before. `lock` is
/// held on entry, on return and while `ready` runs.
template <class Condition, class Lock, class Ready>
[[nodiscard]] bool wait_until(Condition& condition, Lock& lock, const Deadline& deadline,
                              const Ready& ready) {
    while (!ready()) {
        const Clock::Duration nap = deadline.clock().nap(deadline.at());
        if (nap == Clock::Duration::zero())
            return false;
        condition.wait_for(lock, nap);
    }
    return true;
}

/// Takes a std::unique_lock or std::shared_lock of a timed mutex; false when the deadline passed
/// before it was to be had.
template <class Lock> [[nodiscard]] bool lock_until(Lock& lock, const Deadline& deadline) {
    while (!lock.try_lock()) {
        const Clock::Duration nap = deadline.clock().nap(deadline.at());
        if (nap == Clock::Duration::zero())
            return false;
        if (lock.try_lock_for(nap))
            return true;
    }
    return true;
}

/// Stands still but where it is told to go on, or somebody sleeps by it: for simulations and tests.
/// A sleep moves it to its end, for nothing else is there to wait for; it never goes backwards.
/// Waits for other threads look at it each millisecond of real time.
/// Threads: all calls from any thread, at once.
class SimulatedClock final : public Clock {
public:
    /// Begins at this second of the wall clock.
    explicit SimulatedClock(std::uint64_t unix_seconds = 1'700'000'000)
        : start_ms_(static_cast<std::int64_t>(unix_seconds) * 1000) {}

    [[nodiscard]] std::int64_t unix_ms() const override;
    [[nodiscard]] Instant now() const override;
    void sleep_until(Instant until) const override;
    [[nodiscard]] Duration nap(Instant until) const override;
    /// Lets `span`, which is not negative, pass, on both of its times.
    void advance(Duration span) const;

private:
    std::int64_t start_ms_;
    mutable std::atomic<std::int64_t> elapsed_ns_{0};
};

/// Another clock, but its wall clock stands at one second for ever: what CODEX_NOW asks for.
/// Threads: all calls from any thread, at once.
class StoppedWallClock final : public Clock {
public:
    /// `ticking` outlives it.
    StoppedWallClock(const Clock& ticking, std::uint64_t unix_seconds)
        : ticking_(ticking), unix_seconds_(unix_seconds) {}

    [[nodiscard]] std::int64_t unix_ms() const override;
    [[nodiscard]] Instant now() const override { return ticking_.now(); }
    void sleep_until(Instant until) const override { ticking_.sleep_until(until); }
    [[nodiscard]] Duration nap(Instant until) const override { return ticking_.nap(until); }

private:
    const Clock& ticking_;
    std::uint64_t unix_seconds_;
};

} // namespace codex
