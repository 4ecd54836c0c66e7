// Nodes that find each other, and what they have, over a simulated internet whose clock jumps.
#include "node/dht_node.hpp"

#include "captured_log.hpp"
#include "found_nodes.hpp"

#include <gmock/gmock.h>

namespace codex::node::dht_node_test {
namespace {

using codex::test::must;
using codex::test::must_fail;
using found_nodes::Dataset;
using found_nodes::Whole;
using found_nodes::World;
using net::dht::Id;
using net::dht::NodeRecord;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

class DhtNodeTest : public found_nodes::FoundNodes {};

TEST_F(DhtNodeTest, WhatIsHereIsFoundByItsManifestAndItsTree) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    Whole three(world, 3, one.record());
    one.store.store(data);
    ASSERT_TRUE(know_each_other({&one, &two, &three}));
    must(three.fetch(data));
    three.store.expect_whole(data);
    const Cid tree = must(one.store.repo.dataset(data.cid)).manifest.tree;
    for (const Cid& cid : {data.cid, tree}) {
        const auto found = must(two.find(cid));
        ASSERT_FALSE(found.empty());
        EXPECT_THAT(found[0].addresses[0], testing::EndsWith("/p2p/" + found[0].id));
    }
    const Cid other = Cid::block(crypto::sha256(as_bytes("nothing")));
    EXPECT_EQ(must_fail(two.find(other)).code(), Errc::dataset_not_found);
}

TEST_F(DhtNodeTest, WhatIsStoredLaterIsToldAtOnce) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    ASSERT_TRUE(know_each_other({&one, &two}));
    world.pass(minutes(1));
    EXPECT_FALSE(two.find(data.cid));
    one.store.store(data);
    world.pass(seconds(3));
    EXPECT_EQ(must(two.find(data.cid)).size(), 1U);
}

TEST_F(DhtNodeTest, WhatHasGrownAndIsWholeIsToldOnceAndAgainWhenItWasRemoved) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    one.store.store(data);
    ASSERT_TRUE(know_each_other({&one, &two}));
    world.pass(minutes(1));
    const std::uint64_t before = two.advertiser->counts().told;
    must(two.fetch(data));
    world.pass(seconds(30));
    EXPECT_EQ(two.advertiser->counts().told, before + 2) << "the manifest and the tree";
    EXPECT_EQ(must(one.find(data.cid)).size(), 1U);
    must(two.store.repo.remove_dataset(data.cid));
    world.pass(seconds(30));
    must(two.fetch(data));
    world.pass(seconds(30));
    EXPECT_EQ(two.advertiser->counts().told, before + 4);
}

class SlowNodesTest : public testing::Test {
protected:
    World world{slow()};
    Dataset data{repo::test::seeds(1, 300)};

private:
    static WireOptions slow() {
        WireOptions wire{std::chrono::milliseconds(10)};
        wire.bytes_per_second = 20000; // of each of those that give
        return wire;
    }
};

TEST_F(SlowNodesTest, NobodyIsSearchedForWhileEnoughGiveSomething) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    Whole three(world, 3, one.record());
    Whole four(world, 4, one.record());
    for (Whole* const having : {&one, &two, &three})
        having->store.store(data);
    world.pass(minutes(1));
    const std::uint64_t before = four.node->dht().counters().searches;
    const Clock::Instant began = world.loop.now();
    must(four.fetch(data));
    EXPECT_GT(world.loop.now() - began, seconds(10));
    EXPECT_LE(four.node->dht().counters().searches - before, 3U) << "before they gave";
}

TEST_F(DhtNodeTest, WhatWasKeptIsFoundWhereNobodyAnswersAndThatIsSaid) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    one.store.store(data);
    ASSERT_TRUE(know_each_other({&one, &two}));
    world.pass(minutes(1));
    const auto find = [&] {
        return must(world.run(find_providers(&two.node->dht(), data.cid, world.in(minutes(1)))));
    };
    EXPECT_EQ(find().asked, 1U);
    one.end();
    const FoundProviders kept = find();
    EXPECT_EQ(kept.asked, 0U);
    EXPECT_EQ(kept.providers.size(), 1U);
}

TEST_F(DhtNodeTest, ItIsToldAgainBeforeOthersForgetIt) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    Whole three(world, 3, one.record());
    one.store.store(data);
    one.advertising.look = two.advertising.look = three.advertising.look = minutes(10);
    for (Whole* each : {&one, &two, &three})
        each->end(), each->begin(each == &one ? std::vector<NodeRecord>() : one.record());
    ASSERT_TRUE(know_each_other({&one, &two, &three}));
    world.pass(hours(25));
    EXPECT_GE(one.advertiser->counts().rounds, 49U);
    EXPECT_EQ(must(two.find(data.cid)).size(), 1U);
    one.advertiser.reset();
    world.pass(hours(25));
    EXPECT_FALSE(two.find(data.cid));
}

