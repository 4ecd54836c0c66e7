#include "base/clock.hpp"

#include <algorithm>
#include <limits>
#include <sched.h>
#include <thread>

namespace codex {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// Whoever is blocked for longer looks again, so that no sum of times overflows.
constexpr Clock::Duration kLongestNap = std::chrono::hours(1);
/// How often a wait looks at a clock that moves without telling.
constexpr Clock::Duration kSimulatedNap = milliseconds(1);

class SystemClock final : public Clock {
public:
    [[nodiscard]] std::int64_t unix_ms() const override {
        return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
    [[nodiscard]] Instant now() const override {
        return Instant(std::chrono::steady_clock::now().time_since_epoch());
    }
    void sleep_until(Instant until) const override {
        for (Duration left = nap(until); left > Duration::zero(); left = nap(until))
            std::this_thread::sleep_for(left);
    }
    [[nodiscard]] Duration nap(Instant until) const override {
        const Instant from = now();
        return until <= from ? Duration::zero() : std::min(until - from, kLongestNap);
    }
};

} // namespace

const Clock& Clock::system() {
    static const SystemClock clock;
    return clock;
}

std::int64_t SimulatedClock::unix_ms() const {
    return start_ms_ + duration_cast<milliseconds>(now().time_since_epoch()).count();
}

Clock::Instant SimulatedClock::now() const {
    return Instant(Duration(elapsed_ns_.load()));
}

void SimulatedClock::sleep_until(Instant until) const {
    const std::int64_t wanted = until.time_since_epoch().count();
    std::int64_t elapsed = elapsed_ns_.load();
    while (elapsed < wanted && !elapsed_ns_.compare_exchange_weak(elapsed, wanted)) {
    }
    ::sched_yield(); // what is slept for may be another thread's to do
}

Clock::Duration SimulatedClock::nap(Instant until) const {
    return until <= now() ? Duration::zero() : kSimulatedNap;
}

void SimulatedClock::advance(Duration span) const {
    elapsed_ns_.fetch_add(span.count());
}

std::int64_t StoppedWallClock::unix_ms() const {
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(std::min(unix_seconds_, kMost / 1000) * 1000);
}

} // namespace codex
