// The part of a dataset that is being asked for: runs of neighbours, each in a slot, with a bit for
// each of its blocks. What is outside costs an index set and no more (codex-exchange(7), ASKING).
#pragma once

#include "base/index_set.hpp"
#include "exchange/plan/figures.hpp"

#include <bit>
#include <unordered_map>

namespace codex::exchange::plan {

/// A bit for each block of a run, the lowest for the first.
using Mask = std::uint16_t;
static_assert(sizeof(Mask) * 8 == kRunBlocks);

constexpr std::uint64_t run_of(std::uint64_t index) {
    return index / kRunBlocks;
}
constexpr Mask bit_of(std::uint64_t index) {
    return static_cast<Mask>(1U << (index % kRunBlocks));
}
constexpr Mask without(Mask from, Mask bits) {
    return static_cast<Mask>(from & ~bits);
}
constexpr Mask with(Mask to, Mask bits) {
    return static_cast<Mask>(to | bits);
}
/// The `count` lowest bits of those that are set.
[[nodiscard]] Mask lowest(Mask bits, std::size_t count);

/// A bit for each slot.
/// Threads: as a number.
class SlotBits {
public:
    void set(unsigned slot, bool value) {
        const std::uint64_t bit = std::uint64_t{1} << (slot % 64);
        if (value)
            words_[slot / 64] |= bit;
        else
            words_[slot / 64] &= ~bit;
    }
    [[nodiscard]] bool test(unsigned slot) const {
        return (words_[slot / 64] >> (slot % 64) & 1) != 0;
    }
    [[nodiscard]] bool has_common(const SlotBits& other) const {
        for (std::size_t i = 0; i < words_.size(); ++i)
            if ((words_[i] & other.words_[i]) != 0)
                return true;
        return false;
    }
    /// Calls `each` for every slot that both have, beginning at `from` and going round.
    template <class Each>
    static void for_common(const SlotBits& a, const SlotBits& b, const Each& each,
                           unsigned from = 0) {
        constexpr unsigned kWords = kSlots / 64;
        const unsigned first = from / 64;
        const std::uint64_t behind = ~std::uint64_t{0} << (from % 64);
        for (unsigned i = 0; i <= kWords; ++i) {
            const unsigned at = (first + i) % kWords;
            std::uint64_t word = a.words_[at] & b.words_[at];
            word &= i == 0 ? behind : i == kWords ? ~behind : ~std::uint64_t{0};
            for (; word != 0; word &= word - 1)
                each(at * 64 + static_cast<unsigned>(std::countr_zero(word)));
        }
    }

private:
    std::array<std::uint64_t, kSlots / 64> words_{};
};

/// A run that is being asked for.
struct Slot {
    std::uint64_t run = 0;
    Mask need = 0;             ///< wanted, and not verified
    Mask asked = 0;            ///< of a peer that is not late with it
    Mask twice = 0;            ///< may be open at more than one peer
    Mask arrived = 0;          ///< and is being verified
    std::uint16_t holders = 0; ///< peers that have some of it
    std::uint64_t lot = 0;     ///< decides between those that as many have
    Clock::Instant entered{};
    Clock::Instant wanted_by = Clock::Instant::max();

    /// To be asked for.
    [[nodiscard]] Mask askable() const { return static_cast<Mask>(need & ~(asked | arrived)); }
};

/// Threads: as a number.
class Window {
public:
    /// Puts in what is wanted.
    void want(IndexRange range) { missing_.insert(range); }
    /// All that is wanted and not there.
    [[nodiscard]] const IndexSet& missing() const { return missing_; }

    /// This one, which is outside, is no longer wanted.
    void forget(std::uint64_t index) { missing_.erase(index); }

    [[nodiscard]] std::optional<unsigned> find(std::uint64_t run) const;
    [[nodiscard]] Slot& slot(unsigned at) { return slots_[at]; }
    [[nodiscard]] const Slot& slot(unsigned at) const { return slots_[at]; }
    [[nodiscard]] unsigned size() const { return static_cast<unsigned>(by_run_.size()); }
    [[nodiscard]] bool full() const { return size() == kSlots; }
    /// Nothing is wanted outside of it.
    [[nodiscard]] bool has_all() const { return inside_ == missing_.size(); }
    [[nodiscard]] const SlotBits& used() const { return used_; }
    /// Slots of which some block is to be asked for. To be told by settle().
    [[nodiscard]] const SlotBits& askable() const { return askable_; }
    /// Says that masks of this slot have changed.
    void settle(unsigned at) { askable_.set(at, slots_[at].askable() != 0); }

    /// Takes in the next run that is outside, of all in turn; nothing, when there is none, or no
    /// room.
    [[nodiscard]] std::optional<unsigned> take_next(Clock::Instant now);
    /// Takes in this one, which is outside; there is room. Nothing, when none of it is wanted.
    [[nodiscard]] std::optional<unsigned> take(std::uint64_t run, Clock::Instant now);
    /// Takes in what is wanted of this one and was not when it was taken in; gives that.
    [[nodiscard]] Mask grow(unsigned at);
    /// It is there: no longer wanted.
    void done(unsigned at, Mask bits);
    /// Takes it out; what of it is wanted is so outside.
    void put_out(unsigned at);

private:
    [[nodiscard]] Mask wanted_of(std::uint64_t run) const;

    IndexSet missing_;
    std::uint64_t inside_ = 0; ///< how many of them are in slots
    std::array<Slot, kSlots> slots_{};
    SlotBits used_;
    SlotBits askable_;
    std::unordered_map<std::uint64_t, unsigned> by_run_;
    std::uint64_t next_run_ = 0;
};

} // namespace codex::exchange::plan
