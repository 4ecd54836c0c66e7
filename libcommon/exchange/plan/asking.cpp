// What is asked for, and of whom.
#include "exchange/plan/planner.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace codex::exchange::plan {
namespace {

/// Puts `index` behind what is there, into the last range where it is its neighbour.
void add(std::vector<IndexRange>& to, std::uint64_t index) {
    if (!to.empty() && to.back().end() == index)
        ++to.back().count;
    else
        to.push_back({index, 1});
}

void add(std::vector<IndexRange>& to, std::uint64_t run, Mask bits) {
    for (; bits != 0; bits = static_cast<Mask>(bits & (bits - 1)))
        add(to, run * kRunBlocks + static_cast<unsigned>(std::countr_zero(bits)));
}

/// Takes `index` out of it; false, when it is not there.
bool drop(std::vector<IndexRange>& from, std::uint64_t index) {
    for (auto range = from.begin(); range != from.end(); ++range) {
        if (index < range->first || index >= range->end())
            continue;
        const IndexRange behind{index + 1, range->end() - index - 1};
        range->count = index - range->first;
        const bool none_before = range->count == 0;
        if (none_before && behind.count == 0)
            from.erase(range);
        else if (none_before)
            *range = behind;
        else if (behind.count != 0)
            from.insert(range + 1, behind);
        return true;
    }
    return false;
}

constexpr std::size_t kFewPeers = 16;
constexpr double kSnubbedSeconds = 1e6;
constexpr double kEarlierBy = 2; ///< times, for a block that is asked for twice
constexpr double kEarlierBySeconds = 0.05;

} // namespace

Orders Planner::next(Clock::Instant now) {
    due_ = Clock::Instant::max();
    if (!paused_at_)
        for (PeerNumber number = 0; number < peers_.size(); ++number)
            look_for_late(number, now);
    fill_window(now);
    hand_out(now);
    Orders orders = outgoing();
    orders.leave = std::exchange(leave_, {});
    due_ = next_check(now);
    return orders;
}

Orders Planner::outgoing() {
    Orders orders;
    for (PeerNumber number = 0; number < peers_.size(); ++number) {
        Outgoing& out = peers_[number].out;
        if (out.entries == 0)
            continue;
        orders.tell.push_back(
            {number, std::move(out.cancels), std::move(out.haves), std::move(out.blocks)});
        out = {};
    }
    return orders;
}

/// How many blocks more may be open at the peer.
std::size_t Planner::room(const Peer& peer) const {
    const std::size_t most =
        std::min(peer.snubbed() ? 1 : std::max<std::size_t>(1, peer.meter.window() / block_bytes_),
                 peer.may_open / block_bytes_);
    return most > peer.open ? most - peer.open : 0;
}

/// There is room for a run, or for a good part of what may be open at all.
bool Planner::may_ask(const Peer& peer) const {
    if (!peer.joined)
        return false;
    const std::size_t part = std::max<std::size_t>(1, peer.meter.window() / block_bytes_ / 4);
    return room(peer) >= (peer.open == 0 ? 1 : std::min<std::size_t>(kRunBlocks, part));
}

double Planner::estimate(const Peer& peer, std::size_t blocks) const {
    return peer.meter.seconds_for(blocks * block_bytes_) / peer.score +
           (peer.snubbed() ? kSnubbedSeconds : 0);
}

/// Until so many more blocks would be here: as it was, or, before any has come, as it may be.
Clock::Duration Planner::needed_by(const Peer& peer, std::size_t blocks) const {
    const auto may = Clock::Duration(
        static_cast<std::int64_t>(std::min(estimate(peer, blocks), kSnubbedSeconds) * 1e9));
    return peer.took ? std::min(*peer.took, may) : may;
}

std::size_t Planner::choose(const std::vector<PeerNumber>& ready) {
    if (ready.size() == 1)
        return 0;
    if (random_.below(100) < kExplorationPercent)
        return random_.below(ready.size());
    std::size_t best = 0;
    double least = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i < ready.size(); ++i) {
        const Peer& peer = peers_[ready[i]];
        const double seconds = estimate(peer, peer.open + 1);
        if (seconds < least) {
            least = seconds;
            best = i;
        }
    }
    return best;
}

