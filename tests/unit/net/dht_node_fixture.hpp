// Whole nodes of the DHT on a simulated internet.
#pragma once

#include "base/simulated_network.hpp"
#include "net/dht/dht.hpp"
#include "net/dht/memory_providers.hpp"
#include "network_vectors.hpp"

namespace codex::net::dht {

inline SocketAddress host_address(std::uint32_t number) {
    const std::array<std::uint8_t, 4> ip = {10, static_cast<std::uint8_t>(number >> 16),
                                            static_cast<std::uint8_t>(number >> 8),
                                            static_cast<std::uint8_t>(number)};
    return {ip, 8090};
}

/// A node with all that it stands on.
struct WholeNode {
    WholeNode(SimulatedInternet& internet, std::uint32_t host, std::vector<NodeRecord> seeds,
              std::uint64_t seed, DhtOptions how = {})
        : address(host_address(host)), network(internet.host(address.ip_view())),
          secrets(seed * 100'000 + host), choices(seed * 100'000 + host), store(choices) {
        how.seeds = std::move(seeds);
        how.record_signed = [this](std::uint64_t sequence) { last_sequence = sequence; };
        options = how;
        SecretKey key = test::must(SecretKey::generate(secrets));
        identity = key.encode();
        dht = test::must(Dht::make(std::move(key), *network, address, secrets, store, how));
    }
    /// Ends it, and begins it anew with its key and the last number of its record.
    void restart() {
        dht.reset();
        options.record_sequence = last_sequence;
        dht = test::must(Dht::make(test::must(SecretKey::decode(identity)), *network, address,
                                   secrets, store, options));
    }
    /// The envelope by which it provides things: its address of TCP.
    [[nodiscard]] Bytes provider_record() const {
        const std::vector<Multiaddr> tcp = {Multiaddr::tcp(address.ip_view(), 8070)};
        return seal_peer_record(test::must(SecretKey::decode(identity)), last_sequence, tcp);
    }

    SocketAddress address;
    std::unique_ptr<Network> network;
    SeededSecrets secrets;
    SeededRandom choices;
    MemoryProviders store;
    std::uint64_t last_sequence = 0;
    SecretBytes identity;
    DhtOptions options;
    std::unique_ptr<Dht> dht;
};

/// Many of them, the first of which is the seed of all others where nothing else is said.
class Swarm {
public:
    explicit Swarm(std::uint64_t seed = 1, const WireOptions& wire = default_wire())
        : seed_(seed), internet(loop, wire, seed) {}

    static WireOptions default_wire() {
        WireOptions wire;
        wire.delay = std::chrono::milliseconds(10);
        return wire;
    }
    /// `host` is its number (host_address()); 0 is the next one.
    WholeNode& add(DhtOptions how = {}, std::uint32_t host = 0) {
        std::vector<std::size_t> seeds;
        if (!nodes.empty())
            seeds.push_back(0);
        return add_by(seeds, std::move(how), host);
    }
    /// By these of the nodes that there are.
    WholeNode& add_by(const std::vector<std::size_t>& seeds, DhtOptions how = {},
                      std::uint32_t host = 0) {
        if (host == 0)
            host = static_cast<std::uint32_t>(nodes.size() + 1);
        std::vector<NodeRecord> records;
        for (const std::size_t seed : seeds)
            records.push_back(at(seed).record());
        nodes.push_back(
            std::make_unique<WholeNode>(internet, host, std::move(records), seed_, std::move(how)));
        return *nodes.back();
    }
    void add_many(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            add();
    }
    Dht& at(std::size_t i) { return *nodes[i]->dht; }

    template <class Done> bool run_until(const Done& done, Clock::Duration most) {
        return loop.run_until(done, loop.now() + most);
    }
    void run_for(Clock::Duration span) {
        static_cast<void>(loop.run_until([] { return false; }, loop.now() + span));
    }
    [[nodiscard]] Clock::Instant in(Clock::Duration span) const { return loop.now() + span; }

    std::vector<FoundProvider> find(std::size_t from, const Id& content) {
        auto found = run_task(loop, at(from).find_providers(content, in(std::chrono::seconds(60))));
        return found ? test::must(std::move(*found)) : std::vector<FoundProvider>();
    }
    std::size_t provide(std::size_t from, const Id& content) {
        auto told = run_task(loop, at(from).provide(content, nodes[from]->provider_record(),
                                                    in(std::chrono::seconds(60))));
        return told ? test::must(std::move(*told)) : 0;
    }

private:
    std::uint64_t seed_;

public:
    SimulatedClock clock;
    SimulatedLoop loop{clock};
    SimulatedInternet internet;
    std::vector<std::unique_ptr<WholeNode>> nodes;
};

inline Id content_id(std::uint64_t number) {
    SeededRandom random(number);
    Id id;
    test::must(random.fill(id.bytes));
    return id;
}

} // namespace codex::net::dht
