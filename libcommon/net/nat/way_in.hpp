// Being reached behind a router, as long as a node runs (codex-libp2p(7), WAYS IN).
#pragma once

#include "base/log.hpp"
#include "net/address/announce.hpp"
#include "net/nat/process_mapper.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace codex::net::nat {

/// Where a node is reached through a router: one address, two ports.
struct Entrance {
    SocketAddress tcp;
    /// Nothing, where the node takes no datagrams, or the router lets none in.
    std::optional<SocketAddress> udp{};
    friend bool operator==(const Entrance&, const Entrance&) = default;
};

struct WayInOptions {
    std::uint16_t tcp_port = 0;
    std::uint16_t udp_port = 0; ///< 0: no datagrams
    /// Is told the entrance when there is one, when it is another one, and when there is none any
    /// more. In a turn of the loop's; it must not destroy the WayIn.
    std::function<void(const std::optional<Entrance>&)> changed;
    /// What a person can do where there is none, for the log; empty: nothing is said of it.
    std::string advice{};
    log::Logger logger{};
};

/// Asks routers for a way in, the ways of asking in their order until one has given it; renews it
/// before it ends, notices when the router has another address, and tries again where there is
/// none. What nobody can be reached at (a router behind another one) is none, and is said in the
/// log. Every wait has an end.
/// Threads: the loop's.
class WayIn final {
public:
    /// Begins. `loop`, and what the ways stand on, outlive it.
    WayIn(EventLoop& loop, std::vector<std::unique_ptr<PortMapper>> ways, WayInOptions options);
    /// Takes nothing back.
    ~WayIn();
    WayIn(const WayIn&) = delete;
    WayIn& operator=(const WayIn&) = delete;

    /// Takes back what was granted, within two seconds, and tells nobody of anything any more.
    /// Called from outside of its tasks.
    void end();
    /// That is over.
    [[nodiscard]] bool ended() const { return ended_; }

private:
    /// What is wanted of the router, and whether it was granted.
    struct Held {
        Mapping mapping;
        bool is_granted = false;
    };
    static Task<void> run(WayIn* self);
    static Task<bool> open(WayIn* self);
    static Task<Result<void>> open_by(WayIn* self, PortMapper* way);
    static Task<Result<void>> renew(WayIn* self, bool all);
    static Task<void> hold(WayIn* self);
    static Task<Result<void>> map(WayIn* self, Held* held);
    static Task<void> take_back(WayIn* self);
    static Task<void> finish(WayIn* self);
    [[nodiscard]] TaskGroup::OnThrown on_thrown();
    [[nodiscard]] Clock::Duration renewal() const;
    void tell();
    void say_none(const std::string& why);

    EventLoop& loop_;
    std::vector<std::unique_ptr<PortMapper>> ways_;
    WayInOptions options_;
    log::Logger log_;
    PortMapper* way_ = nullptr; ///< by which what is held was granted
    std::vector<Held> held_;    ///< that of TCP in front
    SocketAddress address_;     ///< of the router
    std::optional<Entrance> told_;
    std::string said_; ///< why there is none
    bool ended_ = false;
    std::optional<TaskGroup> tasks_;
};

/// The ways of asking that `kind` stands for, in their order, by the processes of `program`; none
/// of others. They are to lead to `own`, of IPv4, where nodes take connections at that address
/// alone. `loop` and `programs` outlive them.
[[nodiscard]] std::vector<std::unique_ptr<PortMapper>>
ways_of(NatKind kind, EventLoop& loop, Programs& programs, const ProgramFor& program,
        std::optional<SocketAddress> own = {});

} // namespace codex::net::nat
