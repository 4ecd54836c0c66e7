// What tests of fetching share: nodes with repos, some of which misbehave.
#pragma once

#include "exchange/fetch.hpp"
#include "exchange/server.hpp"
#include "merkle/coding.hpp"
#include "nodes.hpp"
#include "repo/partial_fixture.hpp"

namespace codex::exchange::test {

using Dataset = repo::test::Peer;

/// A node with a repo.
class Store : public Speaker {
public:
    Store(World& world, std::uint8_t number, const repo::OpenOptions& open = {},
          const repo::Config& config = {}, net::HostOptions of_host = {})
        : Speaker(world.internet, number, {}, std::move(of_host)),
          repo(must(repo::Repo::init(scratch_.repo(), config, open))) {
        peers->remove(heard);
    }
    /// Stores these blocks of a dataset.
    void store(const Dataset& data, IndexRange range) {
        auto partial = must(repo.open_partial(data.manifest));
        must(partial.add(data.leaves(range.first, range.count)));
        must(partial.commit());
    }
    void store(const Dataset& data) { store(data, {0, data.size()}); }
    void serve() { server = std::make_unique<Server>(*peers, repo, executor); }
    [[nodiscard]] net::Multiaddr address() const {
        return must(host->addresses().front().with_peer(id()));
    }
    /// The dataset is whole, sound, and what was put.
    void expect_whole(const Dataset& data) {
        EXPECT_TRUE(repo.dataset(data.cid));
        for (std::uint64_t i = 0; i < data.size(); ++i) {
            const Bytes bytes = must(repo.get(data.block(i)));
            ASSERT_TRUE(equal(bytes, data.leaf(i).data)) << i;
        }
        EXPECT_EQ(repo::test::problems(repo), std::vector<std::string>());
    }

private:
    repo::test::Scratch scratch_;

public:
    InlineExecutor executor;
    repo::Repo repo;
    std::unique_ptr<Server> server;
};

/// One that has a dataset, or a part of it, and serves it.
class Seeder : public Store {
public:
    Seeder(World& world, std::uint8_t number, const Dataset& data, IndexRange range)
        : Store(world, number) {
        store(data, range);
        serve();
    }
    Seeder(World& world, std::uint8_t number, const Dataset& data)
        : Seeder(world, number, data, {0, data.size()}) {}
};

/// A fetch beside the test, which ends with this: what was not committed is lost, as by a kill.
class Begun {
public:
    Begun(World& world, Store& into, const Cid& cid, const FetchOptions& options,
          const codex::Job& job = {})
        : Begun(world, *into.peers, into, cid, options, job) {}
    /// From others than those of the repo's node.
    Begun(World& world, Peers& peers, Store& into, const Cid& cid, const FetchOptions& options,
          const codex::Job& job = {})
        : fetch(peers, into.repo, cid, options, job), group_(world.loop) {
        group_.start(codex::detail::keep_value(Fetch::run(&fetch), &result));
    }

    Fetch fetch;
    std::optional<Result<FetchStatus>> result; ///< once it has ended

private:
    TaskGroup group_;
};

/// Fetches, and what they ended with.
class Fetching : public testing::Test {
protected:
    Result<FetchStatus> fetch(const Cid& cid, Store& into, std::vector<net::Multiaddr> from,
                              FetchOptions options = {}, const codex::Job& job = {}) {
        options.peers = std::move(from);
        Fetch fetch(*into.peers, into.repo, cid, std::move(options), job);
        running = &fetch;
        auto result = world.run(Fetch::run(&fetch));
        running = nullptr;
        status = fetch.status();
        return result;
    }
    static FetchOptions options_to(ByteSink& sink) {
        FetchOptions options;
        options.content = &sink;
        return options;
    }

    World world{WireOptions{milliseconds(10)}};
    FetchStatus status;             ///< of the last that has ended
    const Fetch* running = nullptr; ///< by fetch()
};

/// Of one dataset of 300 blocks.
class FetchingBlocks : public Fetching {
protected:
    FetchingBlocks() : data(repo::test::seeds(1, 300)) {}

    Result<FetchStatus> fetch(Store& into, std::vector<net::Multiaddr> from,
                              FetchOptions options = {}, const codex::Job& job = {}) {
        return Fetching::fetch(data.cid, into, std::move(from), std::move(options), job);
    }
    /// Of a repo that commits each so many blocks.
    static repo::OpenOptions committing_each(std::uint64_t blocks) {
        repo::OpenOptions options;
        options.limits.partial_bytes = blocks * repo::test::kBlock;
        return options;
    }

