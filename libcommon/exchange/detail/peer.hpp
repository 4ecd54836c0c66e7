// One peer of block exchange, as long as it is connected.
#pragma once

#include "exchange/detail/lane.hpp"
#include "exchange/peers.hpp"

#include <algorithm>
#include <deque>
#include <map>

namespace codex::exchange::detail {

/// Threads: the loop's.
struct Peer {
    Peer(EventLoop& loop, const PeerId& peer, Carrier& of)
        : id(peer), carrier(of), small(loop), blocks(loop), read_on(loop) {}
    /// Where blocks go.
    [[nodiscard]] Lane& bulk() { return carrier.has_one_stream() ? small : blocks; }

    PeerId id;
    Carrier& carrier;
    Lane small;
    Lane blocks;
    Signal read_on;
    bool gone = false;
    std::size_t held_bytes = 0; ///< of parts of messages, of all streams
    Traffic traffic;
    std::uint64_t claimed = 0; ///< blocks that somebody here may have asked for
    std::uint64_t unasked = 0; ///< and others
    bool dropped = false;      ///< for these
    /// Blocks that it was asked for, and that nobody waits for any more.
    struct Withdrawn {
        BlockAddress first;
        std::uint64_t count = 0;
        Clock::Instant until;
    };
    std::deque<Withdrawn> withdrawn;
    std::map<const PeerEvents*, std::size_t> open; ///< bytes that each has asked for
    [[nodiscard]] bool was_withdrawn(const BlockAddress& address, Clock::Instant now) const {
        return std::any_of(withdrawn.begin(), withdrawn.end(), [&](const Withdrawn& run) {
            return now <= run.until && run.first.leaf == address.leaf &&
                   run.first.cid == address.cid && address.index >= run.first.index &&
                   address.index - run.first.index < run.count;
        });
    }
};

} // namespace codex::exchange::detail
