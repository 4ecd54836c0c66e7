// A connection that is encrypted and has streams: one coroutine reads the socket, one writes it,
// and neither waits for the other.
#pragma once

#include "base/network.hpp"
#include "net/connection/budget.hpp"
#include "net/connection/limits.hpp"
#include "net/connection/stream.hpp"
#include "net/connection/traffic.hpp"
#include "net/connection/upgrade.hpp"
#include "net/mux/yamux.hpp"

#include <deque>
#include <unordered_map>

namespace codex::net {

/// Who has connections. Threads: the loop's.
class ConnectionOwner {
public:
    virtual ~ConnectionOwner() = default;
    /// The peer has opened a stream; its protocol is to be agreed on.
    virtual void stream_opened(Stream stream) = 0;
    /// It is no more, and is not to be destroyed within this call.
    virtual void connection_closed(Connection& connection) noexcept = 0;
    /// All connections together hold as much as they may, for so long that some of it is to go.
    virtual void hold_less() = 0;
    /// They may hold more again: room_again() of each.
    virtual void may_hold_more() noexcept = 0;
    /// Where what they do is counted.
    [[nodiscard]] virtual HostTraffic& ledger() noexcept = 0;
};

/// Threads: the loop's.
class Connection final : public std::enable_shared_from_this<Connection>, private mux::MuxEvents {
public:
    /// `owner`, `limits`, `counts` and `budget` outlive it.
    Connection(Upgraded upgraded, EventLoop& loop, ConnectionOwner& owner, const HostLimits& limits,
               LimitCounts& counts, ByteBudget& budget);
    ~Connection() override;

    /// What runs it, to be started once and together; both end when it is closed. What one of them
    /// throws closes it.
    [[nodiscard]] static Task<void> read_loop(std::shared_ptr<Connection> self);
    [[nodiscard]] static Task<void> write_loop(std::shared_ptr<Connection> self);

    [[nodiscard]] const PeerId& peer() const { return peer_; }
    [[nodiscard]] mux::Side side() const { return side_; }
    [[nodiscard]] const std::string& muxer() const { return muxer_name_; }
    [[nodiscard]] SocketAddress local() const { return local_; }
    [[nodiscard]] SocketAddress remote() const { return remote_; }
    [[nodiscard]] Clock::Instant last_traffic() const { return last_traffic_; }
    [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }
    [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }
    [[nodiscard]] std::size_t streams() const { return streams_.size(); }
    /// Those of them that the peer has opened, and that were opened here.
    [[nodiscard]] std::size_t streams_in() const { return muxer_->streams_in(); }
    [[nodiscard]] std::size_t streams_out() const { return muxer_->streams_out(); }
    /// As yamux measures it now and then; nothing by mplex, and while it is not known.
    [[nodiscard]] std::optional<Clock::Duration> round_trip() const { return round_trip_; }
    /// Bytes that came and nobody has consumed.
    [[nodiscard]] std::size_t unread_bytes() const { return muxer_->unread_bytes(); }
    /// Where it waited for room, it looks again.
    void room_again() noexcept { room_.notify(); }
    /// Gives up the stream that holds most of these.
    void reset_unread(Limit limit);

    /// What the peer has said that it is: what goes over it from now on counts for that.
    void set_agent(Agent agent) { agent_ = agent; }

    /// Opens a stream, whose protocol is not agreed on yet. Errors: mux_limit; unavailable, when
    /// the connection is closed.
    [[nodiscard]] Result<Stream> open();

    /// Sends what is left, for two seconds at most, and closes. Streams end at once.
    void close(std::string_view why) noexcept;
    /// It takes and opens no more streams.
    [[nodiscard]] bool closing() const { return closing_; }
    [[nodiscard]] const std::string& why_closed() const { return why_; }

private:
    friend class Stream;
    using State = detail::StreamState;
    // What streams ask for.
    void consumed(State& stream, std::size_t bytes);
    void queue(const std::shared_ptr<State>& stream);
    void end(State& stream);
    void reset_stream(State& stream);
    void release(State& stream) noexcept;
    void count_protocol(State& stream);

    // Events of the muxer.
    void opened(mux::StreamId stream) override;
    void data(mux::StreamId stream, BytesView bytes) override;
    void ended(mux::StreamId stream) override;
    void reset(mux::StreamId stream) override;
    void writable_again(mux::StreamId stream) override;
    void pong(std::uint32_t number) override;
    void go_away(std::uint32_t code) override;
    void refused() override;

    [[nodiscard]] static Task<void> read(Connection* connection);
    [[nodiscard]] static Task<void> write(Connection* connection);
    [[nodiscard]] State* find(mux::StreamId stream);
    [[nodiscard]] Result<void> take_input();
    [[nodiscard]] Result<bool> take_plain(BytesView plain);
    void hand_out_opened();
    [[nodiscard]] bool held_up() const;
    [[nodiscard]] bool awaits_budget() const;
    void hold_up_ends();
    void account() noexcept;
    void grow_window(State& stream, std::size_t bytes);
    void measure_round_trip();
    [[nodiscard]] Result<std::optional<std::size_t>> read_socket();
    void look_for_idle();
    [[nodiscard]] Result<std::size_t> write_socket();
    [[nodiscard]] bool has_given_up(const Error& error, Clock::Instant progress);
    [[nodiscard]] Result<void> gather();
    [[nodiscard]] std::size_t gather_data(State& stream, const std::shared_ptr<State>& shared);
    [[nodiscard]] Result<void> seal(std::size_t size);
    void close_socket();
    void lose(State& stream) noexcept;

    EventLoop& loop_;
    ConnectionOwner& owner_;
    const HostLimits& limits_;
    LimitCounts& counts_;
    ByteBudget& budget_;
    HostTraffic& traffic_;
    Agent agent_ = Agent::unknown;
    std::size_t held_ = 0; ///< of the budget
    std::unique_ptr<Socket> socket_;
    noise::Sealer sealer_;
    noise::Opener opener_;
    PeerId peer_;
    mux::Side side_;
    std::string muxer_name_;
    SocketAddress local_;
    SocketAddress remote_;
    std::unique_ptr<mux::Muxer> muxer_;
    mux::Yamux* yamux_; ///< the same, if it is one
    std::unordered_map<mux::StreamId, std::shared_ptr<State>> streams_;
    std::vector<mux::StreamId> opened_; ///< by the peer, and not handed out yet
    std::deque<std::shared_ptr<State>> turn_;
    Bytes control_; ///< goes before data
    Bytes plain_out_;
    /// Bytes of streams, in front of each of which plain_out_ goes as far as `at`.
    struct Insertion {
        std::size_t at;
        BytesView bytes;
    };
    std::vector<Insertion> insertions_;
    std::vector<BytesView> pieces_; ///< of a frame
    detail::OutFrames out_;
    detail::ByteQueue plain_in_; ///< that the muxer has not taken yet
    std::unique_ptr<std::uint8_t[]> in_;
    std::size_t in_from_ = 0;
    std::size_t in_to_ = 0;
    Signal work_; ///< there is something to send
    Signal room_; ///< there may be room for input
    bool closing_ = false;
    bool closed_ = false;
    std::string why_;
    Clock::Instant last_traffic_;
    std::optional<Clock::Duration> round_trip_;
    std::optional<Clock::Instant> pinged_; ///< and not answered yet
    Clock::Instant next_ping_ = Clock::Instant::min();
    std::uint32_t pings_ = 0;
    std::uint64_t bytes_muxed_ = 0; ///< of those that came, that the muxer has taken
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
};

} // namespace codex::net
