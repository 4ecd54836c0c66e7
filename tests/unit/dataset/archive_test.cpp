#include "archive_fixture.hpp"
#include "crypto/hash/sha256.hpp"

namespace codex::dataset::test {
namespace {

TEST_F(Archive, RoundTripsPlainDatasets) {
    for (const std::size_t size : {1U, 65535U, 65536U, 65537U, 999983U}) {
        const Cid cid = store_.put(generate(1, size));
        const ImportReport report = must(import(exported({cid})));
        EXPECT_EQ(report.datasets, std::vector<Cid>{cid});
        EXPECT_EQ(told_, report.datasets);
        EXPECT_EQ(report.blocks, 1 + (size + 65535) / 65536);
        EXPECT_EQ(report.loose_blocks, 0U);
        expect_same(cid);
    }
}

TEST_F(Archive, RoundTripsMoreThanTheBuffersHold) {
    const Cid cid = store_.put(generate(2, (std::size_t{40} << 20) + 1));
    must(import(exported({cid})));
    expect_same(cid);
}

TEST_F(Archive, RoundTripsBlocksLargerThanTheBuffers) {
    PutOptions options;
    options.block_size_bytes = 20 << 20;
    const Cid cid = store_.put(generate(3, (std::size_t{41} << 20)), options);
    must(import(exported({cid})));
    expect_same(cid);
}

TEST_F(Archive, RoundTripsProtectedDatasetsWithAllTheirLeaves) {
    const Cid plain = small_dataset(23 * 64 - 5);
    const Cid cid = must(encode(store_.job(), plain, code_shape(4, 2)));
    const ImportReport report = must(import(exported({cid})));
    EXPECT_EQ(report.blocks, 1U + 36U); // a padding block is in the archive, too
    expect_same(cid);
    EXPECT_TRUE(must(health(other_.job(), cid, true)).whole());
    EXPECT_EQ(must_fail(other_.repo().dataset(plain)).code(), Errc::dataset_not_found);
}

TEST_F(Archive, RoundTripsVerifiableManifestsUntouched) {
    const Cid cid = must(encode(store_.job(), small_dataset(300), code_shape(2, 1)));
    codec::Manifest manifest = store_.manifest(cid);
    codec::VerificationInfo verification;
    const Digest number{7};
    verification.verify_root =
        Cid::make(codec::Multicodec::codex_proving_root, codec::HashCodec::identity, number);
    verification.slot_roots.assign(
        3, Cid::make(codec::Multicodec::codex_slot_root, codec::HashCodec::identity, number));
    verification.cell_size_bytes = 64;
    manifest.erasure->verification = verification;
    const Bytes bytes = must(codec::encode_manifest(manifest));
    const Cid verifiable = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(bytes));
    must(store_.repo().add_manifest(verifiable, bytes, 0));
    must(import(exported({verifiable})));
    expect_same(verifiable);
}

TEST_F(Archive, HoldsSeveralDatasets) {
    const std::vector<Cid> cids = {small_dataset(1), small_dataset(640, 2), small_dataset(129, 3)};
    const ImportReport report = must(import(exported(cids)));
    EXPECT_EQ(report.datasets, cids);
    for (const Cid& cid : cids)
        expect_same(cid);
}

/// In one transaction, for each waits for the disk; none is told of before it is there.
TEST_F(Archive, GivesItsSmallDatasetsTogether) {
    std::vector<Cid> cids;
    for (std::uint32_t stream = 1; stream <= 30; ++stream)
        cids.push_back(small_dataset(stream * 10, stream));
    cids.push_back(store_.put(generate(99, 1000))); // of other blocks
    const Bytes car = exported(cids);
    const SimulatedClock clock; // stands still: nobody waits too long
    repo::OpenOptions options{.create = true, .sync = false};
    options.clock = clock;
    repo::Repo repo = must(repo::Repo::open(folder_.file("third"), options));
    MemorySource source(car);
    const auto tell = [&](const Cid& cid) {
        told_.push_back(cid);
        must(repo.dataset(cid));
        EXPECT_EQ(must(repo.space()).counters.datasets, cids.size());
    };
    EXPECT_EQ(must(import_car(Job{repo, {}}, source, 0, tell)).datasets, cids);
    EXPECT_EQ(told_, cids);
}

TEST_F(Archive, IsCompressedOnRequestAndRecognised) {
    PutOptions options;
    options.filename = "zeros";
    const std::vector<Cid> cids = {store_.put(Bytes(3000000), options),
                                   store_.put(generate(4, 3000000))};
    const Bytes car = exported(cids, true);
    EXPECT_LT(car.size(), 3200000U);
    EXPECT_EQ(must(import(car)).datasets, cids);
    for (const Cid& cid : cids)
        expect_same(cid);
}

TEST_F(Archive, CompressedAndCutShowsNothing) {
    const Bytes car = exported({store_.put(generate(4, 300000))}, true);
    for (std::size_t size = car.size() - 1; size > 0; size = size * 4 / 5) {
        EXPECT_EQ(import_fails(BytesView(car).first(size)).code(), Errc::car_invalid) << size;
        EXPECT_TRUE(told_.empty());
    }
}

TEST_F(Archive, TakesCompressedFramesInARow) {
    const Cid cid = small_dataset(1000);
    Bytes car = exported({cid}, true);
    // What parallel compressors put in front: a frame to be skipped.
    Bytes framed = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
    append(framed, car);
    must(import(framed));
    expect_same(cid);
}

TEST_F(Archive, IsTheSameForARepeatedBlock) {
    PutOptions options;
    options.block_size_bytes = 64;
    const Cid cid = store_.put(Bytes(640, 0), options);
    EXPECT_EQ(must(import(exported({cid}))).blocks, 11U);
    expect_same(cid);
}

TEST_F(Archive, CutAtAnyByteShowsNothing) {
    const Cid cid = small_dataset(300);
    const Bytes car = exported({cid});
    EXPECT_EQ(import_fails({}).code(), Errc::input_empty);
    for (std::size_t size = 1; size < car.size(); ++size) {
        const Error error = import_fails(BytesView(car).first(size));
        EXPECT_EQ(error.code(), Errc::car_invalid) << size << ": " << error.text();
        EXPECT_THAT(error.text(), ::testing::HasSubstr("byte ")) << size;
        EXPECT_TRUE(told_.empty());
    }
    must(import(car));
    expect_same(cid);
}

TEST_F(Archive, FlippedAnywhereShowsNothing) {
    const Bytes car = exported({small_dataset(300)});
    for (std::size_t at = 0; at < car.size(); ++at) {
        Bytes flipped = car;
        flipped[at] ^= static_cast<std::uint8_t>(1 << at % 8);
        EXPECT_FALSE(import_fails(flipped).text().empty()) << at;
        EXPECT_TRUE(told_.empty()) << at;
    }
}

TEST_F(Archive, KeepsTheDatasetsBeforeADamage) {
    const std::vector<Cid> cids = {small_dataset(300), small_dataset(300, 2)};
    Bytes car = exported(cids);
    car.back() ^= 1;
    const Error error = import_fails(car);
    EXPECT_EQ(error.code(), Errc::block_corrupt);
    EXPECT_THAT(error.text(), ::testing::HasSubstr("in.car: byte "));
    car.resize(car.size() - 64 - 38 - 1); // without the last block's section
    EXPECT_THAT(import_fails(car).text(), ::testing::HasSubstr("has 5 blocks, only 4 follow"));
    EXPECT_EQ(told_, std::vector<Cid>{cids[0]});
    expect_same(cids[0]);
}

TEST_F(Archive, IsNotMadeOfADamagedDataset) {
    const Cid cid = store_.put(generate(7, 200000));
    must(erase(store_.job(), cid, std::vector<std::uint64_t>{1}));
    MemorySink sink;
    const Error error = must_fail(export_car(store_.job(), std::vector<Cid>{cid}, sink, false));
    EXPECT_EQ(error.code(), Errc::dataset_damaged);
    EXPECT_THAT(error.text(), ::testing::HasSubstr("block 1 "));
}

TEST_F(Archive, LooksUpAllDatasetsFirst) {
    const Cid unknown = Cid::sha256(codec::Multicodec::codex_manifest, Digest{1});
    MemorySink sink;
    EXPECT_EQ(must_fail(export_car(store_.job(), std::vector<Cid>{small_dataset(1), unknown}, sink,
                                   false))
                  .code(),
              Errc::dataset_not_found);
    EXPECT_TRUE(sink.content().empty());
}

} // namespace
} // namespace codex::dataset::test
