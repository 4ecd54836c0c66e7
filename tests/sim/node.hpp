// A node of a simulation: the shipping code, over a network, a clock, a disk and an executor that
// are simulated. It can be killed and started again.
#pragma once

#include "base/simulated_network.hpp"
#include "exchange/fetch.hpp"
#include "exchange/server.hpp"
#include "finder.hpp"
#include "later_executor.hpp"
#include "net/network_vectors.hpp"
#include "own_loop.hpp"
#include "recorded_network.hpp"
#include "repo/partial_fixture.hpp"

#include <map>

namespace codex::sim {

using Dataset = repo::test::Peer;

/// What all nodes of a simulation are in. Threads: the loop's.
struct World {
    explicit World(std::uint64_t of_seed, log::Logger log = {}, const WireOptions& wire = {})
        : seed(of_seed), loop(clock), internet(loop, wire, of_seed), logger(std::move(log)) {}
    std::uint64_t seed;
    SimulatedClock clock;
    WorldLoop loop;
    SimulatedInternet internet;
    Trace trace;
    codex::test::TemporaryFolder folder;
    log::Logger logger;
    std::vector<std::string> failures; ///< that nodes have found
};

/// The system's disk, which is full when a simulation says so. Threads: the loop's.
class FillingDisk final : public repo::Disk {
public:
    bool full = false;
    [[nodiscard]] ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) override;
    [[nodiscard]] int fallocate(int fd, int mode, off_t offset, off_t length) override;
};

struct NodeOptions {
    /// That it proposes first.
    std::string muxer = std::string(net::mux::kMplex);
    exchange::PeersOptions peers;
    exchange::ServerOptions server;
    net::HostLimits limits;
    bool finds = false;     ///< others by the DHT, and is found
    Clock::Duration skew{}; ///< its wall clock is so far ahead, or behind
    Clock::Duration look = std::chrono::milliseconds(500); ///< at what is stored beside it
};

/// One fetch after the other of a dataset, until it is whole. Threads: the loop's.
struct Wanted {
    const Dataset* data = nullptr;
    std::unique_ptr<node::PeerSearch> search;            ///< for the fetch, where its node finds
    std::unique_ptr<exchange::Fetch> fetch;              ///< that runs
    std::optional<Result<exchange::FetchStatus>> result; ///< of it
    std::optional<Errc> failed;                          ///< what the last one ended with
    Clock::Instant next;                                 ///< when it is tried again
    bool given_up = false;                               ///< it is not
    Clock::Instant began;
    std::uint64_t fetches = 0;
    std::uint64_t fetched = 0;     ///< blocks, by fetches that are over
    std::uint64_t duplicates = 0;  ///< the same
    std::uint64_t blocks_here = 0; ///< of the fetch that runs
    Clock::Instant grew;           ///< when there were more of them, or it began
};

/// Threads: the loop's.
class Node {
public:
    Node(World& world, std::uint8_t number, NodeOptions options);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Errors: those of Repo::open().
    Result<void> start();
    /// Its repo is left as it is now, without what was not committed; it says nothing any more. An
    /// end of a process breaks its connections, one of its host breaks them when it is back.
    void kill();
    /// Kills it, for ever.
    void leave() {
        if (runs())
            kill();
        has_left_ = true;
    }
    [[nodiscard]] bool has_left() const { return has_left_; }
    [[nodiscard]] bool runs() const { return host_ != nullptr; }
    /// Stores blocks of a dataset.
    void store(const Dataset& data, IndexRange range);
    void want(const Dataset& data) { wanted_.emplace_back().data = &data; }
    void know(const Node& other) { known_.push_back(&other); }
    /// By that others are found when it begins: a node that runs.
    void bootstrap_by(Node& other) { finding_.bootstrap.push_back(other.finder().dht().record()); }
    /// From its next life on.
    void set_skew(Clock::Duration skew) { options_.skew = skew; }

    /// Begins fetches whose time has come, and takes what others ended with.
    void step(Clock::Instant now, Clock::Duration patience);
    [[nodiscard]] std::vector<Wanted>& wanted() { return wanted_; }
    /// Which blocks of a dataset are committed here.
    [[nodiscard]] IndexSet present(const Dataset& data) const;
    [[nodiscard]] bool is_whole(const Dataset& data) const;

    [[nodiscard]] std::uint8_t number() const { return number_; }
    [[nodiscard]] BytesView ip() const { return ip_; }
    [[nodiscard]] const net::PeerId& id() const { return id_; }
    [[nodiscard]] net::Multiaddr address() const;
    [[nodiscard]] net::Host& host() { return *host_; }
    [[nodiscard]] exchange::Peers& peers() { return *peers_; }
    [[nodiscard]] exchange::Server& server() { return *server_; }
    [[nodiscard]] repo::Repo& repo() { return *repo_; }
    /// Of one that runs, and finds.
    [[nodiscard]] Finder& finder() { return *finder_; }
    [[nodiscard]] const FinderState& finding() const { return finding_; }
    [[nodiscard]] const SkewedClock& clock() const { return clock_; }
    [[nodiscard]] FillingDisk& disk() { return disk_; }
    [[nodiscard]] const NodeOptions& options() const { return options_; }

private:
    [[nodiscard]] std::string folder() const;
    [[nodiscard]] repo::OpenOptions open_options();
    void begin(Wanted& wanted, Clock::Instant now, Clock::Duration patience);
    void take(Wanted& wanted, Clock::Instant now);

    [[nodiscard]] EventLoop& loop();

    World& world_;
    std::uint8_t number_;
    std::array<std::uint8_t, 4> ip_;
    NodeOptions options_;
    SkewedClock clock_;
    net::SeededSecrets secrets_; ///< go on where they were, over restarts
    SeededRandom names_;
    net::PeerId id_;
    FillingDisk disk_;
    unsigned lives_ = 0;
    bool has_left_ = false;
    std::vector<const Node*> known_;
    std::vector<Wanted> wanted_;
    FinderState finding_;
    std::unique_ptr<OwnLoop> loop_; ///< where its clock is another than that of the world
    std::unique_ptr<Network> network_;
    std::unique_ptr<LaterExecutor> executor_;
    std::optional<repo::Repo> repo_;
    std::unique_ptr<net::Host> host_;
    std::unique_ptr<exchange::Peers> peers_;
    std::unique_ptr<exchange::Server> server_;
    std::unique_ptr<Finder> finder_;
    std::unique_ptr<TaskGroup> fetching_;
};

} // namespace codex::sim
