#include "node/rest/body_pipe.hpp"

#include <algorithm>

namespace codex::node::rest {

BodyPipe::BodyPipe(EventLoop& loop, std::size_t ring_bytes)
    : ByteSource("the body of the request"), ring_(ring_bytes),
      shared_(std::make_shared<Shared>(loop)) {}

MutableBytes BodyPipe::room() {
    const std::lock_guard lock(shared_->mutex);
    const std::size_t free = ring_.size() - (shared_->end - shared_->begin);
    const std::size_t at = shared_->end % ring_.size();
    return MutableBytes(ring_).subspan(at, std::min(free, ring_.size() - at));
}

void BodyPipe::filled(std::size_t bytes) {
    const std::lock_guard lock(shared_->mutex);
    shared_->end += bytes;
    shared_->came.notify_one();
}

Task<void> BodyPipe::until_room(BodyPipe* self) {
    const std::shared_ptr<Shared> shared = self->shared_;
    for (;;) {
        {
            const std::lock_guard lock(shared->mutex);
            if (shared->cancelled || shared->end - shared->begin < self->ring_.size())
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

Result<std::size_t> BodyPipe::take(MutableBytes to) {
    std::unique_lock lock(shared_->mutex);
    Shared& shared = *shared_;
    shared.came.wait(lock, [&shared] {
        return shared.cancelled || shared.finished || shared.end != shared.begin;
    });
    if (shared.cancelled)
        return fail(codex::cancelled("read", name()));
    if (shared.end == shared.begin) {
        if (shared.error)
            return fail(std::move(*std::exchange(shared.error, std::nullopt)));
        return std::size_t{0};
    }
    const std::size_t at = shared.begin % ring_.size();
    const std::size_t count = std::min({to.size(), shared.end - shared.begin, ring_.size() - at});
    lock.unlock(); // who writes does not touch what has not been taken
    std::copy_n(ring_.begin() + static_cast<std::ptrdiff_t>(at), count, to.begin());
    lock.lock();
    shared.begin += count;
    wake(shared_);
    return count;
}

} // namespace codex::node::rest
