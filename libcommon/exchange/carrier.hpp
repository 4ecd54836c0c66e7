// What brings peers, and the streams of bytes that block exchange has with them: a libp2p host, or
// a pipe (exchange/pipe.hpp).
#pragma once

#include "base/event_loop.hpp"
#include "net/identity/peer_id.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace codex::exchange {

/// One stream of a peer. Whoever lets go of it before both sides have ended it resets it.
/// Threads: the loop's; one coroutine reads, and one writes, at a time.
class PeerStream {
public:
    virtual ~PeerStream() = default;
    [[nodiscard]] virtual const net::PeerId& peer() const = 0;
    /// What has come and was not consumed. Valid until the next wait.
    [[nodiscard]] virtual BytesView unread() const = 0;
    virtual void consume(std::size_t count) = 0;
    /// Waits until something is unread; false when there will be no more. Errors: unavailable.
    [[nodiscard]] virtual Task<Result<bool>> wait_unread() = 0;
    /// Returns when the last of `bytes`, which live until then, is on its way. Errors: timeout,
    /// unavailable; after one the stream is of no more use.
    [[nodiscard]] virtual Task<Result<void>> write(BytesView bytes, Clock::Instant until) = 0;
    /// Nothing more will be written.
    virtual void end() = 0;
    virtual void reset() = 0;
};

/// Threads: the loop's.
class Carrier {
public:
    /// Serves one stream; it goes with the task.
    using Handler = std::function<Task<void>(std::unique_ptr<PeerStream>)>;

    virtual ~Carrier() = default;
    /// Once, before the first peer: who is given the streams that peers open.
    virtual void start(Handler handler) = 0;
    /// Peers that are there now; may name one several times.
    [[nodiscard]] virtual std::vector<net::PeerId> connected() const = 0;
    [[nodiscard]] virtual bool is_connected(const net::PeerId& peer) const = 0;
    /// Is told when one comes or goes.
    [[nodiscard]] virtual Signal& changed() = 0;
    /// A stream with one that is there. Errors: not_found; protocol_unsupported when it exchanges
    /// no blocks; timeout, unavailable.
    [[nodiscard]] virtual Task<Result<std::unique_ptr<PeerStream>>> open(net::PeerId peer,
                                                                         Clock::Instant until) = 0;
    virtual void drop(const net::PeerId& peer, std::string_view why) = 0;
    /// All that is said to a peer goes over one stream, message by message.
    [[nodiscard]] virtual bool has_one_stream() const { return false; }
};

} // namespace codex::exchange
