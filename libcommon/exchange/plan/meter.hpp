// How fast a peer is, and so how much may be open at it (codex-exchange(7), ASKING).
#pragma once

#include "exchange/plan/figures.hpp"

namespace codex::exchange::plan {

/// Threads: as a number.
class Meter {
public:
    explicit Meter(std::size_t block_bytes);

    /// What was asked while nothing was open has been answered `after` that.
    void answered(Clock::Duration after, Clock::Instant now);
    /// A block of `bytes` has come; `more_open`, when others are still to come.
    void arrived(std::size_t bytes, bool more_open, Clock::Instant now);
    /// Nothing that happens from here on tells the rate until blocks come again.
    void interrupt();

    /// The shortest of the last ten to twenty seconds; a guess before the first.
    [[nodiscard]] Clock::Duration round_trip() const;
    [[nodiscard]] bool has_round_trip() const { return shortest_ != Clock::Duration::max(); }
    /// Bytes a second; 0 before it is known.
    [[nodiscard]] double rate() const { return rate_; }
    /// How many bytes may be open.
    [[nodiscard]] std::size_t window() const { return window_; }
    /// Until `bytes` that are asked for have come.
    [[nodiscard]] double seconds_for(std::size_t bytes) const;
    /// The same, and from there on they are late.
    [[nodiscard]] Clock::Duration patience(std::size_t bytes) const;

private:
    void measure(std::size_t bytes, Clock::Instant now);
    void came_at_once();
    void adapt();

    std::size_t block_bytes_;
    std::size_t window_;
    std::size_t since_growth_ = 0; ///< bytes
    std::size_t burst_ = 0;        ///< bytes since nothing was open
    bool sampled_ = false;         ///< the rate was measured meanwhile
    double rate_ = 0;
    bool measuring_ = false;
    Clock::Instant since_{};
    std::size_t bytes_ = 0;
    Clock::Duration shortest_ = Clock::Duration::max();
    Clock::Duration shortest_before_ = Clock::Duration::max();
    Clock::Instant shortest_since_{};
};

} // namespace codex::exchange::plan
