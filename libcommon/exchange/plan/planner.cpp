// What happens, and what follows from it; what is asked is in asking.cpp and window_asking.cpp,
// what does not come in deadlines.cpp.
#include "exchange/plan/planner.hpp"

#include <algorithm>

namespace codex::exchange::plan {

std::uint64_t Planner::Choices::next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t value = state_;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

Peer& Planner::known(PeerNumber peer) {
    while (peers_.size() <= peer)
        peers_.emplace_back(block_bytes_);
    return peers_[peer];
}

bool Planner::was_silent(PeerNumber peer) const {
    return peer < peers_.size() && peers_[peer].silent;
}

Peer* Planner::joined_peer(PeerNumber peer) {
    return peer < peers_.size() && peers_[peer].joined ? &peers_[peer] : nullptr;
}

const Peer* Planner::peer(PeerNumber peer) const {
    return peer < peers_.size() ? &peers_[peer] : nullptr;
}

Clock::Instant Planner::banned_until(PeerNumber peer) const {
    return peer < peers_.size() ? peers_[peer].banned_until : Clock::Instant{};
}

void Planner::changed(Clock::Instant now, bool at_once) {
    due_ = std::min(due_, at_once ? now : now + kDebounce);
}

void Planner::want(IndexRange range) {
    const std::uint64_t before = window_.missing().size();
    window_.want(range);
    if (window_.size() != 0 && range.count != 0)
        for (std::uint64_t run = run_of(range.first); run <= run_of(range.end() - 1); ++run)
            if (window_.find(run))
                grown_.push_back(run);
    total_ += window_.missing().size() - before;
    due_ = Clock::Instant{};
}

void Planner::await(IndexRange range, Clock::Instant by) {
    std::erase_if(awaited_,
                  [&](const Awaited& old) { return window_.missing().count(old.range) == 0; });
    if (window_.missing().count(range) == 0)
        return;
    awaited_.push_back({range, by});
    due_ = Clock::Instant{};
}

void Planner::joined(PeerNumber number, Clock::Instant now) {
    Peer& peer = known(number);
    if (peer.joined)
        return;
    if (now < peer.banned_until) {
        leave(number);
        return changed(now, true);
    }
    peer.joined = true;
    ++joined_;
    peer.lacked = peer.silent = false;
    peer.samples = peer.misled = 0;
    peer.late_in_row = 0;
    peer.heard = peer.newest_sent = now;
    peer.waiting_since.reset();
    peer.slots.assign(kSlots, {});
    peer.ask_again_after = kFirstAskAgain;
    peer.ask_again_at = now + kFirstAskAgain;
    SlotBits::for_common(window_.used(), window_.used(), [&](unsigned at) {
        ask_whether(peer, at, static_cast<Mask>(std::bit_floor(window_.slot(at).need)), now);
    });
    changed(now, true);
}

void Planner::left(PeerNumber number, Clock::Instant now) {
    Peer* peer = joined_peer(number);
    if (peer == nullptr)
        return;
    release(*peer);
    changed(now, true);
}

/// It is no longer asked for anything, and what it was asked for is to be asked for again.
void Planner::release(Peer& peer) {
    while (!peer.requests.empty()) {
        const Request request = peer.requests.front();
        close_request(peer, *window_.find(request.run), request.bits);
    }
    SlotBits::for_common(peer.holding, peer.holding, [&](unsigned at) { set_holds(peer, at, 0); });
    peer.slots.clear();
    peer.slots.shrink_to_fit();
    peer.cancelled.clear();
    peer.out = {};
    peer.probe.reset();
    peer.meter.interrupt();
    peer.joined = false;
    --joined_;
}

void Planner::presence(PeerNumber number, std::uint64_t index, bool have, Clock::Instant now) {
    Peer* const peer = joined_peer(number);
    if (peer == nullptr)
        return;
    if (peer->probe == index) {
        peer->meter.answered(now - peer->probed_at, now);
        peer->probe.reset();
    }
    const auto at = window_.find(run_of(index));
    if (!at)
        return;
    const Mask bit = bit_of(index);
    PeerSlot& said = peer->slots[*at];
    if (have)
        said.yes = with(said.yes, bit);
    if ((window_.slot(*at).need & bit) == 0)
        return;
    if (have) {
        said.lacks = without(said.lacks, bit);
        if (((said.open | said.broke) & bit) != 0)
            return;
        ++peer->samples;
        peer->ask_again_after = kFirstAskAgain;
        // Runs are fetched as a whole: where one was asked for all, the answer is for all.
        const bool for_all = !peer->exact && said.told == bit;
        const Mask bits =
            for_all ? without(window_.slot(*at).need, with(said.lacks, said.broke)) : bit;
        said.sure = with(said.sure, bit);
        set_holds(*peer, *at, with(said.holds, bits));
        return changed(now, peer->open == 0);
    }
    peer->lacked = true;
    said.lacks = with(said.lacks, bit);
    if ((said.open & bit) != 0) {
        // Old nodes say so and wait for it: codex-exchange(7), OLDER NODES.
        take_back(*peer, *at, bit);
        close_request(*peer, *at, bit);
        has_not(*peer, *at, bit, false, now);
    } else {
        said.sure = without(said.sure, bit);
        set_holds(*peer, *at, without(said.holds, bit));
    }
    changed(now, peer->open == 0);
}

/// It was asked for these, and has said that it has them not, or nothing.
void Planner::has_not(Peer& peer, unsigned at, Mask bits, bool silent, Clock::Instant now) {
    PeerSlot& said = peer.slots[at];
    const auto count = static_cast<unsigned>(std::popcount(bits));
    peer.counts.broken += count;
    const Mask taken = without(bits, said.sure);
    said.broke = with(said.broke, without(bits, taken));
    said.sure = without(said.sure, bits);
    set_holds(peer, at, without(said.holds, bits));
    // So that it says so when it has them.
    ask_whether(peer, at, taken, now);
    if (taken == 0 || peer.exact)
        return;
    peer.misled += static_cast<unsigned>(std::popcount(taken));
    if (!silent && peer.misled < kMisledAtLeast + peer.samples / 2)
        return;
    peer.exact = true;
    SlotBits::for_common(peer.holding, peer.holding, [&](unsigned slot) {
        PeerSlot& other = peer.slots[slot];
        const Mask unsure = without(other.holds, with(other.sure, other.open));
        set_holds(peer, slot, without(other.holds, unsure));
        ask_whether(peer, slot, unsure, now);
    });
}

void Planner::set_holds(Peer& peer, unsigned at, Mask holds) {
    PeerSlot& said = peer.slots[at];
    Slot& slot = window_.slot(at);
    if (said.holds == 0 && holds != 0)
        ++slot.holders;
    else if (said.holds != 0 && holds == 0)
        --slot.holders;
    said.holds = holds;
    peer.holding.set(at, holds != 0);
}

/// What was open at the peer is not any more.
void Planner::close_request(Peer& peer, unsigned at, Mask bits) {
    const std::uint64_t run = window_.slot(at).run;
    for (auto request = peer.requests.begin(); request != peer.requests.end();) {
        if (request->run == run)
            request->bits = without(request->bits, bits);
        request = request->bits == 0 ? peer.requests.erase(request) : request + 1;
    }
    PeerSlot& said = peer.slots[at];
    const auto closed = static_cast<Mask>(said.open & bits);
    peer.open -= static_cast<std::size_t>(std::popcount(closed));
    said.open = without(said.open, closed);
    said.late = without(said.late, closed);
    unask(at, closed);
}

/// These are open at one peer less: asked for again, unless another is in time with them.
void Planner::unask(unsigned at, Mask bits) {
    Slot& slot = window_.slot(at);
    Mask still = 0;
    if ((slot.twice & bits) != 0)
        for (const Peer& other : peers_)
            if (other.joined)
                still = with(still, without(other.slots[at].open, other.slots[at].late));
    slot.asked = without(slot.asked, without(bits, still));
    window_.settle(at);
}

void Planner::note_took(Peer& peer, Clock::Duration span) {
    constexpr int kWeight = 8;
    last_took_ = span;
    peer.took = peer.took ? *peer.took + (span - *peer.took) / kWeight : span;
}

bool Planner::asked_of(Peer& peer, std::uint64_t index, Clock::Instant now) {
    const Mask bit = bit_of(index);
    for (Request& request : peer.requests) {
        if (request.run != run_of(index) || (request.bits & bit) == 0)
            continue;
        if (request.alone)
            peer.meter.answered(now - request.sent, now);
        request.alone = false;
        note_took(peer, now - request.sent);
        peer.newest_sent = std::max(peer.newest_sent, request.sent);
        close_request(peer, *window_.find(request.run), bit);
        return true;
    }
    for (Cancelled& cancelled : peer.cancelled)
        if (cancelled.run == run_of(index) && (cancelled.bits & bit) != 0) {
            cancelled.bits = without(cancelled.bits, bit);
            return true;
        }
    return false;
}

Arrival Planner::arrived(PeerNumber number, std::uint64_t index, Clock::Instant now,
                         bool withdrawn) {
    Peer* const peer = joined_peer(number);
    if (peer == nullptr)
        return Arrival::unasked;
    if (!asked_of(*peer, index, now) && !withdrawn) {
        const std::uint64_t borne = kUnaskedBorne + peer->counts.useful / kUsefulForUnasked;
        if (++peer->counts.unasked > borne) {
            release(*peer);
            leave(number);
        }
        changed(now, false);
        return Arrival::unasked;
    }
    peer->heard = now;
    peer->waiting_since = peer->open > 0 ? std::optional(now) : std::nullopt;
    peer->late_in_row = 0;
    peer->meter.arrived(block_bytes_, peer->open > 0, now);
    changed(now, peer->open == 0);
    const auto at = window_.find(run_of(index));
    const Mask bit = bit_of(index);
    if (!at || (window_.slot(*at).need & bit) == 0 || (window_.slot(*at).arrived & bit) != 0) {
        ++peer->counts.duplicates;
        return Arrival::duplicate;
    }
    window_.slot(*at).arrived = with(window_.slot(*at).arrived, bit);
    window_.settle(*at);
    cancel_everywhere(*at, bit, now);
    return Arrival::wanted;
}

void Planner::cancel_everywhere(unsigned at, Mask bits, Clock::Instant now) {
    Slot& slot = window_.slot(at);
    if ((slot.twice & bits) == 0 && (slot.asked & bits) == 0)
        return;
    for (Peer& peer : peers_)
        if (peer.joined && (peer.slots[at].open & bits) != 0)
            cancel(peer, at, static_cast<Mask>(peer.slots[at].open & bits), now);
    slot.twice = without(slot.twice, bits);
}

void Planner::put_out(unsigned at) {
    for (Peer& peer : peers_)
        if (peer.joined) {
            // It would be remembered, and answered when nobody asks any more.
            take_back(peer, at, without(peer.slots[at].told, peer.slots[at].yes));
            peer.slots[at] = {};
            peer.holding.set(at, false);
        }
    window_.put_out(at);
}

Orders Planner::abandon() {
    for (Peer& peer : peers_) {
        peer.out.blocks.clear();
        if (peer.joined)
            SlotBits::for_common(window_.used(), window_.used(), [&](unsigned at) {
                const PeerSlot& said = peer.slots[at];
                take_back(peer, at, with(said.open, without(said.told, said.yes)));
            });
        peer.out.haves.clear();
    }
    return outgoing();
}

void Planner::stored(std::uint64_t index, Clock::Instant now) {
    const auto at = window_.find(run_of(index));
    if (!at) {
        window_.forget(index);
        return;
    }
    const Mask bit = bit_of(index);
    cancel_everywhere(*at, bit, now);
    window_.done(*at, bit);
    if (window_.slot(*at).need == 0)
        put_out(*at);
    changed(now, false);
}

void Planner::verified(PeerNumber number, std::uint64_t index, Clock::Instant now) {
    Peer& peer = known(number);
    ++peer.counts.useful;
    peer.score += (1 - peer.score) / kRunBlocks;
    stored(index, now);
}

void Planner::wrong(PeerNumber number, std::uint64_t index, Clock::Instant now) {
    Peer& peer = known(number);
    ++peer.counts.wrong;
    if (const auto at = window_.find(run_of(index))) {
        window_.slot(*at).arrived = without(window_.slot(*at).arrived, bit_of(index));
        window_.settle(*at);
    }
    ban(peer, number, now);
    changed(now, true);
}

void Planner::ban(Peer& peer, PeerNumber number, Clock::Instant now) {
    if (now < peer.banned_until)
        return; // for what came before
    peer.banned_until = now + kFirstBan * (1 << std::min(peer.bans, kMaxBanDoublings));
    ++peer.bans;
    if (peer.joined)
        release(peer);
    leave(number);
}

void Planner::leave(PeerNumber number) {
    if (std::find(leave_.begin(), leave_.end(), number) == leave_.end())
        leave_.push_back(number);
}

bool Planner::is_waiting() const {
    return std::ranges::any_of(peers_, [](const Peer& peer) { return peer.open > 0; });
}

Outlook Planner::outlook() const {
    if (joined_ == 0)
        return Outlook::no_peer;
    bool answered = true;
    bool nothing = true;
    SlotBits::for_common(window_.used(), window_.used(), [&](unsigned at) {
        const Slot& slot = window_.slot(at);
        nothing = nothing && slot.arrived == 0 && (held_by_any(at) & slot.need) == 0;
        for (const Peer& peer : peers_)
            if (peer.joined) {
                const PeerSlot& said = peer.slots[at];
                nothing = nothing && said.open == 0;
                answered = answered && (said.told & slot.need & ~(said.lacks | said.broke)) == 0;
            }
    });
    return nothing && answered && window_.size() != 0 ? Outlook::nobody_has_it : Outlook::going_on;
}

std::size_t Planner::memory_bytes() const {
    std::size_t bytes = sizeof(*this) + window_.missing().memory_bytes() +
                        awaited_.capacity() * sizeof(Awaited) + peers_.capacity() * sizeof(Peer);
    for (const Peer& peer : peers_)
        bytes += peer.slots.capacity() * sizeof(PeerSlot) + peer.requests.size() * sizeof(Request) +
                 peer.cancelled.size() * sizeof(Cancelled);
    return bytes + window_.size() * 4 * sizeof(void*);
}

} // namespace codex::exchange::plan