    Dataset data;
};

enum class Fault {
    none,
    corrupt_data,
    bad_proof,
    missing_proof,
    foreign_proof,
    wrong_cid,
    silence,
    slowness,
    duplicates,
    unsolicited,
    dropped_connection,
};

/// Says to have all of a dataset, and sends it with a fault.
class Faulty : public Speaker, private PeerEvents {
public:
    Faulty(World& world, std::uint8_t number, const Dataset& data, Fault fault)
        : Speaker(world.internet, number), data_(data), fault_(fault), loop_(world.loop),
          work_(world.loop), tasks_(world.loop) {
        peers->add(*this);
        tasks_.start(send(this));
    }
    ~Faulty() override { peers->remove(*this); }
    [[nodiscard]] net::Multiaddr address() const {
        return must(host->addresses().front().with_peer(id()));
    }
    std::uint64_t sent = 0;

private:
    void want(const PeerId& peer, const Want& want) override {
        if (want.cancel) {
            std::erase_if(queue_, [&](const auto& one) { return one.second == want.address; });
        } else if (want.type == WantType::have) {
            Message message;
            Presence presence;
            presence.address = want.address;
            message.presences.push_back(presence);
            peers->send(peer, message);
        } else {
            queue_.emplace_back(peer, want.address);
            work_.notify();
        }
    }
    [[nodiscard]] Delivery delivery_of(const BlockAddress& address, Bytes& data, Bytes& proof) {
        Delivery delivery;
        delivery.address = address;
        if (!address.leaf) {
            data = data_.manifest;
            delivery.cid = data_.cid;
            return delivery;
        }
        const auto leaf = data_.leaf(address.index);
        data.assign(leaf.data.begin(), leaf.data.end());
        merkle::Proof path = *leaf.proof;
        delivery.cid = leaf.cid;
        // Not the first: it is trusted by then.
        const bool now = ++leaves_ % 5 == 0;
        if (now && fault_ == Fault::corrupt_data)
            data[7] ^= 1;
        if (now && fault_ == Fault::bad_proof)
            path.path.back()[3] ^= 1;
        if (now && fault_ == Fault::foreign_proof)
            path = data_.proof((address.index + 1) % data_.size());
        if (now && fault_ == Fault::wrong_cid)
            delivery.cid = data_.block((address.index + 1) % data_.size());
        if (!now || fault_ != Fault::missing_proof)
            proof = merkle::encode_proof(path);
        return delivery;
    }
    static Task<void> send(Faulty* self) {
        while (true) {
            while (self->queue_.empty()) {
                co_await self->work_.wait();
            }
            const auto [peer, address] = self->queue_.front();
            self->queue_.pop_front();
            if (self->fault_ == Fault::silence && self->sent >= 20)
                continue;
            if (self->fault_ == Fault::slowness) {
                const Clock::Instant later = self->loop_.now() + seconds(3);
                co_await self->loop_.pause_until(later);
            }
            const Bytes message = self->message(address);
            RawBytes framed(message.begin(), message.end());
            auto done = co_await self->peers->send_blocks(peer, std::move(framed));
            ++self->sent;
            if (done && self->fault_ == Fault::dropped_connection && self->sent % 15 == 0)
                self->peers->drop(peer, "the fault");
        }
    }
    [[nodiscard]] Bytes message(const BlockAddress& address) {
        std::array<Bytes, 5> data;
        std::array<Bytes, 5> proof;
        Message message;
        std::size_t count = fault_ == Fault::duplicates ? 2 : 1;
        if (fault_ == Fault::unsolicited && address.leaf)
            count = 5;
        for (std::size_t i = 0; i < count; ++i) {
            BlockAddress other = address;
            if (fault_ == Fault::unsolicited && i > 0)
                other.index = (address.index + 97 * i) % data_.size();
            message.deliveries.push_back(delivery_of(other, data[i], proof[i]));
            message.deliveries.back().data = data[i];
            message.deliveries.back().proof = proof[i];
        }
        return net::exchange::encode_framed(message);
    }

    const Dataset& data_;
    Fault fault_;
    EventLoop& loop_;
    std::uint64_t leaves_ = 0;
    std::deque<std::pair<PeerId, BlockAddress>> queue_;
    Signal work_;
    TaskGroup tasks_;
};

} // namespace codex::exchange::test
