#include "exchange/plan/window.hpp"

namespace codex::exchange::plan {

Mask lowest(Mask bits, std::size_t count) {
    Mask taken = 0;
    for (; bits != 0 && count > 0; --count) {
        const auto bit = static_cast<Mask>(bits & -bits);
        taken = with(taken, bit);
        bits = without(bits, bit);
    }
    return taken;
}

std::optional<unsigned> Window::find(std::uint64_t run) const {
    const auto found = by_run_.find(run);
    return found == by_run_.end() ? std::nullopt : std::optional(found->second);
}

Mask Window::wanted_of(std::uint64_t run) const {
    Mask bits = 0;
    const std::uint64_t first = run * kRunBlocks;
    for (auto range = missing_.next_run(first); range && range->first < first + kRunBlocks;
         range = missing_.next_run(range->end()))
        for (std::uint64_t at = range->first; at < range->end() && at < first + kRunBlocks; ++at)
            bits = with(bits, bit_of(at));
    return bits;
}

std::optional<unsigned> Window::take_next(Clock::Instant now) {
    if (full() || has_all())
        return std::nullopt;
    // Two rounds at the most: from where the last one was to the end, and from the beginning.
    std::optional<std::uint64_t> index = missing_.next(next_run_ * kRunBlocks);
    for (int ends = 0; ends < 2;) {
        if (!index) {
            ++ends;
            index = missing_.next(0);
            continue;
        }
        const std::uint64_t run = run_of(*index);
        if (!find(run)) {
            next_run_ = run + 1;
            return take(run, now);
        }
        index = missing_.next((run + 1) * kRunBlocks);
    }
    return std::nullopt;
}

std::optional<unsigned> Window::take(std::uint64_t run, Clock::Instant now) {
    const Mask need = wanted_of(run);
    if (need == 0)
        return std::nullopt;
    unsigned at = 0;
    while (used_.test(at))
        ++at;
    slots_[at] = Slot{};
    slots_[at].run = run;
    slots_[at].need = need;
    slots_[at].entered = now;
    inside_ += static_cast<unsigned>(std::popcount(need));
    by_run_.emplace(run, at);
    used_.set(at, true);
    settle(at);
    return at;
}

Mask Window::grow(unsigned at) {
    Slot& slot = slots_[at];
    const Mask grown = without(wanted_of(slot.run), slot.need);
    slot.need = with(slot.need, grown);
    inside_ += static_cast<unsigned>(std::popcount(grown));
    settle(at);
    return grown;
}

void Window::done(unsigned at, Mask bits) {
    Slot& slot = slots_[at];
    for (Mask left = static_cast<Mask>(slot.need & bits); left != 0;) {
        const auto low = static_cast<unsigned>(std::countr_zero(left));
        missing_.erase(slot.run * kRunBlocks + low);
        --inside_;
        left = without(left, static_cast<Mask>(1U << low));
    }
    slot.need = without(slot.need, bits);
    slot.asked = without(slot.asked, bits);
    slot.twice = without(slot.twice, bits);
    slot.arrived = without(slot.arrived, bits);
    settle(at);
}

void Window::put_out(unsigned at) {
    inside_ -= static_cast<unsigned>(std::popcount(slots_[at].need));
    by_run_.erase(slots_[at].run);
    slots_[at] = Slot{};
    used_.set(at, false);
    settle(at);
}

} // namespace codex::exchange::plan
