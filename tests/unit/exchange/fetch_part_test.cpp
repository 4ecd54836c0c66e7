// Fetching a part of a dataset, and writing its content while it comes.
#include "fetch_fixture.hpp"

#include "memory_streams.hpp"

namespace codex::exchange::test {
namespace {

using repo::test::kBlock;

/// Tells what a fetch has when content is written.
class WatchedSink : public codex::test::MemorySink {
public:
    explicit WatchedSink(const Fetch* const& fetch) : fetch_(fetch) {}
    Result<void> write(BytesView bytes) override {
        if (content().empty())
            here_at_first = fetch_->status().blocks_here;
        return MemorySink::write(bytes);
    }
    std::optional<std::uint64_t> here_at_first;

private:
    const Fetch* const& fetch_;
};

class FetchPartTest : public FetchingBlocks {
protected:
    /// Blocks, and the same of the content.
    static FetchOptions range(dataset::ByteRange bytes, ByteSink* sink = nullptr) {
        FetchOptions options;
        options.content = sink;
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
};

TEST_F(FetchPartTest, WritesTheContentInOrderWhileItComes) {
    // One has the odd hundreds, the other the rest: blocks come out of order.
    Seeder one(world, 1, data, {0, 100});
    one.store(data, {200, 100});
    Seeder other(world, 2, data, {50, 200});
    Store leecher(world, 3, committing_each(8));
    WatchedSink sink(running);
    must(fetch(leecher, {one.address(), other.address()}, range({}, &sink)));
    EXPECT_TRUE(equal(sink.content(), content(0, 300 * kBlock)));
    EXPECT_TRUE(sink.flushed());
    ASSERT_TRUE(sink.here_at_first);
    EXPECT_LT(*sink.here_at_first, 200U);
    leecher.expect_whole(data);
    // Of what is there, too, and nobody is asked.
    codex::test::MemorySink again;
    must(fetch(leecher, {}, range({7, 5 * kBlock + 1}, &again)));
    EXPECT_TRUE(equal(again.content(), content(7, 5 * kBlock + 1)));
}

TEST_F(FetchPartTest, FetchesOnlyTheBlocksOfARange) {
    Seeder seeder(world, 1, data);
    Store leecher(world, 2);
    codex::test::MemorySink sink;
    must(fetch(leecher, {seeder.address()}, range({100 * kBlock + 5, 117 * kBlock + 6}, &sink)));
    EXPECT_TRUE(equal(sink.content(), content(100 * kBlock + 5, 117 * kBlock + 6)));
    EXPECT_EQ(status.blocks, 18U);
    EXPECT_EQ(status.blocks_here, 18U);
    EXPECT_EQ(seeder.server->counts().blocks, 19U); // and the manifest
    EXPECT_EQ(must(leecher.repo.partial(data.cid)).blocks_held, 18U);
    EXPECT_EQ(must(must(leecher.repo.partial_tree(data.cid)).present()), IndexSet({100, 18}));
    // It is there, and the rest comes when it is asked for.
    must(fetch(leecher, {}, range({101 * kBlock, 102 * kBlock})));
    EXPECT_EQ(seeder.server->counts().blocks, 19U);
    must(fetch(leecher, {seeder.address()}));
    EXPECT_EQ(status.blocks_fetched, 282U);
    leecher.expect_whole(data);
}

TEST_F(FetchPartTest, ARangeBehindTheEndIsRefusedBeforeAnythingIsBegun) {
    Seeder seeder(world, 1, data);
    Store leecher(world, 2);
    const Error error = must_fail(fetch(leecher, {seeder.address()}, range({300 * kBlock + 1})));
    EXPECT_EQ(error.code(), Errc::merkle_index) << error.text();
    EXPECT_EQ(must_fail(leecher.repo.partial(data.cid)).code(), Errc::dataset_not_found);
}

TEST_F(FetchPartTest, WhoReadsNoMoreEndsItAndWhatCameStays) {
    Seeder seeder(world, 1, data);
    Store leecher(world, 2, committing_each(8));
    codex::test::MemorySink sink(40 * kBlock);
    const Error error = must_fail(fetch(leecher, {seeder.address()}, range({}, &sink)));
    EXPECT_EQ(error.code(), Errc::no_space) << error.text();
    EXPECT_TRUE(equal(sink.content(), content(0, 40 * kBlock)));
    const std::uint64_t held = leecher.repo.dataset(data.cid)
                                   ? data.size()
                                   : must(leecher.repo.partial(data.cid)).blocks_held;
    EXPECT_GE(held, 40U);
    EXPECT_EQ(held, status.blocks_here);
}

TEST_F(FetchPartTest, WhatCameBeforeAnErrorIsCommitted) {
    Seeder part(world, 1, data, {0, 100});
    repo::OpenOptions seldom; // so that nothing is committed by itself
    seldom.limits.partial_ms = 3'600'000;
    Store leecher(world, 2, seldom);
    codex::test::MemorySink sink;
    const Error error = must_fail(fetch(leecher, {part.address()}, range({}, &sink)));
    EXPECT_EQ(error.code(), Errc::block_not_found) << error.text();
    EXPECT_EQ(must(leecher.repo.partial(data.cid)).blocks_held, 100U);
}

} // namespace
} // namespace codex::exchange::test
