// Bytes that all connections of a node hold together, however many they are.
#pragma once

#include "base/event_loop.hpp"

namespace codex::net {

/// Threads: the loop's.
class ByteBudget {
public:
    ByteBudget(EventLoop& loop, std::size_t most) : most_(most), freed_(loop) {}

    /// Who held `before` now holds `now`.
    void change(std::size_t before, std::size_t now) noexcept {
        const bool was_full = is_full();
        held_ += now;
        held_ -= before;
        if (was_full && !is_full())
            freed_.notify();
    }
    [[nodiscard]] bool is_full() const { return held_ >= most_; }
    [[nodiscard]] std::size_t held() const { return held_; }
    /// Is told when it is full no more.
    [[nodiscard]] Signal& freed() { return freed_; }

private:
    std::size_t most_;
    std::size_t held_ = 0;
    Signal freed_;
};

} // namespace codex::net
