#include "net/dht/seen_address.hpp"

#include <algorithm>

namespace codex::net::dht {

void SeenAddresses::heard(const SocketAddress& voter, const SocketAddress& seen) {
    const Source source = Source::of(voter);
    std::erase_if(votes_, [&source](const Vote& vote) { return vote.voter == source; });
    if (votes_.size() == kMost)
        votes_.pop_front();
    votes_.push_back({source, seen});
}

std::optional<SocketAddress> SeenAddresses::agreed() const {
    for (const Vote& vote : votes_) {
        const auto same = static_cast<std::size_t>(
            std::count_if(votes_.begin(), votes_.end(),
                          [&vote](const Vote& other) { return other.seen == vote.seen; }));
        if (same >= kFewest && 2 * same > votes_.size())
            return vote.seen;
    }
    return std::nullopt;
}

} // namespace codex::net::dht
