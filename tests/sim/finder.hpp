// What a node has beside block exchange to find others and be found: the shipping code of the DHT,
// of what a node tells others, and of whom it dials.
#pragma once

#include "net/network_vectors.hpp"
#include "node/advertiser.hpp"
#include "node/finding.hpp"
#include "node/peer_search.hpp"

namespace codex::sim {

/// What outlives a kill, on the disk or with whoever runs the node.
struct FinderState {
    std::uint64_t last_number = 0; ///< of records that were signed
    std::uint64_t signed_records = 0;
    std::vector<net::dht::NodeRecord> bootstrap;
};

struct FinderParts {
    net::Host& host;
    Network& network;
    repo::Repo& repo;
    Executor& executor;
    SecretRandom& secrets;
    Random& choices;
};

/// Of a node that runs; destroyed before its host. Threads: the loop's.
class Finder {
public:
    /// `parts` and `state` outlive it. A number that is not above all before is a failure of the
    /// simulation, which `say` is told.
    Finder(FinderParts parts, const net::SecretKey& key, FinderState& state,
           const repo::OpenOptions& open, const SocketAddress& at, Clock::Duration look,
           std::function<void(std::string)> say, const log::Logger& logger);

    /// Looks for peers for a fetch, as the daemon does.
    [[nodiscard]] std::unique_ptr<node::PeerSearch> search_for(const Cid& manifest,
                                                               exchange::FetchOptions& how);
    [[nodiscard]] net::dht::Dht& dht() { return node_->dht(); }
    [[nodiscard]] node::DhtNode& node() { return *node_; }
    [[nodiscard]] node::DhtStore& store() { return *store_; }
    [[nodiscard]] node::Advertiser& advertiser() { return *advertiser_; }
    [[nodiscard]] node::PeerBook& book() { return book_; }

private:
    FinderParts parts_;
    node::RecordNumbers numbers_;
    node::PeerBook book_;
    std::unique_ptr<node::DhtStore> store_;
    std::unique_ptr<node::DhtNode> node_;
    std::unique_ptr<node::Advertiser> advertiser_;
};

} // namespace codex::sim
