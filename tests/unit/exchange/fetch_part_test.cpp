// Fetching a part of a dataset, and writing its content while it comes.
#include "fetch_fixture.hpp"

#include "memory_streams.hpp"

namespace codex::exchange::test {
namespace {

using repo::test::kBlock;
using repo::test::seeds;

/// Tells what a fetch has when content is written.
class WatchedSink : public codex::test::MemorySink {
public:
    using MemorySink::MemorySink;
    Result<void> write(BytesView bytes) override {
        if (content().empty() && fetch != nullptr)
            here_at_first = fetch->status().blocks_here;
        return MemorySink::write(bytes);
    }
    const Fetch* fetch = nullptr;
    std::optional<std::uint64_t> here_at_first;
};

class FetchPartTest : public testing::Test {
protected:
    FetchPartTest() : data(seeds(1, 300)) {}

    Result<FetchStatus> fetch(Store& into, std::vector<net::Multiaddr> from, FetchOptions options) {
        options.peers = std::move(from);
        WatchedSink* const sink = watched;
        Fetch fetch(*into.peers, into.repo, data.cid, std::move(options), {});
        if (sink != nullptr)
            sink->fetch = &fetch;
        auto result = world.run(Fetch::run(&fetch));
        status = fetch.status();
        return result;
    }
    /// Blocks, and the same of the content.
    static FetchOptions range(dataset::ByteRange bytes) {
        FetchOptions options;
        options.part = [bytes](const codec::Manifest& manifest) -> Result<FetchPart> {
            CODEX_TRY(there, dataset::clamp(bytes, manifest.content_size_bytes()));
            return FetchPart{IndexSet(dataset::blocks_of(manifest, there)), there};
        };
        return options;
    }
    [[nodiscard]] Bytes content(std::uint64_t begin, std::uint64_t end) const {
        Bytes all;
        for (std::uint64_t i = begin / kBlock; i * kBlock < end; ++i)
            append(all, data.leaf(i).data);
        const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin % kBlock);
        return {first, first + static_cast<std::ptrdiff_t>(end - begin)};
    }
    static repo::OpenOptions often() {
        repo::OpenOptions options;
        options.limits.partial_bytes = 8 * kBlock;
        return options;
    }

    World world{WireOptions{milliseconds(10)}};
    Dataset data;
    FetchStatus status;
    WatchedSink* watched = nullptr;
};

TEST_F(FetchPartTest, WritesTheContentInOrderWhileItComes) {
    // One has the odd hundreds, the other the rest: blocks come out of order.
    Store one(world, 1);
    one.store(data, {0, 100});
    one.store(data, {200, 100});
    one.serve();
    Store other(world, 2);
    other.store(data, {50, 200});
    other.serve();
    Store leecher(world, 3, often());
    WatchedSink sink;
    watched = &sink;
    FetchOptions options = range({});
    options.content = &sink;
    must(fetch(leecher, {one.address(), other.address()}, std::move(options)));
    EXPECT_TRUE(equal(sink.content(), content(0, 300 * kBlock)));
    EXPECT_TRUE(sink.flushed());
    ASSERT_TRUE(sink.here_at_first);
    EXPECT_LT(*sink.here_at_first, 200U);
    leecher.expect_whole(data);
    // Of what is there, too, and nobody is asked.
    WatchedSink again;
    options = range({7, 5 * kBlock + 1});
    options.content = &again;
    must(fetch(leecher, {}, std::move(options)));
    EXPECT_TRUE(equal(again.content(), content(7, 5 * kBlock + 1)));
}

TEST_F(FetchPartTest, FetchesOnlyTheBlocksOfARange) {
    Store seeder(world, 1);
    seeder.store(data, {0, data.size()});
    seeder.serve();
    Store leecher(world, 2);
    codex::test::MemorySink sink;
    FetchOptions options = range({100 * kBlock + 5, 117 * kBlock + 6});
    options.content = &sink;
    must(fetch(leecher, {seeder.address()}, std::move(options)));
    EXPECT_TRUE(equal(sink.content(), content(100 * kBlock + 5, 117 * kBlock + 6)));
    EXPECT_EQ(status.blocks, 18U);
    EXPECT_EQ(status.blocks_here, 18U);
    EXPECT_EQ(seeder.server->counts().blocks, 19U); // and the manifest
    EXPECT_EQ(must(leecher.repo.partial(data.cid)).blocks_held, 18U);
    EXPECT_EQ(must(must(leecher.repo.partial_tree(data.cid)).present()), IndexSet({100, 18}));
    // It is there, and the rest comes when it is asked for.
    must(fetch(leecher, {}, range({101 * kBlock, 102 * kBlock})));
    EXPECT_EQ(seeder.server->counts().blocks, 19U);
    must(fetch(leecher, {seeder.address()}, {}));
    EXPECT_EQ(status.blocks_fetched, 282U);
    leecher.expect_whole(data);
}

TEST_F(FetchPartTest, ARangeBehindTheEndIsRefusedBeforeAnythingIsBegun) {
    Store seeder(world, 1);
    seeder.store(data, {0, data.size()});
    seeder.serve();
    Store leecher(world, 2);
    const Error error = must_fail(fetch(leecher, {seeder.address()}, range({300 * kBlock + 1})));
    EXPECT_EQ(error.code(), Errc::merkle_index) << error.text();
    EXPECT_EQ(must_fail(leecher.repo.partial(data.cid)).code(), Errc::dataset_not_found);
}

TEST_F(FetchPartTest, WhoReadsNoMoreEndsItAndWhatCameStays) {
    Store seeder(world, 1);
    seeder.store(data, {0, data.size()});
    seeder.serve();
    Store leecher(world, 2, often());
    codex::test::MemorySink sink(40 * kBlock);
    FetchOptions options = range({});
    options.content = &sink;
    const Error error = must_fail(fetch(leecher, {seeder.address()}, std::move(options)));
    EXPECT_EQ(error.code(), Errc::no_space) << error.text();
    EXPECT_TRUE(equal(sink.content(), content(0, 40 * kBlock)));
    const std::uint64_t held = leecher.repo.dataset(data.cid)
                                   ? data.size()
                                   : must(leecher.repo.partial(data.cid)).blocks_held;
    EXPECT_GE(held, 40U);
    EXPECT_EQ(held, status.blocks_here);
}

TEST_F(FetchPartTest, WhatCameBeforeAnErrorIsCommitted) {
    Store part(world, 1);
    part.store(data, {0, 100});
    part.serve();
    repo::OpenOptions seldom; // so that nothing is committed by itself
    seldom.limits.partial_ms = 3'600'000;
    Store leecher(world, 2, seldom);
    codex::test::MemorySink sink;
    FetchOptions options = range({});
    options.content = &sink;
    const Error error = must_fail(fetch(leecher, {part.address()}, std::move(options)));
    EXPECT_EQ(error.code(), Errc::block_not_found) << error.text();
    EXPECT_EQ(must(leecher.repo.partial(data.cid)).blocks_held, 100U);
}

} // namespace
} // namespace codex::exchange::test
