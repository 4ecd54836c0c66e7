#include "node/control_server.hpp"

#include "node/lines.hpp"

namespace codex::node {

namespace {

/// Until descriptors may be free again.
constexpr Clock::Duration kAcceptPause = std::chrono::milliseconds(100);
constexpr Clock::Duration kComplainPause = std::chrono::seconds(10);

class Client final : public Conversation {
public:
    Client(EventLoop& loop, std::unique_ptr<Socket> socket, Clock::Duration write)
        : loop_(loop), write_(write), left_(loop), lines_(std::move(socket)) {}

    [[nodiscard]] Task<Result<void>> say(Reply reply) override {
        const Clock::Instant until = loop_.now() + write_;
        std::string line = encode(reply);
        auto said = co_await Lines::say(&lines_, std::move(line), until);
        if (!said)
            leave();
        co_return said;
    }
    [[nodiscard]] bool gone() const override { return gone_; }
    [[nodiscard]] Signal& left() override { return left_; }
    [[nodiscard]] Lines& lines() { return lines_; }
    void leave() {
        gone_ = true;
        left_.notify();
    }

private:
    EventLoop& loop_;
    Clock::Duration write_;
    bool gone_ = false;
    Signal left_;
    Lines lines_;
};

} // namespace

class ControlServer::Impl {
public:
    Impl(EventLoop& event_loop, std::unique_ptr<Acceptor> listening, ControlHandler& answers,
         ControlOptions given)
        : loop(event_loop), acceptor(std::move(listening)), handler(answers),
          options(std::move(given)),
          tasks(loop, [this](const std::exception_ptr& thrown) { task_threw(thrown); }) {
        tasks.start(accept(this));
    }

    static Task<void> accept(Impl* self);
    static Task<void> serve(Impl* self, std::shared_ptr<Client> client);
    static Task<void> refuse(Impl* self, std::shared_ptr<Client> client);
    static Task<bool> serve_one(Impl* self, std::shared_ptr<Client> client);
    static Task<void> watch(std::shared_ptr<Client> client);
    void task_threw(const std::exception_ptr& thrown) noexcept;

    EventLoop& loop;
    std::unique_ptr<Acceptor> acceptor;
    ControlHandler& handler;
    ControlOptions options;
    std::size_t clients = 0;
    Clock::Instant complain_next = Clock::Instant::min();
    std::size_t answering = 0;
    bool closing = false;
    TaskGroup tasks; ///< the first to go: tasks use all of the above
};

namespace {

/// One more as long as it is there. Threads: the loop's.
class Counted {
public:
    explicit Counted(std::size_t& count) : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

private:
    std::size_t& count_;
};

} // namespace

Task<void> ControlServer::Impl::accept(Impl* self) {
    for (;;) {
        auto socket = co_await self->acceptor->accept();
        if (!socket && socket.error().code() == Errc::cancelled)
            co_return;
        if (!socket) {
            if (self->loop.now() >= self->complain_next) {
                self->complain_next = self->loop.now() + kComplainPause;
                self->options.logger.warn("cannot take a connection of the control socket",
                                          {{"error", socket.error()}});
            }
            co_await self->loop.pause_until(self->loop.now() + kAcceptPause);
            continue;
        }
        try {
            auto client =
                std::make_shared<Client>(self->loop, std::move(*socket), self->options.write);
            if (self->clients >= self->options.clients)
                self->tasks.start(refuse(self, std::move(client)));
            else
                self->tasks.start(serve(self, std::move(client)));
        } catch (const std::bad_alloc&) {
            self->task_threw(std::current_exception());
        }
    }
}

Task<void> ControlServer::Impl::refuse(Impl* self, std::shared_ptr<Client> client) {
    Reply full(Error(Errc::connection_limit,
                     fmt::format("{} programs ask this node, which are as many as may at a time",
                                 self->options.clients))
                   .hint("try again when one of them has ended"));
    const auto said = co_await client->say(std::move(full));
    static_cast<void>(said); // whoever it was, he has left
}

Task<void> ControlServer::Impl::serve(Impl* self, std::shared_ptr<Client> client) {
    const Counted counted(self->clients);
    for (;;) {
        const auto more = co_await serve_one(self, client);
        if (!more)
            co_return;
        co_await self->loop.next_turn(); // who has sent many lines at once holds nobody up
    }
}

/// Gives whether there may be another request.
Task<bool> ControlServer::Impl::serve_one(Impl* self, std::shared_ptr<Client> client) {
    const Clock::Instant until = self->loop.now() + self->options.request;
    auto line = co_await Lines::next(&client->lines(), until);
    if (self->closing || (line && !*line))
        co_return false;
    const Counted counted(self->answering);
    auto request = line ? decode_request(**line) : Result<Request>(fail(std::move(line).error()));
    if (!request) {
        const bool readable = request.error().code() == Errc::json_invalid ||
                              request.error().code() == Errc::unsupported;
        Reply refused(std::move(request).error());
        const auto said = co_await client->say(std::move(refused));
        co_return readable&& said;
    }
    TaskGroup watching(self->loop, [](const std::exception_ptr& /*thrown*/) {});
    watching.start(watch(client));
    const auto answered = co_await self->handler.answer(std::move(*request), client.get());
    Reply last(Done{});
    if (!answered)
        last = Reply(
            Error(answered.error().code(), answered.error().text()).way_out_of(answered.error()));
    const auto said = co_await client->say(std::move(last));
    co_return said && !client->gone() && !self->closing;
}

Task<void> ControlServer::Impl::watch(std::shared_ptr<Client> client) {
    const auto stirred = co_await Lines::stirs(&client->lines());
    static_cast<void>(stirred); // an error is an end, too
    client->leave();
}

void ControlServer::Impl::task_threw(const std::exception_ptr& thrown) noexcept {
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        options.logger.error("a request of the control socket was given up",
                             {{"error", std::string_view(error.what())}});
    } catch (...) {
        options.logger.error("a request of the control socket was given up");
    }
}

ControlServer::ControlServer(EventLoop& loop, std::unique_ptr<Acceptor> acceptor,
                             ControlHandler& handler, ControlOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(acceptor), handler, std::move(options))) {}
ControlServer::~ControlServer() = default;

void ControlServer::close() {
    impl_->closing = true;
    impl_->acceptor->close();
}

std::size_t ControlServer::answering() const {
    return impl_->answering;
}

} // namespace codex::node
