// What is asked about: which runs are in the window, and who is asked whether he has them.
#include "exchange/plan/planner.hpp"

#include <algorithm>
#include <utility>

namespace codex::exchange::plan {

void Planner::fill_window(Clock::Instant now) {
    take_in_grown(now);
    take_in_awaited(now);
    while (const auto at = window_.take_next(now))
        ask_about(*at, now);
}

void Planner::take_in_grown(Clock::Instant now) {
    for (const std::uint64_t run : std::exchange(grown_, {})) {
        const auto at = window_.find(run);
        const Mask grown = at ? window_.grow(*at) : Mask{0};
        for (Peer& peer : peers_)
            if (grown != 0 && peer.joined && peer.has_all())
                set_holds(peer, *at, with(peer.slots[*at].holds, grown));
            else if (grown != 0 && peer.joined)
                ask_whether(peer, *at, grown, now);
    }
}

void Planner::take_in_awaited(Clock::Instant now) {
    for (const Awaited& awaited : awaited_) {
        auto index = window_.missing().next(awaited.range.first);
        while (index && *index < awaited.range.end()) {
            const std::uint64_t run = run_of(*index);
            auto at = window_.find(run);
            if (!at) {
                if (window_.full() && !make_room())
                    return;
                at = window_.take(run, now);
                ask_about(*at, now);
            }
            Slot& slot = window_.slot(*at);
            slot.wanted_by = std::min(slot.wanted_by, awaited.by);
            index = window_.missing().next((run + 1) * kRunBlocks);
        }
    }
}

/// Puts out the last run that nobody waits for and nothing is open of; false, when there is none.
bool Planner::make_room() {
    std::optional<unsigned> last;
    SlotBits::for_common(window_.used(), window_.askable(), [&](unsigned at) {
        const Slot& slot = window_.slot(at);
        if (slot.wanted_by == Clock::Instant::max() && slot.asked == 0 && slot.twice == 0 &&
            slot.arrived == 0 && (!last || slot.run > window_.slot(*last).run))
            last = at;
    });
    if (last)
        put_out(*last);
    return last.has_value();
}

/// A run is in the window now: who has it?
void Planner::ask_about(unsigned at, Clock::Instant now) {
    const Mask need = window_.slot(at).need;
    window_.slot(at).lot = random_.next();
    for (Peer& peer : peers_) {
        if (!peer.joined)
            continue;
        if (peer.has_all())
            set_holds(peer, at, need);
        else
            // The last: runs are mostly fetched in order, so who has it has the others.
            ask_whether(peer, at, peer.exact ? need : static_cast<Mask>(std::bit_floor(need)), now);
    }
}

Mask Planner::held_by_any(unsigned at) const {
    Mask held = 0;
    for (const Peer& peer : peers_)
        if (peer.joined)
            held = with(held, peer.slots[at].holds);
    return held;
}

/// Asks once more about blocks that nobody is known to have: not all nodes say when one comes.
void Planner::ask_again(Peer& peer, Clock::Instant now) {
    peer.ask_again_at = now + peer.ask_again_after;
    unsigned asked = 0;
    unsigned last = peer.ask_again_slot;
    SlotBits::for_common(
        window_.used(), window_.used(),
        [&](unsigned at) {
            const Slot& slot = window_.slot(at);
            const auto bits = static_cast<Mask>(slot.need & ~slot.arrived & ~held_by_any(at));
            if (bits == 0 || asked >= kAskAgainBlocks)
                return;
            peer.slots[at].broke = 0;
            ask_whether(peer, at, bits, now);
            asked += static_cast<unsigned>(std::popcount(bits));
            last = at + 1;
        },
        peer.ask_again_slot);
    if (asked == 0)
        return;
    peer.ask_again_slot = last % kSlots;
    peer.ask_again_after = std::min(2 * peer.ask_again_after, kLastAskAgain);
}

std::vector<std::uint64_t> Planner::held_by_none(Clock::Instant now) {
    std::vector<std::uint64_t> indices;
    if (joined_ == 0)
        return indices;
    SlotBits::for_common(window_.used(), window_.askable(), [&](unsigned at) {
        const Slot& slot = window_.slot(at);
        auto bits = static_cast<Mask>(slot.askable() & ~held_by_any(at));
        for (const Peer& peer : peers_)
            if (peer.joined &&
                (peer.slots[at].told & slot.need & ~(peer.slots[at].lacks | peer.slots[at].broke)))
                return; // its answer is to come
        for (Peer& peer : peers_) {
            if (!peer.joined)
                continue;
            const Mask untold = without(bits, peer.slots[at].told);
            if (untold != 0)
                ask_whether(peer, at, untold, now);
            bits = without(bits, untold);
        }
        for (; bits != 0; bits = static_cast<Mask>(bits & (bits - 1)))
            indices.push_back(slot.run * kRunBlocks +
                              static_cast<unsigned>(std::countr_zero(bits)));
    });
    return indices;
}

/// Makes room for runs outside of the window: some that nobody has wait until their turn comes
/// again.
void Planner::park(Clock::Instant now) {
    if (now - parked_at_ < kParkAfter)
        return;
    std::vector<unsigned> parked;
    SlotBits::for_common(window_.used(), window_.askable(), [&](unsigned at) {
        const Slot& slot = window_.slot(at);
        if (slot.asked == 0 && slot.twice == 0 && slot.arrived == 0 && slot.holders == 0 &&
            now - slot.entered >= kParkAfter && parked.size() < kParkedAtOnce)
            parked.push_back(at);
    });
    for (const unsigned at : parked)
        put_out(at);
    if (parked.empty())
        return;
    parked_at_ = now;
    fill_window(now);
}

} // namespace codex::exchange::plan
