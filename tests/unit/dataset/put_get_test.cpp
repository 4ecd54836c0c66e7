#include "protected_store.hpp"
#include "vectors.hpp"

#include <thread>

namespace codex::dataset::test {
namespace {

class PutGet : public ::testing::Test {
protected:
    TemporaryFolder folder_;
    Store store_{folder_.file("repo")};

    Bytes get(const Cid& cid, ByteRange range) {
        MemorySink sink;
        const GetResult got = must(dataset::get(store_.job(), cid, range, sink));
        EXPECT_EQ(got.bytes, sink.content().size());
        return sink.content();
    }

    Error get_fails(const Cid& cid) {
        MemorySink sink;
        return must_fail(dataset::get(store_.job(), cid, {}, sink));
    }

    std::uint64_t datasets() { return must(store_.repo().space()).counters.datasets; }
};

Bytes content_of(const codex::test::Json& vector) {
    const std::string name = vector["name"];
    const std::size_t size = vector["size"];
    const std::size_t at = name.find("stream ");
    if (at == std::string::npos)
        return Bytes(size, 0x61); // "1 byte 0x61"
    return generate(static_cast<std::uint32_t>(std::stoul(name.substr(at + 7))), size);
}

TEST_F(PutGet, GivesTheVectorsCids) {
    for (const auto& vector : codex::test::data_model()["datasets"]) {
        SCOPED_TRACE(vector["name"].get<std::string>());
        PutOptions options;
        options.block_size_bytes = vector["blockSize"];
        if (!vector["filename"].is_null())
            options.filename = vector["filename"].get<std::string>();
        if (!vector["mimetype"].is_null())
            options.mimetype = vector["mimetype"].get<std::string>();
        const Bytes content = content_of(vector);
        const Cid cid = store_.put(content, options);
        EXPECT_EQ(cid.text(), vector["manifestCid"].get<std::string>());
        EXPECT_EQ(store_.manifest(cid).tree.text(), vector["treeCid"].get<std::string>());
        EXPECT_EQ(must(store_.repo().dataset(cid)).manifest_bytes,
                  codex::test::unhex(vector["manifestHex"]));
        const std::vector<Digest> leaves = store_.leaves(cid);
        ASSERT_EQ(leaves.size(), vector["blockCids"].size());
        for (std::size_t i = 0; i < leaves.size(); ++i)
            EXPECT_EQ(Cid::block(leaves[i]).text(), vector["blockCids"][i].get<std::string>());
        EXPECT_EQ(store_.get(cid), content);
    }
}

TEST_F(PutGet, GivesThePublishedCidOf2026) {
    const auto& vector = codex::test::data_model()["external"][0];
    PutOptions options;
    options.filename = "hello.txt";
    options.mimetype = "text/plain";
    options.layout = codec::ManifestLayout::v0_2026;
    const Cid cid = store_.put(as_bytes("Hello, World!\n"), options);
    EXPECT_EQ(cid.text(), vector["manifestCid"].get<std::string>());
    EXPECT_EQ(as_text(store_.get(cid)), "Hello, World!\n");
}

TEST_F(PutGet, RoundTripsSizesAndBlockSizes) {
    const std::size_t sizes[] = {1, 63, 64, 65, 65535, 65536, 65537, 99991, 1000003};
    const std::uint32_t block_sizes[] = {64, 1000, 4096, 65536, 1 << 20};
    for (const std::uint32_t block_size : block_sizes)
        for (const std::size_t size : sizes) {
            SCOPED_TRACE(fmt::format("{} bytes in blocks of {}", size, block_size));
            PutOptions options;
            options.block_size_bytes = block_size;
            const Bytes content = generate(3, size);
            const Cid cid = store_.put(content, options);
            EXPECT_EQ(store_.manifest(cid).blocks_count(), (size + block_size - 1) / block_size);
            EXPECT_EQ(store_.get(cid), content);
        }
}

TEST_F(PutGet, RoundTripsMoreThanTheBuffersHold) {
    const Bytes content = generate(4, (std::size_t{40} << 20) + 12345);
    EXPECT_EQ(store_.get(store_.put(content)), content);
    PutOptions options;
    options.block_size_bytes = 16 << 20; // one block a buffer
    EXPECT_EQ(store_.get(store_.put(content, options)), content);
}

TEST_F(PutGet, ReportsWhatItStored) {
    const Bytes content = generate(5, 3 * 65536);
    Progress progress;
    const Job job(store_.repo(), {store_.job().executor(), progress});
    for (const std::uint64_t expected_new : {3U * 65536U, 0U}) {
        const Fd file(::memfd_create("content", MFD_CLOEXEC));
        must(pwrite_full(file.get(), content, 0, "content"));
        const PutResult result = must(put_fd(job, file.get(), "content"));
        EXPECT_EQ(result.size_bytes, content.size());
        EXPECT_EQ(result.blocks, 3U);
        EXPECT_GE(result.new_bytes, expected_new);
        EXPECT_LE(result.new_bytes, expected_new + codec::kMaxManifestBytes);
        EXPECT_EQ(result.tree, store_.manifest(result.manifest).tree);
    }
    EXPECT_EQ(progress.done_bytes, 2 * content.size());
    EXPECT_EQ(progress.total_bytes, 2 * content.size());
}

TEST_F(PutGet, ReadsPipesThatComeInPieces) {
    const Bytes content = generate(6, 300007);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd out(ends[0]);
    std::thread writer([&, in = Fd(ends[1])] {
        for (std::size_t at = 0, n = 1; at < content.size(); at += n, n = n * 3 % 9973 + 1) {
            n = std::min(n, content.size() - at);
            must(write_full(in.get(), BytesView(content).subspan(at, n), "pipe"));
        }
    });
    const PutResult result = must(put_fd(store_.job(), out.get(), "pipe"));
    writer.join();
    EXPECT_EQ(store_.get(result.manifest), content);
    EXPECT_EQ(result.manifest, store_.put(content));
}

TEST_F(PutGet, TellsOfAFileThatChangesWhileItIsRead) {
    constexpr std::uint64_t kHoles = std::uint64_t{4} << 30; // seconds to read, no bytes to keep
    const Fd file(::memfd_create("changing", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(file.get(), kHoles), 0);
    Progress progress;
    std::thread shrinks([&] {
        while (progress.done_bytes == 0)
            std::this_thread::yield();
        EXPECT_EQ(::ftruncate(file.get(), 0), 0);
    });
    const Job job(store_.repo(), {store_.job().executor(), progress});
    const PutResult shrunk = must(put_fd(job, file.get(), "changing"));
    shrinks.join();
    EXPECT_EQ(shrunk.announced_bytes, kHoles);
    EXPECT_LT(shrunk.size_bytes, kHoles);
    // Of what is no regular file nothing is announced.
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const Fd out(ends[0]);
    Fd in(ends[1]);
    must(write_full(in.get(), Bytes(10, 1), "pipe"));
    in = Fd();
    EXPECT_EQ(must(put_fd(store_.job(), out.get(), "pipe")).announced_bytes, 0U);
}

TEST_F(PutGet, CountsItsTreeAgainstTheQuota) {
    PutOptions options;
    options.block_size_bytes = 64;
    repo::Config config = store_.repo().config();
    config.quota_bytes = 100'000;
    must(store_.repo().set_config(config));
    // One block, and 2000 leaves in 128,000 bytes of tree.
    Fd file(::memfd_create("content", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(file.get(), 2000 * 64), 0);
    EXPECT_EQ(must_fail(put_fd(store_.job(), file.get(), "content", options)).code(),
              Errc::quota_exceeded);
    EXPECT_EQ(datasets(), 0U);
    const Cid cid = store_.put(Bytes(1000 * 64), options);
    const repo::Counters counters = must(store_.repo().space()).counters;
    EXPECT_EQ(counters.tree_bytes, 32 * merkle::node_count(1000));
    // It is here already, so it takes nothing more, however full the repo is.
    config.quota_bytes = counters.used_bytes + counters.tree_bytes;
    must(store_.repo().set_config(config));
    EXPECT_EQ(store_.put(Bytes(1000 * 64), options), cid);
    must(store_.repo().remove_dataset(cid));
    EXPECT_EQ(must(store_.repo().space()).counters.tree_bytes, 0U);
}

TEST_F(PutGet, RefusesEmptyInput) {
    const Fd file(::memfd_create("content", MFD_CLOEXEC));
    const Error error = must_fail(put_fd(store_.job(), file.get(), "nothing.txt"));
    EXPECT_EQ(error.code(), Errc::dataset_empty);
    EXPECT_THAT(error.text(), ::testing::HasSubstr("nothing.txt"));
    EXPECT_EQ(datasets(), 0U);
}

TEST_F(PutGet, RefusesBadOptionsBeforeReading) {
    for (const std::uint32_t block_size : {0U, codec::kMaxBlockSizeBytes + 1}) {
        PutOptions options;
        options.block_size_bytes = block_size;
        const Bytes content(1);
        MemorySource source(content);
        EXPECT_EQ(must_fail(put(store_.job(), source, options)).code(), Errc::size_invalid);
        EXPECT_EQ(source.bytes_read(), 0U);
    }
}

TEST_F(PutGet, ReportsAnInputThatCannotBeRead) {
    const Fd folder = must(open_file(folder_.path(), O_RDONLY | O_DIRECTORY));
    const Error error = must_fail(put_fd(store_.job(), folder.get(), "some folder"));
    EXPECT_EQ(error.code(), Errc::unsupported);
    EXPECT_THAT(error.text(), ::testing::HasSubstr("some folder: is a folder"));
    EXPECT_EQ(datasets(), 0U);
}

TEST_F(PutGet, KeepsARealZeroBlock) {
    const Bytes zeros(2 * 65536, 0);
    const Cid cid = store_.put(zeros);
    for (const Digest& leaf : store_.leaves(cid)) {
        EXPECT_FALSE(Cid::block(leaf).is_empty_block());
        EXPECT_EQ(must(store_.repo().get(Cid::block(leaf))).size(), 65536U);
    }
    EXPECT_EQ(store_.get(cid), zeros);
}

TEST_F(PutGet, StopsWhenTheQuotaIsReachedThoughTheInputGoesOn) {
    repo::Config config = store_.repo().config();
    config.quota_bytes = 1 << 20;
    must(store_.repo().set_config(config));
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd out(ends[0]);
    Fd in(ends[1]);
    std::thread writer([&] { // fills one buffer, and never ends the stream
        must(write_full(in.get(), generate(7, std::size_t{8} << 20), "pipe"));
    });
    const Error error = must_fail(put_fd(store_.job(), out.get(), "pipe"));
    writer.join();
    EXPECT_EQ(error.code(), Errc::quota_exceeded);
    EXPECT_EQ(datasets(), 0U);
}

TEST_F(PutGet, GivesByteRanges) {
    const Bytes content = generate(8, 700001);
    PutOptions options;
    options.block_size_bytes = 4096;
    const Cid cid = store_.put(content, options);
    std::mt19937_64 random(1);
    std::vector<ByteRange> ranges = {{0, 1},          {0, 4096},        {4095, 4097},
                                     {4096, 8192},    {700000, 700001}, {5, 5},
                                     {0, UINT64_MAX}, {699999, 900000}};
    for (int i = 0; i < 50; ++i) {
        const std::uint64_t a = random() % content.size(), b = random() % content.size();
        ranges.push_back({std::min(a, b), std::max(a, b)});
    }
    for (const ByteRange& range : ranges) {
        SCOPED_TRACE(fmt::format("{}-{}", range.begin, range.end));
        const auto end = std::min<std::uint64_t>(range.end, content.size());
        EXPECT_TRUE(
            equal(get(cid, range), BytesView(content).subspan(range.begin, end - range.begin)));
    }
    const auto refusal = [&](const ByteRange& range) {
        MemorySink sink;
        return must_fail(dataset::get(store_.job(), cid, range, sink)).code();
    };
    EXPECT_EQ(refusal({700001, UINT64_MAX}), Errc::merkle_index) << "no byte is there";
    EXPECT_EQ(refusal({700002, UINT64_MAX}), Errc::merkle_index);
    EXPECT_EQ(refusal({9, 8}), Errc::argument_invalid);
}

TEST_F(PutGet, ReadsOnlyTheBlocksOfTheRange) {
    const Bytes content = generate(9, 6 * 65536);
    const Cid cid = store_.put(content);
    must(erase(store_.job(), cid, std::vector<std::uint64_t>{0, 1, 4, 5}));
    EXPECT_TRUE(equal(get(cid, {2 * 65536 + 7, 4 * 65536}),
                      BytesView(content).subspan(2 * 65536 + 7, 2 * 65536 - 7)));
}

TEST_F(PutGet, NamesAMissingBlock) {
    const Cid cid = store_.put(generate(10, 5 * 65536));
    must(erase(store_.job(), cid, std::vector<std::uint64_t>{3}));
    const Error error = get_fails(cid);
    EXPECT_EQ(error.code(), Errc::dataset_damaged);
    EXPECT_THAT(error.text(),
                ::testing::AllOf(::testing::HasSubstr(cid.text()), ::testing::HasSubstr("block 3 "),
                                 ::testing::HasSubstr(Cid::block(store_.leaves(cid)[3]).text()),
                                 ::testing::HasSubstr("missing")));
    EXPECT_TRUE(error.has_way_out());
}

TEST_F(PutGet, NamesADamagedBlock) {
    const Bytes content = generate(11, 5 * 65536);
    const Cid cid = store_.put(content);
    ASSERT_GE(store_.flip_in_segments(BytesView(content).subspan(2 * 65536, 4096)), 1U);
    const Error error = get_fails(cid);
    EXPECT_EQ(error.code(), Errc::dataset_damaged);
    EXPECT_THAT(error.text(), ::testing::AllOf(::testing::HasSubstr("block 2 "),
                                               ::testing::HasSubstr("damaged")));
}

TEST_F(PutGet, WritesWhatComesBeforeALostBlock) {
    const Bytes content = generate(12, std::size_t{20} << 20);
    const Cid cid = store_.put(content);
    must(erase(store_.job(), cid, std::vector<std::uint64_t>{319}));
    MemorySink sink;
    EXPECT_FALSE(dataset::get(store_.job(), cid, {}, sink));
    const std::size_t whole_batches = std::size_t{16} << 20; // two
    ASSERT_EQ(sink.content().size(), whole_batches);
    EXPECT_TRUE(equal(sink.content(), BytesView(content).first(whole_batches)));
}

TEST_F(PutGet, ReportsAnOutputThatIsFull) {
    const Cid cid = store_.put(generate(13, std::size_t{20} << 20));
    const Fd full = must(open_file("/dev/full", O_WRONLY));
    FdSink sink = must(FdSink::create(full.get(), "the file"));
    const Error error = must_fail(dataset::get(store_.job(), cid, {}, sink));
    EXPECT_EQ(error.code(), Errc::no_space);
    EXPECT_THAT(error.text(), ::testing::HasSubstr("the file"));
}

TEST_F(PutGet, FindsNoDatasetUnderAnUnknownCid) {
    const Cid unknown = Cid::sha256(codec::Multicodec::codex_manifest, Digest{1});
    EXPECT_EQ(get_fails(unknown).code(), Errc::dataset_not_found);
}

TEST_F(PutGet, ReconstructsWhatAProtectedDatasetLost) {
    const Bytes content = generate(14, 23 * 4096 - 100);
    PutOptions options;
    options.block_size_bytes = 4096;
    const Cid plain = store_.put(content, options);
    const Cid cid = must(encode(store_.job(), plain, code_shape(4, 2)));
    // Two of the four data rows, all their blocks: rows are 6 blocks long.
    std::vector<std::uint64_t> lost;
    for (std::uint64_t i = 6; i < 18; ++i)
        lost.push_back(i);
    EXPECT_EQ(must(erase(store_.job(), cid, lost)), 12U);

    MemorySink sink;
    const GetResult got = must(dataset::get(store_.job(), cid, {}, sink));
    EXPECT_EQ(got.bytes, content.size());
    EXPECT_EQ(got.reconstructed_blocks, 12U);
    EXPECT_EQ(store_.get(cid), content);
    EXPECT_EQ(get_fails(plain).code(), Errc::dataset_damaged);
    EXPECT_FALSE(must(store_.repo().has(Cid::block(store_.leaves(cid)[6])))); // not repaired

    must(erase(store_.job(), cid, std::vector<std::uint64_t>{0}));
    const Error error = get_fails(cid);
    EXPECT_EQ(error.code(), Errc::dataset_damaged);
    EXPECT_THAT(error.text(), ::testing::HasSubstr("block 0 "));
    EXPECT_TRUE(equal(get(cid, {4096, 6 * 4096}), BytesView(content).subspan(4096, 5 * 4096)));
}

TEST_F(PutGet, ReconstructsAheadWhereRowsAreShort) {
    // 16 blocks a batch, rows of 4: each batch sees every column again.
    PutOptions options;
    options.block_size_bytes = 1 << 20;
    const Bytes content = generate(15, (std::size_t{39} << 20) + 77);
    const Cid cid = must(encode(store_.job(), store_.put(content, options), code_shape(10, 3)));
    const std::vector<std::uint64_t> lost = {0, 1, 5, 18, 19, 23, 26, 36, 37, 38};
    EXPECT_EQ(must(erase(store_.job(), cid, lost)), lost.size());
    MemorySink sink;
    const GetResult got = must(dataset::get(store_.job(), cid, {}, sink));
    EXPECT_EQ(got.reconstructed_blocks, lost.size());
    EXPECT_TRUE(sink.content() == content);
}

} // namespace
} // namespace codex::dataset::test
