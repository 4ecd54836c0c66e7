#include "node/peer_book.hpp"

#include <algorithm>

namespace codex::node {

namespace {

constexpr double kNew = 0.5;
constexpr double kGood = 0.75;
constexpr double kPoor = 0.4;
constexpr double kLeastBelief = 1.0 / 16;
/// Blocks that make who is new nearly as well believed as can be.
constexpr double kBlocksOfTrust = 64;
constexpr Clock::Duration kFirstPause = std::chrono::minutes(1);
constexpr Clock::Duration kLongestPause = std::chrono::hours(1);
constexpr unsigned kMostDoublings = 6;

} // namespace

PeerBook::Known& PeerBook::known(const net::PeerId& peer, Clock::Instant now) {
    auto found = known_.find(peer);
    if (found == known_.end()) {
        if (known_.size() >= most_)
            forget_one();
        found = known_.emplace(peer, Known{}).first;
        found->second.score = kNew;
    }
    found->second.touched = now;
    return found->second;
}

const PeerBook::Known* PeerBook::find(const net::PeerId& peer) const {
    const auto found = known_.find(peer);
    return found == known_.end() ? nullptr : &found->second;
}

/// Of those that do not give well who was longest not heard of; so whoever makes up peers pushes
/// out what is known of others like them. Only where all give well, the worst of these.
void PeerBook::forget_one() {
    const auto worth = [](const Known& one) { return one.score >= kGood ? one.score : 0; };
    known_.erase(std::ranges::min_element(known_, [&](const auto& a, const auto& b) {
        return std::pair(worth(a.second), a.second.touched) <
               std::pair(worth(b.second), b.second.touched);
    }));
}

void PeerBook::pause(Known& known, Clock::Instant now) {
    const Clock::Duration span =
        std::min(kLongestPause, kFirstPause * (1 << std::min(known.failures, kMostDoublings)));
    ++known.failures;
    known.dial_at = now + span;
}

void PeerBook::unreachable(const net::PeerId& peer, Clock::Instant now) {
    Known& one = known(peer, now);
    one.score *= 0.75; // it may be back, and be as good as it was
    pause(one, now);
}

void PeerBook::reached(const net::PeerId& peer, Clock::Instant now) {
    Known& one = known(peer, now);
    one.failures /= 2;
    one.dial_at = Clock::Instant::min();
}

void PeerBook::gave(const exchange::FetchPeer& since, Clock::Instant now) {
    if (since.blocks == 0 && since.wrong == 0 && since.late == 0)
        return;
    Known& one = known(since.id, now);
    if (since.blocks != 0) {
        const auto blocks = static_cast<double>(since.blocks);
        one.score += (1 - one.score) * std::min(1.0, 4 * blocks / kBlocksOfTrust);
        one.rate = since.rate;
    }
    if (since.wrong != 0) {
        one.score /= 8;
        pause(one, now);
    } else if (since.blocks == 0) {
        one.score /= 2;
        pause(one, now);
    } else {
        one.failures = 0;
        one.dial_at = Clock::Instant::min();
    }
}

PeerBook::Standing PeerBook::standing(const net::PeerId& peer) const {
    const Known* const one = find(peer);
    if (one == nullptr || (one->score >= kPoor && one->score < kGood))
        return Standing::unknown;
    return one->score >= kGood ? Standing::good : Standing::poor;
}

double PeerBook::belief(const net::PeerId& peer) const {
    const Known* const one = find(peer);
    return one == nullptr ? 1 : std::clamp(one->score / kNew, kLeastBelief, 1.0);
}

double PeerBook::rate(const net::PeerId& peer) const {
    const Known* const one = find(peer);
    return one == nullptr ? 0 : one->rate;
}

bool PeerBook::may_dial(const net::PeerId& peer, Clock::Instant now) const {
    const Known* const one = find(peer);
    return one == nullptr || now >= one->dial_at;
}

} // namespace codex::node
