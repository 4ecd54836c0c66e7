// Fetching from nodes that serve, and from nodes that misbehave.
#include "fetch_fixture.hpp"

#include "base/stepped_executor.hpp"

namespace codex::exchange::test {
namespace {

using repo::test::kBlock;
using repo::test::seeds;

class FetchTest : public FetchingBlocks {
protected:
    static std::uint64_t sum(const FetchStatus& of, std::uint64_t FetchPeer::* what) {
        std::uint64_t all = 0;
        for (const FetchPeer& peer : of.peers)
            all += peer.*what;
        return all;
    }
};

TEST_F(FetchTest, GivesBackTheManifestOfWhatIsWhole) {
    Store leecher(world, 2);
    leecher.store(data);
    must(leecher.repo.drop_bytes({&data.cid, 1}));
    must(fetch(leecher, {}));
    EXPECT_EQ(must(leecher.repo.get(data.cid)), data.manifest);
    leecher.expect_whole(data);
}

TEST_F(FetchTest, BlocksThatAreLostComeAgain) {
    Seeder seeder(world, 1, data);
    Store leecher(world, 2);
    leecher.store(data, {0, 100});
    const std::array<Cid, 2> lost{data.block(3), data.block(77)};
    must(leecher.repo.drop_bytes(lost));
    must(fetch(leecher, {seeder.address()}));
    EXPECT_EQ(status.blocks_fetched, 202U);
    leecher.expect_whole(data);
    must(leecher.repo.drop_bytes(lost)); // of what is whole, too
    must(fetch(leecher, {seeder.address()}));
    EXPECT_EQ(status.blocks_fetched, 2U);
    leecher.expect_whole(data);
}

TEST_F(FetchTest, WhatCameBeforeTheQuotaIsFullStays) {
    Seeder seeder(world, 1, data);
    repo::Config config;
    config.quota_bytes = 150 * kBlock;
    Store leecher(world, 2, {}, config);
    const Error error = must_fail(fetch(leecher, {seeder.address()}));
    EXPECT_EQ(error.code(), Errc::quota_exceeded) << error.text();
    EXPECT_GE(must(leecher.repo.partial(data.cid)).blocks_held, 64U);
    EXPECT_EQ(repo::test::problems(leecher.repo), std::vector<std::string>());
}

TEST_F(FetchTest, FetchesADatasetFromOneNode) {
    Seeder seeder(world, 1, data);
    Store leecher(world, 2);
    InlineExecutor executor;
    Progress progress;
    must(fetch(leecher, {seeder.address()}, {}, {executor, progress}));
    leecher.expect_whole(data);
    EXPECT_EQ(status.blocks, 300U);
    EXPECT_EQ(status.blocks_here, 300U);
    EXPECT_EQ(status.blocks_fetched, 300U);
    EXPECT_EQ(status.bytes_fetched, 300U * kBlock);
    EXPECT_EQ(progress.done_bytes, 300U * kBlock);
    EXPECT_EQ(progress.total_bytes, 300U * kBlock);
    ASSERT_EQ(status.peers.size(), 1U);
    EXPECT_EQ(status.peers[0].id, seeder.id());
    EXPECT_EQ(status.peers[0].blocks, 301U); // and the manifest
    EXPECT_EQ(status.peers[0].duplicates, 0U);
    EXPECT_GT(status.peers[0].round_trip, milliseconds(19));
    EXPECT_EQ(seeder.server->counts().blocks, 301U);
    // Once more: nothing is to be done, and nobody asked.
    must(fetch(leecher, {}));
    EXPECT_EQ(seeder.server->counts().blocks, 301U);
}

TEST_F(FetchTest, LeavesNothingWantedBehind) {
    Seeder seeder(world, 1, data);
    Store empty(world, 3);
    empty.serve();
    Store leecher(world, 2);
    must(fetch(leecher, {seeder.address(), empty.address()}));
    world.pass(seconds(1));
    // The manifest, which it was told to be here, is remembered as that, and no leaf.
    EXPECT_EQ(seeder.server->wants(), 1U);
    EXPECT_EQ(empty.server->wants(), 0U);
    // Nor when nobody has it, or in the middle of it.
    Store other(world, 4);
    EXPECT_EQ(must_fail(fetch(other, {empty.address()})).code(), Errc::dataset_not_found);
    world.pass(seconds(1));
    EXPECT_EQ(empty.server->wants(), 0U);
    FetchOptions options;
    options.until = world.in(milliseconds(150));
    EXPECT_EQ(must_fail(fetch(other, {seeder.address()}, options)).code(), Errc::timeout);
    world.pass(seconds(1));
    EXPECT_EQ(seeder.server->wants(), 2U);
}

/// One that has too much to send when a fetch ends, and what comes of that then.
TEST_F(FetchTest, WhatAFetchHasLeftOpenIsNotHeldAgainstThePeer) {
    WireOptions slow{milliseconds(200)};
    slow.bytes_per_second = 2e6;
    World far(slow);
    const Dataset much(seeds(1, 1000));
    const Dataset other(seeds(5000, 300));
    Store seeder(far, 1);
    for (const Dataset* each : {&much, &other})
        seeder.store(*each);
    seeder.serve();
    Store leecher(far, 2); // as a daemon: its connections stay
    FetchOptions options;
    options.peers = {seeder.address()};
    {
        Begun begun(far, leecher, much.cid, options);
        ASSERT_TRUE(far.until([&] { return begun.fetch.status().blocks_fetched >= 300; }));
    }
    const Cid* const next[] = {&much.cid, &other.cid};
    for (const Cid* const cid : next) {
        Fetch fetch(*leecher.peers, leecher.repo, *cid, options, {});
        must(far.run(Fetch::run(&fetch)));
        ASSERT_EQ(fetch.status().peers.size(), 1U);
        EXPECT_EQ(fetch.status().peers[0].unasked, 0U);
    }
    EXPECT_EQ(leecher.host->connections().size(), 1U);
    leecher.expect_whole(much);
    leecher.expect_whole(other);
}

TEST_F(FetchTest, GoesOnWhereItWas) {
    Seeder seeder(world, 1, data);
    Store leecher(world, 2, committing_each(16));
    {
        FetchOptions options;
        options.peers = {seeder.address()};
        Begun begun(world, leecher, data.cid, options);
        ASSERT_TRUE(world.until([&] { return begun.fetch.status().blocks_fetched >= 100; }));
        EXPECT_FALSE(begun.result);
    }
    const std::uint64_t held = must(leecher.repo.partial(data.cid)).blocks_held;
    EXPECT_GE(held, 50U);
    EXPECT_LT(held, 300U);
    must(fetch(leecher, {seeder.address()}));
    leecher.expect_whole(data);
    EXPECT_EQ(status.blocks_fetched, 300 - held);
    EXPECT_EQ(status.blocks_here, 300U);
}

TEST_F(FetchTest, AnHonestSecondPeerFinishesWhateverTheFirstDoes) {
    for (const Fault fault :
         {Fault::none, Fault::corrupt_data, Fault::bad_proof, Fault::missing_proof,
          Fault::foreign_proof, Fault::wrong_cid, Fault::silence, Fault::slowness,
          Fault::duplicates, Fault::unsolicited, Fault::dropped_connection}) {
        SCOPED_TRACE(static_cast<int>(fault));
        Faulty faulty(world, 1, data, fault);
        Seeder honest(world, 2, data);
        Store leecher(world, 3);
        const auto result = fetch(leecher, {faulty.address(), honest.address()});
        ASSERT_TRUE(result) << result.error().text();
        leecher.expect_whole(data);
        if (fault != Fault::slowness) { // nobody waits for that
            EXPECT_GT(faulty.sent, 0U);
        }
        const bool lies = fault >= Fault::corrupt_data && fault <= Fault::wrong_cid;
        EXPECT_EQ(sum(status, &FetchPeer::wrong) > 0, lies);
        // A liar is left at once; what was on its way is not believed either.
        if (lies) {
            EXPECT_FALSE(leecher.peers->has(faulty.id()));
        }
        if (fault == Fault::none || fault == Fault::slowness) {
            EXPECT_TRUE(leecher.peers->has(faulty.id()));
        }
        EXPECT_EQ(sum(status, &FetchPeer::blocks), 301U);
    }
}

TEST_F(FetchTest, LiarsAloneAreNamed) {
    Faulty liar(world, 1, data, Fault::corrupt_data);
    Store leecher(world, 2);
    const Error error = must_fail(fetch(leecher, {liar.address()}));
    EXPECT_EQ(error.code(), Errc::exchange_invalid);
    EXPECT_NE(error.text().find(liar.id().text()), std::string::npos) << error.text();
    EXPECT_NE(error.text().find("block "), std::string::npos) << error.text();
    EXPECT_NE(error.text().find(data.tree_cid().text()), std::string::npos) << error.text();
    EXPECT_EQ(repo::test::problems(leecher.repo), std::vector<std::string>());
}

TEST_F(FetchTest, SaysThatNobodyHasIt) {
    Store other(world, 1);
    other.serve();
    Store leecher(world, 2);
    const Clock::Instant begun = world.loop.now();
    const Error error = must_fail(fetch(leecher, {other.address()}));
    EXPECT_EQ(error.code(), Errc::dataset_not_found) << error.text();
    EXPECT_LE(world.loop.now() - begun, seconds(5));
}

TEST_F(FetchTest, KeepsWhatThereIsWhenNobodyHasAllOfIt) {
    Seeder part(world, 1, data, {0, 100});
    Store leecher(world, 2);
    const Error error = must_fail(fetch(leecher, {part.address()}));
    EXPECT_EQ(error.code(), Errc::block_not_found);
    EXPECT_EQ(error.text(), "no peer has 200 of its 300 blocks, the first of them is 100");
    // Two with different parts are enough.
    Seeder rest(world, 3, data, {90, 210});
    must(fetch(leecher, {part.address(), rest.address()}));
    leecher.expect_whole(data);
}

TEST_F(FetchTest, SaysWhoCannotBeReached) {
    Store gone(world, 1);
    const net::Multiaddr address =
        must(must(net::Multiaddr::from_text("/ip4/10.0.0.1/tcp/9")).with_peer(gone.id()));
    Store leecher(world, 2);
    const Clock::Instant begun = world.loop.now();
    const Error error = must_fail(fetch(leecher, {address}));
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_NE(error.text().find("10.0.0.1"), std::string::npos) << error.text();
    EXPECT_LE(world.loop.now() - begun, seconds(20));
}

TEST_F(FetchTest, EndsAtItsDeadlineAndKeepsWhatCame) {
    Faulty slow(world, 1, data, Fault::slowness);
    Store leecher(world, 2);
    FetchOptions options;
    options.until = world.in(seconds(60));
    const Error error = must_fail(fetch(leecher, {slow.address()}, options));
    EXPECT_EQ(error.code(), Errc::timeout);
    EXPECT_NE(error.text().find("of 300 blocks are here"), std::string::npos) << error.text();
    EXPECT_GE(status.blocks_here, 15U);
}

TEST_F(FetchTest, SaysAtItsDeadlineWhatIsThereOnceAllIsKept) {
    Seeder seeder(world, 1, data);
    int whole = 0;
    int in_part = 0;
    for (int ms = 40; ms < 400; ms += 10) {
        SCOPED_TRACE(ms);
        Store leecher(world, 2);
        FetchOptions options;
        options.until = world.loop.now() + milliseconds(ms);
        const auto result = fetch(leecher, {seeder.address()}, options);
        const auto partial = leecher.repo.partial(data.cid);
        EXPECT_EQ(result.has_value(), leecher.repo.dataset(data.cid).has_value());
        whole += result ? 1 : 0;
        if (!result && partial) {
            ++in_part;
            const std::string here = fmt::format("{} of 300 blocks are here", partial->blocks_held);
            EXPECT_NE(result.error().text().find(here), std::string::npos)
                << result.error().text() << ", and held are " << partial->blocks_held;
        }
    }
    EXPECT_GT(whole, 0);
    EXPECT_GT(in_part, 0);
}

TEST_F(FetchTest, NamesWhomItWasToldOfAndDidNotReach) {
    Seeder seeder(world, 1, data);
    Store gone(world, 3);
    Store leecher(world, 2);
    const net::Multiaddr nowhere =
        must(must(net::Multiaddr::from_text("/ip4/10.0.0.9/tcp/9")).with_peer(gone.id()));
    must(fetch(leecher, {seeder.address(), nowhere}));
    ASSERT_EQ(status.peers.size(), 2U);
    EXPECT_EQ(status.peers[0].error, "");
    EXPECT_EQ(status.peers[1].id, gone.id());
    EXPECT_NE(status.peers[1].error.find("10.0.0.9"), std::string::npos);
    EXPECT_EQ(status.peers[1].blocks, 0U);
}

TEST_F(FetchTest, EndsSoonWhereNobodyIsNamedAndNobodyThere) {
    Store leecher(world, 2);
    const Clock::Instant begun = world.loop.now();
    const Error error = must_fail(fetch(leecher, {}));
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_LE(world.loop.now() - begun, seconds(5));
}

TEST_F(FetchTest, SaysHowMuchIsHereWhenItsLastPeerIsGone) {
    Faulty breaks(world, 1, data, Fault::dropped_connection);
    Store leecher(world, 2);
    FetchOptions options;
    options.alone = seconds(1);
    const auto result = fetch(leecher, {breaks.address()}, options);
    if (result) // it was there again each time
        return leecher.expect_whole(data);
    const std::string here = fmt::format("{} of 300 blocks are here", status.blocks_here);
    EXPECT_NE(result.error().text().find(here), std::string::npos) << result.error().text();
    EXPECT_EQ(result.error().has_way_out(), status.blocks_here != 0);
}

TEST_F(FetchTest, OpensTheRepoOnceThereIsSomethingToStore) {
    Store seeder(world, 1);
    seeder.store(data);
    Store leecher(world, 2);
    int opened = 0;
    InlineExecutor executor;
    Progress progress;
    const auto run = [&] {
        FetchOptions options;
        options.peers = {seeder.address()};
        Fetch late(*leecher.peers,
                   [&]() -> Result<Destination> {
                       ++opened;
                       return Destination{&leecher.repo, 0};
                   },
                   data.cid, std::move(options), {executor, progress});
        return world.run(Fetch::run(&late));
    };
    EXPECT_FALSE(run()); // nobody serves it
    EXPECT_EQ(opened, 0);
    seeder.serve();
    must(run());
    EXPECT_EQ(opened, 1);
    leecher.expect_whole(data);
}

TEST_F(FetchTest, IsCancelled) {
    Faulty slow(world, 1, data, Fault::slowness);
    Store leecher(world, 2);
    FetchOptions options;
    options.peers = {slow.address()};
    InlineExecutor executor;
    Progress progress;
    Begun begun(world, leecher, data.cid, options, {executor, progress});
    ASSERT_TRUE(world.until([&] { return begun.fetch.status().blocks_fetched >= 3; }));
    progress.cancel();
    EXPECT_TRUE(world.until([&] { return begun.result.has_value(); }, milliseconds(200)));
    ASSERT_TRUE(begun.result && !*begun.result);
    EXPECT_EQ(begun.result->error().code(), Errc::cancelled);
}

TEST_F(FetchTest, ReadsNoMoreThanIsStored) {
    Seeder seeder(world, 1, data);
    Store leecher(world, 2);
    SteppedExecutor executor;
    FetchOptions options;
    options.peers = {seeder.address()};
    options.queue_bytes = 20 * kBlock;
    Begun begun(world, leecher, data.cid, options, {executor});
    // Looking, the manifest, opening, and what is missing: then nothing is stored any more.
    for (int job = 0; job < 4; ++job) {
        ASSERT_TRUE(world.until([&] { return executor.run_one(); }));
    }
    world.pass(minutes(2));
    const std::uint64_t read = leecher.peers->traffic(seeder.id()).bytes_in;
    EXPECT_LE(read, 20 * kBlock + 2 * Peers::kReadBytes + 60'000);
    world.pass(seconds(30));
    EXPECT_EQ(leecher.peers->traffic(seeder.id()).bytes_in, read);
    // It was ourselves who did not read: nobody was late.
    EXPECT_EQ(sum(begun.fetch.status(), &FetchPeer::late), 0U);
    EXPECT_TRUE(world.until([&] {
        executor.run_one();
        return begun.result.has_value();
    }));
    ASSERT_TRUE(begun.result && *begun.result);
    leecher.expect_whole(data);
    EXPECT_EQ(sum(**begun.result, &FetchPeer::duplicates), 0U);
}

TEST_F(FetchTest, ManyHelpEachOtherAndTheUploaderMayLeave) {
    auto seeder = std::make_unique<Seeder>(world, 1, data);
    std::vector<std::unique_ptr<Store>> leechers;
    std::vector<net::Multiaddr> addresses = {seeder->address()};
    for (std::uint8_t number = 2; number < 6; ++number) {
        leechers.push_back(std::make_unique<Store>(world, number, committing_each(8)));
        leechers.back()->serve();
        addresses.push_back(leechers.back()->address());
    }
    std::vector<std::unique_ptr<Begun>> fetches;
    for (std::size_t i = 0; i < leechers.size(); ++i) {
        FetchOptions options;
        options.seed = i;
        for (std::size_t at = 0; at < addresses.size(); ++at)
            if (at != i + 1)
                options.peers.push_back(addresses[at]);
        fetches.push_back(std::make_unique<Begun>(world, *leechers[i], data.cid, options));
    }
    const auto has_ended = [](const auto& begun) { return begun->result.has_value(); };
    // The first that is through is all that is left of the uploader.
    ASSERT_TRUE(
        world.until([&] { return std::any_of(fetches.begin(), fetches.end(), has_ended); }));
    seeder.reset();
    EXPECT_TRUE(
        world.until([&] { return std::all_of(fetches.begin(), fetches.end(), has_ended); }));
    for (std::size_t i = 0; i < leechers.size(); ++i) {
        const auto& result = fetches[i]->result;
        ASSERT_TRUE(result && *result) << i;
        leechers[i]->expect_whole(data);
        EXPECT_LE(sum(**result, &FetchPeer::duplicates), 15U);
    }
}

} // namespace
} // namespace codex::exchange::test
