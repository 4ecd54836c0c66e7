// One peer of block exchange, as long as it is connected.
#pragma once

#include "exchange/detail/lane.hpp"
#include "exchange/peers.hpp"

namespace codex::exchange::detail {

/// Threads: the loop's.
struct Peer {
    Peer(EventLoop& loop, const PeerId& peer)
        : id(peer), small(loop), blocks(loop), read_on(loop) {}

    PeerId id;
    Lane small;
    Lane blocks;
    Signal read_on;
    bool gone = false;
    std::size_t held_bytes = 0; ///< of parts of messages, of all streams
    Traffic traffic;
};

} // namespace codex::exchange::detail
