#include "node/rest/upload_turns.hpp"

#include <algorithm>

namespace codex::node::rest {

namespace {

constexpr Clock::Duration kTurnPause = std::chrono::milliseconds(250);
/// Others wait for so long before somebody has to make room, who sends less than kLeastBytes in it.
constexpr Clock::Duration kSlow = std::chrono::seconds(5);
constexpr std::size_t kLeastBytes = std::size_t{5} * 65536;
/// For a turn, when none ends and nobody is slow.
constexpr Clock::Duration kLongest = std::chrono::seconds(60);

} // namespace

Task<Result<void>> UploadTurns::wait(UploadTurns* self, std::function<bool()> gone) {
    const Clock::Instant until = self->loop_.now() + kLongest;
    Clock::Instant make_room = self->loop_.now() + kSlow;
    while (self->turns_.size() >= self->most_ && !gone()) {
        const Clock::Instant now = self->loop_.now();
        if (now >= until)
            co_return fail(Errc::timeout,
                           "{} large files are being stored already; ask again later",
                           self->turns_.size());
        if (now >= make_room) { // one for each that waits so long
            self->end_slowest();
            make_room = now + kSlow;
        }
        const Clock::Instant again = now + kTurnPause;
        co_await self->ended_.wait(again);
    }
    co_return Result<void>();
}

void UploadTurns::end_slowest() {
    Turn* slowest = nullptr;
    for (Turn* const turn : turns_)
        if (!turn->given_up_ && turn->waited() >= kSlow &&
            (slowest == nullptr || turn->waited() > slowest->waited()))
            slowest = turn;
    if (slowest != nullptr)
        slowest->give_up();
}

UploadTurns::Turn::Turn(UploadTurns& turns, std::shared_ptr<BodyPipe> pipe)
    : turns_(turns), pipe_(std::move(pipe)), at_(turns.turns_.insert(turns.turns_.end(), this)) {}

UploadTurns::Turn::~Turn() {
    pipe_->cancel();
    turns_.turns_.erase(at_);
    turns_.ended_.notify();
}

/// What the disk is waited for is not the client's.
void UploadTurns::Turn::came(std::size_t bytes) {
    waited_ = waited();
    waiting_since_.reset();
    bytes_ += bytes;
    if (bytes_ < kLeastBytes)
        return;
    bytes_ = 0;
    waited_ = Clock::Duration::zero();
}

Clock::Duration UploadTurns::Turn::waited() const {
    return waiting_since_ ? waited_ + (turns_.loop_.now() - *waiting_since_) : waited_;
}

void UploadTurns::Turn::give_up() {
    given_up_ = true;
    pipe_->finish(Error(Errc::timeout, "too slow, and others wait for their turn"));
}

} // namespace codex::node::rest
