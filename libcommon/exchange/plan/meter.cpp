#include "exchange/plan/meter.hpp"

#include <algorithm>

namespace codex::exchange::plan {
namespace {

constexpr Clock::Duration kGuessedRoundTrip = std::chrono::milliseconds(100);
constexpr Clock::Duration kShortestPeriod = std::chrono::milliseconds(50);
constexpr Clock::Duration kForgetRoundTrip = std::chrono::seconds(10);

double seconds_of(Clock::Duration span) {
    return std::chrono::duration<double>(span).count();
}

} // namespace

Meter::Meter(std::size_t block_bytes)
    : block_bytes_(block_bytes), window_(std::min(kFirstOpenBlocks * block_bytes, kMaxOpenBytes)) {}

void Meter::answered(Clock::Duration after, Clock::Instant now) {
    // The shortest: those behind a queue would widen the window, and that the queue.
    if (!has_round_trip() || now - shortest_since_ > kForgetRoundTrip) {
        shortest_before_ = shortest_;
        shortest_ = after;
        shortest_since_ = now;
    }
    shortest_ = std::min(shortest_, after);
}

Clock::Duration Meter::round_trip() const {
    return has_round_trip() ? std::min(shortest_, shortest_before_) : kGuessedRoundTrip;
}

void Meter::arrived(std::size_t bytes, bool more_open, Clock::Instant now) {
    since_growth_ += bytes;
    burst_ += bytes;
    measure(bytes, now);
    measuring_ = more_open;
    if (more_open)
        return;
    if (!sampled_)
        came_at_once();
    interrupt();
}

void Meter::interrupt() {
    measuring_ = false;
    sampled_ = false;
    burst_ = 0;
}

void Meter::measure(std::size_t bytes, Clock::Instant now) {
    if (!measuring_) {
        since_ = now;
        bytes_ = 0;
        return;
    }
    bytes_ += bytes;
    const Clock::Duration span = now - since_;
    if (span >= std::max(kShortestPeriod, round_trip())) {
        const double sample = static_cast<double>(bytes_) / seconds_of(span);
        // Up at once, so that a window that was too small tells nothing for long; down slowly.
        rate_ = sample > rate_ ? sample : rate_ + (sample - rate_) / 4;
        sampled_ = true;
        since_ = now;
        bytes_ = 0;
        adapt();
    } else if (since_growth_ >= window_ && rate_ > 0) {
        adapt();
    }
}

/// All that was open has come in less time than a rate is measured over.
void Meter::came_at_once() {
    if (burst_ + block_bytes_ > window_) {
        // It was all that may be open, so the window is what holds up a peer that is fast and far
        // away. How long the first block took cannot be seen.
        const double least = static_cast<double>(burst_ - std::min(burst_, block_bytes_)) /
                             seconds_of(std::max(kShortestPeriod, round_trip()));
        rate_ = std::max(rate_, least);
        if (rate_ > 0)
            adapt();
    }
    if (rate_ <= 0 && since_growth_ >= window_) {
        window_ = std::max(window_, std::min(2 * window_, kMinOpenBytes));
        since_growth_ = 0;
    }
}

void Meter::adapt() {
    const double open = rate_ * (2 * seconds_of(round_trip()) + kOpenSeconds);
    const double least =
        std::max(static_cast<double>(2 * block_bytes_), // one on the way and one being asked for
                 std::min(static_cast<double>(kMinOpenBytes), rate_ * kMinOpenSeconds));
    const auto most = static_cast<double>(std::max(kMaxOpenBytes, block_bytes_));
    const auto target = static_cast<std::size_t>(std::min(std::max(open, least), most));
    if (target <= window_) {
        window_ = target;
    } else if (since_growth_ >= window_) {
        window_ = std::min(target, 2 * window_);
        since_growth_ = 0;
    }
}

double Meter::seconds_for(std::size_t bytes) const {
    return static_cast<double>(bytes) / (rate_ > 0 ? rate_ : kGuessedRate) +
           seconds_of(round_trip());
}

Clock::Duration Meter::patience(std::size_t bytes) const {
    const Clock::Duration longest = kLongestPatience + slack_of(block_bytes_);
    if (rate_ <= 0)
        return longest;
    const double seconds = kPatience * seconds_for(bytes);
    return seconds >= seconds_of(longest)
               ? longest
               : std::max(kShortestPatience,
                          Clock::Duration(static_cast<std::int64_t>(seconds * 1e9)));
}

} // namespace codex::exchange::plan
