#include "codec/multihash.hpp"
#include "codec/uvarint.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::codec {
namespace {

using codex::test::must;
using codex::test::must_fail;
using codex::test::unhex;
using testing::HasSubstr;

constexpr std::uint64_t kMax = ~std::uint64_t{0};

TEST(Uvarint, KnownAnswersAndSizes) {
    const std::pair<std::uint64_t, const char*> cases[] = {
        {0, "00"},         {1, "01"},          {127, "7f"},
        {128, "8001"},     {300, "ac02"},      {16383, "ff7f"},
        {16384, "808001"}, {0xCD02, "829a03"}, {kMax / 2, "ffffffffffffffff7f"},
    };
    for (const auto& [value, text] : cases) {
        Bytes bytes;
        append_uvarint(bytes, value);
        EXPECT_EQ(to_hex(bytes), text);
        EXPECT_EQ(uvarint_size(value), bytes.size());
        const auto read = must(read_uvarint(bytes));
        EXPECT_EQ(read.value, value);
        EXPECT_EQ(read.size, bytes.size());
    }
}

TEST(Uvarint, EveryPowerOfTwoAndItsNeighbours) {
    for (unsigned bit = 0; bit < 64; ++bit)
        for (const std::uint64_t value :
             {(std::uint64_t{1} << bit) - 1, std::uint64_t{1} << bit, kMax >> bit}) {
            Bytes bytes;
            append_uvarint(bytes, value);
            EXPECT_EQ(bytes.size(), uvarint_size(value));
            EXPECT_EQ(must(read_uvarint(bytes, UvarintRule::protobuf)).value, value);
            EXPECT_EQ(read_uvarint(bytes).has_value(), value <= kMax / 2) << value;
            for (std::size_t size = 0; size < bytes.size(); ++size)
                EXPECT_EQ(must_fail(read_uvarint(BytesView(bytes).first(size))).code(),
                          Errc::truncated);
        }
}

TEST(Uvarint, RulesDiffer) {
    EXPECT_EQ(must(read_uvarint(unhex("8000"), UvarintRule::protobuf)).size, 2u);
    EXPECT_EQ(must(read_uvarint(unhex("80808080808080808000"), UvarintRule::protobuf)).size, 10u);
    EXPECT_THAT(must_fail(read_uvarint(unhex("8000"))).text(), HasSubstr("shortest form"));
    EXPECT_THAT(must_fail(read_uvarint(unhex("80808080808080808001"))).text(),
                HasSubstr("over 63 bits"));
    for (const char* text : {"80808080808080808002", "ffffffffffffffffff7f",
                             "8080808080808080808000", "ffffffffffffffffffff01"})
        for (const auto rule : {UvarintRule::multiformats, UvarintRule::protobuf}) {
            const Error error = must_fail(read_uvarint(unhex(text), rule));
            EXPECT_EQ(error.code(), Errc::varint_invalid) << text;
            EXPECT_THAT(error.text(), HasSubstr("over 64 bits"));
        }
}

TEST(Uvarint, LeavesWhatFollows) {
    const auto read = must(read_uvarint(unhex("ac02ffff")));
    EXPECT_EQ(read.value, 300u);
    EXPECT_EQ(read.size, 2u);
}

TEST(Multihash, DigestSizes) {
    for (std::size_t size = 0; size <= 65; ++size) {
        EXPECT_EQ(is_digest_size(HashCodec::identity, size), size <= 64);
        EXPECT_EQ(is_digest_size(HashCodec::sha2_256, size), size == 32);
        EXPECT_EQ(is_digest_size(HashCodec::sha2_512, size), size == 64);
        EXPECT_EQ(is_digest_size(HashCodec::poseidon2_sponge_r2, size), size == 32);
        EXPECT_EQ(is_digest_size(HashCodec::poseidon2_merkle_2kb, size), size == 32);
        EXPECT_FALSE(is_digest_size(HashCodec::poseidon2_keyed_compress, size));
        EXPECT_FALSE(is_digest_size(static_cast<HashCodec>(0x11), size));
    }
}

TEST(Multihash, RoundTripAndWhatFollows) {
    std::mt19937_64 random(12);
    const std::pair<HashCodec, std::size_t> cases[] = {
        {HashCodec::identity, 0},
        {HashCodec::identity, 64},
        {HashCodec::sha2_256, 32},
        {HashCodec::sha2_512, 64},
        {HashCodec::poseidon2_sponge_r2, 32},
        {HashCodec::poseidon2_merkle_2kb, 32},
    };
    for (const auto& [hash, size] : cases) {
        const Bytes digest = codex::test::random_bytes(random, size);
        Bytes bytes;
        append_multihash(bytes, hash, digest);
        const std::size_t length = bytes.size();
        bytes.push_back(0xee);
        const Multihash read = must(read_multihash(bytes));
        EXPECT_EQ(read.hash, hash);
        EXPECT_TRUE(equal(read.digest, digest));
        EXPECT_EQ(read.size, length);
        for (std::size_t cut = 0; cut < length; ++cut)
            EXPECT_EQ(must_fail(read_multihash(BytesView(bytes).first(cut))).code(),
                      Errc::truncated)
                << cut;
    }
}

TEST(Multihash, RefusalsNameTheOffset) {
    EXPECT_THAT(must_fail(read_multihash(unhex("1114"), 4)).text(),
                HasSubstr("0x11 at byte 4 is not supported"));
    EXPECT_THAT(must_fail(read_multihash(unhex("121f"), 4)).text(),
                HasSubstr("digest length 31 at byte 5 is wrong for sha2-256"));
    EXPECT_THAT(must_fail(read_multihash(unhex("12ffffffffffffffff7f"))).text(),
                HasSubstr("is wrong for sha2-256"));
    EXPECT_THAT(must_fail(read_multihash(unhex("9200"), 2)).text(),
                HasSubstr("hash function at byte 2"));
    EXPECT_EQ(must_fail(read_multihash(unhex("9200"))).code(), Errc::varint_invalid);
}

} // namespace
} // namespace codex::codec
