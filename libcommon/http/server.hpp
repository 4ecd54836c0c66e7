// An HTTP server over a Network: many connections, each with one request after the other.
#pragma once

#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "base/network.hpp"
#include "http/message.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace codex::http {

/// A request that is being answered. The client may be slow, or gone: what waits for it ends then.
/// Threads: the loop's.
class Exchange {
public:
    virtual ~Exchange() = default;

    [[nodiscard]] virtual const Request& request() const = 0;
    [[nodiscard]] virtual SocketAddress remote() const = 0;

    /// What has come of the body, at most `to`, which is not empty: nothing, when there is nothing
    /// yet; 0 at its end. What is long is read into `to` itself, so that it is not copied again.
    /// Errors: malformed; truncated, when the client ends before; those of the socket.
    [[nodiscard]] virtual Result<std::optional<std::size_t>> try_read(MutableBytes to) = 0;
    /// Waits until try_read() may do something. Who waits to be asked for the body is asked by the
    /// first call. Errors: timeout, when nothing comes for too long; those of the socket.
    [[nodiscard]] virtual Task<Result<void>> readable() = 0;
    /// Both: the next bytes of the body, at least one; 0 at its end. Errors: theirs.
    [[nodiscard]] Task<Result<std::size_t>> read(MutableBytes to);

    /// All of the answer at once. Of HEAD the body is not sent, and its length is. Errors:
    /// malformed (encode_head()), nothing is sent then; timeout, when the client takes it too
    /// slowly; those of the socket.
    [[nodiscard]] virtual Task<Result<void>> answer(Answer answer, std::string body) = 0;
    /// The same in pieces: begin(), write() as often as need be, end(). Without `length` it goes in
    /// chunks, or, to a client of HTTP/1.0, to the end of the connection. A handler that ends
    /// before end() leaves the client with an answer that is cut off.
    [[nodiscard]] virtual Task<Result<void>> begin(Answer answer,
                                                   std::optional<std::uint64_t> length) = 0;
    /// No more than begin() said. `bytes` live until it returns.
    [[nodiscard]] virtual Task<Result<void>> write(BytesView bytes) = 0;
    [[nodiscard]] virtual Task<Result<void>> end() = 0;
    /// Something of an answer was sent.
    [[nodiscard]] virtual bool begun() const = 0;

    /// Nobody waits for the answer any more, as far as that is known; it is looked for from the end
    /// of the request's body on. A client that only says no more looks the same, so a short answer
    /// is sent all the same.
    [[nodiscard]] virtual bool gone() const = 0;
    /// Is told when that is so.
    [[nodiscard]] virtual Signal& left() = 0;
};

/// Threads: the loop's.
class Handler {
public:
    virtual ~Handler() = default;
    /// Answers. After an error, the client gets its status where nothing was sent yet, and the
    /// connection ends. Both outlive it.
    [[nodiscard]] virtual Task<Result<void>> handle(Exchange* with) = 0;
};

struct ServerOptions {
    /// At a time; one that is idle makes room for another, or the client that was waited for
    /// longest to send or take something, when it is some seconds.
    std::size_t connections = 256;
    std::size_t head_bytes = 8192;    ///< of a request
    std::size_t buffer_bytes = 65536; ///< of a connection, what has come and is not read
    Clock::Duration head = std::chrono::seconds(10); ///< until a head has come whole
    Clock::Duration idle = std::chrono::seconds(60); ///< between two requests
    /// How long a client is waited for, at the most, for so many bytes of a body or an answer, or
    /// for all that is left: one that is slower than that ends.
    Clock::Duration stall = std::chrono::seconds(60);
    std::size_t stall_bytes = 65536;
    /// How long what a client still sends is taken and forgotten, so that it reads its answer.
    Clock::Duration linger = std::chrono::seconds(2);
    std::string name = "codex"; ///< as answers call it
    /// Of what is answered without a handler: to what cannot be read, and for one that fails, or
    /// while there is no room.
    Fields refused_fields{};
    log::Logger logger{};
};

/// Threads: the loop's.
class Server final {
public:
    /// `loop` and `handler` outlive it. Destroyed from outside of the loop's tasks.
    Server(EventLoop& loop, std::unique_ptr<Acceptor> acceptor, Handler& handler,
           ServerOptions options = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Takes no more connections and requests; those that were taken are answered.
    void close();
    [[nodiscard]] SocketAddress local() const;
    [[nodiscard]] std::size_t connections() const;
    /// Requests that are not answered yet.
    [[nodiscard]] std::size_t answering() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::http
