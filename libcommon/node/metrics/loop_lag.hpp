// How late an event loop is.
#pragma once

#include "base/event_loop.hpp"

#include <array>

namespace codex::node::metrics {

/// Wants to be woken ten times a second, and keeps how late that is at the worst. What is asked
/// every few seconds so sees also what was between two looks.
/// Threads: the loop's.
class LoopLag {
public:
    /// How long the worst is remembered, at least; twice that at the most.
    static constexpr Clock::Duration kSpan = std::chrono::seconds(15);

    /// From now on. `loop` outlives it.
    explicit LoopLag(EventLoop& loop);
    LoopLag(const LoopLag&) = delete;
    LoopLag& operator=(const LoopLag&) = delete;

    /// The worst of the last spans; what it is late for by now is part of it.
    [[nodiscard]] Clock::Duration worst() const;

private:
    static Task<void> watch(LoopLag* self);
    void was_late(Clock::Duration by);

    EventLoop& loop_;
    Clock::Instant next_; ///< when it is to be woken
    Clock::Instant span_ends_;
    Clock::Duration before_{}; ///< the worst of the span before this one
    Clock::Duration now_{};    ///< and of this one
    TaskGroup tasks_;          ///< the first to go
};

} // namespace codex::node::metrics
