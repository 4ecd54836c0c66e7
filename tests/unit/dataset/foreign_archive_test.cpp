// Archives as no export here writes them: by other programs, by mistake, by somebody who means
// harm.
#include "archive_fixture.hpp"
#include "codec/uvarint.hpp"
#include "crypto/hash/sha256.hpp"
#include "dataset/detail/leaf_order.hpp"

namespace codex::dataset::test {
namespace {

TEST_F(Archive, RefusesBlocksOutOfOrder) {
    const Bytes first = generate(1, 64), second = generate(2, 64);
    Bytes content = first;
    append(content, second);
    PutOptions options;
    options.block_size_bytes = 64;
    const Cid cid = store_.put(content, options);
    const auto cid_of = [](BytesView data) { return Cid::block(crypto::sha256(data)); };
    Bytes car = codec::encode_car_header(std::vector<Cid>{cid});
    append(car, section(cid, must(store_.repo().dataset(cid)).manifest_bytes));
    append(car, section(cid_of(second), second));
    append(car, section(cid_of(first), first));
    const Error error = import_fails(car);
    EXPECT_EQ(error.code(), Errc::car_invalid);
    EXPECT_THAT(error.text(), ::testing::HasSubstr(store_.manifest(cid).tree.text()));
}

/// The archive as another program may write it: its sections the other way round, each block once.
Bytes reversed(BytesView car, std::size_t header) {
    std::vector<BytesView> sections;
    for (std::size_t at = header; at < car.size();) {
        const codec::Uvarint length = must(codec::read_uvarint(car.subspan(at)));
        sections.push_back(car.subspan(at, length.size + length.value));
        at += sections.back().size();
    }
    Bytes result(car.begin(), car.begin() + static_cast<std::ptrdiff_t>(header));
    for (auto at = sections.rbegin(); at != sections.rend(); ++at)
        if (std::find_if(sections.rbegin(), at,
                         [&](BytesView other) { return equal(other, *at); }) == at)
            append(result, *at);
    return result;
}

TEST_F(Archive, TakesManifestsThatComeAfterTheirBlocks) {
    const Cid plain = small_dataset(100 * 64 - 3), zeros = store_.put(Bytes(5 * 65536));
    const Cid few = small_dataset(5 * 64, 2);
    const std::vector<Cid> cids = {plain, zeros, few};
    const std::size_t header = codec::encode_car_header(cids).size();
    const ImportReport report = must(import(reversed(exported(cids), header)));
    EXPECT_EQ(report.datasets, (std::vector<Cid>{few, zeros, plain}));
    EXPECT_EQ(report.loose_blocks, 0U);
    for (const Cid& cid : cids)
        expect_same(cid);
    // Nothing is kept for itself beside the datasets.
    for (const Cid& cid : cids)
        must(other_.repo().remove_dataset(cid));
    EXPECT_EQ(must(other_.repo().space()).counters.blocks, 0U);
}

TEST_F(Archive, TakesAProtectedDatasetTheOtherWayRound) {
    const Cid cid = must(encode(store_.job(), small_dataset(23 * 64), code_shape(4, 2)));
    const std::size_t header = codec::encode_car_header(std::vector<Cid>{cid}).size();
    EXPECT_EQ(must(import(reversed(exported({cid}), header))).datasets, std::vector<Cid>{cid});
    expect_same(cid);
}

TEST_F(Archive, KeepsBlocksWhoseManifestDoesNotFit) {
    // More blocks than are held back, in no order that is tried.
    const Cid cid = store_.put(generate(8, std::size_t{36} << 20));
    std::vector<Digest> leaves = store_.leaves(cid);
    std::shuffle(leaves.begin(), leaves.end(), std::mt19937_64(1));
    Bytes car = codec::encode_car_header(std::vector<Cid>{cid});
    for (const Digest& leaf : leaves)
        append(car, section(Cid::block(leaf), must(store_.repo().get(Cid::block(leaf)))));
    append(car, section(cid, must(store_.repo().dataset(cid)).manifest_bytes));
    EXPECT_EQ(import_fails(car).code(), Errc::car_invalid);
    for (const Digest& leaf : leaves)
        EXPECT_TRUE(must(other_.repo().has(Cid::block(leaf))));
}

TEST_F(Archive, RefusesABlockOfAnotherSize) {
    const Cid cid = small_dataset(64);
    const Bytes odd = generate(9, 63);
    Bytes car = codec::encode_car_header(std::vector<Cid>{cid});
    append(car, section(cid, must(store_.repo().dataset(cid)).manifest_bytes));
    append(car, section(Cid::block(crypto::sha256(odd)), odd));
    EXPECT_THAT(import_fails(car).text(), ::testing::HasSubstr("63 bytes, not 64"));
}

TEST_F(Archive, KeepsForeignBlocksForThemselves) {
    const Bytes leaf = generate(5, 1000), node = generate(6, 50);
    const Digest node_digest = crypto::sha256(node);
    Bytes v0 = {0x12, 0x20};
    append(v0, node_digest);
    const Cid raw = Cid::sha256(codec::Multicodec::raw, crypto::sha256(leaf));
    const Cid pb = must(Cid::from_bytes(v0));
    const Cid inlined =
        Cid::make(codec::Multicodec::raw, codec::HashCodec::identity, as_bytes("inlined"));
    Bytes car = codec::encode_car_header(std::vector<Cid>{pb});
    append(car, section(raw, leaf));
    append(car, section(pb, node));
    append(car, section(inlined, as_bytes("inlined")));
    const ImportReport report = must(import(car));
    EXPECT_TRUE(report.datasets.empty());
    EXPECT_EQ(report.blocks, 3U);
    EXPECT_EQ(report.loose_blocks, 2U);
    EXPECT_EQ(must(other_.repo().get(raw)), leaf);
    EXPECT_EQ(must(other_.repo().get(pb)), node);
}

TEST_F(Archive, RefusesAHashItCannotCheck) {
    const Cid cid = Cid::make(codec::Multicodec::raw, codec::HashCodec::sha2_512, Bytes(64, 1));
    Bytes car = codec::encode_car_header(std::vector<Cid>{cid});
    append(car, section(cid, as_bytes("x")));
    EXPECT_EQ(import_fails(car).code(), Errc::unsupported);
}

TEST_F(Archive, RefusesWhatIsNoArchive) {
    EXPECT_EQ(import_fails({}).code(), Errc::input_empty);
    EXPECT_EQ(import_fails(as_bytes("hello, this is no archive at all")).code(), Errc::car_invalid);
    // A section that claims more than any block has.
    Bytes car = exported({small_dataset(64)});
    const std::size_t end = car.size();
    codec::append_uvarint(car, codec::kMaxCarSectionBytes + 1);
    append(car, generate(1, 100));
    const Error error = import_fails(car);
    EXPECT_EQ(error.code(), Errc::car_invalid);
    EXPECT_THAT(error.text(), ::testing::HasSubstr(fmt::format("byte {}:", end)));
}

TEST_F(Archive, RefusesVersion2) {
    const Bytes pragma = {0x0a, 0xa1, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x02};
    EXPECT_EQ(import_fails(pragma).code(), Errc::unsupported);
}

TEST_F(Archive, MissesARootThatNeverComes) {
    const Cid here = small_dataset(64), absent = small_dataset(640);
    const Bytes only = exported({here});
    Bytes car = codec::encode_car_header(std::vector<Cid>{here, absent});
    const std::size_t header = codec::encode_car_header(std::vector<Cid>{here}).size();
    append(car, BytesView(only).subspan(header));
    const Error error = import_fails(car);
    EXPECT_EQ(error.code(), Errc::car_invalid);
    EXPECT_THAT(error.text(), ::testing::HasSubstr(absent.text()));
}

TEST_F(Archive, TakesARootThatComesTwice) {
    const Cid cid = small_dataset(300), other = small_dataset(640, 2);
    const std::size_t header = codec::encode_car_header(std::vector<Cid>{cid}).size();
    const Bytes manifest = section(cid, must(store_.repo().dataset(cid)).manifest_bytes);
    const Bytes whole = exported({cid}), whole_other = exported({other});
    const BytesView blocks = BytesView(whole).subspan(header + manifest.size());
    const auto archive = [&](const std::vector<BytesView>& pieces) {
        Bytes car = codec::encode_car_header(std::vector<Cid>{cid, cid, other});
        for (const BytesView piece : pieces)
            append(car, piece);
        append(car, BytesView(whole_other).subspan(header));
        return car;
    };
    for (const Bytes& car :
         {archive({manifest, manifest, blocks}), archive({manifest, blocks, manifest}),
          archive({manifest, blocks, manifest, blocks}),
          archive({manifest, blocks.first(blocks.size() / 5), manifest,
                   blocks.subspan(blocks.size() / 5)})}) {
        const ImportReport report = must(import(car));
        EXPECT_EQ(report.datasets, (std::vector<Cid>{cid, other}));
        EXPECT_EQ(report.loose_blocks, 0U);
        expect_same(cid);
        expect_same(other);
        for (const Cid& each : {cid, other})
            must(other_.repo().remove_dataset(each));
        EXPECT_EQ(must(other_.repo().space()).counters.blocks, 0U) << "nothing is kept for itself";
    }
}

/// An archive of one block and a manifest that says the dataset is this block, over and over.
Bytes bomb(std::uint64_t count) {
    const Bytes block(1, 7);
    const Digest leaf = crypto::sha256(block);
    Digest node = leaf;
    std::uint8_t key = merkle::kKeyBottom;
    for (std::uint64_t n = count; n > 1; n /= 2, key = merkle::kKeyInner)
        node = merkle::sha256_tree().pair(node, node, key);
    codec::Manifest manifest;
    manifest.tree = Cid::sha256(codec::Multicodec::codex_root, node);
    manifest.block_size_bytes = 1;
    manifest.dataset_size_bytes = count;
    const Bytes bytes = must(codec::encode_manifest(manifest));
    const Cid cid = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(bytes));
    Bytes car = codec::encode_car_header(std::vector<Cid>{cid});
    append(car, section(Cid::block(leaf), block));
    append(car, section(cid, bytes));
    return car;
}

TEST_F(Archive, WritesNoTreeThatItsFewBytesOnlyClaim) {
    // 2.1 GB of tree. The rest of its blocks would have to follow.
    EXPECT_EQ(import_fails(bomb(std::uint64_t{1} << 25)).code(), Errc::car_invalid);
    EXPECT_LT(must(other_.repo().space()).disk_bytes, 4U << 20);
    // As many leaves as one block may stand for: the tree has to fit into the quota.
    repo::Config config = other_.repo().config();
    config.quota_bytes = 1 << 20;
    must(other_.repo().set_config(config));
    EXPECT_EQ(import_fails(bomb(detail::kMaxUnlistedLeaves)).code(), Errc::quota_exceeded);
    EXPECT_LT(must(other_.repo().space()).disk_bytes, 4U << 20);
    config.quota_bytes = 8 << 20;
    must(other_.repo().set_config(config));
    EXPECT_EQ(must(import(bomb(detail::kMaxUnlistedLeaves))).datasets.size(), 1U);
    EXPECT_GT(must(other_.repo().space()).counters.tree_bytes,
              32 * merkle::node_count(detail::kMaxUnlistedLeaves) - 1);
}

TEST_F(Archive, StopsWhereCompressedBytesStandForTooMuch) {
    const Cid cid = store_.put(Bytes(std::size_t{64} << 20));
    const Bytes car = exported({cid}, true), plain = exported({cid});
    ASSERT_LT(car.size() * 2000, plain.size());
    repo::Config config = other_.repo().config();
    config.quota_bytes = 1 << 20;
    must(other_.repo().set_config(config));
    EXPECT_EQ(import_fails(car).code(), Errc::limit_exceeded);
    // The hint's way out.
    must(import(plain));
    expect_same(cid);
}

TEST_F(Archive, RefusesAWindowThatTakesTooMuchMemory) {
    // A frame header that asks for a window of 256 MiB, and an empty last block.
    const Bytes frame = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 0x01, 0x00, 0x00};
    EXPECT_EQ(import_fails(frame).code(), Errc::limit_exceeded);
}

TEST_F(Archive, TakesTinySectionsAsTheyAre) {
    // More than a batch holds, of five bytes each: identity CIDs that hold nothing.
    const Cid nothing = Cid::make(codec::Multicodec::raw, codec::HashCodec::identity, {});
    const Cid cid = small_dataset(300);
    Bytes car = codec::encode_car_header(std::vector<Cid>{cid});
    const Bytes empty = section(nothing, {});
    constexpr std::uint64_t kSections = 700'000;
    for (std::uint64_t i = 0; i < kSections; ++i)
        append(car, empty);
    const std::size_t header = codec::encode_car_header(std::vector<Cid>{cid}).size();
    const Bytes whole = exported({cid});
    append(car, BytesView(whole).subspan(header));
    EXPECT_EQ(import_fails(BytesView(car).first(car.size() - 1)).code(), Errc::car_invalid);
    const ImportReport report = must(import(car));
    EXPECT_EQ(report.blocks, kSections + 6);
    expect_same(cid);
}

} // namespace
} // namespace codex::dataset::test