void Planner::hand_out(Clock::Instant now) {
    std::vector<PeerNumber> ready;
    std::vector<PeerNumber> idle;
    // Of many peers most have nothing to ask for: to choose among those takes their number squared.
    const auto is_worth_it = [&](const Peer& peer) {
        return joined_ <= kFewPeers || peer.holding.has_common(window_.askable());
    };
    for (PeerNumber number = 0; number < peers_.size(); ++number)
        if (may_ask(peers_[number]))
            (is_worth_it(peers_[number]) ? ready : idle).push_back(number);
    while (!ready.empty()) {
        const std::size_t i = choose(ready);
        Peer& peer = peers_[ready[i]];
        const bool asked = ask_next_run(peer, now);
        if (!asked)
            idle.push_back(ready[i]);
        if (!asked || !may_ask(peer))
            ready.erase(ready.begin() + static_cast<std::ptrdiff_t>(i));
    }
    hedge_at_ = Clock::Instant::max();
    if (idle.empty() || finished())
        return;
    if (all_is_asked()) {
        std::uint64_t count = doubled();
        // First those that have given something: of others who knows whether they do.
        for (const bool gave : {true, false})
            for (const PeerNumber number : idle)
                if (peers_[number].took.has_value() == gave)
                    double_last(peers_[number], count, now);
    } else if (!window_.has_all()) {
        park(now);
    }
}

/// Which of two runs is to be asked for first: what somebody waits for, then what fewest have.
bool Planner::is_before(const Slot& a, const Slot& b) const {
    if (a.wanted_by != b.wanted_by)
        return a.wanted_by < b.wanted_by;
    // Where there is nobody to be unlike, in order: neighbours share the upper part of their
    // proofs.
    if (joined_ == 1)
        return a.run < b.run;
    return std::tie(a.holders, a.lot) < std::tie(b.holders, b.lot);
}

/// Asks for what comes first of what the peer has. False, when there is nothing.
bool Planner::ask_next_run(Peer& peer, Clock::Instant now) {
    std::optional<unsigned> best;
    Mask best_bits = 0;
    SlotBits::for_common(peer.holding, window_.askable(), [&](unsigned at) {
        const Slot& slot = window_.slot(at);
        const PeerSlot& said = peer.slots[at];
        const auto bits = static_cast<Mask>(slot.askable() & said.holds & ~said.open);
        if (bits == 0 || (best && !is_before(slot, window_.slot(*best))))
            return;
        best = at;
        best_bits = bits;
    });
    if (!best)
        return false;
    ask(peer, *best, lowest(best_bits, room(peer)), now);
    return true;
}

void Planner::ask(Peer& peer, unsigned at, Mask bits, Clock::Instant now) {
    Slot& slot = window_.slot(at);
    PeerSlot& said = peer.slots[at];
    // Whoever is late with some of it has not been told to leave it.
    for (const Peer& other : peers_)
        if (other.joined && (other.slots[at].open & bits) != 0)
            slot.twice = with(slot.twice, static_cast<Mask>(other.slots[at].open & bits));
    const bool alone = peer.open == 0;
    if (!peer.waiting_since)
        peer.waiting_since = now;
    peer.open += static_cast<std::size_t>(std::popcount(bits));
    peer.requests.push_back({slot.run, bits, false, alone, now, peer.open * block_bytes_});
    said.open = with(said.open, bits);
    slot.asked = with(slot.asked, bits);
    window_.settle(at);
    add(peer.out.blocks, slot.run, bits);
    peer.out.entries += static_cast<std::size_t>(std::popcount(bits));
}

/// Whether nothing is left that some peer has and nobody was asked for.
bool Planner::all_is_asked() const {
    bool all = window_.has_all();
    SlotBits::for_common(window_.askable(), window_.askable(), [&](unsigned at) {
        const Slot& slot = window_.slot(at);
        if (all && slot.holders != 0)
            for (const Peer& peer : peers_)
                all = all && (!peer.joined || peer.snubbed() ||
                              (slot.askable() & peer.slots[at].holds & ~peer.slots[at].open) == 0);
    });
    return all;
}

/// How often blocks are asked for of one more than a first, none of whom is late.
std::uint64_t Planner::doubled() const {
    std::uint64_t count = 0;
    SlotBits::for_common(window_.used(), window_.used(), [&](unsigned at) {
        const Slot& slot = window_.slot(at);
        const auto bits = static_cast<Mask>(slot.twice & slot.asked);
        if (bits == 0)
            return;
        int times = -std::popcount(bits);
        for (const Peer& peer : peers_)
            if (peer.joined)
                times += std::popcount(
                    static_cast<Mask>(bits & without(peer.slots[at].open, peer.slots[at].late)));
        count += static_cast<std::uint64_t>(std::max(times, 0));
    });
    return count;
}

/// Which of these a peer beside the two is in time with that has not been silent for `patience`.
Mask Planner::expected_beside(const Peer& one, const Peer& other, unsigned at, Mask bits,
                              Clock::Duration patience, Clock::Instant now) {
    Mask expected = 0;
    for (const Peer& third : peers_) {
        if (!third.joined || &third == &one || &third == &other ||
            (bits & without(third.slots[at].open, third.slots[at].late)) == 0)
            continue;
        for (const Request& request : third.requests) {
            const auto of_it = static_cast<Mask>(request.bits & bits);
            if (request.run != window_.slot(at).run || request.late || of_it == 0)
                continue;
            const Clock::Instant silent_until = std::max(request.sent, third.heard) + patience;
            if (!paused_at_ && now >= silent_until)
                continue;
            expected = with(expected, of_it);
            hedge_at_ = std::min(hedge_at_, silent_until);
        }
    }
    return expected;
}

