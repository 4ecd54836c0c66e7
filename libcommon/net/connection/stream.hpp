// One stream of a connection, as protocols use it.
#pragma once

#include "base/task.hpp"
#include "net/connection/detail/stream_state.hpp"
#include "net/identity/peer_id.hpp"

namespace codex::net {

class Connection;

/// Bytes both ways, each direction ended by its writer. Whoever lets go of it before both have
/// ended resets it. It keeps the connection's state, though not the connection, alive.
/// Threads: the loop's; one coroutine reads, and one writes, at a time.
class Stream {
public:
    Stream(std::shared_ptr<Connection> connection, std::shared_ptr<detail::StreamState> state)
        : connection_(std::move(connection)), state_(std::move(state)) {}
    Stream(Stream&&) noexcept = default;
    Stream& operator=(Stream&&) = delete;
    ~Stream();

    [[nodiscard]] const PeerId& peer() const;
    [[nodiscard]] Connection& connection() const { return *connection_; }
    /// What was agreed on.
    [[nodiscard]] const std::string& protocol() const { return state_->protocol; }

    /// What has come and was not consumed. Valid until the next wait.
    [[nodiscard]] BytesView unread() const { return state_->unread.view(); }
    /// Takes `count` of them off the front, so that the peer may send more.
    void consume(std::size_t count);
    /// Waits until more than `have` bytes are unread; false when there will be no more. Errors:
    /// timeout; unavailable, when the stream was reset or the connection is no more.
    [[nodiscard]] Task<Result<bool>> wait_more(std::size_t have, Clock::Instant until);
    /// What there is, at least one byte, consumed; 0 at the end. Errors: as wait_more().
    [[nodiscard]] Task<Result<std::size_t>> read_some(MutableBytes to, Clock::Instant until);
    /// Fills `to`. Errors: as wait_more(); truncated, when the end comes before.
    [[nodiscard]] Task<Result<void>> read(MutableBytes to, Clock::Instant until);
    /// Returns when the last of `bytes`, which live until then, is on its way: so who writes is
    /// held up as long as the peer, or the network, is. Errors: as wait_more(); after timeout some
    /// are gone and the stream is of no more use.
    [[nodiscard]] Task<Result<void>> write(BytesView bytes, Clock::Instant until);
    /// The same for bytes that stand in several pieces, which go as one: given up when none of them
    /// is taken for `patience`, so that whoever takes them slowly, but takes them, may.
    [[nodiscard]] Task<Result<void>> write_pieces(std::vector<BytesView> pieces,
                                                  Clock::Duration patience);
    /// Nothing more will be written.
    void end();
    /// Gives it up, both ways.
    void reset();
    /// Ends it, and waits until the peer has, too, so that what was written arrives: what it still
    /// says is passed over. Errors: as wait_more().
    [[nodiscard]] Task<Result<void>> finish(Clock::Instant until);

    /// Agreeing on a protocol, at its beginning. Errors: as wait_more(); select_invalid;
    /// protocol_unsupported; truncated.
    [[nodiscard]] Task<Result<void>> propose(std::vector<std::string> protocols,
                                             Clock::Instant until);
    /// The same as the side that is asked; `served` outlives it.
    [[nodiscard]] Task<Result<void>> answer(const std::vector<std::string>* served,
                                            Clock::Instant until);

private:
    [[nodiscard]] Error lost() const;
    [[nodiscard]] Error takes_nothing() const;
    std::shared_ptr<Connection> connection_;
    std::shared_ptr<detail::StreamState> state_;
};

} // namespace codex::net
