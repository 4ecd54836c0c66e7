// Peers that a node stays connected with, whatever happens.
#pragma once

#include "net/connection/host.hpp"

#include <memory>

namespace codex::node {

/// A peer with an address of it.
struct KeptPeer {
    net::PeerId peer;
    net::Multiaddr address; ///< without the peer
    friend bool operator==(const KeptPeer&, const KeptPeer&) = default;
};

/// Connects, and again when a connection has ended; after a failure it waits for a second, and for
/// twice as long after each further one, up to a minute. Their connections are closed for no other.
/// Threads: the loop's.
class Keeper final {
public:
    /// `host` outlives it. Destroyed from outside of the loop's tasks.
    explicit Keeper(net::Host& host, log::Logger logger = {});
    ~Keeper();
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    /// From now on these, but for this node itself; connections with others stay as long as they
    /// last.
    void keep(const std::vector<KeptPeer>& peers);

private:
    struct Kept;
    static Task<void> run(Keeper* self, std::shared_ptr<Kept> kept);
    static Task<void> keep_one(Keeper* self, std::shared_ptr<Kept> kept);
    void say_failure(Kept& kept, const Error& error, Clock::Duration pause);

    net::Host& host_;
    log::Logger logger_;
    std::vector<std::shared_ptr<Kept>> kept_;
    Signal changed_; ///< somebody is not kept any more
    TaskGroup tasks_;
};

} // namespace codex::node
