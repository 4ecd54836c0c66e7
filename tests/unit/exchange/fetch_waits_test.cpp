// What a fetch says that it waits for.
#include "fetch_fixture.hpp"

namespace codex::exchange::test {
namespace {

using FetchWaits = FetchingBlocks;

TEST_F(FetchWaits, SaysWhatIsWaitedForAndHowLong) {
    auto silent = std::make_unique<Faulty>(world, 1, data, Fault::silence);
    const std::string name = silent->id().text();
    Store leecher(world, 2);
    FetchOptions options;
    options.peers = {silent->address()};
    Fetch fetch(*leecher.peers, leecher.repo, data.cid, std::move(options), {});
    std::optional<Result<FetchStatus>> outcome;
    TaskGroup tasks(world.loop);
    tasks.start(codex::detail::keep_value(Fetch::run(&fetch), &outcome));
    world.pass(seconds(1));
    EXPECT_EQ(fetch.status().connected, 1U);
    EXPECT_FALSE(fetch.status().waiting);
    world.pass(seconds(9));
    FetchStatus now = fetch.status();
    ASSERT_TRUE(now.waiting);
    EXPECT_EQ(now.waiting->words, "nothing comes from " + name);
    EXPECT_GT(now.waiting->left, seconds(160));
    EXPECT_LE(now.waiting->left, seconds(180));
    ASSERT_EQ(now.peers.size(), 1U);
    EXPECT_EQ(now.peers[0].bytes, now.bytes_fetched + data.manifest.size());
    EXPECT_GT(now.bytes_fetched, 0U);
    silent.reset();
    world.pass(seconds(5));
    now = fetch.status();
    EXPECT_EQ(now.connected, 0U);
    ASSERT_TRUE(now.waiting);
    EXPECT_EQ(now.waiting->words, "no peer is left");
    EXPECT_LE(now.waiting->left, seconds(26));
    ASSERT_TRUE(world.until([&] { return outcome.has_value(); }, minutes(1)));
    EXPECT_EQ(must_fail(std::move(*outcome)).code(), Errc::unavailable);
}

} // namespace
} // namespace codex::exchange::test
