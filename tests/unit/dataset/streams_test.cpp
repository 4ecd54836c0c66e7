// Content and archives from and to streams that are no descriptors.
#include "dataset/leaves.hpp"
#include "protected_store.hpp"

#include <gmock/gmock.h>
#include <thread>

namespace codex::dataset::test {
namespace {

using testing::HasSubstr;

class Streams : public ::testing::Test {
protected:
    /// Nothing that a failed job brought counts: no dataset, and gc leaves no block of it.
    void expect_nothing_stored() {
        EXPECT_EQ(must(store_.repo().space()).counters.datasets, 0U);
        must(store_.repo().gc({}));
        EXPECT_EQ(must(store_.repo().space()).counters.blocks, 0U);
    }

    /// What `job` gives when its source is cancelled while it waits for more.
    template <class Job> Error cancelled_while_it_waits(MemorySource& source, const Job& job) {
        source.wait_at_end();
        std::optional<Error> error;
        std::thread runs([&] { error.emplace(must_fail(job(source))); });
        source.until_it_waits();
        source.cancel();
        runs.join();
        return std::move(*error);
    }

    TemporaryFolder folder_;
    Store store_{folder_.file("repo")};
    Store other_{folder_.file("other")};
};

TEST_F(Streams, PutReadsASourceThatGivesAByteAtATime) {
    const Bytes content = generate(1, 200001);
    MemorySource source(content, 1);
    const PutResult result = must(put(store_.job(), source, {}));
    EXPECT_EQ(result.size_bytes, content.size());
    EXPECT_EQ(result.announced_bytes, 0U);
    EXPECT_EQ(source.bytes_read(), content.size());
    EXPECT_EQ(result.manifest, store_.put(content));
    EXPECT_EQ(store_.get(result.manifest), content);
}

TEST_F(Streams, PutGivesTheErrorOfItsSourceAndStoresNothing) {
    // In the first buffer, and when others have been stored already.
    for (const std::size_t size : {std::size_t{100000}, std::size_t{30} << 20}) {
        const Bytes content = generate(2, size);
        MemorySource source(content);
        source.fail_at_end(Error(Errc::unavailable, "the peer is gone"));
        const Error error = must_fail(put(store_.job(), source, {}));
        EXPECT_EQ(error.code(), Errc::unavailable);
        EXPECT_EQ(error.text(), "the peer is gone");
        expect_nothing_stored();
    }
}

TEST_F(Streams, PutThatIsCancelledWhileItWaitsStoresNothing) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{100000}, std::size_t{30} << 20}) {
        const Bytes content = generate(3, size);
        MemorySource source(content);
        const Error error = cancelled_while_it_waits(
            source, [&](ByteSource& from) { return put(store_.job(), from, {}); });
        EXPECT_EQ(error.code(), Errc::cancelled);
        EXPECT_THAT(error.text(), HasSubstr("memory"));
        expect_nothing_stored();
    }
}

TEST_F(Streams, PutNamesTheCauseAndNotThatItsSourceWasInterrupted) {
    repo::Config config = store_.repo().config();
    config.quota_bytes = 1 << 20;
    must(store_.repo().set_config(config));
    const Bytes content = generate(4, std::size_t{9} << 20); // a buffer, and some of the next
    MemorySource source(content);
    source.wait_at_end();
    EXPECT_EQ(must_fail(put(store_.job(), source, {})).code(), Errc::quota_exceeded);
}

TEST_F(Streams, GetGivesTheErrorOfItsSink) {
    const Cid cid = store_.put(generate(5, std::size_t{20} << 20));
    for (const std::size_t room : {std::size_t{0}, std::size_t{9} << 20}) {
        MemorySink sink(room);
        const Error error = must_fail(get(store_.job(), cid, {}, sink));
        EXPECT_EQ(error.code(), Errc::no_space);
        EXPECT_EQ(error.text(), "write memory: full");
    }
}

