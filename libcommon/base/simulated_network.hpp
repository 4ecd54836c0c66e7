// Many hosts in one process, and TCP between them: for simulations and tests.
#pragma once

#include "base/network.hpp"

#include <deque>
#include <map>
#include <set>

namespace codex {

struct WireOptions {
    Clock::Duration delay{}; ///< of each byte, one way
    /// What is on its way or unread, of one direction; more is not taken.
    std::size_t buffer_bytes = std::size_t{256} << 10;
    /// Most that one read gives: bytes are cut as a network may cut them.
    std::size_t piece_bytes = SIZE_MAX;
};

/// The wires between hosts. Outlives their networks and sockets.
/// Threads: the loop's.
class SimulatedInternet {
public:
    explicit SimulatedInternet(EventLoop& loop, const WireOptions& options = {})
        : loop_(loop), options_(options) {}

    /// A host with this one address (4 or 16 bytes).
    [[nodiscard]] std::unique_ptr<Network> host(BytesView ip);
    /// A host name, and the address it has; called again, one more.
    void name(std::string name, BytesView ip);
    /// What is dialled there from now on is never answered, as behind a firewall; or is again.
    void set_silent(BytesView ip, bool silent);

private:
    friend class SimulatedHost;
    friend class SimulatedAcceptor;
    EventLoop& loop_;
    WireOptions options_;
    std::map<SocketAddress, class SimulatedAcceptor*> listening_;
    std::set<SocketAddress> silent_;
    std::multimap<std::string, SocketAddress> names_;
    std::uint16_t next_port_ = 49152;
};

} // namespace codex
