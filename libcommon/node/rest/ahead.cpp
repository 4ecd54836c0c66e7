#include "node/rest/ahead.hpp"

#include <algorithm>

namespace codex::node::rest {

namespace {

constexpr std::size_t kPieces = 4;
constexpr std::size_t kPiecesOfJob = 2;
constexpr std::uint64_t kBytesOfAll = std::uint64_t{64} << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{2} << 20;
constexpr std::uint64_t kLeastBytes = std::uint64_t{64} << 10;

std::vector<Result<Piece>> read_into(Pieces& pieces, std::vector<RawBytes>& buffers,
                                     std::uint64_t most_bytes) {
    std::vector<Result<Piece>> read;
    for (RawBytes& buffer : buffers) {
        read.push_back(pieces.next(std::move(buffer), most_bytes));
        if (!read.back() || read.back()->content.empty())
            break;
    }
    return read;
}

Executor& executor_of(Service& service, const Pieces& pieces) {
    if (pieces.may_take_long())
        return service.long_jobs;
    return service.executor;
}

} // namespace

Ahead::Ahead(Service& service, std::shared_ptr<Pieces> of)
    : service_(service), loop_(service.loop), pieces_(std::move(of)),
      executor_(executor_of(service, *pieces_)), room_(kPieces), changed_(loop_), tasks_(loop_) {
    ++service_.downloading;
    go_on();
}

Task<Result<Piece>> Ahead::take(Ahead* self) {
    while (self->ready_.empty()) {
        co_await self->changed_.wait();
    }
    Result<Piece> piece = std::move(self->ready_.front());
    self->ready_.pop_front();
    co_return piece;
}

void Ahead::give_back(Piece piece) {
    spare_.push_back(std::move(piece.buffer));
    ++room_;
    changed_.notify();
}

std::uint64_t Ahead::most_bytes() const {
    return std::clamp(kBytesOfAll / (kPieces * service_.downloading), kLeastBytes, kMostBytes);
}

/// At most `most`, each used before where there is such a one.
std::vector<RawBytes> Ahead::buffers(std::size_t most) {
    std::vector<RawBytes> taken(std::min(most, room_));
    room_ -= taken.size();
    for (RawBytes& buffer : taken) {
        if (spare_.empty())
            break;
        if (spare_.back().capacity() <= 2 * most_bytes())
            buffer = std::move(spare_.back());
        spare_.pop_back();
    }
    return taken;
}

Task<void> Ahead::read(Ahead* self) {
    for (std::size_t most = 1;; most = kPiecesOfJob) { // the first waits for no other
        while (self->room_ == 0) {
            co_await self->changed_.wait();
        }
        std::vector<RawBytes> buffers = self->buffers(most);
        const std::size_t count = buffers.size();
        auto job = [pieces = self->pieces_, taken = std::move(buffers),
                    bytes = self->most_bytes()]() mutable {
            return read_into(*pieces, taken, bytes);
        };
        auto read = co_await offload(self->loop_, self->executor_, std::move(job));
        const bool more = read.back() && !read.back()->content.empty();
        self->room_ += count - read.size();
        for (Result<Piece>& piece : read)
            self->ready_.push_back(std::move(piece));
        self->changed_.notify();
        if (!more)
            co_return;
    }
}

} // namespace codex::node::rest
