// TCP and UDP of this host, and the event loop that waits for it.
#pragma once

#include "base/fd.hpp"
#include "base/network.hpp"

namespace codex {

namespace detail {
class Descriptor;
}

/// Threads: as EventLoop.
class SystemLoop final : public EventLoop {
public:
    /// Throws std::system_error when the system has no descriptor for it.
    explicit SystemLoop(const Clock& clock = Clock::system());
    ~SystemLoop() override;

private:
    friend class detail::Descriptor;
    void wait_outside(Clock::Instant until) override;
    void interrupt() noexcept override;
    struct Reactor;
    std::unique_ptr<Reactor> reactor_;
};

/// Sockets are non-blocking, send at once (TCP_NODELAY), and keep little in the kernel that is not
/// sent (TCP_NOTSENT_LOWAT), so that what is urgent can overtake.
/// Threads: the loop's.
class SystemNetwork final : public Network {
public:
    /// `loop` outlives it and its sockets.
    explicit SystemNetwork(SystemLoop& loop);
    ~SystemNetwork() override;

    [[nodiscard]] EventLoop& loop() override { return loop_; }
    [[nodiscard]] Result<std::unique_ptr<Acceptor>> listen(const SocketAddress& at) override;
    /// Bound to all addresses of this host, it sends to whoever has sent something to one of them
    /// from there, as he takes no answer from another one.
    [[nodiscard]] Result<std::unique_ptr<DatagramSocket>>
    bind_datagrams(const SocketAddress& at) override;
    [[nodiscard]] Task<Result<std::unique_ptr<Socket>>> connect(SocketAddress to,
                                                                Clock::Instant until) override;
    /// Asks in a thread of its own, since the system has no other way; one that is not answered in
    /// time goes on until the system gives up, which nobody waits for.
    [[nodiscard]] Task<Result<std::vector<SocketAddress>>>
    resolve(std::string name, bool v4, bool v6, Clock::Instant until) override;
    [[nodiscard]] Result<std::vector<SocketAddress>> interfaces() const override;
    /// The address of this host that is used towards the internet, with port 0; nothing, when there
    /// is no way. Nothing is sent.
    [[nodiscard]] static std::optional<SocketAddress> outward();
    /// Takes a socket that listens already, which somebody has opened for this process: listen()
    /// at its address gives that one. Gives the address. Errors: argument_invalid, for what is no
    /// socket of TCP that listens.
    [[nodiscard]] Result<SocketAddress> inherit(Fd listening);
    /// Those that were taken, and nobody has listened at.
    [[nodiscard]] std::vector<SocketAddress> inherited() const;
    /// Two descriptors, one to read and one to write (of a pipe, a terminal, a socket), as a
    /// connection, which `name` stands for in errors; it has no addresses. Writing to one that
    /// nobody reads is an error where the process ignores SIGPIPE. Errors: io.
    [[nodiscard]] Result<std::unique_ptr<Socket>> pipe(Fd in, Fd out, const std::string& name);

private:
    struct Resolver;
    SystemLoop& loop_;
    std::vector<std::pair<SocketAddress, Fd>> inherited_;
    std::shared_ptr<Resolver> resolver_;
};

} // namespace codex
