// What a node of the DHT knows, over its repo: it is there again, and the node never waits for it.
#include "node/dht_store.hpp"

#include "base/fd.hpp"
#include "captured_log.hpp"
#include "must.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>

namespace codex::node::dht_store_test {
namespace {

using codex::test::must;
using net::PeerId;
using net::dht::Id;
using net::dht::kProviderSeconds;
using net::dht::NodeRecord;
using net::dht::Source;
using std::chrono::minutes;
using std::chrono::seconds;

/// Gives the secrets of a seed. Threads: as SeededRandom.
class Secrets final : public SecretRandom {
public:
    explicit Secrets(std::uint64_t seed) : random_(seed) {}
    [[nodiscard]] Result<void> fill(MutableBytes out) override { return random_.fill(out); }

private:
    SeededRandom random_;
};

NodeRecord record_of(std::uint64_t number, std::uint64_t sequence = 1) {
    Secrets secrets(number);
    const auto key = must(net::SecretKey::generate(secrets));
    const std::vector<net::Multiaddr> addresses = {
        must(net::Multiaddr::from_text("/ip4/10.0.0.1/tcp/8070"))};
    return must(net::dht::open_node_record(net::seal_peer_record(key, sequence, addresses)));
}
Id content(std::uint8_t number) {
    Id id;
    id.bytes[0] = number;
    return id;
}
constexpr Source kFrom = {{5, 6, 7, 8}, 4};

/// A disk that is full when it is told to be. Threads: any.
class FullDisk final : public repo::Disk {
public:
    std::atomic<bool> full = false;
    [[nodiscard]] ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) override {
        if (full) {
            errno = ENOSPC;
            return -1;
        }
        return Disk::pwritev(fd, parts, count, offset);
    }
};

class DhtStoreTest : public testing::Test {
protected:
    DhtStoreTest() { std::filesystem::create_directory(repo_); }
    void open() {
        close();
        DhtStoreOptions options;
        options.open.disk = disk_;
        options.logger = log_.logger();
        store.emplace(repo_, loop, Executor::caller(), random_, options);
        tasks.emplace(loop);
        tasks->start(DhtStore::write_behind(&*store));
    }
    void close() {
        tasks.reset();
        store.reset();
    }
    void pass(Clock::Duration time) {
        loop.run_until([] { return false; }, loop.now() + time);
    }
    bool add(std::uint8_t what, const NodeRecord& record) {
        const std::uint64_t now = clock.unix_seconds();
        return store->add(content(what), record, kFrom, now + kProviderSeconds, now);
    }
    std::vector<net::dht::Provider> find(std::uint8_t what) {
        return store->find(content(what), 100, clock.unix_seconds());
    }
    std::string file() const { return repo_ + "/node/dht.mdb"; }

    SimulatedClock clock;
    SimulatedLoop loop{clock};
    test::CapturedLog log_{clock};

private:
    test::TemporaryFolder folder_;
    SeededRandom random_{1};

protected:
    std::string repo_ = folder_.file("repo");
    FullDisk disk_;
    std::optional<DhtStore> store;
    std::optional<TaskGroup> tasks;
};

TEST_F(DhtStoreTest, ProvidersAreThereAgainAsTheyCameASecondLater) {
    open();
    const NodeRecord first = record_of(1);
    const NodeRecord newer = record_of(2, 7);
    EXPECT_TRUE(add(1, first));
    EXPECT_TRUE(add(1, record_of(2, 3)));
    EXPECT_TRUE(add(2, newer));
    EXPECT_TRUE(add(3, record_of(3)));
    store->remove(record_of(3).record.peer);
    pass(seconds(2));
    EXPECT_TRUE(add(4, first)); // and then it is killed
    open();
    auto found = find(1);
    ASSERT_EQ(found.size(), 2U);
    std::ranges::sort(found, {}, &net::dht::Provider::sequence);
    EXPECT_EQ(found[0].envelope, first.envelope);
    EXPECT_EQ(found[1].envelope, newer.envelope);
    EXPECT_EQ(found[1].until, clock.unix_seconds() - 2 + kProviderSeconds);
    EXPECT_TRUE(find(3).empty());
    EXPECT_TRUE(find(4).empty());
    EXPECT_EQ(store->held().peers, 2U);
    // An older record comes in a second life, too, and changes nothing but the time.
    EXPECT_TRUE(add(2, record_of(2, 3)));
    EXPECT_EQ(find(2)[0].envelope, newer.envelope);
    EXPECT_TRUE(log_.lines().empty());
}

TEST_F(DhtStoreTest, WhatIsOverIsNotThereAgain) {
    open();
    add(1, record_of(1));
    pass(std::chrono::hours(12));
    add(2, record_of(1));
    pass(std::chrono::hours(13)); // and nobody asked for it
    open();
    EXPECT_TRUE(find(1).empty());
    EXPECT_EQ(find(2).size(), 1U);
    EXPECT_EQ(store->held().entries, 1U);
    pass(seconds(2)); // its row goes, and then the record with the other one
    pass(std::chrono::hours(24));
    open();
    EXPECT_EQ(store->held().entries, 0U);
    pass(seconds(2));
    close();
    const auto tables = must(repo::NodeTables::open(repo_, {}));
    for (const auto table : {repo::NodeTable::providers, repo::NodeTable::records})
        must(tables->for_each(table,
                              [](BytesView, BytesView) { ADD_FAILURE() << "a row is left"; }));
}

TEST_F(DhtStoreTest, WhatAClockThatIsAheadSaidLastsNoLongerThanADay) {
    open();
    const std::uint64_t now = clock.unix_seconds();
    const std::uint64_t ahead = now + 365UL * 24 * 3600;
    EXPECT_TRUE(store->add(content(1), record_of(1), kFrom, ahead + kProviderSeconds, ahead));
    pass(seconds(2));
    open(); // and the clock is right
    EXPECT_EQ(find(1).size(), 1U);
    clock.advance(std::chrono::hours(24) + seconds(1));
    EXPECT_TRUE(find(1).empty());
}

TEST_F(DhtStoreTest, NodesAndNumbersAreThereAgain) {
    open();
    EXPECT_EQ(store->next_number("record", 100), 100U);
    std::vector<KeptNode> nodes;
    for (std::uint64_t i = 0; i < 3; ++i) {
        const NodeRecord record = record_of(i + 1);
        nodes.push_back({record.id, record.envelope, 1000 + i, 0.25 * static_cast<double>(i)});
    }
    store->keep_nodes(nodes);
    pass(seconds(2));
    open();
    EXPECT_EQ(store->next_number("record", 50), 101U);
    ASSERT_EQ(store->kept_nodes().size(), 3U);
    EXPECT_EQ(store->kept_nodes()[0].id, nodes[2].id); // seen last
    EXPECT_EQ(store->kept_nodes()[0].envelope, nodes[2].envelope);
    EXPECT_EQ(store->kept_nodes()[0].last_seen, 1002U);
    EXPECT_EQ(store->kept_nodes()[0].reliability, 0.5);
    nodes.resize(1);
    store->keep_nodes(nodes);
    pass(seconds(2));
    open();
    EXPECT_EQ(store->kept_nodes().size(), 1U);
    // More than are kept: those that were seen last.
    nodes.resize(DhtStore::kMostNodes + 50, nodes[0]);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        nodes[i].id.bytes[30] = static_cast<std::uint8_t>(i >> 8);
        nodes[i].id.bytes[31] = static_cast<std::uint8_t>(i);
        nodes[i].last_seen = i;
    }
    store->keep_nodes(nodes);
    pass(seconds(2));
    open();
    ASSERT_EQ(store->kept_nodes().size(), DhtStore::kMostNodes);
    EXPECT_EQ(store->kept_nodes().back().last_seen, 50U);
}

