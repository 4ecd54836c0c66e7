// The content of what somebody else fetches, written while it comes.
#include "exchange/follow.hpp"

#include "fetch_fixture.hpp"
#include "memory_streams.hpp"

namespace codex::exchange::test {
namespace {

using repo::test::kBlock;

/// What somebody else reads while a fetch brings it. Threads: the loop's.
class Reader {
public:
    Reader(World& world, Store& store, const Dataset& data, ByteSink& sink,
           Follow::PartOf part = nullptr)
        : follow(world.loop, store.repo, data.cid, std::move(part), sink, store.executor),
          tasks_(world.loop) {
        tasks_.start(run(this));
    }
    bool ended() const { return outcome.has_value(); }

private:
    static Task<void> run(Reader* self) {
        auto done = co_await Follow::run(&self->follow);
        self->outcome.emplace(std::move(done));
    }

public:
    Follow follow;
    std::optional<Result<void>> outcome;

private:
    TaskGroup tasks_;
};

class FollowTest : public FetchingBlocks {
protected:
    /// What node 1 and node 3 say to each other takes a second for each 1000000 bytes.
    void slow_down() {
        WireOptions wire;
        wire.bytes_per_second = 1e6;
        world.internet.set_wire(std::array<std::uint8_t, 4>{10, 0, 0, 1},
                                std::array<std::uint8_t, 4>{10, 0, 0, 3}, wire);
    }
    /// How many of these are here.
    static std::uint64_t blocks_of(const Store& store, const Dataset& dataset, IndexRange range) {
        const auto tree = store.repo.partial_tree(dataset.cid);
        return tree ? must(tree->present()).count(range) : 0;
    }
    [[nodiscard]] Bytes content(std::uint64_t begin, std::uint64_t end) const {
        Bytes all;
        for (std::uint64_t i = 0; i * kBlock < end; ++i)
            append(all, data.leaf(i).data);
        return {all.begin() + static_cast<std::ptrdiff_t>(begin),
                all.begin() + static_cast<std::ptrdiff_t>(end)};
    }
};

TEST_F(FollowTest, WhoeverReadsBesideAFetchHasTheContentInOrderWhileItComes) {
    Seeder one(world, 1, data, {0, 300});
    Store leecher(world, 3, committing_each(8));
    codex::test::MemorySink sink;
    Reader reader(world, leecher, data, sink);
    FetchOptions options;
    options.in_order = true;
    must(fetch(leecher, {one.address()}, std::move(options)));
    EXPECT_GT(sink.content().size(), 100 * kBlock);
    reader.follow.all_is_here();
    ASSERT_TRUE(world.until([&] { return reader.ended(); }));
    must(std::move(*reader.outcome));
    EXPECT_TRUE(equal(sink.content(), content(0, 300 * kBlock)));
    EXPECT_TRUE(sink.flushed());
    // Of what is whole, and of a range.
    codex::test::MemorySink again;
    Reader second(world, leecher, data, again, [](const codec::Manifest&) -> Result<FetchPart> {
        return FetchPart{IndexSet({3, 2}), {3 * kBlock + 5, 4 * kBlock + 6}};
    });
    second.follow.all_is_here();
    ASSERT_TRUE(world.until([&] { return second.ended(); }));
    must(std::move(*second.outcome));
    EXPECT_TRUE(equal(again.content(), content(3 * kBlock + 5, 4 * kBlock + 6)));
}

TEST_F(FollowTest, ThePartThatIsReadComesFirstAndThenTheContentFromItsBeginning) {
    const Dataset large(repo::test::seeds(1, 3000));
    Seeder one(world, 1, large);
    Store leecher(world, 3, committing_each(8));
    slow_down();
    FetchOptions options;
    options.in_order = true;
    options.peers = {one.address()};
    options.part = [](const codec::Manifest&) -> Result<FetchPart> {
        return FetchPart{IndexSet({0, 3000}), {2500 * kBlock, 2600 * kBlock}};
    };
    Begun begun(world, leecher, large.cid, options);
    const auto here = [&](IndexRange range) { return blocks_of(leecher, large, range); };
    ASSERT_TRUE(world.until([&] { return here({2500, 100}) == 100; }));
    EXPECT_LT(here({0, 3000}), 500U);
    ASSERT_TRUE(world.until([&] { return here({0, 3000}) > 1500; }));
    EXPECT_GT(here({0, 900}), 800U);
    ASSERT_TRUE(world.until([&] { return begun.result.has_value(); }));
    must(std::move(*begun.result));
    leecher.expect_whole(large);
}

TEST_F(FollowTest, WhoComesLaterHasThePartThatHeReadsBesideTheOthers) {
    const Dataset large(repo::test::seeds(1, 5000));
    Seeder one(world, 1, large);
    Store leecher(world, 3, committing_each(8));
    slow_down();
    FetchOptions options;
    options.in_order = true;
    options.peers = {one.address()};
    Begun begun(world, leecher, large.cid, options);
    const auto here = [&](IndexRange range) { return blocks_of(leecher, large, range); };
    begun.fetch.prefer({4800, 100}); // before anything of it is known
    ASSERT_TRUE(world.until([&] { return here({4800, 100}) == 100; }));
    EXPECT_LT(here({0, 5000}), 1500U);
    EXPECT_GT(here({0, 600}), 50U);
    begun.fetch.prefer({4999, 1000}); // partly behind its end
    ASSERT_TRUE(world.until([&] { return here({4999, 1}) == 1; }));
    EXPECT_LT(here({0, 5000}), 2500U);
    for (std::uint64_t i = 0; i < 9; ++i) // one more than are listened to
        begun.fetch.prefer({4000 + 80 * i, 10});
    const auto last = [&] { return here({4640, 10}) == 10; };
    ASSERT_TRUE(world.until(last));
    EXPECT_EQ(here({4000, 10}), 0U);
    ASSERT_TRUE(world.until([&] { return begun.result.has_value(); }));
    must(std::move(*begun.result));
    leecher.expect_whole(large);
}

TEST_F(FollowTest, WhoeverReadsOfWhatDoesNotComeEndsWhenItIsCancelledOrWhenItIsSaid) {
    Store leecher(world, 3, committing_each(8));
    leecher.store(data, {0, 10});
    codex::test::MemorySink sink;
    Reader reader(world, leecher, data, sink);
    world.pass(seconds(5));
    EXPECT_FALSE(reader.ended());
    EXPECT_EQ(sink.content().size(), 10 * kBlock);
    reader.follow.cancel();
    ASSERT_TRUE(world.until([&] { return reader.ended(); }));
    EXPECT_EQ(must_fail(std::move(*reader.outcome)).code(), Errc::cancelled);
    codex::test::MemorySink again;
    Reader second(world, leecher, data, again);
    second.follow.all_is_here();
    ASSERT_TRUE(world.until([&] { return second.ended(); }));
    EXPECT_EQ(must_fail(std::move(*second.outcome)).code(), Errc::dataset_damaged);
    Store empty(world, 4);
    Reader third(world, empty, data, again);
    third.follow.all_is_here();
    ASSERT_TRUE(world.until([&] { return third.ended(); }));
    EXPECT_EQ(must_fail(std::move(*third.outcome)).code(), Errc::dataset_not_found);
}

} // namespace
} // namespace codex::exchange::test
