#include "node/metrics/loop_lag.hpp"

#include <algorithm>

namespace codex::node::metrics {

namespace {

constexpr Clock::Duration kPause = std::chrono::milliseconds(100);

} // namespace

LoopLag::LoopLag(EventLoop& loop)
    : loop_(loop), next_(loop.now() + kPause), span_ends_(loop.now() + kSpan), tasks_(loop) {
    tasks_.start(watch(this));
}

Task<void> LoopLag::watch(LoopLag* self) {
    for (;;) {
        const Clock::Instant until = self->next_;
        co_await self->loop_.pause_until(until);
        self->was_late(self->loop_.now() - self->next_);
        self->next_ = self->loop_.now() + kPause;
    }
}

void LoopLag::was_late(Clock::Duration by) {
    if (loop_.now() >= span_ends_) {
        before_ = std::exchange(now_, Clock::Duration::zero());
        span_ends_ = loop_.now() + kSpan;
    }
    now_ = std::max(now_, by);
}

Clock::Duration LoopLag::worst() const {
    return std::max({before_, now_, loop_.now() - next_, Clock::Duration::zero()});
}

} // namespace codex::node::metrics
