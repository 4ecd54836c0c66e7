// The body of a request that comes in the loop's thread, for a job that reads it in another.
#pragma once

#include "base/event_loop.hpp"
#include "base/stream.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

namespace codex::node::rest {

/// Bytes wait in a ring of a fixed size: who writes waits for room, who reads for bytes.
/// Threads: take() in one, as a ByteSource; the others but cancel() in the loop's.
class BodyPipe final : public ByteSource {
public:
    /// `loop` outlives it, and what is posted to it.
    BodyPipe(EventLoop& loop, std::size_t ring_bytes);

    /// Room for bytes in one piece, which is empty while there is none.
    [[nodiscard]] MutableBytes room();
    /// So many bytes of it are there now.
    void filled(std::size_t bytes);
    /// Until there may be room again, or nobody wants more.
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
        std::size_t begin = 0; ///< both count on and are never wrapped
        std::size_t end = 0;
        bool finished = false;
        bool cancelled = false;
        bool wanted = false; ///< room is waited for
        std::optional<Error> error;
        Signal changed; ///< the loop's
    };
    static void wake(const std::shared_ptr<Shared>& shared);
    [[nodiscard]] Result<std::size_t> take(MutableBytes to) override;

    Bytes ring_;
    std::shared_ptr<Shared> shared_;
};

} // namespace codex::node::rest
