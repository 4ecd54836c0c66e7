// The peers of a fetch, by small numbers, and what they are known for as long as it lasts.
#pragma once

#include "base/clock.hpp"
#include "exchange/plan/planner.hpp"
#include "net/identity/peer_id.hpp"

#include <map>
#include <string>

namespace codex::exchange::detail {

/// Threads: the loop's.
class Roster {
public:
    struct Entry {
        net::PeerId id;
        Clock::Instant banned_until{}; ///< past, when it is not
        std::string lie;               ///< what was wrong, with the block's name
        plan::PeerCounts counts;       ///< of plans that have ended
        double rate = 0;
        Clock::Duration round_trip{};
        std::uint64_t bytes = 0; ///< of right blocks
    };

    [[nodiscard]] plan::PeerNumber number_of(const net::PeerId& peer) {
        const auto [found, is_new] =
            numbers_.emplace(peer, static_cast<plan::PeerNumber>(entries_.size()));
        if (is_new)
            entries_.push_back(Entry{peer, {}, {}, {}, 0, {}, 0});
        return found->second;
    }
    /// It has been connected while the fetch lasted.
    [[nodiscard]] bool knows(const net::PeerId& peer) const { return numbers_.contains(peer); }
    [[nodiscard]] Entry& at(plan::PeerNumber number) { return entries_[number]; }
    [[nodiscard]] const std::vector<Entry>& all() const { return entries_; }
    [[nodiscard]] bool is_banned(const net::PeerId& peer, Clock::Instant now) const {
        const auto found = numbers_.find(peer);
        return found != numbers_.end() && now < entries_[found->second].banned_until;
    }

private:
    std::map<net::PeerId, plan::PeerNumber> numbers_;
    std::vector<Entry> entries_;
};

} // namespace codex::exchange::detail
