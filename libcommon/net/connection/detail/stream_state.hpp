// What a connection and whoever uses a stream of it share.
#pragma once

#include "base/event_loop.hpp"
#include "net/connection/detail/byte_queue.hpp"
#include "net/mux/muxer.hpp"

#include <string>

namespace codex::net::detail {

struct StreamState {
    StreamState(EventLoop& loop, mux::StreamId number)
        : id(number), changed(loop), taken(loop), last_used(loop.now()) {}

    mux::StreamId id;
    std::string protocol;
    ByteQueue unread;
    BytesView pending;   ///< to be sent; lives as long as whoever writes it waits
    bool queued = false; ///< in the turn of those that have something to send
    bool ended_here = false;
    bool ended_there = false;
    bool lost = false; ///< reset, or its connection is no more
    Signal changed;    ///< bytes, an end
    Signal taken;      ///< of what is pending
    Clock::Instant last_used;
};

} // namespace codex::net::detail
