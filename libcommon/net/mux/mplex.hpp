// The streams of an mplex connection (codex-libp2p(7), MPLEX). mplex has no flow control: what a
// stream leaves unread holds up all others, so every stream is to be read or reset.
#pragma once

#include "net/mux/detail/unread.hpp"
#include "net/mux/mplex_frame.hpp"
#include "net/mux/muxer.hpp"

#include <unordered_map>

namespace codex::net::mux {

/// Threads: one at a time.
class Mplex final : public Muxer {
public:
    explicit Mplex(const MuxLimits& limits = {}) : limits_(limits), unread_(limits) {}

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

private:
    /// Numbers of both sides are apart, so a stream is its number and whose it is.
    struct Key {
        std::uint64_t id = 0;
        bool ours = false;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const noexcept {
            return std::hash<std::uint64_t>()(key.id << 1 | (key.ours ? 1 : 0));
        }
    };
    struct Stream {
        Key key;
        std::size_t unread = 0;
        bool ended_here = false;
        bool ended_there = false;
    };
    using Streams = std::unordered_map<StreamId, Stream>;

    [[nodiscard]] Result<bool> next_header(BytesView input, std::size_t& taken, Bytes& replies,
                                           MuxEvents& events);
    [[nodiscard]] Result<void> handle_header(const MplexHeader& header, Bytes& replies,
                                             MuxEvents& events);
    [[nodiscard]] Result<void> open_from_peer(std::uint64_t id, Bytes& replies, MuxEvents& events);
    [[nodiscard]] bool take_payload(BytesView input, std::size_t& taken, MuxEvents& events);
    StreamId add(const Key& key);
    void drop_if_over(Streams::iterator stream);
    void drop(Streams::iterator stream);

    MuxLimits limits_;
    detail::Unread unread_;
    Streams streams_;
    std::unordered_map<Key, StreamId, KeyHash> ids_;
    StreamId next_stream_ = 1;
    std::uint64_t next_id_ = 1;
    std::size_t out_count_ = 0;
    // Of the frame that is being read.
    Bytes head_;           ///< of a header that was cut
    std::size_t left_ = 0; ///< bytes of payload still to come
    StreamId for_ = 0;     ///< whose they are; 0: nobody's, they are passed over
};

} // namespace codex::net::mux
