// The body of a request that comes in the loop's thread, for a job that reads it in another.
#pragma once

#include "base/event_loop.hpp"
#include "base/stream.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace codex::node::rest {

/// What comes goes into the memory of the reader that waits for it, so that it is not copied again;
/// while none waits, into a ring of a fixed size, and when that is full nothing is taken from the
/// client. A reader is woken when all of its memory is full, or at the end: more often would cost
/// more than it gives.
/// Threads: take() in one, as a ByteSource; the others but cancel() in the loop's.
class BodyPipe final : public ByteSource {
public:
    /// `loop` outlives it, and what is posted to it.
    BodyPipe(EventLoop& loop, std::size_t ring_bytes);

    /// Puts some bytes, how many it says, into the memory that it is given, which is not empty.
    /// Nobody can cancel meanwhile: it does not wait.
    using Fill = std::function<Result<std::optional<std::size_t>>(MutableBytes)>;
    /// Lets `with` put bytes where there is room, `most` of them; nothing, while there is none.
    /// Errors: those of `with`.
    [[nodiscard]] Result<std::optional<std::size_t>> fill(std::size_t most, const Fill& with);
    [[nodiscard]] bool has_room() const;
    /// Until there may be room, or nobody wants more.
    [[nodiscard]] static Task<void> until_room(BodyPipe* self);
    /// Nothing more comes; with an error, that is what the reader gets behind what has come.
    void finish(std::optional<Error> error = {});
    [[nodiscard]] bool cancelled() const;
    void cancel() override;

private:
    /// What both threads use, and what is posted between them.
    struct Shared {
        explicit Shared(EventLoop& event_loop) : loop(event_loop), changed(event_loop) {}
        EventLoop& loop;
        std::mutex mutex;
        std::condition_variable came;
        std::size_t begin = 0; ///< of what is in the ring; both count on and are never wrapped
        std::size_t end = 0;
        MutableBytes reader; ///< what is to be filled of the memory of one that waits
        bool finished = false;
        bool cancelled = false;
        bool wanted = false; ///< room is waited for
        std::optional<Error> error;
        Signal changed; ///< the loop's
    };
    [[nodiscard]] MutableBytes room();
    [[nodiscard]] bool has_room_now() const;
    static void wake(const std::shared_ptr<Shared>& shared);
    [[nodiscard]] std::size_t take_kept(std::unique_lock<std::mutex>& lock, MutableBytes to);
    [[nodiscard]] Result<std::size_t> take(MutableBytes to) override;

    Bytes ring_;
    std::shared_ptr<Shared> shared_;
};

} // namespace codex::node::rest
