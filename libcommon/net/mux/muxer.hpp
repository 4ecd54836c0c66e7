// Many streams over one connection, without sockets: bytes go in and become events, calls become
// bytes (codex-libp2p(7), MPLEX and YAMUX).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace codex::net::mux {

/// Names a stream of one connection, on this side; never used again there.
using StreamId = std::uint64_t;

/// The side of the connection: who dialled it.
enum class Side : std::uint8_t { dialer, listener };

/// Most bytes of a frame that is written, header and payload: one full frame of Noise.
constexpr std::size_t kMaxWrittenFrameBytes = 65519;

/// What one connection may hold. A peer that goes beyond is refused what it wants, or waits.
struct MuxLimits {
    /// Streams that the peer may have open; a further one is reset at once.
    std::size_t streams_in = 64;
    /// Streams that this side may have open; a further one is mux_limit. Peers of the network close
    /// a connection at the 201st.
    std::size_t streams_out = 128;
    /// Bytes of a stream that were given out and not consumed(), and of all streams.
    std::size_t unread_stream_bytes = std::size_t{1} << 20;
    std::size_t unread_bytes = std::size_t{4} << 20;
    /// Answers in `replies` that receive() was given: it takes no more input beyond.
    std::size_t reply_bytes = std::size_t{64} << 10;
};

/// What the peer did. Called within receive(), and must not call the muxer.
/// Threads: that of receive().
class MuxEvents {
public:
    virtual ~MuxEvents() = default;
    /// A stream of the peer's, which may be written to at once.
    virtual void opened(StreamId stream) = 0;
    /// Bytes of a stream, a view into the input. They count as unread until consumed().
    virtual void data(StreamId stream, BytesView bytes) = 0;
    /// The peer says nothing more on the stream; this side still may.
    virtual void ended(StreamId stream) = 0;
    /// The stream is no more; what was not sent is lost.
    virtual void reset(StreamId stream) = 0;
    /// writable() of the stream has grown from 0.
    virtual void writable_again(StreamId stream) = 0;
    /// The answer to a ping() with this number.
    virtual void pong(std::uint32_t number) = 0;
    /// The peer opens and takes no more streams; those that are open go on. 0: it is well.
    virtual void go_away(std::uint32_t code) = 0;
    /// A stream of the peer's was reset at once, as it would be one too many.
    virtual void refused() = 0;
};

/// One connection's streams. Where a call takes `out`, it appends what is to be sent, and all that
/// different calls append is sent in the order of the calls; but that what receive() appends to
/// `replies` may overtake, between two calls. Calls that name a stream which is no more do nothing.
/// Threads: one at a time.
class Muxer {
public:
    virtual ~Muxer() = default;

    /// Takes input up to the first byte for which there is no room (paused(), reply_bytes), and
    /// returns how many; the caller keeps the rest, and gives it again when there is. Errors:
    /// mux_invalid. What `replies` has then is still to be sent, then the connection is to be
    /// closed.
    [[nodiscard]] virtual Result<std::size_t> receive(BytesView input, Bytes& replies,
                                                      MuxEvents& events) = 0;

    /// Opens a stream, which may be written to at once. Errors: mux_limit.
    [[nodiscard]] virtual Result<StreamId> open(Bytes& out) = 0;

    /// How many bytes begin_data() would take now at the most: 0 when this side has ended the
    /// stream, when it is no more, and while the peer has no room.
    [[nodiscard]] virtual std::size_t writable(StreamId stream) const = 0;
    /// Appends the header of a frame for min(wanted, writable()) bytes, and returns that number;
    /// the caller appends exactly so many bytes of payload behind it. Nothing, for 0.
    [[nodiscard]] virtual std::size_t begin_data(StreamId stream, std::size_t wanted,
                                                 Bytes& out) = 0;
    /// Both in one, for as many frames as are needed; returns how many bytes were written.
    [[nodiscard]] std::size_t write(StreamId stream, BytesView bytes, Bytes& out);

    /// Says that nothing more will be written to the stream.
    virtual void end(StreamId stream, Bytes& out) = 0;
    /// Gives the stream up, both ways. What of it is unread counts no more.
    virtual void reset(StreamId stream, Bytes& out) = 0;
    /// So many of the bytes that events gave are out of memory.
    virtual void consumed(StreamId stream, std::size_t bytes, Bytes& out) = 0;

    /// No input is taken until something is consumed(): a stream or all of them hold what they may.
    [[nodiscard]] virtual bool paused() const = 0;
    /// Streams that are open, at least one way: of the peer's, and of this side's.
    [[nodiscard]] virtual std::size_t streams_in() const = 0;
    [[nodiscard]] virtual std::size_t streams_out() const = 0;
    /// Bytes that events gave and that are not consumed.
    [[nodiscard]] virtual std::size_t unread_bytes() const = 0;
};

} // namespace codex::net::mux