TEST_F(DhtNodeTest, ARoundReadsWhatIsThereOnceHoweverManyPagesItHas) {
    Whole one(world, 1);
    const Whole two(world, 2, one.record());
    ASSERT_TRUE(know_each_other({&one}));
    for (std::uint64_t i = 0; i < 25; ++i)
        one.store.store(Dataset(repo::test::seeds(1000 + i, 1)));
    one.advertising.page = 4;
    one.advertising.look = minutes(10); // the round alone tells of them
    one.advertiser = std::make_unique<Advertiser>(*one.node, one.store.repo, one.store.executor,
                                                  one.advertising);
    ASSERT_TRUE(world.until([&] { return one.advertiser->counts().rounds == 1; }));
    EXPECT_EQ(one.advertiser->counts().read, 25U);
    world.pass(minutes(1));
    const AdvertiserCounts& counts = one.advertiser->counts();
    EXPECT_EQ(counts.read, 25U * counts.rounds);
    EXPECT_EQ(counts.told, 51U * counts.rounds); // manifests and trees, and the node itself
    EXPECT_EQ(counts.failed, 0U);
}

TEST_F(DhtNodeTest, WhoCannotBeDialledIsForgottenAndAnotherOneComes) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    Whole three(world, 3, one.record());
    auto four = std::make_unique<Whole>(world, 4, one.record());
    four->store.store(data);
    ASSERT_TRUE(know_each_other({&one, &two, &three, four.get()}));
    world.pass(minutes(1));
    ASSERT_EQ(must(two.find(data.cid)).size(), 1U);
    four.reset();
    EXPECT_FALSE(two.fetch(data));
    EXPECT_TRUE(two.dht_store->find(Id::of_content(data.cid), 10, 0).empty());

    // The one that has it comes while somebody is being dialled in vain.
    world.internet.set_silent(std::array<std::uint8_t, 4>{10, 0, 0, 4}, true);
    world.pass(minutes(2));
    TaskGroup later(world.loop);
    const auto store_later = [](World* at, Whole* into, const Dataset* what) -> Task<void> {
        co_await at->loop.pause_until(at->in(seconds(2)));
        into->store.store(*what);
    };
    later.start(store_later(&world, &three, &data));
    must(two.fetch(data));
    two.store.expect_whole(data);
}

TEST_F(DhtNodeTest, WhomNobodyKnowsIsSaidSoSoon) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    ASSERT_TRUE(know_each_other({&one, &two}));
    const Clock::Instant began = world.loop.now();
    EXPECT_EQ(must_fail(two.fetch(data)).code(), Errc::dataset_not_found);
    EXPECT_LT(world.loop.now() - began, seconds(15));
}

/// Has the node told that so many others provide it, who do not exist.
void make_up_providers(const World& world, Whole& at, const Dataset& data, std::uint8_t count) {
    const std::uint64_t now = world.clock.unix_seconds();
    for (std::uint8_t i = 0; i < count; ++i) {
        net::SeededSecrets of_key(100U + i);
        const std::vector<net::Multiaddr> addresses = {
            must(net::Multiaddr::from_text(fmt::format("/ip4/10.0.1.{}/tcp/8070", i)))};
        const Bytes sealed =
            net::seal_peer_record(must(net::SecretKey::generate(of_key)), now, addresses);
        const std::array<std::uint8_t, 4> from = {10, 1, i, 1};
        EXPECT_TRUE(at.dht_store->add(
            Id::of_content(data.cid), must(net::dht::open_node_record(sealed)),
            net::dht::Source::of(SocketAddress(from, 8090)), now + 24UL * 3600, now));
    }
}

TEST_F(DhtNodeTest, MadeUpProvidersDoNotHideTheOneThatHasIt) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    Whole three(world, 3, one.record());
    three.store.store(data);
    ASSERT_TRUE(know_each_other({&one, &two, &three}));
    world.pass(minutes(1));
    make_up_providers(world, one, data, 200);
    make_up_providers(world, three, data, 200);
    must(two.fetch(data));
    two.store.expect_whole(data);
}

TEST_F(DhtNodeTest, WhereAllProvidersAreMadeUpThatIsSaidOfThemAll) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    ASSERT_TRUE(know_each_other({&one, &two}));
    make_up_providers(world, one, data, 50);
    const Clock::Instant began = world.loop.now();
    const Error error = must_fail(two.fetch(data));
    EXPECT_LT(world.loop.now() - began, minutes(5));
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_THAT(error.text(), testing::ContainsRegex("[0-9]+ are said to have it"));
}

TEST_F(DhtNodeTest, ABootstrapNodeThatIsGoneIsWhy) {
    auto one = std::make_unique<Whole>(world, 1);
    Whole two(world, 2, one->record());
    one.reset();
    const Error error = must_fail(two.fetch(data));
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_THAT(error.text(), testing::HasSubstr("no bootstrap node answers"));
}

