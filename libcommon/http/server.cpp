#include "http/server.hpp"

#include "http/detail/connection.hpp"

#include <algorithm>
#include <list>

namespace codex::http {

using detail::Connection;

namespace {

/// Until descriptors may be free again.
constexpr Clock::Duration kAcceptPause = std::chrono::milliseconds(100);
constexpr Clock::Duration kComplainPause = std::chrono::seconds(10);
/// A client that is waited for so long for its bytes makes room for another.
constexpr Clock::Duration kSlow = std::chrono::seconds(2);

/// What who is not taken is told.
std::string full_text(const Fields& more) {
    Answer answer{503, more};
    set(answer.fields, "Content-Length", "0");
    set(answer.fields, "Connection", "close");
    return encode_head(answer).value_or(std::string());
}

} // namespace

Task<Result<std::size_t>> Exchange::read(MutableBytes to) {
    for (;;) {
        auto got = try_read(to);
        if (!got)
            co_return fail(std::move(got).error());
        if (*got)
            co_return **got;
        CODEX_CO_CHECK(readable());
    }
}

class Server::Impl {
public:
    Impl(EventLoop& event_loop, std::unique_ptr<Acceptor> listening, Handler& answers,
         ServerOptions given)
        : loop(event_loop), acceptor(std::move(listening)), handler(answers),
          options(std::move(given)),
          tasks(loop, [this](const std::exception_ptr& thrown) { task_threw(thrown); }) {
        tasks.start(accept(this));
    }

    static Task<void> accept(Impl* self);
    static Task<void> serve(Impl* self, std::shared_ptr<Connection> connection);
    static Task<bool> serve_one(Impl* self, Connection* connection);
    [[nodiscard]] bool make_room();
    bool hang_up_on_one();
    void complain(std::string_view what, const Error& error);
    void task_threw(const std::exception_ptr& thrown) noexcept;

    EventLoop& loop;
    std::unique_ptr<Acceptor> acceptor;
    Handler& handler;
    ServerOptions options;
    std::list<Connection*> all;  ///< the oldest first
    std::list<Connection*> idle; ///< that wait for a request, the longest first
    std::size_t answering = 0;
    Clock::Instant complain_next = Clock::Instant::min();
    bool closing = false;
    TaskGroup tasks; ///< the first to go: tasks use all of the above
};

namespace {

/// One more as long as it is there. Threads: the loop's.
class CountedOne {
public:
    explicit CountedOne(std::size_t& count) : count_(count) { ++count_; }
    CountedOne(const CountedOne&) = delete;
    CountedOne& operator=(const CountedOne&) = delete;
    ~CountedOne() { --count_; }

private:
    std::size_t& count_;
};

/// It stands in the list as long as this does. Threads: the loop's.
class Listed {
public:
    Listed(std::list<Connection*>& list, Connection* connection)
        : list_(list), connection_(connection) {
        list_.push_back(connection);
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { list_.remove(connection_); }

private:
    std::list<Connection*>& list_;
    Connection* connection_;
};

} // namespace

void Server::Impl::complain(std::string_view what, const Error& error) {
    if (loop.now() < complain_next)
        return;
    complain_next = loop.now() + kComplainPause;
    options.logger.warn(what, {{"error", error}});
}

/// Whether there is room for one more, or was made.
bool Server::Impl::make_room() {
    return all.size() < options.connections || hang_up_on_one();
}

/// Hangs up on the one that has waited longest for nothing, or else on the one that was waited for
/// longest.
bool Server::Impl::hang_up_on_one() {
    if (!idle.empty()) {
        Connection* const longest = idle.front();
        idle.pop_front();
        longest->close();
        return true;
    }
    const auto slowest = std::ranges::max_element(all, {}, &Connection::waited_for);
    if (slowest == all.end() || (*slowest)->waited_for() < kSlow)
        return false;
    (*slowest)->close();
    return true;
}

Task<void> Server::Impl::accept(Impl* self) {
    for (;;) {
        auto socket = co_await self->acceptor->accept();
        if (!socket && socket.error().code() == Errc::cancelled)
            co_return;
        if (!socket) {
            self->complain("cannot take a connection of a client", socket.error());
            if (socket.error().code() == Errc::files_exhausted)
                self->hang_up_on_one(); // it has a descriptor
            co_await self->loop.pause_until(self->loop.now() + kAcceptPause);
            continue;
        }
        if (!self->make_room()) {
            const std::string text = full_text(self->options.refused_fields);
            const auto said = (*socket)->try_write(as_bytes(text));
            static_cast<void>(said); // whoever it was, he has no patience, or comes again
            (*socket)->end();
            continue;
        }
        try {
            self->tasks.start(serve(
                self, std::make_shared<Connection>(self->loop, std::move(*socket), self->options)));
        } catch (const std::bad_alloc&) {
            self->task_threw(std::current_exception());
        }
    }
}

Task<void> Server::Impl::serve(Impl* self, std::shared_ptr<Connection> connection) {
    Connection* const one = connection.get();
    const Listed listed(self->all, one);
    for (;;) {
        const auto more = co_await serve_one(self, one);
        if (!more)
            co_return;
        co_await self->loop.next_turn(); // who has sent many requests at once holds nobody up
    }
}

/// Gives whether there may be another request.
Task<bool> Server::Impl::serve_one(Impl* self, Connection* connection) {
    std::optional<Listed> listed(std::in_place, self->idle, connection);
    auto request = co_await Connection::next(connection);
    listed.reset();
    if (self->closing || (request && !*request))
        co_return false;
    std::optional<CountedOne> counted(std::in_place, self->answering);
    if (!request) {
        const Error* const error = &request.error();
        co_await Connection::refuse(connection, error);
        counted.reset();
        co_await Connection::finish(connection);
        co_return false;
    }
    const auto more = co_await Connection::serve(connection, &self->handler);
    counted.reset();
    if (more && !self->closing)
        co_return true;
    co_await Connection::finish(connection);
    co_return false;
}

void Server::Impl::task_threw(const std::exception_ptr& thrown) noexcept {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        options.logger.error("a request was given up", {{"error", std::string_view(error.what())}});
    } catch (...) {
        options.logger.error("a request was given up");
    }
}

Server::Server(EventLoop& loop, std::unique_ptr<Acceptor> acceptor, Handler& handler,
               ServerOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(acceptor), handler, std::move(options))) {}
Server::~Server() = default;

void Server::close() {
    impl_->closing = true;
    impl_->acceptor->close();
    while (!impl_->idle.empty()) {
        Connection* const one = impl_->idle.front();
        impl_->idle.pop_front();
        one->close();
    }
}

SocketAddress Server::local() const {
    return impl_->acceptor->local();
}

std::size_t Server::connections() const {
    return impl_->all.size();
}

std::size_t Server::answering() const {
    return impl_->answering;
}

} // namespace codex::http
