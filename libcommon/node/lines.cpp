#include "node/lines.hpp"

#include "node/control.hpp"

namespace codex::node {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{16} << 10;

} // namespace

/// A line that has come; nothing when none has.
Result<std::optional<std::string>> Lines::take() {
    const std::size_t end = unread_.find('\n', looked_at_);
    if ((end == std::string::npos ? unread_.size() : end) > kMaxLineBytes)
        return fail(Errc::limit_exceeded, "a line is longer than {} bytes", kMaxLineBytes);
    if (end == std::string::npos) {
        looked_at_ = unread_.size();
        return std::optional<std::string>();
    }
    std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    looked_at_ = 0;
    return std::optional<std::string>(std::move(line));
}

Task<Result<std::optional<std::string>>> Lines::next(Lines* self, Clock::Instant until) {
    Bytes piece(kPieceBytes);
    for (;;) {
        auto line = self->take();
        if (!line || *line)
            co_return std::move(line);
        CODEX_CO_TRY(size, read_some(self->socket_.get(), piece, until));
        if (size == 0 && !self->unread_.empty())
            co_return fail(Errc::truncated, "the last line has no end");
        if (size == 0)
            co_return std::optional<std::string>();
        self->unread_.append(as_text(BytesView(piece).first(size)));
    }
}

Task<Result<void>> Lines::say(Lines* self, std::string line, Clock::Instant until) {
    if (line.size() > kMaxLineBytes)
        co_return fail(Errc::limit_exceeded, "a line is longer than {} bytes", kMaxLineBytes);
    line += '\n';
    co_return co_await write_all(self->socket_.get(), as_bytes(line), until);
}

Task<Result<void>> Lines::stirs(Lines* self) {
    Bytes piece(1);
    while (self->unread_.empty()) {
        CODEX_CO_TRY(size, read_some(self->socket_.get(), piece, Clock::Instant::max()));
        if (size == 0)
            co_return Result<void>();
        self->unread_.append(as_text(piece));
    }
    co_return Result<void>();
}

} // namespace codex::node