TEST_F(DhtNodeTest, WhoSaysAddressesOfThisHostSendsNobodyThere) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    ASSERT_TRUE(know_each_other({&one, &two}));
    one.advertiser.reset();
    net::SeededSecrets of_key(1); // that of the first one
    const std::vector<net::Multiaddr> addresses = {
        must(net::Multiaddr::from_text("/ip4/127.0.0.1/tcp/8070")),
        must(net::Multiaddr::from_text("/dns4/localhost/tcp/8070"))};
    Bytes record =
        net::seal_peer_record(must(net::SecretKey::generate(of_key)),
                              one.numbers.next(world.clock.unix_seconds() + 1), addresses);
    must(world.run(one.node->dht().provide(Id::of_content(data.cid), std::move(record),
                                           world.in(minutes(1)))));
    const Error error = must_fail(two.fetch(data));
    EXPECT_THAT(error.text(), testing::HasSubstr("names no address that leads there"));
    EXPECT_TRUE(two.dht_store->find(Id::of_content(data.cid), 10, 0).empty());
}

TEST_F(DhtNodeTest, APeerIsFoundByItsName) {
    Whole one(world, 1);
    Whole two(world, 2, one.record());
    Whole three(world, 3, one.record());
    ASSERT_TRUE(know_each_other({&one, &two, &three}));
    world.pass(minutes(1));
    const auto found = must(world.run(two.node->find(three.store.id(), world.in(minutes(1)))));
    EXPECT_THAT(found, ElementsAre(three.store.host->addresses().front()));
    net::SeededSecrets secrets(99);
    const net::PeerId nobody(must(net::SecretKey::generate(secrets)).public_key());
    EXPECT_EQ(
        must_fail(world.run(find_peer(&two.node->dht(), nobody, world.in(minutes(1))))).code(),
        Errc::answer_no);
}

TEST_F(DhtNodeTest, WhoWasKnownIsKnownAfterARestartWithoutItsBootstrapNode) {
    auto one = std::make_unique<Whole>(world, 1);
    Whole two(world, 2, one->record());
    Whole three(world, 3, one->record());
    ASSERT_TRUE(know_each_other({one.get(), &two, &three}));
    const std::uint64_t last = three.node->dht().record().record.sequence;
    three.end();
    one.reset();
    three.begin({});
    EXPECT_TRUE(know_each_other({&two, &three}));
    EXPECT_GT(three.node->dht().record().record.sequence, last);
    ASSERT_FALSE(three.node->nodes().empty());
    EXPECT_EQ(three.node->self().peer, three.store.id().text());
    EXPECT_EQ("spr:" + three.node->self().record, three.node->record());
}

TEST_F(DhtNodeTest, AWayInFromOutsideIsSaidFirst) {
    codex::test::CapturedLog log(world.clock);
    AnnouncerOptions announcer;
    announcer.logger = log.logger();
    Whole one(world, 1, {}, announcer);
    EXPECT_EQ(log.count("no address there"), 1U); // 10.0.0.1 is none of the internet
    EXPECT_TRUE(one.node->announcer().announced().asks_for_mapping);
    const std::array<std::uint8_t, 4> outside = {198, 51, 100, 7};
    one.node->announcer().set_external(
        External{SocketAddress(outside, 4001), SocketAddress(outside, 4002)});
    EXPECT_FALSE(one.node->announcer().announced().asks_for_mapping);
    EXPECT_EQ(one.node->announced().front().text(), "/ip4/198.51.100.7/tcp/4001");
    EXPECT_EQ(one.node->self().address, "198.51.100.7:4002");
    const auto record = must(net::open_peer_record(one.node->announcer().provider_record()));
    EXPECT_EQ(record.addresses.front().text(), "/ip4/198.51.100.7/tcp/4001");
    EXPECT_LT(record.sequence, one.numbers.next(0));

    one.node->announcer().set_external(std::nullopt);
    EXPECT_EQ(one.node->self().address, "10.0.0.1:8090");
    one.node->announcer().look();
    EXPECT_EQ(log.count("no address there"), 2U);
}

TEST(RecordNumbersTest, AreAboveAllBeforeWhateverTheClockSays) {
    std::vector<std::uint64_t> kept;
    RecordNumbers numbers(2000, [&](std::uint64_t number) { kept.push_back(number); });
    EXPECT_EQ(numbers.next(1000), 2001U);
    numbers.note(1500);
    EXPECT_EQ(numbers.next(3000), 3000U);
    EXPECT_EQ(numbers.last(), 3000U);
    EXPECT_THAT(kept, ElementsAre(2001U, 3000U));
}

} // namespace
} // namespace codex::node::dht_node_test
