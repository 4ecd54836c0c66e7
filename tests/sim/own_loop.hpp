// Nodes of one simulation whose wall clocks differ: each such node has an event loop of its own,
// and all go on together, in one thread and one order.
#pragma once

#include "base/event_loop.hpp"

#include <algorithm>
#include <vector>

namespace codex::sim {

/// The time of a simulation, with another wall clock. Threads: the loop's.
class SkewedClock final : public Clock {
public:
    /// `base` outlives it.
    explicit SkewedClock(const Clock& base) : base_(base) {}
    /// The wall clock is so far ahead from now on; behind, where that is negative.
    void set_skew(Duration skew) { skew_ = skew; }
    [[nodiscard]] Duration skew() const { return skew_; }

    [[nodiscard]] std::int64_t unix_ms() const override {
        return base_.unix_ms() + skew_ / std::chrono::milliseconds(1);
    }
    [[nodiscard]] Instant now() const override { return base_.now(); }
    void sleep_until(Instant until) const override { base_.sleep_until(until); }
    [[nodiscard]] Duration nap(Instant until) const override { return base_.nap(until); }

private:
    const Clock& base_;
    Duration skew_{};
};

/// The loop of one node. It never waits: WorldLoop runs it, and lets time pass.
/// Threads: the loop's.
class OwnLoop final : public EventLoop {
public:
    explicit OwnLoop(const Clock& clock) : EventLoop(clock) {}

    /// Runs what there is to run now; gives whether there was anything.
    bool run_now() {
        idle_ = false;
        unsigned steps = 0;
        run_until([&] { return ++steps > 1 && idle_; });
        return steps > 2; // asked before and after it found nothing
    }
    /// When there is something to run again; max(): when somebody says so.
    [[nodiscard]] Clock::Instant next() const { return next_; }

private:
    void wait_outside(Clock::Instant until) override {
        if (until == Clock::Instant::min())
            return;
        idle_ = true;
        next_ = until;
    }
    void interrupt() noexcept override {}
    bool idle_ = false;
    Clock::Instant next_ = Clock::Instant::max();
};

/// As SimulatedLoop, with others that it runs. Threads: the loop's.
class WorldLoop final : public EventLoop {
public:
    explicit WorldLoop(const SimulatedClock& clock) : EventLoop(clock), clock_(clock) {}

    /// Until remove(). Not while it runs.
    void add(OwnLoop& loop) { others_.push_back(&loop); }
    void remove(OwnLoop& loop) { std::erase(others_, &loop); }

private:
    void wait_outside(Clock::Instant until) override {
        bool any = false;
        for (OwnLoop* const other : others_)
            any = other->run_now() || any;
        if (any || until == Clock::Instant::min())
            return;
        for (const OwnLoop* const other : others_)
            until = std::min(until, other->next());
        CODEX_ASSERT(until != Clock::Instant::max());
        if (until > now())
            clock_.advance(until - now());
    }
    void interrupt() noexcept override {}

    const SimulatedClock& clock_;
    std::vector<OwnLoop*> others_;
};

} // namespace codex::sim
