// How much may be asked of one peer at a time, by all fetches together.
#include "fetch_fixture.hpp"

namespace codex::exchange::test {
namespace {

using repo::test::kBlock;
using repo::test::seeds;

/// Blocks that it was asked for, also those that have come since.
class Wanted final : public PeerEvents {
public:
    void want(const PeerId& /*peer*/, const Want& want) override {
        if (want.type == WantType::block && !want.cancel)
            ++blocks;
        cancels += want.cancel ? 1 : 0;
    }
    std::uint64_t blocks = 0;
    std::uint64_t cancels = 0;
};

TEST(OpenBlocks, AllFetchesTogetherAskNoMoreOfAPeerThanOneMessageMayHave) {
    constexpr std::uint64_t kMost = 40;
    World world({.delay = milliseconds(20), .bytes_per_second = 400e3});
    const Dataset first(seeds(1, 300));
    const Dataset second(seeds(1000, 300));
    Store seeder(world, 1);
    for (const Dataset* const data : {&first, &second})
        seeder.store(*data, {0, data->size()});
    seeder.serve();
    Wanted wanted;
    seeder.peers->add(wanted);
    Store leecher(world, 2);
    PeersOptions options;
    options.open_bytes = kMost * kBlock;
    Node plain(world.internet, 3);
    Peers peers(*plain.host, options);
    std::vector<std::unique_ptr<Fetch>> fetches;
    std::array<std::optional<Result<FetchStatus>>, 2> ended;
    TaskGroup group(world.loop);
    for (const Dataset* const data : {&first, &second}) {
        FetchOptions how;
        how.peers = {seeder.address()};
        fetches.push_back(std::make_unique<Fetch>(peers, leecher.repo, data->cid, how, Job()));
        group.start(codex::detail::keep_value(Fetch::run(fetches.back().get()),
                                              &ended[fetches.size() - 1]));
    }
    std::uint64_t most = 0;
    ASSERT_TRUE(world.until([&] {
        most = std::max(most, wanted.blocks - seeder.server->counts().blocks);
        return ended[0] && ended[1];
    }));
    must(std::move(*ended[0]));
    must(std::move(*ended[1]));
    leecher.expect_whole(first);
    leecher.expect_whole(second);
    EXPECT_LE(most, kMost);
    EXPECT_GT(most, kMost / 2); // each has its part
    EXPECT_EQ(wanted.blocks, 602U);
    EXPECT_EQ(wanted.cancels, 0U); // nothing was open that had come from elsewhere
    seeder.peers->remove(wanted);
}

TEST(OpenBlocks, EachHasItsPartAndNobodyIsShutOut) {
    World world;
    Speaker asks(world.internet, 1);
    Speaker other(world.internet, 2);
    world.connect(asks, other);
    ASSERT_TRUE(world.until([&] { return asks.peers->has(other.id()); }));
    Wanted one;
    Wanted two;
    Peers& peers = *asks.peers;
    constexpr std::size_t kAll = std::size_t{64} << 20;
    EXPECT_EQ(peers.may_open(other.id(), one, kBlock), kAll);
    peers.note_open(other.id(), one, kAll);
    EXPECT_EQ(peers.may_open(other.id(), one, kBlock), kAll);
    EXPECT_EQ(peers.may_open(other.id(), two, kBlock), 0U);
    peers.note_open(other.id(), two, 0);
    EXPECT_EQ(peers.may_open(other.id(), one, kBlock), kAll / 2); // as what is open comes
    peers.note_open(other.id(), one, kAll / 2 + 1000);
    EXPECT_EQ(peers.may_open(other.id(), two, kBlock), kAll / 2 - 1000);
    // A block that is larger than a part is asked for when nothing else is open.
    EXPECT_EQ(peers.may_open(other.id(), two, kAll), kAll / 2 - 1000);
    peers.note_open(other.id(), one, 0);
    EXPECT_EQ(peers.may_open(other.id(), two, kAll), kAll);
    peers.remove(one);
    EXPECT_EQ(peers.may_open(other.id(), two, kBlock), kAll);
    EXPECT_EQ(peers.may_open(asks.id(), two, kBlock), kAll); // of nobody nothing is open
}

} // namespace
} // namespace codex::exchange::test
