#include "http/detail/connection.hpp"

#include <algorithm>
#include <new>

namespace codex::http::detail {

namespace {

constexpr std::size_t kQuietBytes = 4096; ///< of the buffer, at first
constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";

} // namespace

unsigned status_of(const Error& error) {
    switch (error.code()) {
    case Errc::limit_exceeded:
        return 431;
    case Errc::unsupported:
        return 501;
    case Errc::malformed:
        return 400;
    default:
        return static_cast<unsigned>(errc_http_status(error.code()));
    }
}

// --- what has come ------------------------------------------------------------------------------

void Input::take(std::size_t count) {
    begin_ += count;
    if (begin_ != end_)
        return;
    begin_ = end_ = 0;
    if (!busy_)
        bytes_ = Bytes(); // one that is quiet has none
}

void Input::set_busy(bool busy) {
    busy_ = busy;
    take(0);
}

Result<std::optional<std::size_t>> Input::fill(Socket& socket) {
    if (begin_ != 0) {
        std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.begin());
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == bytes_.size())
        bytes_.resize(busy_ ? most_ : std::min(most_, std::max(2 * bytes_.size(), kQuietBytes)));
    CODEX_TRY(got, socket.try_read(MutableBytes(bytes_).subspan(end_)));
    end_ += got.value_or(0);
    take(0);
    return got;
}

// --- requests -----------------------------------------------------------------------------------

Task<Result<std::optional<Request>>> Connection::next(Connection* self) {
    RequestParser& parser = self->parser_.emplace(self->options_.head_bytes);
    self->asked_ = self->begun_ = self->ended_ = false;
    self->chunks_ = self->to_close_ = self->last_ = false;
    self->to_send_ = 0;
    self->reading_.renew();
    self->sending_.renew();
    const Clock::Duration patience = self->first_ ? self->options_.head : self->options_.idle;
    Clock::Instant until = self->loop_.now() + patience;
    bool began = false;
    self->first_ = false;
    for (;;) {
        const BytesView bytes = self->input_.bytes();
        if (!bytes.empty() && !began) {
            began = true;
            until = self->loop_.now() + self->options_.head;
        }
        auto head = parser.head(bytes);
        if (!head)
            co_return fail(std::move(head).error());
        if (*head) {
            self->input_.take(**head);
            if (parser.done())
                self->body_ended();
            co_return std::optional<Request>(parser.request());
        }
        if (self->gone_)
            co_return std::optional<Request>();
        auto got = self->input_.fill(*self->socket_);
        if (!got || (*got && **got == 0))
            co_return std::optional<Request>(); // whoever it was, he has left
        if (*got)
            continue;
        const auto came = co_await self->socket_->readable(until);
        if (!came)
            co_return std::optional<Request>();
    }
}

Clock::Duration Connection::waited_for() const {
    if (closed_)
        return Clock::Duration::zero();
    return std::max(reading_.waited(loop_.now()), sending_.waited(loop_.now()));
}

/// From now on what comes is the next request, or the end.
void Connection::body_ended() {
    input_.set_busy(false);
    if (!watching_ && !gone_) {
        watching_.emplace(loop_, [](const std::exception_ptr& /*thrown*/) {});
        watching_->start(watch(this));
    }
}

Task<void> Connection::watch(Connection* self) {
    for (;;) {
        if (self->input_.full())
            co_return; // enough for the next one
        const auto came = co_await self->socket_->readable(Clock::Instant::max());
        auto got = came ? self->input_.fill(*self->socket_)
                        : Result<std::optional<std::size_t>>(std::size_t{0});
        if (got && (!*got || **got != 0))
            continue;
        self->gone_ = true;
        self->left_.notify();
        co_return;
    }
}

/// What a handler says. That there was no memory for it is an error as others are: the client hears
/// of it, and may come again.
Task<Result<void>> Connection::handled(Connection* self, Handler* handler) {
    try {
        co_return co_await handler->handle(self);
    } catch (const std::bad_alloc&) {
        self->options_.logger.error("a request was given up", {{"error", "no memory is left"}});
    }
    co_return fail(Errc::out_of_memory);
}

Task<bool> Connection::serve(Connection* self, Handler* handler) {
    auto done = co_await handled(self, handler);
    if (!done && !self->begun_ && done.error().code() != Errc::cancelled) {
        const Error* const error = &done.error();
        co_await refuse(self, error);
    }
    self->watching_.reset();
    const bool whole = done && self->ended_ && self->parser_->done();
    co_return whole && !self->last_;
}

Task<void> Connection::refuse(Connection* self, const Error* error) {
    Answer answer{status_of(*error), self->options_.refused_fields};
    self->last_ = true;
    if (error->code() == Errc::timeout || error->code() == Errc::truncated)
        co_return; // nobody is there
    std::string nothing;
    const auto said = co_await self->answer(std::move(answer), std::move(nothing));
    static_cast<void>(said);
}

Task<void> Connection::finish(Connection* self) {
    self->watching_.reset();
    if (self->gone_)
        co_return;
    self->socket_->end();
    const Clock::Instant until = self->loop_.now() + self->options_.linger;
    self->input_.take(self->input_.bytes().size());
    for (;;) {
        const auto came = co_await self->socket_->readable(until);
        if (!came || self->loop_.now() >= until)
            co_return;
        auto got = self->input_.fill(*self->socket_);
        if (!got || (*got && **got == 0))
            co_return;
        self->input_.take(self->input_.bytes().size());
    }
}

// --- its body -----------------------------------------------------------------------------------

/// Without a way by the buffer, for which a large body would be copied.
Result<std::size_t> Connection::read_plain(MutableBytes to) {
    const auto most =
        static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), parser_->plain_left()));
    CODEX_TRY(got, socket_->try_read(to.first(most)));
    if (got && *got == 0)
        return fail(Errc::truncated, "the client has ended before its request");
    parser_->passed(got.value_or(0));
    return got.value_or(0);
}

