// One peer of block exchange, as long as it is connected.
#pragma once

#include "exchange/detail/lane.hpp"
#include "exchange/peers.hpp"

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
};

} // namespace codex::exchange::detail
