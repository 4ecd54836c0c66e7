// A node's part in the DHT, with what it keeps, announces and knows (codex-dht(7), NODE).
#pragma once

#include "node/announcer.hpp"
#include "node/dht_store.hpp"
#include "node/discovery.hpp"

namespace codex::node {

struct DhtNodeOptions {
    SocketAddress at; ///< where it takes datagrams
    std::vector<net::dht::NodeRecord> bootstrap{};
    net::dht::SourceLimits sources;
    AnnouncerOptions announcer;
    log::Logger logger{};
};

/// Destroyed from outside of the loop's tasks, after all that waits for something of it.
/// Threads: the loop's.
class DhtNode final : public Discovery {
public:
    /// Nodes that `store` kept are asked again, and it is written from now on. All but the key
    /// outlive it. Errors: those of Dht::make(), and of decoding the key.
    [[nodiscard]] static Result<std::unique_ptr<DhtNode>>
    make(const net::SecretKey& key, net::Host& host, Network& network, SecretRandom& random,
         DhtStore& store, RecordNumbers& numbers, DhtNodeOptions options);
    ~DhtNode() override;

    [[nodiscard]] std::string record() const override;
    [[nodiscard]] KnownNode self() const override;
    [[nodiscard]] std::vector<KnownNode> nodes() const override;
    [[nodiscard]] std::vector<net::Multiaddr> announced() const override;
    [[nodiscard]] Task<Result<std::vector<net::Multiaddr>>> find(net::PeerId peer,
                                                                 Clock::Instant until) override;

    [[nodiscard]] net::dht::Dht& dht() { return *dht_; }
    [[nodiscard]] const net::dht::Dht& dht() const { return *dht_; }
    [[nodiscard]] Announcer& announcer() { return *announcer_; }
    [[nodiscard]] DhtStore& store() { return store_; }
    [[nodiscard]] EventLoop& loop() const { return host_.loop(); }
    /// Tells others that this node has it (Dht::provide()).
    [[nodiscard]] Task<Result<std::size_t>> provide(net::dht::Id content, Clock::Instant until);
    /// None of its addresses is one that others reach than those on this host.
    [[nodiscard]] bool is_here_alone() const;
    /// Keeps the nodes that it knows, and writes all that has changed: what runs at the end.
    [[nodiscard]] static Task<Result<void>> settle(DhtNode* self);

private:
    DhtNode(net::Host& host, DhtStore& store);
    static Task<void> keep_nodes_loop(DhtNode* self);
    void keep_nodes();

    net::Host& host_;
    DhtStore& store_;
    std::unique_ptr<net::dht::Dht> dht_;
    std::unique_ptr<Announcer> announcer_;
    TaskGroup tasks_; ///< the first to go
};

} // namespace codex::node
