// One client of a server.
#pragma once

#include "http/parser.hpp"
#include "http/server.hpp"

namespace codex::http::detail {

/// Bytes that have come and are not read: memory only while there are some.
/// Threads: the loop's.
class Input {
public:
    explicit Input(std::size_t most) : most_(most) {}

    [[nodiscard]] BytesView bytes() const {
        return BytesView(bytes_).subspan(begin_, end_ - begin_);
    }
    [[nodiscard]] bool full() const { return end_ - begin_ >= most_; }
    void take(std::size_t count);
    /// Much is to come: the memory is kept, and all there may be.
    void set_busy(bool busy);
    /// Reads what there is: nothing, when there is nothing yet; 0 at the end. It is not full.
    /// Errors: those of the socket.
    [[nodiscard]] Result<std::optional<std::size_t>> fill(Socket& socket);

private:
    std::size_t most_;
    Bytes bytes_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool busy_ = false;
};

/// How long a client may be waited for, one way: `span` for each `least_bytes`. What it is not
/// waited for, because something else is awaited, does not count. Threads: one at a time.
class Patience {
public:
    Patience(Clock::Duration span, std::size_t least_bytes) : span_(span), least_(least_bytes) {}

    /// It is waited for from now on, and how long it may be.
    [[nodiscard]] Clock::Instant begin(Clock::Instant now) {
        since_ = now;
        return now + span_ - waited_;
    }
    void end(Clock::Instant now) {
        waited_ += now - *since_;
        since_.reset();
    }
    /// Without pause, if it is waited for now; else nothing.
    [[nodiscard]] Clock::Duration waited(Clock::Instant now) const {
        return since_ ? waited_ + (now - *since_) : Clock::Duration::zero();
    }
    void moved(std::size_t bytes) {
        moved_ += bytes;
        if (moved_ >= least_)
            renew();
    }
    void renew() {
        moved_ = 0;
        waited_ = Clock::Duration::zero();
    }

private:
    Clock::Duration span_;
    std::size_t least_;
    std::size_t moved_ = 0;
    Clock::Duration waited_ = Clock::Duration::zero();
    std::optional<Clock::Instant> since_;
};

/// Threads: the loop's.
class Connection final : public Exchange {
public:
    Connection(EventLoop& loop, std::unique_ptr<Socket> socket, const ServerOptions& options)
        : loop_(loop), socket_(std::move(socket)), options_(options), input_(options.buffer_bytes),
          reading_(options.stall, options.stall_bytes),
          sending_(options.stall, options.stall_bytes), left_(loop) {}

    /// Waits for the next request; nothing, when the client ends, or asks for nothing in time.
    /// Errors: those of RequestParser::head().
    [[nodiscard]] static Task<Result<std::optional<Request>>> next(Connection* self);
    /// Answers it by `handler`, or says what it could not be answered for, memory that was refused
    /// included; gives whether there may be another one.
    [[nodiscard]] static Task<bool> serve(Connection* self, Handler* handler);
    /// Says what is wrong with a request that could not be read.
    [[nodiscard]] static Task<void> refuse(Connection* self, const Error* error);
    /// Ends it so that the client reads what it was sent.
    [[nodiscard]] static Task<void> finish(Connection* self);
    void close() {
        closed_ = true;
        socket_->close();
    }
    /// How long the client is waited for now to send, or take, so much as it should without pause;
    /// nothing, while something else is awaited, or it is closed already.
    [[nodiscard]] Clock::Duration waited_for() const;

    [[nodiscard]] const Request& request() const override { return parser_->request(); }
    [[nodiscard]] SocketAddress remote() const override { return socket_->remote(); }
    [[nodiscard]] Result<std::optional<std::size_t>> try_read(MutableBytes to) override;
    [[nodiscard]] Task<Result<void>> readable() override;
    [[nodiscard]] Task<Result<void>> answer(Answer answer, std::string body) override;
    [[nodiscard]] Task<Result<void>> begin(Answer answer,
                                           std::optional<std::uint64_t> length) override;
    [[nodiscard]] Task<Result<void>> write(BytesView bytes) override;
    [[nodiscard]] Task<Result<void>> end() override;
    [[nodiscard]] bool begun() const override { return begun_; }
    [[nodiscard]] bool gone() const override { return gone_; }
    [[nodiscard]] Signal& left() override { return left_; }

private:
    [[nodiscard]] static Task<Result<void>> handled(Connection* self, Handler* handler);
    [[nodiscard]] Result<std::string> head_of(Answer answer, std::optional<std::uint64_t> length);
    [[nodiscard]] Task<Result<void>> send(BytesView bytes);
    [[nodiscard]] Task<Result<void>> await(Patience* with);
    [[nodiscard]] Task<Result<void>> ready(const Patience* with, Clock::Instant until);
    [[nodiscard]] Result<std::size_t> read_plain(MutableBytes to);
    [[nodiscard]] Result<std::optional<std::size_t>> read_some(MutableBytes to);
    void body_ended();
    static Task<void> watch(Connection* self);

    EventLoop& loop_;
    std::unique_ptr<Socket> socket_;
    const ServerOptions& options_;
    Input input_;
    bool first_ = true; ///< the request that is waited for
    Patience reading_;  ///< with the client, who is to send
    Patience sending_;  ///< and to take
    bool closed_ = false;

    // Of one request.
    std::optional<RequestParser> parser_;
    bool asked_ = false; ///< for its body
    bool begun_ = false; ///< its answer
    bool ended_ = false;
    bool chunks_ = false;       ///< are what the answer goes in
    bool to_close_ = false;     ///< its end is that of the connection
    bool last_ = false;         ///< the connection ends with it
    std::uint64_t to_send_ = 0; ///< of an answer of known length
    bool gone_ = false;
    Signal left_;
    std::optional<TaskGroup> watching_; ///< the first to go
};

/// The status that stands for an error of a request.
[[nodiscard]] unsigned status_of(const Error& error);

} // namespace codex::http::detail
