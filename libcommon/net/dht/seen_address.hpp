// Where others see this node: behind a translator of addresses it cannot know that itself
// (codex-dht(7), NODE).
#pragma once

#include "net/dht/source.hpp"

#include <deque>
#include <optional>

namespace codex::net::dht {

/// Counts the last word of each source, so that nobody is heard twice.
/// Threads: one at a time.
class SeenAddresses {
public:
    /// Sources that are remembered, those that spoke last.
    static constexpr std::size_t kMost = 16;
    /// Of which so many have to agree, and more than half.
    static constexpr std::size_t kFewest = 3;

    /// `voter`, whom this node has asked, says that it was asked from `seen`.
    void heard(const SocketAddress& voter, const SocketAddress& seen);
    /// What enough of them agree on.
    [[nodiscard]] std::optional<SocketAddress> agreed() const;

private:
    struct Vote {
        Source voter;
        SocketAddress seen;
    };
    std::deque<Vote> votes_; // the last at the end
};

} // namespace codex::net::dht
