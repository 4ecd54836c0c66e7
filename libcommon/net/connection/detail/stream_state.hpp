// What a connection and whoever uses a stream of it share.
#pragma once

#include "base/event_loop.hpp"
#include "net/connection/detail/byte_queue.hpp"
#include "net/connection/traffic.hpp"
#include "net/mux/muxer.hpp"

#include <span>
#include <string>
#include <vector>

namespace codex::net::detail {

/// What is to be sent: views of what whoever writes has, as long as he waits.
class PendingBytes {
public:
    PendingBytes() = default;
    explicit PendingBytes(std::span<const BytesView> pieces) : pieces_(pieces) {
        for (const BytesView piece : pieces)
            size_ += piece.size();
    }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    /// Takes the next `count` bytes or fewer, as they stand in one piece; not empty.
    [[nodiscard]] BytesView take(std::size_t count) {
        while (from_ == pieces_.front().size()) {
            pieces_ = pieces_.subspan(1);
            from_ = 0;
        }
        const BytesView rest = pieces_.front().subspan(from_);
        const BytesView taken = rest.first(std::min(count, rest.size()));
        from_ += taken.size();
        size_ -= taken.size();
        return taken;
    }

private:
    std::span<const BytesView> pieces_;
    std::size_t from_ = 0; ///< of the first of them
    std::size_t size_ = 0;
};

struct StreamState {
    StreamState(EventLoop& loop, mux::StreamId number)
        : id(number), changed(loop), taken(loop), last_used(loop.now()), window_since(last_used) {}

    mux::StreamId id;
    std::string protocol;
    ByteCounts* counted = nullptr; ///< once that is agreed on, where its bytes are
    ByteQueue unread;
    PendingBytes pending;
    bool queued = false; ///< in the turn of those that have something to send
    bool ended_here = false;
    bool ended_there = false;
    bool lost = false; ///< reset, or its connection is no more
    Signal changed;    ///< bytes, an end
    Signal taken;      ///< of what is pending
    Clock::Instant last_used;
    Clock::Instant queued_at{}; ///< of its turn
    /// Bytes consumed since the window was looked at last, and when that was.
    std::uint64_t window_used = 0;
    Clock::Instant window_since;
};

} // namespace codex::net::detail
