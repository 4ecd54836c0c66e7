// What tests of block exchange share: nodes over a simulated network, whose clock jumps, and what
// they hear of each other.
#pragma once

#include "base/simulated_network.hpp"
#include "codec/uvarint.hpp"
#include "crypto/hash/sha256.hpp"
#include "exchange/peers.hpp"
#include "net/network_vectors.hpp"

#include <deque>

namespace codex::exchange::test {

using codex::test::must;
using codex::test::must_fail;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline Cid block_named(std::string_view name) {
    return Cid::block(crypto::sha256(as_bytes(name)));
}
inline Cid tree_named(std::string_view name) {
    return Cid::sha256(codec::Multicodec::codex_root, crypto::sha256(as_bytes(name)));
}
inline BlockAddress plain(const Cid& cid) {
    BlockAddress address;
    address.cid = cid;
    return address;
}
inline BlockAddress leaf(const Cid& tree, std::uint64_t index) {
    BlockAddress address;
    address.cid = tree;
    address.leaf = true;
    address.index = index;
    return address;
}
inline Want want_block(const BlockAddress& address, bool dont_have = false) {
    Want want;
    want.address = address;
    want.send_dont_have = dont_have;
    return want;
}
inline Want want_have(const BlockAddress& address, bool dont_have = false) {
    Want want = want_block(address, dont_have);
    want.type = WantType::have;
    return want;
}
inline Want cancel(const BlockAddress& address) {
    Want want = want_have(address);
    want.cancel = true;
    return want;
}
inline Message wants(std::vector<Want> entries, bool full = false) {
    Message message;
    message.wants = std::move(entries);
    message.full = full;
    return message;
}

/// All that was heard, in its order.
class Heard : public PeerEvents {
public:
    struct Block {
        PeerId from;
        Cid cid;
        BlockAddress address;
        Bytes data;
        Bytes proof;
    };

    void joined(const PeerId& peer) override { there.push_back(peer), ++joins; }
    void left(const PeerId& peer) override { std::erase(there, peer), ++leaves; }
    void wants_begin(const PeerId& /*peer*/) override { ++lists_begun; }
    void want(const PeerId& peer, const Want& want) override {
        wants.emplace_back(peer, want);
        order.push_back('w');
    }
    void wants_end(const PeerId& /*peer*/, bool full) override { full_lists += full ? 1 : 0; }
    void presence(const PeerId& peer, const Presence& presence) override {
        presences.emplace_back(peer, presence);
        order.push_back('p');
    }
    bool delivery(const PeerId& peer, const Delivery& delivery) override {
        blocks.push_back({peer, delivery.cid, delivery.address,
                          Bytes(delivery.data.begin(), delivery.data.end()),
                          Bytes(delivery.proof.begin(), delivery.proof.end())});
        order.push_back('b');
        return true;
    }
    void message_end(const PeerId& /*peer*/) override { ++messages; }
    bool may_read(const PeerId& /*peer*/) override { return reads; }

    std::vector<PeerId> there;
    std::vector<std::pair<PeerId, Want>> wants;
    std::vector<std::pair<PeerId, Presence>> presences;
    std::vector<Block> blocks;
    std::string order;
    int joins = 0, leaves = 0, lists_begun = 0, full_lists = 0, messages = 0;
    bool reads = true;
};

/// A host with an address and a key of its own.
class Node {
public:
    Node(SimulatedInternet& internet, std::uint8_t number, net::HostOptions options = {})
        : ip_{10, 0, 0, number}, network_(internet.host(ip_)), secrets_(number),
          host(must(net::Host::make(must(net::SecretKey::generate(secrets_)), *network_, secrets_,
                                    std::move(options)))) {
        must(host->listen(net::Multiaddr::tcp(ip_, 8070)));
    }
    [[nodiscard]] const PeerId& id() const { return host->id(); }

private:
    std::array<std::uint8_t, 4> ip_;
    std::unique_ptr<Network> network_;
    net::SeededSecrets secrets_;

public:
    std::unique_ptr<net::Host> host;
};

/// One that exchanges blocks, and hears what it is told.
class Speaker : public Node {
public:
    Speaker(SimulatedInternet& internet, std::uint8_t number, PeersOptions options = {},
            net::HostOptions of_host = {})
        : Node(internet, number, std::move(of_host)),
          peers(std::make_unique<Peers>(*host, std::move(options))) {
        peers->add(heard);
    }
    Heard heard;
    std::unique_ptr<Peers> peers;
};

/// The loop of a test, and how to wait for things on it.
class World {
public:
    explicit World(const WireOptions& wire = {}) : loop(clock), internet(loop, wire) {}

    [[nodiscard]] Clock::Instant in(Clock::Duration span) const { return loop.now() + span; }
    bool until(const std::function<bool()>& done, Clock::Duration span = minutes(10)) {
        return loop.run_until(done, in(span));
    }
    void pass(Clock::Duration span) {
        until([] { return false; }, span);
    }
    template <class T> Result<T> run(Task<Result<T>> task) {
        auto value = run_task(loop, std::move(task), in(minutes(10)));
        if (!value)
            return fail(Errc::timeout, "the task has not ended");
        return std::move(*value);
    }
    void connect(Node& from, Node& to) {
        must(run(from.host->connect(to.id(), to.host->addresses(), in(minutes(1)))));
    }

    SimulatedClock clock;
    SimulatedLoop loop;
    SimulatedInternet internet;
};

inline net::HostOptions with_muxer(std::string_view muxer) {
    net::HostOptions options;
    options.muxers = {std::string(muxer)};
    return options;
}

} // namespace codex::exchange::test