/// Some of the body that has come: nothing, when more has to come first.
Result<std::optional<std::size_t>> Connection::read_some(MutableBytes to) {
    for (;;) {
        if (parser_->plain_left() != 0 && input_.bytes().empty()) {
            CODEX_TRY(got, read_plain(to));
            return got == 0 ? std::nullopt : std::optional(got);
        }
        CODEX_TRY(step, parser_->body(input_.bytes(), to));
        input_.take(step.taken);
        if (step.given != 0 || parser_->done())
            return step.given;
        if (step.taken != 0)
            continue;
        if (input_.full())
            return fail(Errc::malformed, "the beginning of a chunk is too long");
        CODEX_TRY(got, input_.fill(*socket_));
        if (!got)
            return std::nullopt;
        if (*got == 0)
            return fail(Errc::truncated, "the client has ended before its request");
    }
}

Result<std::optional<std::size_t>> Connection::try_read(MutableBytes to) {
    if (parser_->done())
        return std::size_t{0};
    input_.set_busy(request().chunked);
    CODEX_TRY(got, read_some(to));
    reading_.moved(got.value_or(0));
    if (parser_->done())
        body_ended();
    return got;
}

Task<Result<void>> Connection::readable() {
    if (request().expects_continue && !asked_ && input_.bytes().empty()) {
        const BytesView go_on = as_bytes(kGoOn);
        CODEX_CO_CHECK(send(go_on));
    }
    asked_ = true;
    Patience* const with = &reading_;
    co_return co_await await(with);
}

/// Waits for the client, as far as there is patience: until it sends, or takes.
Task<Result<void>> Connection::await(Patience* with) {
    const Clock::Instant until = with->begin(loop_.now());
    auto done = co_await ready(with, until);
    with->end(loop_.now());
    co_return done;
}

Task<Result<void>> Connection::ready(const Patience* with, Clock::Instant until) {
    return with == &reading_ ? socket_->readable(until) : socket_->writable(until);
}

// --- its answer ---------------------------------------------------------------------------------

Task<Result<void>> Connection::send(BytesView bytes) {
    Patience* const with = &sending_;
    while (!bytes.empty()) {
        auto taken = socket_->try_write(bytes);
        if (!taken)
            co_return fail(std::move(taken).error());
        bytes = bytes.subspan(*taken);
        sending_.moved(*taken);
        if (*taken != 0)
            continue;
        CODEX_CO_CHECK(await(with));
    }
    co_return Result<void>();
}

Result<std::string> Connection::head_of(Answer answer, std::optional<std::uint64_t> length) {
    const bool bodiless = answer.status == 204 || answer.status == 304 || answer.status < 200;
    if (!parser_->done()) // what is left of the request would be taken for the next one
        last_ = true;
    if (const std::string* said = find(answer.fields, "connection");
        said && same_text(*said, "close"))
        last_ = true;
    chunks_ = !length && !bodiless && request().is_1_1;
    to_close_ = !length && !bodiless && !request().is_1_1;
    if (to_close_ || !request().keep_alive)
        last_ = true;
    if (last_)
        set(answer.fields, "Connection", "close");
    else if (!request().is_1_1)
        set(answer.fields, "Connection", "keep-alive");
    if (length && !bodiless)
        set(answer.fields, "Content-Length", std::to_string(*length));
    if (chunks_)
        set(answer.fields, "Transfer-Encoding", "chunked");
    set(answer.fields, "Date", http_date(loop_.clock().unix_seconds()));
    set(answer.fields, "Server", options_.name);
    to_send_ = length.value_or(0);
    return encode_head(answer);
}

Task<Result<void>> Connection::answer(Answer answer, std::string body) {
    CODEX_ASSERT(!begun_);
    auto text = head_of(std::move(answer), body.size());
    if (!text)
        co_return fail(std::move(text).error());
    begun_ = true;
    if (!request().is_head())
        text->append(body);
    const BytesView bytes = as_bytes(*text);
    CODEX_CO_CHECK(send(bytes));
    ended_ = true;
    co_return Result<void>();
}

Task<Result<void>> Connection::begin(Answer answer, std::optional<std::uint64_t> length) {
    CODEX_ASSERT(!begun_);
    auto text = head_of(std::move(answer), length);
    if (!text)
        co_return fail(std::move(text).error());
    begun_ = true;
    const BytesView bytes = as_bytes(*text);
    co_return co_await send(bytes);
}

Task<Result<void>> Connection::write(BytesView bytes) {
    if (request().is_head() || bytes.empty())
        co_return Result<void>();
    if (!chunks_) {
        CODEX_ASSERT(to_close_ || bytes.size() <= to_send_);
        to_send_ -= to_close_ ? 0 : bytes.size();
        co_return co_await send(bytes);
    }
    const std::string size = fmt::format("{:x}\r\n", bytes.size());
    const BytesView before = as_bytes(size);
    CODEX_CO_CHECK(send(before));
    CODEX_CO_CHECK(send(bytes));
    const BytesView after = as_bytes(std::string_view("\r\n"));
    co_return co_await send(after);
}

Task<Result<void>> Connection::end() {
    CODEX_ASSERT(begun_);
    if (!request().is_head() && to_send_ != 0) {
        last_ = true;
        co_return fail(Errc::internal, "an answer is shorter than was said");
    }
    if (chunks_ && !request().is_head()) {
        const BytesView last = as_bytes(std::string_view("0\r\n\r\n"));
        CODEX_CO_CHECK(send(last));
    }
    ended_ = true;
    co_return Result<void>();
}

} // namespace codex::http::detail
