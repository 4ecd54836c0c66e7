// What does not come in time: asked of others, given up, and whoever is silent is left.
#include "exchange/plan/planner.hpp"

#include <algorithm>
#include <utility>

namespace codex::exchange::plan {

constexpr double kLeastScore = 1.0 / 16;

void Planner::look_for_late(PeerNumber number, Clock::Instant now) {
    Peer& peer = peers_[number];
    if (!peer.joined)
        return;
    if (peer.snubbed() && peer.waiting_since &&
        now - *peer.waiting_since >= kSilence + slack_of(block_bytes_)) {
        release(peer);
        peer.silent = true;
        return leave(number);
    }
    std::vector<Request> lost;
    for (Request& request : peer.requests) {
        const Clock::Duration patience = peer.meter.patience(request.behind);
        if (!request.late) {
            if (now < request.sent + patience)
                break;
            become_late(peer, request);
        }
        // Others that were asked for later have come, or none does.
        const bool passed_over =
            peer.newest_sent > request.sent && now >= request.sent + 2 * patience;
        if (passed_over ||
            now - std::max(peer.heard, request.sent) >= kGiveUp + slack_of(block_bytes_))
            lost.push_back(request);
    }
    for (const Request& request : lost)
        give_up(peer, request, now);
    if (now >= peer.ask_again_at)
        ask_again(peer, now);
}

void Planner::become_late(Peer& peer, Request& request) {
    request.late = true;
    ++peer.counts.late;
    ++peer.late_in_row;
    peer.score = std::max(peer.score / 2, kLeastScore);
    const unsigned at = *window_.find(request.run);
    PeerSlot& said = peer.slots[at];
    said.late = with(said.late, request.bits);
    Slot& slot = window_.slot(at);
    slot.twice = with(slot.twice, request.bits);
    unask(at, request.bits);
}

/// The peer has not kept what it said, or what we took it to have.
void Planner::give_up(Peer& peer, Request request, Clock::Instant now) {
    const unsigned at = *window_.find(request.run);
    cancel(peer, at, request.bits, now);
    has_not(peer, at, request.bits, true, now);
}

void Planner::pause(Clock::Instant now) {
    if (!paused_at_)
        paused_at_ = now;
}

void Planner::resume(Clock::Instant now) {
    if (!paused_at_)
        return;
    const Clock::Duration span = now - *std::exchange(paused_at_, std::nullopt);
    for (Peer& peer : peers_) {
        peer.heard += span;
        peer.newest_sent += span;
        if (peer.waiting_since)
            *peer.waiting_since += span;
        peer.meter.interrupt();
        for (Request& request : peer.requests)
            request.sent += span;
    }
    changed(now, true);
}

Clock::Instant Planner::next_check(Clock::Instant now) const {
    if (!leave_.empty())
        return now;
    if (finished() || joined_ == 0 || paused_at_)
        return Clock::Instant::max();
    Clock::Instant at = std::min(now + kTick, std::max(now + kDebounce, hedge_at_));
    for (const Peer& peer : peers_) {
        if (!peer.joined)
            continue;
        at = std::min(at, std::max(now + kDebounce, peer.ask_again_at));
        for (const Request& request : peer.requests)
            if (!request.late) {
                at =
                    std::min(at, std::max(now, request.sent + peer.meter.patience(request.behind)));
                break;
            }
    }
    return at;
}

} // namespace codex::exchange::plan
