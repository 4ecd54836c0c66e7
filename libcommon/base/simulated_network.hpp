// Many hosts in one process, and TCP and UDP between them: for simulations and tests.
#pragma once

#include "base/network.hpp"
#include "base/random.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>

namespace codex {

namespace detail {
struct Line;
class DatagramPort;
} // namespace detail

struct WireOptions {
    Clock::Duration delay{}; ///< of each byte, one way
    /// What is on its way or unread, of one direction of a connection; more is not taken.
    std::size_t buffer_bytes = std::size_t{256} << 10;
    /// Most that one read gives: bytes are cut as a network may cut them.
    std::size_t piece_bytes = SIZE_MAX;
    /// One way, of all connections between two hosts together; 0: as many as are written.
    double bytes_per_second = 0;
    /// Which part of the segments is lost, of 0 to 1. TCP sends them again, so they and what is
    /// behind them come later; and it slows down. Of datagrams, which part never comes.
    double loss = 0;

    // Of datagrams alone:
    Clock::Duration jitter{}; ///< each takes up to so much longer, so they overtake each other
    double twice = 0;         ///< which part comes twice, of 0 to 1
};

/// The wires between hosts. Outlives their networks and sockets.
/// Threads: the loop's.
class SimulatedInternet {
public:
    /// `options` are those of each wire of which nothing else is said; `seed` says what is lost.
    explicit SimulatedInternet(EventLoop& loop, const WireOptions& options = {},
                               std::uint64_t seed = 0);
    ~SimulatedInternet();
    SimulatedInternet(const SimulatedInternet&) = delete;
    SimulatedInternet& operator=(const SimulatedInternet&) = delete;

    /// A host with this one address (4 or 16 bytes).
    [[nodiscard]] std::unique_ptr<Network> host(BytesView ip);
    /// A host name, and the address it has; called again, one more.
    void name(std::string name, BytesView ip);
    /// What is dialled there from now on is never answered, as behind a firewall; or is again. Of
    /// datagrams those pass that come from where the same port sent one to in the last 30 seconds.
    void set_silent(BytesView ip, bool silent);
    /// The host's system takes no datagrams from its programs, as when they wait for a slow device;
    /// or takes them again.
    void set_full(BytesView ip, bool full);

    // Between two hosts, from now on, also for connections that are there.
    /// What is on its way already is not changed.
    void set_wire(BytesView one, BytesView other, const WireOptions& options);
    /// Nothing passes any more, and nobody is told; or it passes again, and what did not is sent
    /// again, but for datagrams.
    void set_cut(BytesView one, BytesView other, bool cut);
    /// Connections break, both ends are told, and what is on its way is lost.
    void break_connections(BytesView one, BytesView other);

private:
    friend class SimulatedHost;
    friend class SimulatedAcceptor;
    friend class detail::DatagramPort;
    [[nodiscard]] std::shared_ptr<detail::Line> line(BytesView from, BytesView to);
    [[nodiscard]] Result<std::unique_ptr<Socket>> join(const SocketAddress& from,
                                                       const SocketAddress& to);

    EventLoop& loop_;
    WireOptions options_;
    SeededRandom random_;
    std::map<std::pair<SocketAddress, SocketAddress>, std::shared_ptr<detail::Line>> lines_;
    std::map<SocketAddress, class SimulatedAcceptor*> listening_;
    std::map<SocketAddress, detail::DatagramPort*> ports_; ///< that datagrams can be sent to
    std::set<SocketAddress> silent_;
    std::set<SocketAddress> full_;
    std::multimap<std::string, SocketAddress> names_;
    std::uint16_t next_port_ = 49152;
};

} // namespace codex
