// Whose turn it is to fetch, where many want to.
#include "daemon_fixture.hpp"

#include <deque>

namespace codex::node::daemon_turns_test {
namespace {

using namespace daemon_fixture;

class DaemonTurnsTest : public DaemonTest {};

TEST_F(DaemonTurnsTest, FetchesOfOneDatasetGoOneAfterTheOther) {
    const Dataset data(repo::test::seeds(1, 200));
    there_.store(data, {0, data.size()});
    std::vector<std::unique_ptr<Listener>> listeners;
    std::vector<std::optional<Result<void>>> ends(3);
    TaskGroup asking(world_.loop);
    for (auto& end : ends) {
        listeners.push_back(std::make_unique<Listener>(world_.loop));
        asking.start(codex::detail::keep_value(
            daemon_->answer(fetching(data, {there_.address().text()}), listeners.back().get()),
            &end));
    }
    ASSERT_TRUE(world_.until([&] { return asking.size() == 0; }, seconds(10)));
    std::uint64_t fetched = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        must(std::move(*ends[i]));
        ASSERT_EQ(listeners[i]->heard<Totals>().size(), 1U);
        EXPECT_EQ(listeners[i]->heard<Totals>()[0]->blocks_here, data.size());
        fetched += listeners[i]->heard<Totals>()[0]->blocks_fetched;
    }
    EXPECT_EQ(fetched, data.size());
}

TEST_F(DaemonTurnsTest, WhoWaitsForHisTurnHearsOfItAndHasADeadline) {
    const Dataset data(repo::test::seeds(1, 20)); // which nobody has
    Store silent(world_, 4);                      // so that the first one waits
    std::vector<net::Multiaddr> at(1, silent.host->addresses().front());
    must(world_.run(here_.host->connect(silent.id(), std::move(at), world_.in(seconds(5)))));
    Listener first(world_.loop);
    std::optional<Result<void>> end;
    TaskGroup asking(world_.loop);
    asking.start(codex::detail::keep_value(daemon_->answer(fetching(data), &first), &end));
    world_.pass(seconds(1));
    Request second = fetching(data);
    second.seconds = 12;
    EXPECT_EQ(must_fail(ask(std::move(second), listener_)).code(), Errc::timeout);
    EXPECT_EQ(listener_.heard<SoFar>().size(), 2U);
    EXPECT_EQ(listener_.heard<SoFar>()[0]->waiting, "the node is fetching other things");
    daemon_->cancel();
    EXPECT_TRUE(world_.until([&] { return asking.size() == 0; }, seconds(2)));
}

TEST_F(DaemonTurnsTest, FetchesOfWhichNothingComesHoldUpNoOthers) {
    Store silent(world_, 4); // answers nobody
    const Dataset wanted(repo::test::seeds(900, 20));
    there_.store(wanted);
    std::deque<std::optional<Result<void>>> ends(40);
    std::deque<Listener> listeners;
    TaskGroup asking(world_.loop);
    for (std::uint32_t i = 0; i < 40; ++i) {
        const Dataset data(repo::test::seeds(10 * i, 5));
        Listener& one = listeners.emplace_back(world_.loop);
        asking.start(codex::detail::keep_value(
            daemon_->answer(fetching(data, {silent.address().text()}), &one), &ends[i]));
        if (i != 3)
            continue;
        // Two of four have a turn; another one waits no longer than they may stand still, twice.
        const Clock::Instant began = world_.loop.now();
        must(ask(fetching(wanted, {there_.address().text()}), listener_));
        here_.expect_whole(wanted);
        EXPECT_GE(world_.loop.now() - began, seconds(5));
        EXPECT_LT(world_.loop.now() - began, seconds(12));
    }
    // And there is an end to those that stand still.
    world_.pass(seconds(50));
    Listener last(world_.loop);
    Request late = fetching(Dataset(repo::test::seeds(800, 5)), {there_.address().text()});
    late.seconds = 6;
    EXPECT_EQ(must_fail(ask(std::move(late), last)).code(), Errc::timeout);
    EXPECT_FALSE(last.heard<SoFar>().empty());
    EXPECT_EQ(last.heard<SoFar>()[0]->waiting, "the node is fetching other things");
    daemon_->cancel();
    EXPECT_TRUE(world_.until([&] { return asking.size() == 0; }, seconds(2)));
}

TEST_F(DaemonTurnsTest, OnesThatMoveAgainWaitForTheirTurn) {
    Store slow(world_, 4);
    slow.serve();
    WireOptions wire;
    wire.bytes_per_second = 100e3;
    for (const std::uint8_t number : {std::uint8_t{2}, std::uint8_t{4}})
        world_.internet.set_wire(std::array<std::uint8_t, 4>{10, 0, 0, 1},
                                 std::array<std::uint8_t, 4>{10, 0, 0, number}, wire);
    std::deque<Dataset> wanted;
    for (std::uint64_t i = 0; i < 4; ++i)
        (i < 2 ? slow : there_).store(wanted.emplace_back(repo::test::seeds(1000 * (i + 1), 500)));
    const auto cut = [&](bool is_cut) {
        world_.internet.set_cut(std::array<std::uint8_t, 4>{10, 0, 0, 1},
                                std::array<std::uint8_t, 4>{10, 0, 0, 4}, is_cut);
    };
    std::deque<Listener> listeners;
    std::deque<std::optional<Result<void>>> ends(4);
    TaskGroup asking(world_.loop);
    const auto begin = [&](std::size_t i) {
        Listener& one = listeners.emplace_back(world_.loop);
        asking.start(codex::detail::keep_value(
            daemon_->answer(fetching(wanted[i], {(i < 2 ? slow : there_).address().text()}), &one),
            &ends[i]));
    };
    for (std::size_t i = 0; i < 4; ++i)
        begin(i);
    world_.pass(seconds(4));
    const auto done = [&](std::size_t i) {
        const auto heard = listeners[i].heard<SoFar>();
        return heard.empty() ? 0 : heard.back()->done;
    };
    EXPECT_GT(done(0), 0U);
    EXPECT_GT(done(1), 0U);
    cut(true);
    world_.pass(seconds(9)); // the first two leave their turns to the others
    EXPECT_GT(done(2), 0U);
    cut(false);
    world_.pass(seconds(5)); // what they had asked for comes
    unsigned held = 0;
    unsigned looks = 0;
    unsigned moves = 0;
    while (asking.size() == 4) {
        std::array<std::uint64_t, 4> before{};
        for (std::size_t i = 0; i < 4; ++i)
            before[i] = done(i);
        world_.pass(seconds(4));
        for (std::size_t i = 0; i < 4; ++i) { // 64 KiB: what was asked for before still comes
            moves += done(i) > before[i] + (64U << 10) ? 1 : 0;
            held += done(i) > 0 && !ends[i] &&
                            listeners[i].heard<SoFar>().back()->waiting ==
                                "the node is fetching other things"
                        ? 1
                        : 0;
        }
        ++looks;
    }
    EXPECT_GT(held, 0U);
    // Two, and a third where one has just handed on its turn; it would be all four.
    EXPECT_GT(looks, 3U);
    EXPECT_LT(moves, looks * 5 / 2) << looks;
    ASSERT_TRUE(world_.until([&] { return asking.size() == 0; }, minutes(5)));
    for (std::size_t i = 0; i < 4; ++i) {
        must(std::move(*ends[i]));
        here_.expect_whole(wanted[i]);
    }
}

} // namespace
} // namespace codex::node::daemon_turns_test
