// What a node does when it is spoken to, over a network whose clock jumps.
#include "daemon_fixture.hpp"
#include "node/keeper.hpp"

#include <gmock/gmock.h>

namespace codex::node::daemon_test {
namespace {

using namespace daemon_fixture;
using testing::HasSubstr;

TEST_F(DaemonTest, SaysWhoItIsAndWithWhom) {
    must(ask(Ask::connect, there_.address().text()));
    ASSERT_TRUE(world_.until([&] { return here_.host->said_by(there_.id()) != nullptr; }));
    must(ask(Ask::health));
    ASSERT_EQ(listener_.heard<About>().size(), 1U);
    EXPECT_EQ(listener_.heard<About>()[0]->id, here_.id().text());
    EXPECT_EQ(listener_.heard<About>()[0]->peers, 1U);
    EXPECT_EQ(listener_.heard<About>()[0]->addresses,
              std::vector<std::string>{here_.address().text()});
    must(ask(Ask::peers));
    ASSERT_EQ(listener_.heard<PeerRow>().size(), 1U);
    const PeerRow& row = *listener_.heard<PeerRow>()[0];
    EXPECT_EQ(row.id, there_.id().text());
    EXPECT_EQ(row.address, there_.address().text());
    EXPECT_FALSE(row.incoming);
    EXPECT_EQ(row.muxer, "/mplex/6.7.0");
    EXPECT_EQ(row.agent, "codex");
    EXPECT_GT(row.bytes_in, 0U);
    EXPECT_GT(row.bytes_out, 0U);
    must(ask(Ask::limits));
    EXPECT_EQ(listener_.heard<LimitRow>().size(), net::kLimitCount);
}

TEST_F(DaemonTest, SaysHowOftenEachLimitBit) {
    for (std::size_t limit = 0; limit < net::kLimitCount; ++limit)
        for (std::size_t times = 0; times <= limit; ++times)
            here_.host->count_limit(static_cast<net::Limit>(limit), "somebody");
    must(ask(Ask::limits));
    const auto rows = listener_.heard<LimitRow>();
    ASSERT_EQ(rows.size(), net::kLimitCount);
    const Limits standard;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto limit = static_cast<net::Limit>(i);
        EXPECT_EQ(rows[i]->name, net::limit_name(limit));
        EXPECT_EQ(rows[i]->hits, i + 1) << rows[i]->name;
        EXPECT_EQ(rows[i]->value, limit_value(limit, standard)) << rows[i]->name;
    }
}

TEST_F(DaemonTest, PingsAndSaysWhatCannotBe) {
    Request request;
    request.ask = Ask::ping;
    request.address = there_.address().text();
    request.count = 3;
    must(ask(std::move(request), listener_));
    EXPECT_EQ(listener_.heard<Pong>().size(), 3U);
    EXPECT_EQ(must_fail(ask(Ask::connect, "nonsense")).code(), Errc::multiaddr_invalid);
    EXPECT_EQ(must_fail(ask(Ask::connect, "/ip4/10.0.0.2/tcp/8070")).code(),
              Errc::multiaddr_invalid);
    const std::string nobody =
        "/ip4/10.0.0.9/tcp/8070/p2p/16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt";
    EXPECT_EQ(must_fail(ask(Ask::connect, nobody)).code(), Errc::unavailable);
    EXPECT_EQ(must_fail(ask(Ask::reload)).text(), "no");
    must(ask(Ask::reload));
    ASSERT_EQ(listener_.heard<Later>().size(), 2U);
    EXPECT_EQ(listener_.heard<Later>()[1]->setting, "threads");
    must(ask(Ask::stop));
    EXPECT_EQ(reloads_, 2);
    EXPECT_EQ(stops_, 1);
}

TEST_F(DaemonTest, FetchesOfThePeersThatItHasWhileItServes) {
    const Dataset data(repo::test::seeds(1, 300));
    there_.store(data, {0, data.size()});
    must(ask(Ask::connect, there_.address().text()));
    must(ask(fetching(data), listener_));
    here_.expect_whole(data);
    ASSERT_EQ(listener_.heard<Totals>().size(), 1U);
    EXPECT_EQ(listener_.heard<Totals>()[0]->blocks, data.size());
    EXPECT_EQ(listener_.heard<Totals>()[0]->blocks_fetched, data.size());
    ASSERT_EQ(listener_.heard<exchange::FetchPeer>().size(), 1U);
    EXPECT_EQ(listener_.heard<exchange::FetchPeer>()[0]->blocks, data.size() + 1);
    ASSERT_GE(listener_.heard<SoFar>().size(), 1U);
    const SoFar end = *listener_.heard<SoFar>().back();
    EXPECT_EQ(end.done, end.total);
    EXPECT_GT(end.total, 0U);
    EXPECT_EQ(end.peers, 1U);
    // What it has fetched it gives to others.
    Store third(world_, 3);
    exchange::FetchOptions options;
    options.peers = {here_.address()};
    codex::Job job(third.executor);
    exchange::Fetch fetch(*third.peers, third.repo, data.cid, std::move(options), job);
    must(world_.run(exchange::Fetch::run(&fetch)));
    third.expect_whole(data);
}

TEST_F(DaemonTest, FetchesOfThePeersThatAreNamedAndSaysWhatCannotBe) {
    const Dataset data(repo::test::seeds(1, 20));
    EXPECT_EQ(must_fail(ask(fetching(data, {there_.address().text()}), listener_)).code(),
              Errc::dataset_not_found);
    there_.store(data, {0, data.size()});
    must(ask(fetching(data, {there_.address().text()}), listener_));
    here_.expect_whole(data);
    EXPECT_EQ(must_fail(ask(fetching(data, {"nonsense"}), listener_)).code(),
              Errc::multiaddr_invalid);
    Request request = fetching(data);
    request.cid = "nonsense";
    EXPECT_EQ(must_fail(ask(std::move(request), listener_)).code(), Errc::cid_invalid);
    request = fetching(data);
    request.range = "5-";
    EXPECT_THAT(must_fail(ask(std::move(request), listener_)).text(), HasSubstr("no part"));
}

TEST_F(DaemonTest, AFetchEndsWithWhoAskedAndWithTheNodeAndMoreWaitForTheirTurn) {
    // Nobody has it, and nobody is there to say so: it goes on for half a minute.
    const Dataset data(repo::test::seeds(1, 20));
    std::vector<std::unique_ptr<Listener>> listeners;
    std::vector<std::optional<Result<void>>> ends(4);
    TaskGroup asking(world_.loop);
    for (auto& end : ends) {
        listeners.push_back(std::make_unique<Listener>(world_.loop));
        asking.start(codex::detail::keep_value(
            daemon_->answer(fetching(data), listeners.back().get()), &end));
    }
    world_.pass(seconds(2));
    EXPECT_EQ(asking.size(), 4U);
    listeners[0]->leave();
    EXPECT_TRUE(world_.until([&] { return ends[0].has_value(); }, seconds(2)));
    EXPECT_EQ(ends[0]->error().code(), Errc::cancelled);
    listeners[3]->leave(); // which waits
    EXPECT_TRUE(world_.until([&] { return ends[3].has_value(); }, seconds(2)));
    EXPECT_EQ(asking.size(), 2U);
    daemon_->cancel();
    EXPECT_TRUE(world_.until([&] { return asking.size() == 0; }, seconds(2)));
    EXPECT_EQ(ends[1]->error().code(), Errc::cancelled);
    EXPECT_EQ(ends[2]->error().code(), Errc::cancelled);
    EXPECT_EQ(must_fail(ask(fetching(data), listener_)).code(), Errc::cancelled);
}

class KeeperTest : public ::testing::Test {
protected:
    [[nodiscard]] bool connected() const { return here_.host->connection(there_->id()) != nullptr; }
    [[nodiscard]] KeptPeer kept() const {
        return {there_->id(), there_->host->addresses().front()};
    }
    World world_;
    Store here_{world_, 1};
    std::unique_ptr<Store> there_ = std::make_unique<Store>(world_, 2);
    Keeper keeper_{*here_.host};
};

TEST_F(KeeperTest, ConnectsAgainUntilNobodyWantsIt) {
    keeper_.keep({kept()});
    ASSERT_TRUE(world_.until([&] { return connected(); }, seconds(5)));
    there_->peers->drop(here_.id(), "a test");
    ASSERT_TRUE(world_.until([&] { return !connected(); }, seconds(60)));
    ASSERT_TRUE(world_.until([&] { return connected(); }, minutes(2)));
    keeper_.keep({});
    there_->peers->drop(here_.id(), "a test");
    ASSERT_TRUE(world_.until([&] { return !connected(); }, seconds(60)));
    EXPECT_FALSE(world_.until([&] { return connected(); }, minutes(5)));
}

TEST_F(KeeperTest, GoesOnTryingWhoIsNotThereYet) {
    world_.internet.set_silent(std::array<std::uint8_t, 4>{10, 0, 0, 2}, true);
    keeper_.keep({kept()});
    keeper_.keep({kept()}); // the same once more is no second one
    EXPECT_FALSE(world_.until([&] { return connected(); }, minutes(5)));
    world_.internet.set_silent(std::array<std::uint8_t, 4>{10, 0, 0, 2}, false);
    EXPECT_TRUE(world_.until([&] { return connected(); }, minutes(3)));
    EXPECT_EQ(here_.host->connections().size(), 1U);
}

} // namespace
} // namespace codex::node::daemon_test
