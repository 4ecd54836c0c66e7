// Answers what is said to a node over its control socket.
#pragma once

#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "base/network.hpp"
#include "node/control.hpp"

#include <memory>

namespace codex::node {

/// A client that waits for an answer. Threads: the loop's.
class Conversation {
public:
    virtual ~Conversation() = default;
    /// A part of the answer. Errors: timeout, when the client takes nothing for too long; those of
    /// the socket.
    [[nodiscard]] virtual Task<Result<void>> say(Reply reply) = 0;
    /// Nobody waits for the answer any more.
    [[nodiscard]] virtual bool gone() const = 0;
    /// Is told when that is so.
    [[nodiscard]] virtual Signal& left() = 0;
};

/// What a node does about requests. Threads: the loop's.
class ControlHandler {
public:
    virtual ~ControlHandler() = default;
    /// Says the parts of an answer but the last, which is Done or the error that this gives. Both
    /// outlive it.
    [[nodiscard]] virtual Task<Result<void>> answer(Request request, Conversation* with) = 0;
};

struct ControlOptions {
    std::size_t clients = 64; ///< at a time; one more is told so, and hung up on
    Clock::Duration request = std::chrono::seconds(30); ///< until one has come whole
    Clock::Duration write = std::chrono::seconds(60);   ///< until a part of an answer is taken
    log::Logger logger{};
};

/// Each client has one request answered after the other; who says more, or leaves, before the
/// answer has ended wants it no more.
/// Threads: the loop's.
class ControlServer final {
public:
    /// `loop` and `handler` outlive it. Destroyed from outside of the loop's tasks.
    ControlServer(EventLoop& loop, std::unique_ptr<Acceptor> acceptor, ControlHandler& handler,
                  ControlOptions options = {});
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    /// Takes no more clients and requests; those that were taken are answered.
    void close();
    /// Requests that are not answered yet.
    [[nodiscard]] std::size_t answering() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::node
