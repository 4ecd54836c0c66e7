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

template <class V> class FetchAhead {
public:
    /// What will be asked for of `count` buffers, `stretch` bytes of each at a time, a multiple of
    /// 512: what pays for a visit to its page, while those of all buffers and those in use still
    /// fit a cache.
    FetchAhead(const std::uint8_t* const* buffers, std::size_t count, std::size_t stretch)
        : buffers_(buffers), count_(count), stretch_(stretch), next_(count),
          rate_(count == 0 ? 0 : kOne) {}

    [[nodiscard]] std::size_t stretch() const { return stretch_; }

    /// The stretch at byte `at` of all buffers is due at the next call of this, when the steps that
    /// there were since the last call will have been made again; nothing is, where the bytes to
    /// treat end before.
    void aim(std::size_t at, std::size_t end) {
        if (steps_ > 0)
            rate_ = (kOne * count_ + steps_ - 1) / steps_;
        steps_ = 0;
        at_ = at;
        next_ = at < end ? 0 : count_;
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
    std::size_t next_; ///< of the buffers
    std::size_t rate_; ///< buffers a step, in parts of kOne
    std::size_t at_ = 0;
    std::size_t steps_ = 0; ///< since the last aim()
    std::size_t due_ = 0;
};

} // namespace codex::erasure::detail