TEST_F(DhtStoreTest, AtTheEndWhatChangedIsWrittenAtOnce) {
    open();
    add(1, record_of(1));
    tasks.reset();
    ASSERT_TRUE(loop.run_until([] { return true; }));
    tasks.emplace(loop);
    tasks->start(DhtStore::flush(&*store));
    ASSERT_TRUE(loop.run_until([&] { return tasks->size() == 0; }, loop.now() + seconds(1)));
    open();
    EXPECT_EQ(find(1).size(), 1U);
}

TEST_F(DhtStoreTest, DamageIsSaidOnceAndTheNodeLearnsAnew) {
    open();
    add(1, record_of(1));
    pass(seconds(2));
    close();
    must(write_file_atomic(file(), Bytes(50'000, 0x5a), 0600));
    open();
    EXPECT_EQ(log_.count("is lost, and is learned anew"), 1U);
    EXPECT_TRUE(find(1).empty());
    add(2, record_of(1));
    pass(seconds(2));
    open();
    EXPECT_EQ(find(2).size(), 1U);
    EXPECT_EQ(log_.lines().size(), 1U);
}

TEST_F(DhtStoreTest, AnotherProcessThatMakesItAnewGetsAllOfIt) {
    open();
    add(1, record_of(1));
    pass(seconds(2));
    std::filesystem::remove(file()); // as who finds it damaged does
    add(2, record_of(2));
    pass(minutes(3));
    open();
    EXPECT_EQ(find(1).size() + find(2).size(), 2U);
}

TEST_F(DhtStoreTest, AFullDiskIsSaidOnceAndAllIsWrittenWhenThereIsRoom) {
    open();
    add(1, record_of(1));
    pass(seconds(2));
    disk_.full = true;
    add(2, record_of(2));
    pass(minutes(10));
    add(3, record_of(3));
    pass(minutes(10));
    EXPECT_EQ(find(1).size() + find(2).size() + find(3).size(), 3U);
    EXPECT_EQ(log_.count("cannot be kept"), 1U);
    EXPECT_EQ(store->next_number("record", 77), 77U); // it is given, if not kept
    disk_.full = false;
    pass(minutes(10));
    open();
    EXPECT_EQ(find(1).size() + find(2).size() + find(3).size(), 3U);
    EXPECT_EQ(log_.lines().size(), 1U);
}

TEST_F(DhtStoreTest, WithoutAFileItIsMemory) {
    must(write_file_atomic(repo_ + "/node", as_bytes("no folder"), 0600));
    open();
    EXPECT_EQ(log_.count("cannot be kept"), 1U);
    add(1, record_of(1));
    EXPECT_EQ(store->next_number("record", 77), 77U);
    pass(minutes(10));
    EXPECT_EQ(find(1).size(), 1U);
    EXPECT_EQ(log_.lines().size(), 1U);
    std::filesystem::remove(repo_ + "/node");
    pass(minutes(10));
    open();
    EXPECT_EQ(find(1).size(), 1U);
}

} // namespace
} // namespace codex::node::dht_store_test
