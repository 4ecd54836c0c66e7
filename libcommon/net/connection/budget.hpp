// Bytes that all connections of a node hold together, however many they are.
#pragma once

#include <cstddef>

namespace codex::net {

/// Threads: the loop's.
class ByteBudget {
public:
    explicit ByteBudget(std::size_t most) : most_(most) {}

    /// Who held `before` now holds `now`; gives whether it is full no more by that.
    bool change(std::size_t before, std::size_t now) noexcept {
        const bool was_full = is_full();
        held_ += now;
        held_ -= before;
        return was_full && !is_full();
    }
    /// As change().
    bool set_most(std::size_t most) noexcept {
        const bool was_full = is_full();
        most_ = most;
        return was_full && !is_full();
    }
    [[nodiscard]] bool is_full() const { return held_ >= most_; }
    [[nodiscard]] std::size_t held() const { return held_; }

private:
    std::size_t most_;
    std::size_t held_ = 0;
};

} // namespace codex::net
