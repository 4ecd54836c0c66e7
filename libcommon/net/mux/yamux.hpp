// The streams of a yamux connection (codex-libp2p(7), YAMUX). Each has a window: what is not
// consumed is not sent, and holds up no other stream.
#pragma once

#include "net/mux/detail/unread.hpp"
#include "net/mux/muxer.hpp"
#include "net/mux/yamux_frame.hpp"

#include <chrono>
#include <optional>
#include <unordered_map>
#include <vector>

namespace codex::net::mux {

/// The window that follows `window`: twice as much, up to kYamuxMaxWindow, when more than half of
/// it was consumed within the time that a round trip allows it, `round_trip` for each 256 KiB of
/// it; else the same. So it grows until the link is full, however long that is.
[[nodiscard]] std::uint32_t grown_window(std::uint32_t window, std::uint64_t consumed_bytes,
                                         std::chrono::nanoseconds elapsed,
                                         std::chrono::nanoseconds round_trip);

/// Threads: one at a time.
class Yamux final : public Muxer {
public:
    explicit Yamux(Side side, const MuxLimits& limits = {});

    [[nodiscard]] Result<std::size_t> receive(BytesView input, Bytes& replies,
                                              MuxEvents& events) override;
    [[nodiscard]] Result<StreamId> open(Bytes& out) override;
    [[nodiscard]] std::size_t writable(StreamId stream) const override;
    [[nodiscard]] std::size_t begin_data(StreamId stream, std::size_t wanted, Bytes& out) override;
    void end(StreamId stream, Bytes& out) override;
    void reset(StreamId stream, Bytes& out) override;
    void consumed(StreamId stream, std::size_t bytes, Bytes& out) override;
    [[nodiscard]] bool paused() const override;
    [[nodiscard]] std::size_t streams_in() const override { return streams_.size() - out_count_; }
    [[nodiscard]] std::size_t streams_out() const override { return out_count_; }
    [[nodiscard]] std::size_t unread_bytes() const override { return unread_.total(); }

    /// The window that is kept open for the peer, and the means to widen it, up to kYamuxMaxWindow;
    /// it never gets narrower.
    [[nodiscard]] std::uint32_t window(StreamId stream) const;
    void widen(StreamId stream, std::uint32_t window, Bytes& out);
    /// Asks for a pong() with the same number. Errors: mux_limit, when too many are on their way.
    [[nodiscard]] Result<void> ping(std::uint32_t number, Bytes& out);
    /// Says that this side opens and takes no more streams.
    void go_away(std::uint32_t code, Bytes& out);

private:
    struct Stream {
        std::uint32_t id = 0;
        bool ours = false;
        bool acknowledged = false; ///< of ours
        bool ended_here = false;
        bool ended_there = false;
        std::uint32_t may_send = kYamuxInitialWindow;
        std::uint32_t may_come = kYamuxInitialWindow;
        std::uint32_t window = kYamuxInitialWindow;
        std::size_t unread = 0;
    };
    using Streams = std::unordered_map<StreamId, Stream>;

    [[nodiscard]] Result<std::size_t> take(BytesView input, Bytes& replies, MuxEvents& events);
    [[nodiscard]] bool take_data(BytesView input, std::size_t& taken, MuxEvents& events);
    [[nodiscard]] Result<void> handle(const YamuxHeader& header, Bytes& replies, MuxEvents& events);
    [[nodiscard]] Result<void> handle_stream(const YamuxHeader& header, Bytes& replies,
                                             MuxEvents& events);
    [[nodiscard]] Result<void> handle_ping(const YamuxHeader& header, Bytes& replies,
                                           MuxEvents& events);
    [[nodiscard]] Result<void> open_from_peer(std::uint32_t id, Bytes& replies, MuxEvents& events);
    [[nodiscard]] Result<void> widen_send(Streams::iterator stream, std::uint32_t by,
                                          MuxEvents& events);
    StreamId add(std::uint32_t id, bool ours);
    void acknowledge(Stream& stream);
    void replenish(Stream& stream, Bytes& out);
    void drop(Streams::iterator stream);
    void drop_if_over(Streams::iterator stream);

    MuxLimits limits_;
    detail::Unread unread_;
    Side side_;
    Streams streams_;
    std::unordered_map<std::uint32_t, StreamId> ids_;
    StreamId next_stream_ = 1;
    std::uint64_t next_id_;
    std::size_t out_count_ = 0;
    std::size_t unacknowledged_ = 0;
    std::vector<std::uint32_t> pings_; ///< on their way
    bool closing_ = false;             ///< either side has said go_away
    // Of the frame that is being read.
    Bytes head_;             ///< of a header that was cut
    std::uint32_t left_ = 0; ///< bytes of data still to come
    StreamId for_ = 0;       ///< whose they are; 0: nobody's, they are passed over
    bool fin_after_ = false; ///< the stream ends behind them
};

} // namespace codex::net::mux
