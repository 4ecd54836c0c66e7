#include "net/connection/stream.hpp"

#include "net/connection/connection.hpp"
#include "net/select/negotiation.hpp"

#include <algorithm>

namespace codex::net {

namespace {

/// What is pending is a view into what the writer has: it goes when he does.
class Pending {
public:
    Pending(std::shared_ptr<detail::StreamState> state, std::span<const BytesView> pieces)
        : state_(std::move(state)) {
        state_->pending = detail::PendingBytes(pieces);
    }
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    ~Pending() { state_->pending = detail::PendingBytes(); }

private:
    std::shared_ptr<detail::StreamState> state_;
};

} // namespace

Stream::~Stream() {
    if (state_)
        connection_->release(*state_);
}

const PeerId& Stream::peer() const {
    return connection_->peer();
}

Error Stream::lost() const {
    return {Errc::unavailable,
            fmt::format("stream {} with {} was reset", state_->protocol, peer().text())};
}

Error Stream::takes_nothing() const {
    return {Errc::timeout,
            fmt::format("{} took nothing on {} in time", peer().text(), state_->protocol)};
}

void Stream::consume(std::size_t count) {
    state_->unread.drop(count);
    connection_->consumed(*state_, count);
}

Task<Result<bool>> Stream::wait_more(std::size_t have, Clock::Instant until) {
    const std::shared_ptr<detail::StreamState> state = state_;
    while (state->unread.size() <= have && !state->ended_there && !state->lost) {
        const auto in_time = co_await state->changed.wait(until);
        if (!in_time)
            co_return fail(Errc::timeout, "{} said nothing on {} in time", peer().text(),
                           state->protocol);
    }
    if (state->unread.size() > have)
        co_return true;
    if (state->lost)
        co_return fail(lost());
    co_return false;
}

Task<Result<std::size_t>> Stream::read_some(MutableBytes to, Clock::Instant until) {
    CODEX_CO_TRY(more, wait_more(0, until));
    if (!more)
        co_return std::size_t{0};
    const std::size_t size = std::min(to.size(), unread().size());
    std::copy_n(unread().begin(), size, to.begin());
    consume(size);
    co_return size;
}

Task<Result<void>> Stream::read(MutableBytes to, Clock::Instant until) {
    while (!to.empty()) {
        CODEX_CO_TRY(size, read_some(to, until));
        if (size == 0)
            co_return fail(Errc::truncated, "{} ended {} early", peer().text(), protocol());
        to = to.subspan(size);
    }
    co_return Result<void>();
}

Task<Result<void>> Stream::write(BytesView bytes, Clock::Instant until) {
    const std::shared_ptr<detail::StreamState> state = state_;
    const Pending pending(state, std::span(&bytes, 1));
    if (!bytes.empty())
        connection_->queue(state);
    while (!state->pending.empty()) {
        if (state->lost || state->ended_here)
            co_return fail(lost());
        const auto in_time = co_await state->taken.wait(until);
        if (!in_time)
            co_return fail(takes_nothing());
    }
    co_return Result<void>();
}

Task<Result<void>> Stream::write_pieces(std::vector<BytesView> pieces, Clock::Duration patience) {
    const std::shared_ptr<detail::StreamState> state = state_;
    const Pending pending(state, pieces);
    EventLoop& loop = connection_->loop_;
    Clock::Instant until = loop.now() + patience;
    std::size_t left = state->pending.size();
    if (left != 0)
        connection_->queue(state);
    while (!state->pending.empty()) {
        if (state->lost || state->ended_here)
            co_return fail(lost());
        const auto in_time = co_await state->taken.wait(until);
        if (!in_time)
            co_return fail(takes_nothing());
        if (std::exchange(left, state->pending.size()) != left)
            until = loop.now() + patience;
    }
    co_return Result<void>();
}

void Stream::end() {
    connection_->end(*state_);
}

void Stream::reset() {
    connection_->reset_stream(*state_);
}

Task<Result<void>> Stream::finish(Clock::Instant until) {
    end();
    for (;;) {
        CODEX_CO_TRY(more, wait_more(0, until));
        if (!more)
            co_return Result<void>();
        consume(unread().size());
    }
}

Task<Result<void>> Stream::propose(std::vector<std::string> protocols, Clock::Instant until) {
    state_->protocol = protocols.front(); // for messages, until another one is agreed on
    select::Dialer dialer(std::move(protocols));
    Bytes out;
    dialer.start(out);
    std::size_t have = 0; // of a line that is cut
    for (;;) {
        CODEX_CO_CHECK(write(out, until));
        out.clear();
        if (dialer.done())
            break;
        CODEX_CO_TRY(more, wait_more(have, until));
        if (!more)
            co_return fail(Errc::truncated, "{} ended {} early", peer().text(), protocol());
        auto taken = dialer.receive(unread(), out);
        if (!taken)
            co_return fail(std::move(taken.error()));
        consume(*taken);
        have = unread().size();
    }
    state_->protocol = dialer.chosen();
    connection_->count_protocol(*state_);
    co_return Result<void>();
}

Task<Result<void>> Stream::answer(const std::vector<std::string>* served, Clock::Instant until) {
    select::Listener listener(*served);
    Bytes out;
    std::size_t have = 0; // of a line that is cut
    while (!listener.done()) {
        CODEX_CO_TRY(more, wait_more(have, until));
        if (!more)
            co_return fail(Errc::truncated, "{} ended a stream early", peer().text());
        auto taken = listener.receive(unread(), out);
        if (!taken)
            co_return fail(std::move(taken.error()));
        consume(*taken);
        have = unread().size();
        CODEX_CO_CHECK(write(out, until));
        out.clear();
    }
    state_->protocol = listener.chosen();
    connection_->count_protocol(*state_);
    co_return Result<void>();
}

} // namespace codex::net
