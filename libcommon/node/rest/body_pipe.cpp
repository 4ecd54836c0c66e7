#include "node/rest/body_pipe.hpp"

#include <algorithm>

namespace codex::node::rest {

BodyPipe::BodyPipe(EventLoop& loop, std::size_t ring_bytes)
    : ByteSource("the body of the request"), ring_(ring_bytes),
      shared_(std::make_shared<Shared>(loop)) {}

/// In one piece. With the mutex held.
MutableBytes BodyPipe::room() {
    if (!shared_->reader.empty()) // the ring is empty then
        return shared_->reader;
    const std::size_t free = ring_.size() - (shared_->end - shared_->begin);
    const std::size_t at = shared_->end % ring_.size();
    return MutableBytes(ring_).subspan(at, std::min(free, ring_.size() - at));
}

/// With the mutex held.
bool BodyPipe::has_room_now() const {
    return !shared_->reader.empty() || shared_->end - shared_->begin < ring_.size();
}

bool BodyPipe::has_room() const {
    const std::lock_guard lock(shared_->mutex);
    return has_room_now();
}

/// Keeps the mutex: the memory of a reader is its own again when it has that.
Result<std::optional<std::size_t>> BodyPipe::fill(std::size_t most, const Fill& with) {
    const std::lock_guard lock(shared_->mutex);
    Shared& shared = *shared_;
    const MutableBytes free = room();
    if (free.empty())
        return std::nullopt;
    CODEX_TRY(got, with(free.first(std::min(most, free.size()))));
    if (shared.reader.empty()) {
        shared.end += got.value_or(0);
        return got;
    }
    shared.reader = shared.reader.subspan(got.value_or(0));
    if (shared.reader.empty())
        shared.came.notify_one();
    return got;
}

Task<void> BodyPipe::until_room(BodyPipe* self) {
    const std::shared_ptr<Shared> shared = self->shared_;
    for (;;) {
        {
            const std::lock_guard lock(shared->mutex);
            if (shared->cancelled || self->has_room_now())
                co_return;
            shared->wanted = true;
        }
        co_await shared->changed.wait();
    }
}

void BodyPipe::finish(std::optional<Error> error) {
    const std::lock_guard lock(shared_->mutex);
    shared_->finished = true;
    shared_->error = std::move(error);
    shared_->came.notify_one();
}

bool BodyPipe::cancelled() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->cancelled;
}

void BodyPipe::cancel() {
    const std::lock_guard lock(shared_->mutex);
    shared_->cancelled = true;
    shared_->came.notify_one();
    wake(shared_);
}

/// With the mutex held: tells the loop's thread, once for each wait.
void BodyPipe::wake(const std::shared_ptr<Shared>& shared) {
    if (!shared->wanted)
        return;
    shared->wanted = false;
    shared->loop.post([shared] { shared->changed.notify(); });
}

/// What is in the ring, as far as there is room for it; gives how many bytes.
std::size_t BodyPipe::take_kept(std::unique_lock<std::mutex>& lock, MutableBytes to) {
    Shared& shared = *shared_;
    std::size_t got = 0;
    while (got < to.size() && shared.end != shared.begin) {
        const std::size_t at = shared.begin % ring_.size();
        const std::size_t count =
            std::min({to.size() - got, shared.end - shared.begin, ring_.size() - at});
        lock.unlock(); // who writes does not touch what has not been taken
        std::copy_n(ring_.begin() + static_cast<std::ptrdiff_t>(at), count,
                    to.subspan(got).begin());
        lock.lock();
        shared.begin += count;
        got += count;
        wake(shared_);
    }
    return got;
}

Result<std::size_t> BodyPipe::take(MutableBytes to) {
    std::unique_lock lock(shared_->mutex);
    Shared& shared = *shared_;
    std::size_t got = shared.cancelled ? 0 : take_kept(lock, to);
    shared.reader = to.subspan(got);
    wake(shared_);
    shared.came.wait(
        lock, [&shared] { return shared.cancelled || shared.finished || shared.reader.empty(); });
    got = to.size() - std::exchange(shared.reader, MutableBytes()).size();
    if (shared.cancelled)
        return fail(codex::cancelled("read", name()));
    if (got == 0 && shared.error)
        return fail(std::move(*std::exchange(shared.error, std::nullopt)));
    return got;
}

} // namespace codex::node::rest
