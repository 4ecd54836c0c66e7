#include "manifest_samples.hpp"

namespace codex::codec {
namespace {

using codex::test::must_fail;
using codex::test::unhex;
using test::cid_of;
using test::data_model;
using test::expect_both_ways;
using test::good;
using test::Json;
using test::must;
using test::number_digest;
using test::plain_of;
using test::protected_of;
using test::slot_root;
using test::tree_root;
using test::verifiable_of;
using test::verify_root;
using testing::HasSubstr;

TEST(Manifest, PlainVectors) {
    for (const Json& set : data_model()["datasets"]) {
        const Manifest manifest = plain_of(set);
        expect_both_ways(manifest, unhex(set["manifestHex"]));
        EXPECT_EQ(manifest.blocks_count(), set["blocks"].get<std::uint64_t>());
        EXPECT_EQ(manifest.content_size_bytes(), set["size"].get<std::uint64_t>());
        EXPECT_EQ(manifest.original_blocks_count(), manifest.blocks_count());
        EXPECT_EQ(manifest.plain(), manifest);
    }
    EXPECT_EQ(data_model()["datasets"].size(), 6u);
}

TEST(Manifest, ProtectedAndVerifiableVectors) {
    for (const Json& set : data_model()["protectedDatasets"]) {
        const Manifest manifest = protected_of(set);
        expect_both_ways(manifest, unhex(set["protectedManifestHex"]));
        expect_both_ways(verifiable_of(set), unhex(set["verifiableManifestDummyRoots"]["hex"]));
        EXPECT_EQ(manifest.steps(), set["steps"].get<std::uint64_t>());
        EXPECT_EQ(manifest.blocks_count(), set["totalBlocks"].get<std::uint64_t>());
        EXPECT_EQ(manifest.original_blocks_count(), set["originalBlocks"].get<std::uint64_t>());
        EXPECT_EQ(manifest.content_size_bytes(), set["size"].get<std::uint64_t>());
        EXPECT_TRUE(manifest.is_protected());
        EXPECT_FALSE(manifest.is_verifiable());
        EXPECT_TRUE(verifiable_of(set).is_verifiable());

        const Manifest plain = manifest.plain();
        EXPECT_EQ(plain.tree, cid_of(set["originalTreeCid"]));
        EXPECT_EQ(plain.dataset_size_bytes, set["size"].get<std::uint64_t>());
        EXPECT_FALSE(plain.is_protected());
        EXPECT_TRUE(validate(plain).has_value());
    }
    EXPECT_EQ(data_model()["protectedDatasets"].size(), 4u);
}

TEST(Manifest, LayoutOf2026) {
    const Json& set = data_model()["external"][0];
    Manifest manifest;
    manifest.layout = ManifestLayout::v0_2026;
    manifest.tree = cid_of(set["treeCid"]);
    manifest.dataset_size_bytes = 14;
    manifest.filename = "hello.txt";
    manifest.mimetype = "text/plain";
    expect_both_ways(manifest, unhex(set["manifestHex"]));

    Manifest protected_one = protected_of(data_model()["protectedDatasets"][0]);
    protected_one.layout = ManifestLayout::v0_2026;
    EXPECT_EQ(must_fail(encode_manifest(protected_one)).code(), Errc::unsupported);
}

TEST(Manifest, UnknownVersionOf2026IsRefused) {
    Bytes bytes = unhex(data_model()["external"][0]["manifestHex"]);
    ASSERT_EQ(to_hex(BytesView(bytes).first(4)), "0a4f0800");
    bytes[3] = 1;
    const Error error = must_fail(decode_manifest(bytes));
    EXPECT_EQ(error.code(), Errc::manifest_invalid);
    EXPECT_THAT(error.text(), HasSubstr("version 1 is not known"));
}

using Change = void (*)(Manifest&);
struct Rule {
    const char* reason;
    Change change;
};

/// One change of a good manifest for each rule of codex-manifest(5), RULES.
const Rule kRules[] = {
    {"tree CID is missing", [](Manifest& m) { m.tree = Cid(); }},
    {"tree CID is a CIDv1 of codex-block",
     [](Manifest& m) { m.tree = Cid::block(number_digest(1)); }},
    {"tree CID has hash function identity",
     [](Manifest& m) {
         m.tree = Cid::make(Multicodec::codex_root, HashCodec::identity, number_digest(1));
     }},
    {"block size is 0", [](Manifest& m) { m.block_size_bytes = 0; }},
    {"block size 67108865 is over", [](Manifest& m) { m.block_size_bytes = 67108865; }},
    {"dataset size is 0", [](Manifest& m) { m.dataset_size_bytes = 0; }},
    {"dataset size 9223372036854775808 is over",
     [](Manifest& m) { m.dataset_size_bytes = std::uint64_t{1} << 63; }},
    {"block codec 0x55", [](Manifest& m) { m.codec = Multicodec::raw; }},
    {"hash function 0x13", [](Manifest& m) { m.hash = HashCodec::sha2_512; }},
    {"CID version number 1", [](Manifest& m) { m.cid_version = 1; }},
    {"CID version number 3", [](Manifest& m) { m.cid_version = 3; }},
    {"file name is set, but empty", [](Manifest& m) { m.filename = ""; }},
    {"MIME type is set, but empty", [](Manifest& m) { m.mimetype = ""; }},
    {"k, the number of data blocks", [](Manifest& m) { m.erasure->k = 0; }},
    {"k + m = 65537 is over", [](Manifest& m) { m.erasure->m = 65534; }},
    {"k + m = 8589934590 is over", [](Manifest& m) { m.erasure->k = m.erasure->m = 0xffffffff; }},
    {"protected strategy 2", [](Manifest& m) { m.erasure->strategy = static_cast<Strategy>(2); }},
    {"original tree CID is missing", [](Manifest& m) { m.erasure->original_tree = Cid(); }},
    {"original tree CID is a CIDv1 of codex-slot-root",
     [](Manifest& m) { m.erasure->original_tree = slot_root(1); }},
    {"original dataset size is 0", [](Manifest& m) { m.erasure->original_size_bytes = 0; }},
    {"original dataset size 9223372036854775808 is over",
     [](Manifest& m) { m.erasure->original_size_bytes = std::uint64_t{1} << 63; }},
    {"overflows 64 bits",
     [](Manifest& m) {
         m.erasure->original_size_bytes = (std::uint64_t{1} << 63) - 1;
         m.erasure->k = 1;
         m.erasure->m = 1;
     }},
    {"overflows 64 bits",
     [](Manifest& m) {
         m.block_size_bytes = 1;
         m.erasure->original_size_bytes = (std::uint64_t{1} << 63) - 1;
         m.erasure->k = 1;
     }},
    {"dataset of 11 blocks is not 2 columns",
     [](Manifest& m) { m.dataset_size_bytes += m.block_size_bytes; }},
    {"dataset of 10 blocks is not 3 columns",
     [](Manifest& m) { m.erasure->original_size_bytes += 2 * m.block_size_bytes; }},
    {"not a whole number of blocks", [](Manifest& m) { m.dataset_size_bytes -= 1; }},
    {"verify root is missing", [](Manifest& m) { m.erasure->verification->verify_root = Cid(); }},
    {"verify root is a CIDv1 of codex-slot-root",
     [](Manifest& m) { m.erasure->verification->verify_root = slot_root(1); }},
    {"verify root has hash function sha2-256",
     [](Manifest& m) {
         m.erasure->verification->verify_root =
             Cid::sha256(Multicodec::codex_proving_root, number_digest(1));
     }},
    {"4 slot roots for k + m = 5",
     [](Manifest& m) { m.erasure->verification->slot_roots.pop_back(); }},
    {"0 slot roots", [](Manifest& m) { m.erasure->verification->slot_roots.clear(); }},
    {"6 slot roots",
     [](Manifest& m) { m.erasure->verification->slot_roots.push_back(slot_root(6)); }},
    {"slot root 3 is a CIDv1 of codex-proving-root",
     [](Manifest& m) { m.erasure->verification->slot_roots[3] = verify_root(1); }},
    {"slot root 0 is missing", [](Manifest& m) { m.erasure->verification->slot_roots[0] = Cid(); }},
    {"slot root 4 is not a 32-byte field element",
     [](Manifest& m) {
         m.erasure->verification->slot_roots[4] =
             Cid::make(Multicodec::codex_slot_root, HashCodec::identity, Bytes(31));
     }},
    {"verifiable strategy 9",
     [](Manifest& m) { m.erasure->verification->strategy = static_cast<Strategy>(9); }},
    {"cell size is 0", [](Manifest& m) { m.erasure->verification->cell_size_bytes = 0; }},
    {"cell size 2047 does not divide",
     [](Manifest& m) { m.erasure->verification->cell_size_bytes = 2047; }},
    {"cell size 131072 does not divide",
     [](Manifest& m) { m.erasure->verification->cell_size_bytes = 131072; }},
    {"3 cells of 2048 bytes",
     [](Manifest& m) {
         m.block_size_bytes = 3 * 2048;
         m.erasure->original_size_bytes = 6 * 6144;
         m.dataset_size_bytes = 10 * 6144;
     }},
};

TEST(ManifestRules, EachIsCheckedByValidateAndEncode) {
    ASSERT_TRUE(validate(good()).has_value());
    for (const Rule& rule : kRules) {
        Manifest manifest = good();
        rule.change(manifest);
        for (const Error& error :
             {must_fail(validate(manifest)), must_fail(encode_manifest(manifest))}) {
            EXPECT_EQ(error.code(), Errc::manifest_invalid) << rule.reason;
            EXPECT_THAT(error.text(), HasSubstr(rule.reason));
        }
    }
}

TEST(ManifestRules, LimitsThemselvesAreAccepted) {
    Manifest manifest = plain_of(data_model()["datasets"][0]);
    manifest.block_size_bytes = kMaxBlockSizeBytes;
    manifest.dataset_size_bytes = (std::uint64_t{1} << 63) - 1;
    expect_both_ways(manifest, must(encode_manifest(manifest)));
    EXPECT_EQ(manifest.blocks_count(), std::uint64_t{1} << 37);

    Manifest wide = protected_of(data_model()["protectedDatasets"][0]);
    wide.erasure->k = 32768;
    wide.erasure->m = 32768;
    wide.dataset_size_bytes = std::uint64_t{65536} * 65536;
    wide.erasure->verification = VerificationInfo{verify_root(1), {}, 65536, Strategy::linear};
    for (std::uint32_t i = 0; i < 65536; ++i)
        wide.erasure->verification->slot_roots.push_back(slot_root(i));
    expect_both_ways(wide, must(encode_manifest(wide)));
}

TEST(ManifestRules, FieldElementsAreBelowTheFieldOrder) {
    // The order of the BN254 scalar field, little-endian; one less is the largest element.
    Bytes order =
        must(from_hex("010000f093f5e1439170b97948e833285d588181b64550b829a031e1724e6430"));
    Manifest manifest = good();
    Cid& root = manifest.erasure->verification->verify_root;
    root = Cid::make(Multicodec::codex_proving_root, HashCodec::identity, order);
    EXPECT_THAT(must_fail(validate(manifest)).text(), HasSubstr("verify root is not a 32-byte"));
    order[0] = 0;
    root = Cid::make(Multicodec::codex_proving_root, HashCodec::identity, order);
    EXPECT_TRUE(validate(manifest).has_value());
    root = Cid::make(Multicodec::codex_proving_root, HashCodec::identity, Bytes(32, 0xff));
    EXPECT_FALSE(validate(manifest).has_value());
}

TEST(Manifest, RandomRoundTrips) {
    std::mt19937_64 random(4);
    for (std::uint32_t round = 0; round < 1000; ++round) {
        Manifest manifest;
        manifest.tree = tree_root(static_cast<std::uint32_t>(random()));
        manifest.block_size_bytes = std::uint32_t{64} << (random() % 16);
        manifest.dataset_size_bytes = 1 + (random() >> (1 + random() % 60)) % (1ull << 50);
        if (random() % 2 != 0)
            manifest.filename = "name " + std::to_string(random() % 1000);
        if (random() % 2 != 0)
            manifest.mimetype = "text/plain";
        if (random() % 4 == 0) {
            manifest.layout = ManifestLayout::v0_2026;
        } else if (random() % 2 != 0) {
            ErasureInfo erasure;
            erasure.k = static_cast<std::uint32_t>(1 + random() % 20);
            erasure.m = static_cast<std::uint32_t>(random() % 20);
            erasure.original_tree = tree_root(static_cast<std::uint32_t>(random()));
            erasure.original_size_bytes = manifest.dataset_size_bytes;
            manifest.erasure = erasure;
            manifest.dataset_size_bytes =
                manifest.steps() * (erasure.k + erasure.m) * manifest.block_size_bytes;
            if (random() % 2 != 0) {
                VerificationInfo verification{verify_root(round + 1), {}, 64, Strategy::linear};
                for (std::uint32_t i = 0; i < erasure.k + erasure.m; ++i)
                    verification.slot_roots.push_back(slot_root(i));
                manifest.erasure->verification = verification;
            }
        }
        EXPECT_EQ(must(decode_manifest(must(encode_manifest(manifest)))), manifest);
    }
}

} // namespace
} // namespace codex::codec
