// Memory asked for ahead of its use, evenly over the computation: the transforms read many buffers
// a little at a time, which the processor does not foresee, and asking for all at once fills its
// queue of outstanding lines, so that whatever else it needs waits behind them.
//
// A template over the kernel's vector type only so that its code stays in the kernel's file; see
// matrix_kernel.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::erasure::detail {

/// What a loop asks for on its way: at each of its positions, the line as far from each of these
/// two. A core waits for many lines at a time as long as it takes them, and computes nothing; for
/// one at a time it does not wait. Into the second cache: what the nearest waits for is more.
struct OnTheWay {
    const std::uint8_t* first;
    const std::uint8_t* second;
    [[gnu::always_inline]] void ask(std::size_t at) const {
        __builtin_prefetch(first + at, 0, 2);
        __builtin_prefetch(second + at, 0, 2);
    }
};

template <class V> class FetchAhead {
public:
    /// What will be asked for of `count` buffers, `stretch` bytes of each at a time, a multiple of
    /// 512: what pays for a visit to its page, while those of all buffers and those in use still
    /// fit a cache. `unit`: the lines of a stretch, where on_the_way() asks for them, else 1.
    FetchAhead(const std::uint8_t* const* buffers, std::size_t count, std::size_t stretch,
               std::size_t unit = 1)
        : buffers_(buffers), count_(count), stretch_(stretch), unit_(unit), next_(count),
          rate_(count == 0 ? 0 : kOne) {}

    [[nodiscard]] std::size_t stretch() const { return stretch_; }

    /// The stretch at byte `at` of all buffers is due at the next call of this, when the steps that
    /// there were since the last call will have been made again; nothing is, where the bytes to
    /// treat end before.
    void aim(std::size_t at, std::size_t end) {
        if (steps_ > 0)
            rate_ = (kOne * count_ * unit_ + steps_ - 1) / steps_;
        steps_ = 0;
        at_ = at;
        next_ = at < end ? 0 : count_;
        offset_ = 0;
    }

    /// What a loop over [begin, end) shall ask for, which does so every 64 bytes: such loops are
    /// the steps then, and a step is 64 bytes of them. Where nothing is due, `idle`, which is in a
    /// cache.
    OnTheWay on_the_way(std::size_t begin, std::size_t end, const std::uint8_t* idle) {
        const std::size_t lines = (end - begin + 63) / 64;
        steps_ += lines;
        due_ += rate_ * lines;
        const std::uint8_t* const first = take(lines, idle);
        const std::uint8_t* const second = take(lines, idle);
        while (due_ >= kOne * lines && next_ != count_) {
            const std::uint8_t* const more = take(lines, idle);
            for (std::size_t i = 0; i < lines; ++i)
                __builtin_prefetch(more + 64 * i, 0, 2);
        }
        return {first - begin, second - begin};
    }

    /// So many steps of the computation, of which some make a stretch. Not called in the loops that
    /// need all registers.
    void steps(std::size_t count) {
        steps_ += count;
        due_ += rate_ * count;
        while (due_ >= kOne) {
            due_ -= kOne;
            if (next_ != count_)
                fetch();
        }
    }

private:
    static constexpr std::size_t kOne = 65536;
    static constexpr std::size_t kEight = 512; ///< eight lines

    /// So many lines of the buffers, if they are due.
    const std::uint8_t* take(std::size_t lines, const std::uint8_t* idle) {
        if (due_ < kOne * lines)
            return idle;
        if (next_ == count_) {
            due_ = 0;
            return idle;
        }
        due_ -= kOne * lines;
        const std::uint8_t* const from = buffers_[next_] + at_ + offset_;
        offset_ += 64 * lines;
        if (offset_ >= stretch_) {
            offset_ = 0;
            ++next_;
        }
        return from;
    }

    /// Not inlined: loops that call it for every few rows have no registers for it.
    [[gnu::noinline]] void fetch() {
        const std::uint8_t* from = buffers_[next_++] + at_;
        for (std::size_t i = 0; i < stretch_; i += kEight)
#pragma GCC unroll 8
            for (std::size_t line = 0; line < kEight; line += 64)
                __builtin_prefetch(from + i + line);
    }

    const std::uint8_t* const* buffers_;
    std::size_t count_;
    std::size_t stretch_;
    std::size_t unit_; ///< what is due for a buffer
    std::size_t next_; ///< of the buffers
    std::size_t rate_; ///< units a step, in parts of kOne
    std::size_t at_ = 0;
    std::size_t offset_ = 0; ///< in the stretch of the next
    std::size_t steps_ = 0;  ///< since the last aim()
    std::size_t due_ = 0;
};

} // namespace codex::erasure::detail