/// The end-game: asks this peer for what others have been asked for, where it will be much earlier,
/// or where they say nothing for longer than it would need. `count` is what is doubled.
void Planner::double_last(Peer& peer, std::uint64_t& count, Clock::Instant now) {
    const std::uint64_t most = kDoubled + total_ / kDoubledPart;
    if (peer.snubbed())
        return;
    for (const Peer& other : peers_) {
        if (&other == &peer || !other.joined)
            continue;
        std::size_t before = other.open;
        // What comes last of it first.
        for (auto request = other.requests.rbegin(); request != other.requests.rend(); ++request) {
            const double theirs = estimate(other, before);
            const auto size = static_cast<std::size_t>(std::popcount(request->bits));
            before -= size;
            const double ours = estimate(peer, peer.open + size);
            const unsigned at = *window_.find(request->run);
            const PeerSlot& said = peer.slots[at];
            const Slot& slot = window_.slot(at);
            auto bits = static_cast<Mask>(request->bits & said.holds & ~said.open & ~slot.arrived);
            if (bits == 0)
                continue;
            const Clock::Duration patience =
                kSilentTimes * needed_by(peer, peer.open + size) + kSilentBeyond;
            const Clock::Instant silent_until = std::max(request->sent, other.heard) + patience;
            if (theirs < ours * kEarlierBy + kEarlierBySeconds &&
                (paused_at_ || now < silent_until)) {
                hedge_at_ = std::min(hedge_at_, silent_until);
                continue;
            }
            // Who is late with it, or silent as this one, is nobody of whom it is expected.
            if ((bits & slot.twice) != 0)
                bits = without(bits, expected_beside(peer, other, at,
                                                     static_cast<Mask>(bits & slot.twice), patience,
                                                     now));
            if (bits == 0)
                continue;
            const std::size_t may =
                std::min<std::uint64_t>(room(peer), most - std::min(most, count));
            const Mask some = lowest(bits, may);
            if (some == 0)
                return;
            count += static_cast<std::uint64_t>(std::popcount(some));
            ask(peer, at, some, now);
        }
    }
}

void Planner::cancel(Peer& peer, unsigned at, Mask bits, Clock::Instant now) {
    const std::uint64_t run = window_.slot(at).run;
    close_request(peer, at, bits);
    while (!peer.cancelled.empty() && (peer.cancelled.size() >= kCancelledKept ||
                                       now - peer.cancelled.front().at > kCancelledMayCome))
        peer.cancelled.pop_front();
    peer.cancelled.push_back({run, bits, now});
    const auto count = static_cast<std::size_t>(std::popcount(bits));
    peer.counts.cancels += count;
    add(peer.out.cancels, run, bits);
    peer.out.entries += count;
    changed(now, peer.open == 0 || peer.out.entries >= kDebounceEntries);
}

std::vector<IndexRange> Planner::may_still_come(PeerNumber number, Clock::Instant now) const {
    std::vector<IndexRange> all;
    if (number >= peers_.size() || !peers_[number].joined)
        return all;
    for (const Request& request : peers_[number].requests)
        add(all, request.run, request.bits);
    for (const Cancelled& cancelled : peers_[number].cancelled)
        if (now - cancelled.at <= kCancelledMayCome)
            add(all, cancelled.run, cancelled.bits);
    return all;
}

/// What was asked; or is to be asked next, and then is not.
void Planner::take_back(Peer& peer, unsigned at, Mask bits) {
    const std::uint64_t first = window_.slot(at).run * kRunBlocks;
    for (; bits != 0; bits = static_cast<Mask>(bits & (bits - 1))) {
        const std::uint64_t index = first + static_cast<unsigned>(std::countr_zero(bits));
        if (drop(peer.out.haves, index)) {
            --peer.out.entries;
            continue;
        }
        add(peer.out.cancels, index);
        ++peer.out.entries;
    }
}

void Planner::ask_whether(Peer& peer, unsigned at, Mask bits, Clock::Instant now) {
    PeerSlot& said = peer.slots[at];
    // In place of a want it would be taken: codex-exchange(7), OLDER NODES.
    bits = without(bits, said.open);
    if (bits == 0)
        return;
    said.told = with(said.told, bits);
    said.yes = without(said.yes, bits);
    const std::uint64_t run = window_.slot(at).run;
    if (!peer.probe) {
        peer.probe = run * kRunBlocks + static_cast<unsigned>(std::countr_zero(bits));
        peer.probed_at = now;
    }
    add(peer.out.haves, run, bits);
    peer.out.entries += static_cast<std::size_t>(std::popcount(bits));
    changed(now, peer.out.entries >= kDebounceEntries);
}

} // namespace codex::exchange::plan
