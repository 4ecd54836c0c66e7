// What tests of nodes that find each other share: whole nodes on a simulated internet whose clock
// jumps.
#pragma once

#include "exchange/fetch_fixture.hpp"
#include "node/advertiser.hpp"
#include "node/daemon.hpp"
#include "node/finding.hpp"

namespace codex::node::found_nodes {

using codex::test::must;
using codex::test::must_fail;
using exchange::test::Dataset;
using exchange::test::Store;
using exchange::test::World;
using net::dht::NodeRecord;
using std::chrono::minutes;
using std::chrono::seconds;

/// Nobody hears what it is told.
class Nobody final : public Conversation {
public:
    explicit Nobody(EventLoop& loop) : left_(loop) {}
    Task<Result<void>> say(Reply /*reply*/) override { return heard(); }
    [[nodiscard]] bool gone() const override { return false; }
    [[nodiscard]] Signal& left() override { return left_; }

private:
    static Task<Result<void>> heard() { co_return Result<void>(); }
    Signal left_;
};

/// A node with a repo, which serves it, is found, and finds others.
class Whole {
public:
    Whole(World& world, std::uint8_t number, std::vector<NodeRecord> bootstrap = {},
          AnnouncerOptions announcer = {}, std::uint64_t seed = 0)
        : world_(world), number_(number), seed_(seed), network_(world.internet.host(ip())),
          secrets_(1000 + number), choices_(1000 * seed + number), nobody_(world.loop),
          announcer_(std::move(announcer)), store(world, number), numbers(0) {
        advertising.look = seconds(1);
        store.serve();
        begin(std::move(bootstrap));
    }
    ~Whole() { end(); }

    void begin(std::vector<NodeRecord> bootstrap) {
        DhtStoreOptions kept;
        kept.open.clock = world_.clock;
        dht_store = std::make_unique<DhtStore>(store.repo.path(), world_.loop, store.executor,
                                               choices_, kept);
        net::SeededSecrets of_key(number_);
        DhtNodeOptions options;
        options.at = SocketAddress(ip(), 8090);
        options.bootstrap = std::move(bootstrap);
        options.announcer = announcer_;
        node = must(DhtNode::make(must(net::SecretKey::generate(of_key)), *store.host, *network_,
                                  secrets_, *dht_store, numbers, std::move(options)));
        advertiser = std::make_unique<Advertiser>(*node, store.repo, store.executor, advertising);
        DaemonOptions how;
        how.part = [](const auto& /*range*/, const auto& /*slot*/) { return Result<PartOf>(); };
        how.discovery = node.get();
        how.seed = 1000 * seed_;
        daemon = std::make_unique<Daemon>(*store.peers, *store.server, store.repo, store.executor,
                                          std::move(how));
    }
    void end() {
        if (!node)
            return;
        must(world_.run(DhtNode::settle(node.get())));
        daemon.reset();
        advertiser.reset();
        node.reset();
        dht_store.reset();
    }
    /// As the command does it without a peer.
    Task<Result<void>> begin_fetch(const Dataset& data) {
        Request request;
        request.ask = Ask::fetch;
        request.cid = data.cid.text();
        return daemon->answer(std::move(request), &nobody_);
    }
    Result<void> fetch(const Dataset& data) { return world_.run(begin_fetch(data)); }
    Result<std::vector<FoundPeer>> find(const Cid& cid) {
        auto found = world_.run(find_providers(&node->dht(), cid, world_.in(minutes(1))));
        if (!found)
            return fail(std::move(found).error());
        return std::move(found->providers);
    }
    [[nodiscard]] std::vector<NodeRecord> record() const { return {node->dht().record()}; }
    [[nodiscard]] std::array<std::uint8_t, 4> ip() const { return {10, 0, 0, number_}; }

private:
    World& world_;
    std::uint8_t number_;
    std::uint64_t seed_;
    std::unique_ptr<Network> network_;
    net::SeededSecrets secrets_;
    SeededRandom choices_;
    Nobody nobody_;
    AnnouncerOptions announcer_;

public:
    Store store;
    RecordNumbers numbers;
    AdvertiserOptions advertising;
    std::unique_ptr<DhtStore> dht_store;
    std::unique_ptr<DhtNode> node;
    std::unique_ptr<Advertiser> advertiser;
    std::unique_ptr<Daemon> daemon;
};

/// Some of them, and a dataset.
class FoundNodes : public testing::Test {
protected:
    bool know_each_other(std::initializer_list<Whole*> nodes) {
        return world.until(
            [&] {
                return std::ranges::all_of(nodes, [&](const Whole* one) {
                    return one->node->dht().node_count() + 1 >= nodes.size();
                });
            },
            seconds(10));
    }
    World world{WireOptions{std::chrono::milliseconds(10)}};
    Dataset data{repo::test::seeds(1, 300)};
};

} // namespace codex::node::found_nodes
