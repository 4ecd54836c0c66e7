#include "codec/cid.hpp"

#include "codec/manifest.hpp"
#include "codec/multibase.hpp"
#include "codec/uvarint.hpp"
#include "must.hpp"
#include "vectors.hpp"

#include <set>
#include <unordered_set>

namespace codex::codec {
namespace {

using codex::test::data_model;
using codex::test::must;
using codex::test::must_fail;
using codex::test::unhex;
using testing::HasSubstr;

Cid parsed(std::string_view text) {
    return must(Cid::from_text(text));
}

Digest counting_digest() {
    Digest digest;
    for (std::size_t i = 0; i < digest.size(); ++i)
        digest[i] = static_cast<std::uint8_t>(i);
    return digest;
}

void expect_cid_refused(BytesView bytes, std::string_view reason) {
    const Error error = must_fail(Cid::from_bytes(bytes));
    EXPECT_EQ(error.code(), Errc::cid_invalid);
    EXPECT_THAT(error.text(), HasSubstr(reason));
}

TEST(Multicodec, VectorsNamesAndVarints) {
    std::size_t seen = 0;
    for (const auto& [name, entry] : data_model()["codecs"].items()) {
        const auto number = std::stoull(entry["code"].get<std::string>(), nullptr, 16);
        Bytes varint;
        append_uvarint(varint, number);
        EXPECT_EQ(varint, unhex(entry["varint"])) << name;
        const auto content = name_of(static_cast<Multicodec>(number));
        const auto hash = name_of(static_cast<HashCodec>(number));
        EXPECT_TRUE(content == name || hash == name) << name;
        if (content == name) {
            EXPECT_EQ(multicodec_named(name), static_cast<Multicodec>(number));
        }
        ++seen;
    }
    EXPECT_EQ(seen, 13u);
    EXPECT_EQ(name_of(static_cast<Multicodec>(0xCD07)), std::nullopt);
    EXPECT_EQ(multicodec_named("codex-blok"), std::nullopt);
}

TEST(Cid, VectorsBothWays) {
    for (const auto& vector : data_model()["cids"]) {
        const Bytes bytes = unhex(vector["bytesHex"]);
        const auto text = vector["text"].get<std::string>();
        const auto cid = Cid::from_bytes(bytes);
        ASSERT_TRUE(cid.has_value()) << vector["name"] << cid.error().text();
        EXPECT_EQ(cid->text(), text);
        EXPECT_TRUE(equal(parsed(text).bytes(), bytes));
        EXPECT_EQ(parsed(text), *cid);
        const Cid made = Cid::make(cid->codec(), cid->hash(), cid->digest());
        EXPECT_TRUE(equal(made.bytes(), bytes));
    }
    EXPECT_EQ(data_model()["cids"].size(), 7u);
}

TEST(Cid, EveryCidOfTheDatasetVectorsParses) {
    const auto check = [](const test::Json& text, Multicodec codec) {
        const Cid cid = parsed(text.get<std::string>());
        EXPECT_EQ(cid.codec(), codec);
        EXPECT_EQ(cid.text(), text.get<std::string>());
    };
    for (const char* group : {"datasets", "protectedDatasets"})
        for (const auto& set : data_model()[group]) {
            check(set["treeCid"], Multicodec::codex_root);
            for (const auto& leaf : set.value("blockCids", test::Json::array()))
                check(leaf, Multicodec::codex_block);
            for (const auto& leaf : set.value("leafCids", test::Json::array()))
                check(leaf, Multicodec::codex_block);
        }
    check(data_model()["external"][0]["manifestCid"], Multicodec::codex_manifest);
    EXPECT_EQ(parsed(data_model()["external"][1]["cid"].get<std::string>()), Cid::empty_block());
}

TEST(Cid, PartsOfABlockCid) {
    const Digest digest = counting_digest();
    const Cid cid = Cid::block(digest);
    EXPECT_EQ(cid.bytes().size(), 38u);
    EXPECT_EQ(to_hex(cid.bytes().first(6)), "01829a031220");
    EXPECT_EQ(cid.version(), 1u);
    EXPECT_EQ(cid.codec(), Multicodec::codex_block);
    EXPECT_EQ(cid.hash(), HashCodec::sha2_256);
    EXPECT_EQ(cid.digest32(), digest);
    EXPECT_FALSE(cid.is_null());
}

TEST(Cid, PrefixTellsTheKind) {
    const Digest digest = counting_digest();
    EXPECT_TRUE(Cid::block(digest).text().starts_with("zDx"));
    EXPECT_TRUE(Cid::sha256(Multicodec::codex_root, digest).text().starts_with("zDz"));
    EXPECT_TRUE(Cid::sha256(Multicodec::codex_manifest, digest).text().starts_with("zDv"));
    EXPECT_TRUE(Cid::make(Multicodec::codex_slot_root, HashCodec::identity, digest)
                    .text()
                    .starts_with("zE2"));
    EXPECT_TRUE(Cid::make(Multicodec::codex_proving_root, HashCodec::identity, digest)
                    .text()
                    .starts_with("zE4"));
}

TEST(Cid, EmptyBlockIsTwoCidsOnly) {
    const auto& vectors = data_model()["cids"];
    EXPECT_EQ(Cid::empty_block().text(), vectors[0]["text"].get<std::string>());
    EXPECT_TRUE(Cid::empty_block().is_empty_block());
    EXPECT_TRUE(parsed(vectors[1]["text"].get<std::string>()).is_empty_block());
    EXPECT_FALSE(parsed(vectors[2]["text"].get<std::string>()).is_empty_block());
    const Digest empty = Cid::empty_block().digest32();
    EXPECT_FALSE(Cid::sha256(Multicodec::raw, empty).is_empty_block());
    EXPECT_FALSE(Cid().is_empty_block());
}

TEST(Cid, NullEqualsOnlyItself) {
    EXPECT_TRUE(Cid().is_null());
    EXPECT_EQ(Cid(), Cid());
    EXPECT_NE(Cid(), Cid::empty_block());
    EXPECT_NE(Cid(), Cid::make(Multicodec::raw, HashCodec::identity, {}));
    EXPECT_TRUE(Cid().bytes().empty());
}

TEST(Cid, VersionZero) {
    const Digest digest = counting_digest();
    Bytes bytes = unhex("1220");
    append(bytes, digest);
    const auto v0 = Cid::from_bytes(bytes);
    ASSERT_TRUE(v0.has_value());
    EXPECT_EQ(v0->version(), 0u);
    EXPECT_EQ(v0->codec(), Multicodec::dag_pb);
    EXPECT_EQ(v0->digest32(), digest);
    EXPECT_TRUE(equal(v0->bytes(), bytes));

    const Cid v1 = Cid::sha256(Multicodec::dag_pb, digest);
    EXPECT_EQ(*v0, v1) << "the version is not compared";
    EXPECT_EQ(must(Cid::from_text(v0->text())).version(), 0U) << "its own text: " << v0->text();
    EXPECT_TRUE(v0->text().starts_with("Qm"));
    EXPECT_TRUE(equal(v0->other_version().value().bytes(), v1.bytes()));
    EXPECT_TRUE(equal(v1.other_version().value().bytes(), v0->bytes()));
    EXPECT_FALSE(Cid::block(digest).other_version().has_value());
    EXPECT_EQ(std::hash<Cid>()(*v0), std::hash<Cid>()(v1));
    EXPECT_EQ(std::strong_ordering::equal, *v0 <=> v1);
}

TEST(Cid, BareVersionZeroText) {
    // The CIDv0 of the empty UnixFS directory, known to every IPFS user.
    const Cid cid = parsed("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn");
    EXPECT_EQ(cid.version(), 0u);
    EXPECT_EQ(parsed("bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"), cid);
}

TEST(Cid, EveryMultibaseIsRead) {
    const Cid cid = Cid::block(counting_digest());
    using enum Multibase;
    for (const Multibase base :
         {identity, base16, base16_upper, base32, base32_upper, base32_pad, base32_pad_upper,
          base32hex, base32hex_upper, base32hex_pad, base32hex_pad_upper, base58btc, base58flickr,
          base64, base64_pad, base64url, base64url_pad})
        EXPECT_EQ(parsed(must(multibase_encode(base, cid.bytes()))), cid);
}

TEST(Cid, OrderAndHashGoByCodecAndMultihash) {
    Digest low{};
    Digest high{};
    high[0] = 1;
    const Cid a = Cid::sha256(Multicodec::raw, high);
    const Cid b = Cid::sha256(Multicodec::codex_block, low);
    const Cid c = Cid::sha256(Multicodec::codex_block, high);
    EXPECT_EQ((std::set<Cid>{c, b, a, b}), (std::set<Cid>{a, b, c}));
    EXPECT_LT(a, b);
    EXPECT_LT(b, c);
    EXPECT_EQ((std::unordered_set<Cid>{a, b, c, a, b, Cid()}).size(), 4u);
}

TEST(Cid, TruncatedAtEveryByteIsRefused) {
    for (const auto& vector : data_model()["cids"]) {
        const Bytes bytes = unhex(vector["bytesHex"]);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(Cid::from_bytes(BytesView(bytes).first(size)).has_value()) << size;
        const auto text = vector["text"].get<std::string>();
        for (std::size_t size = 0; size < text.size(); ++size)
            EXPECT_FALSE(Cid::from_text(text.substr(0, size)).has_value()) << size;
    }
}

TEST(Cid, FromPrefixLeavesTheRest) {
    Bytes bytes(Cid::empty_block().bytes().begin(), Cid::empty_block().bytes().end());
    append(bytes, as_bytes("data"));
    const auto found = Cid::from_prefix(bytes);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->first, Cid::empty_block());
    EXPECT_EQ(found->second, 38u);
    expect_cid_refused(bytes, "4 bytes follow the CID that ends at byte 38");
}

TEST(Cid, RefusalsNameTheByte) {
    const std::string digest(64, '0');
    expect_cid_refused({}, "no bytes");
    expect_cid_refused(unhex("00829a031220" + digest), "version 0 at byte 0");
    expect_cid_refused(unhex("02829a031220" + digest), "version 2 at byte 0");
    expect_cid_refused(unhex("01879a031220" + digest), "0xcd07 at byte 1 is no content codec");
    expect_cid_refused(unhex("01001220" + digest), "0x0 at byte 1 is no content codec");
    expect_cid_refused(unhex("01829a831220" + digest), "byte 1");
    expect_cid_refused(unhex("01829a031120" + digest),
                       "hash function 0x11 at byte 4 is not supported");
    expect_cid_refused(unhex("01829a03929a0320" + digest),
                       "keyed-compress at byte 4 is not supported");
    expect_cid_refused(unhex("01829a031220" + digest.substr(2)), "cut: 31 of 32 bytes");
    expect_cid_refused(unhex("01829a03"), "hash function at byte 4");
    expect_cid_refused(unhex("01829a0312"), "digest length at byte 5");
    expect_cid_refused(unhex("81009a031220" + digest), "shortest form");
    expect_cid_refused(unhex("01ffffffffffffffffff011220" + digest), "over 63 bits");
}

TEST(Cid, DigestLengthsAtTheirBounds) {
    const auto of = [](std::string_view head, std::size_t length) {
        Bytes bytes = unhex(head);
        append_uvarint(bytes, length);
        bytes.resize(bytes.size() + length);
        return bytes;
    };
    for (const std::size_t length : {0u, 1u, 31u, 33u, 64u, 65u})
        expect_cid_refused(of("015512", length), "wrong for sha2-256");
    for (const std::size_t length : {0u, 1u, 32u, 63u, 65u})
        expect_cid_refused(of("015513", length), "wrong for sha2-512");
    for (const std::size_t length : {0u, 1u, 64u}) {
        const auto cid = Cid::from_bytes(of("015500", length));
        ASSERT_TRUE(cid.has_value()) << length;
        EXPECT_EQ(cid->digest().size(), length);
        EXPECT_EQ(parsed(cid->text()), *cid);
    }
    expect_cid_refused(of("015500", 65), "wrong for identity");
    expect_cid_refused(unhex("015500ffffffffffffffff7f"), "wrong for identity");
    EXPECT_TRUE(Cid::from_bytes(of("01829a03919a03", 32)).has_value());
    EXPECT_EQ(Cid::make(Multicodec::codex_block, HashCodec::poseidon2_merkle_2kb, Bytes(64))
                  .bytes()
                  .size(),
              72u);
}

TEST(Cid, TextRefusalsExplain) {
    const std::string good = Cid::empty_block().text();
    const auto error = [](const std::string& text) { return must_fail(Cid::from_text(text)); };
    std::string wrong = good;
    wrong[7] = 'l';
    EXPECT_EQ(error(wrong).code(), Errc::cid_invalid);
    EXPECT_THAT(error(wrong).text(), HasSubstr("character 'l' at offset 7 is not base58btc"));
    EXPECT_THAT(error(wrong).hint(), HasSubstr("never occur"));
    EXPECT_THAT(error(good + "\n").text(), HasSubstr("0x0a at offset 52"));
    EXPECT_THAT(error(good + "\n").hint(), HasSubstr("white space"));
    EXPECT_THAT(error("/ipfs/" + good).hint(), HasSubstr("alone"));
    EXPECT_THAT(error(good.substr(0, 40)).hint(), HasSubstr("cut or mistyped"));
    for (const std::size_t size : {20U, 30U, 40U, 47U}) // whatever version its digits seem to give
        EXPECT_EQ(error(good.substr(0, size)).text(),
                  fmt::format("\"{}\" is not a CID", good.substr(0, size)));
    EXPECT_THAT(error("notes.txt").hint(), HasSubstr("begins with z"));
    // Of a word, what is wrong with its base is nobody's concern.
    for (const char* word : {"hello", "my", "label", "block7", "notes.txt"})
        EXPECT_EQ(error(word).text(), fmt::format("\"{}\" is not a CID", word));
    EXPECT_THAT(error("").text(), HasSubstr("empty"));
    EXPECT_THAT(error("z").text(), HasSubstr("no bytes"));
    EXPECT_THAT(error(std::string(257, 'z')).text(), HasSubstr("257 characters"));
    EXPECT_THAT(error("\x1b[31m").text(), HasSubstr("\\x1b[31m"));
}

TEST(Cid, RandomRoundTrips) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 2000; ++round) {
        const Bytes digest = codex::test::random_bytes(random, random() % 65);
        const Cid cid = Cid::make(Multicodec::raw, HashCodec::identity, digest);
        EXPECT_TRUE(equal(parsed(cid.text()).bytes(), cid.bytes()));
        EXPECT_EQ(must(Cid::from_bytes(cid.bytes())), cid);
    }
}

TEST(ManifestCid, IsThatOfAManifestAndOfNothingElse) {
    const Cid manifest = Cid::sha256(Multicodec::codex_manifest, {});
    EXPECT_EQ(*manifest_cid(manifest.text()), manifest);
    for (const Multicodec other : {Multicodec::codex_block, Multicodec::codex_root}) {
        const Error refused = must_fail(manifest_cid(Cid::sha256(other, {}).text()));
        EXPECT_EQ(refused.code(), Errc::cid_wrong_codec);
        EXPECT_THAT(refused.text(), HasSubstr(std::string(*name_of(other))));
    }
    EXPECT_EQ(must_fail(manifest_cid("zD")).code(), Errc::cid_invalid);
}

} // namespace
} // namespace codex::codec
