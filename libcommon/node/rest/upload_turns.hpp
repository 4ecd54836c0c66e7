// Turns of large uploads: so many are stored at a time (codex-rest(7), LIMITS).
#pragma once

#include "node/rest/body_pipe.hpp"

#include <functional>
#include <list>

namespace codex::node::rest {

/// Whoever has a turn and sends next to nothing keeps it as long as nobody else wants it.
/// Threads: the loop's.
class UploadTurns {
public:
    class Turn;

    /// `most` at a time. `loop` outlives it, and it the turns.
    UploadTurns(EventLoop& loop, unsigned most) : loop_(loop), most_(most), ended_(loop) {}

    /// Until there may be another Turn, as the next thing, or `gone` says that nobody waits any
    /// more. Who has waited for some seconds has the slowest client's turn ended, if one is slow.
    /// Errors: timeout, when there is none in a minute.
    [[nodiscard]] static Task<Result<void>> wait(UploadTurns* self, std::function<bool()> gone);
    [[nodiscard]] std::size_t size() const { return turns_.size(); }

private:
    void end_slowest();

    EventLoop& loop_;
    const unsigned most_;
    std::list<Turn*> turns_; ///< the oldest first
    Signal ended_;
};

/// One of them, as long as it is there; then its pipe is cancelled, for a job of which nobody
/// waits for the end.
class UploadTurns::Turn {
public:
    Turn(UploadTurns& turns, std::shared_ptr<BodyPipe> pipe);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

    /// From now on the client is waited for, until came().
    void wait_for_client() { waiting_since_ = turns_.loop_.now(); }
    void came(std::size_t bytes);
    /// It was too slow while others waited: its pipe has ended with an error.
    [[nodiscard]] bool given_up() const { return given_up_; }

private:
    friend class UploadTurns;
    /// How long the client was waited for since it last sent as much as it should in kSlow.
    [[nodiscard]] Clock::Duration waited() const;
    void give_up();

    UploadTurns& turns_;
    std::shared_ptr<BodyPipe> pipe_;
    std::list<Turn*>::iterator at_;
    std::optional<Clock::Instant> waiting_since_;
    Clock::Duration waited_ = Clock::Duration::zero();
    std::size_t bytes_ = 0;
    bool given_up_ = false;
};

} // namespace codex::node::rest