TEST_F(Streams, GetWritesARangeAndFlushes) {
    const Bytes content = generate(6, std::size_t{20} << 20);
    const Cid cid = store_.put(content);
    for (const ByteRange range : {ByteRange{0, 1}, ByteRange{65535, (9 << 20) + 7}, ByteRange{}}) {
        MemorySink sink;
        const auto end = std::min<std::uint64_t>(range.end, content.size());
        EXPECT_EQ(must(get(store_.job(), cid, range, sink)).bytes, end - range.begin);
        EXPECT_TRUE(sink.flushed());
        EXPECT_TRUE(
            equal(sink.content(), BytesView(content).subspan(range.begin, end - range.begin)));
    }
    // One after the other into the same.
    MemorySink both;
    must(get(store_.job(), cid, {0, 10}, both));
    must(get(store_.job(), cid, {10, 30}, both));
    EXPECT_TRUE(equal(both.content(), BytesView(content).first(30)));
}

TEST_F(Streams, ArchivesGoThroughMemory) {
    const Bytes content = generate(7, std::size_t{12} << 20);
    const Cid cid = store_.put(content);
    for (const bool zstd : {false, true}) {
        MemorySink archive;
        must(export_car(store_.job(), std::vector<Cid>{cid}, archive, zstd));
        EXPECT_TRUE(archive.flushed());
        MemorySource source(archive.content(), 977);
        const ImportReport report = must(import_car(other_.job(), source, 0, [](const Cid&) {}));
        EXPECT_EQ(report.datasets, std::vector<Cid>{cid});
        EXPECT_TRUE(other_.get(cid) == content);
        must(other_.repo().remove_dataset(cid));
    }
}

TEST_F(Streams, ExportGivesTheErrorOfItsSink) {
    const Cid cid = store_.put(generate(8, std::size_t{4} << 20));
    for (const bool zstd : {false, true})
        for (const std::size_t room : {std::size_t{0}, std::size_t{2} << 20}) {
            MemorySink sink(room);
            EXPECT_EQ(must_fail(export_car(store_.job(), std::vector<Cid>{cid}, sink, zstd)).code(),
                      Errc::no_space);
        }
}

TEST_F(Streams, ImportGivesTheErrorOfItsSourceAndStoresNothing) {
    const Cid cid = other_.put(generate(9, std::size_t{20} << 20));
    for (const bool zstd : {false, true}) {
        MemorySink archive;
        must(export_car(other_.job(), std::vector<Cid>{cid}, archive, zstd));
        const auto import = [&](ByteSource& source) {
            return import_car(store_.job(), source, 0, [](const Cid&) { ADD_FAILURE(); });
        };
        for (const std::size_t size : {std::size_t{1}, archive.content().size() - 1}) {
            MemorySource fails(BytesView(archive.content()).first(size));
            fails.fail_at_end(Error(Errc::unavailable, "the peer is gone"));
            EXPECT_EQ(must_fail(import(fails)).code(), Errc::unavailable);
            expect_nothing_stored();
            MemorySource waits(BytesView(archive.content()).first(size));
            EXPECT_EQ(cancelled_while_it_waits(waits, import).code(), Errc::cancelled);
            expect_nothing_stored();
        }
    }
}

TEST_F(Streams, RawLeavesAreThoseOfPut) {
    const Bytes content = generate(10, 300001);
    const Cid cid = store_.put(content);
    std::vector<Digest> leaves;
    const auto keep = [&](std::span<const Digest> more) -> Result<void> {
        leaves.insert(leaves.end(), more.begin(), more.end());
        return {};
    };
    const Job job = store_.job();
    MemorySource source(content, 4099);
    EXPECT_EQ(must(raw_leaves(job, source, 65536, keep)), content.size());
    EXPECT_EQ(leaves, store_.leaves(cid));
    MemorySource waits(content);
    EXPECT_EQ(cancelled_while_it_waits(
                  waits, [&](ByteSource& from) { return raw_leaves(job, from, 65536, keep); })
                  .code(),
              Errc::cancelled);
}

} // namespace
} // namespace codex::dataset::test
