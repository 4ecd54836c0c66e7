#include "codec/multibase.hpp"

#include "codec/base58.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::codec {
namespace {

using codex::test::must;
using codex::test::must_fail;
using testing::HasSubstr;
using enum Multibase;

constexpr Multibase kBases[] = {
    identity,         base16,    base16_upper,    base32,        base32_upper,        base32_pad,
    base32_pad_upper, base32hex, base32hex_upper, base32hex_pad, base32hex_pad_upper, base58btc,
    base58flickr,     base64,    base64_pad,      base64url,     base64url_pad};

std::string encoded(Multibase base, std::string_view text) {
    return must(multibase_encode(base, as_bytes(text)));
}

std::string decoded(std::string_view text) {
    return std::string(as_text(must(multibase_decode(text))));
}

TEST(Multibase, KnownAnswers) {
    // The public multibase examples for "yes mani !", computable by hand from RFC 4648.
    const std::pair<Multibase, const char*> cases[] = {
        {base16, "f796573206d616e692021"},    {base16_upper, "F796573206D616E692021"},
        {base32, "bpfsxgidnmfxgsibb"},        {base32_upper, "BPFSXGIDNMFXGSIBB"},
        {base32hex, "vf5in683dc5n6i811"},     {base32hex_upper, "VF5IN683DC5N6I811"},
        {base32_pad, "cpfsxgidnmfxgsibb"},    {base32_pad_upper, "CPFSXGIDNMFXGSIBB"},
        {base32hex_pad, "tf5in683dc5n6i811"}, {base32hex_pad_upper, "TF5IN683DC5N6I811"},
        {base58btc, "z7paNL19xttacUY"},       {base58flickr, "Z7Pznk19XTTzBtx"},
        {base64, "meWVzIG1hbmkgIQ"},          {base64_pad, "MeWVzIG1hbmkgIQ=="},
        {base64url, "ueWVzIG1hbmkgIQ"},       {base64url_pad, "UeWVzIG1hbmkgIQ=="},
    };
    for (const auto& [base, text] : cases) {
        EXPECT_EQ(encoded(base, "yes mani !"), text);
        EXPECT_EQ(decoded(text), "yes mani !");
    }
    EXPECT_EQ(encoded(identity, "yes"), std::string("\0yes", 4));
    EXPECT_EQ(encoded(base64, "\xfb\xff"), "m+/8");
    EXPECT_EQ(encoded(base64url, "\xfb\xff"), "u-_8");
}

TEST(Multibase, Rfc4648Padding) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "c"},
        {"f", "cmy======"},
        {"fo", "cmzxq===="},
        {"foo", "cmzxw6==="},
        {"foob", "cmzxw6yq="},
        {"fooba", "cmzxw6ytb"},
    };
    for (const auto& [plain, text] : cases) {
        EXPECT_EQ(encoded(base32_pad, plain), text);
        EXPECT_EQ(decoded(text), plain);
    }
}

TEST(Multibase, BothCasesOfBase16And32) {
    EXPECT_EQ(decoded("f68656c6c6f20776F726C64"), "hello world");
    EXPECT_EQ(decoded("F68656c6c6f20776F726C64"), "hello world");
    EXPECT_EQ(decoded("bnbswy3dpeB3W64TMMQ"), "hello world");
    EXPECT_EQ(decoded("Bnbswy3dpeB3W64TMMQ"), "hello world");
    EXPECT_EQ(decoded("vd1imor3f41RMUSJCCG"), "hello world");
    EXPECT_EQ(decoded("Td1imor3f41RMUSJCCG======"), "hello world");
}

TEST(Multibase, Refusals) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "empty"},
        {"x00", "'x', which names no base"},
        {"fabc", "do not end on a byte"},
        {"fag", "'g' at offset 2"},
        {"b1", "'1' at offset 1"},
        {"ba", "do not end on a byte"},
        {"baaa", "do not end on a byte"},
        {"bab", "beyond the end"},
        {"bmy======", "'=' at offset 3"},
        {"cmy=====", "no whole groups"},
        {"cmy", "no whole groups"},
        {"c========", "no whole groups"},
        {"cmzxw6ytb========", "no whole groups"},
        {"c=y======", "'=' at offset 1"},
        {"meWVzIG1hbmkgIQ==", "'=' at offset 15"},
        {"MeWVzIG1hbmkgIQ=", "no whole groups"},
        {"meQx+-", "'-' at offset 5"},
        {"meQE=", "'=' at offset 4"},
        {"mA", "do not end on a byte"},
        {"mAB", "beyond the end"},
        {"MA===", "do not end on a byte"},
        {"z0", "'0' at offset 1 is not base58btc"},
        {"zzzzO", "'O' at offset 4"},
        {"Z1l", "'l' at offset 2 is not base58flickr"},
        {"m\xff", "0xff at offset 1"},
    };
    for (const auto& [text, reason] : cases) {
        const Error error = must_fail(multibase_decode(text));
        EXPECT_EQ(error.code(), Errc::multibase_invalid) << text;
        EXPECT_THAT(error.text(), HasSubstr(reason)) << text;
    }
}

TEST(Multibase, SizesAtTheirBounds) {
    for (const Multibase base : kBases) {
        const bool base58 = base == base58btc || base == base58flickr;
        const std::size_t most = base58 ? kMaxBase58Chars / 2 : kMaxMultibaseBytes;
        EXPECT_TRUE(multibase_encode(base, Bytes(most)).has_value());
        EXPECT_EQ(must_fail(multibase_encode(base, Bytes(most + 1))).code(), Errc::limit_exceeded);
    }
    const std::string most = "f" + std::string(kMaxMultibaseBytes - 1, '0');
    EXPECT_FALSE(multibase_decode(most).has_value()) << "odd";
    EXPECT_EQ(must_fail(multibase_decode(most + "0")).code(), Errc::limit_exceeded);
    const std::string number(kMaxBase58Chars, 'z');
    EXPECT_EQ(must(multibase_decode("z" + number)).size(), 3000u);
    EXPECT_EQ(must_fail(multibase_decode("zz" + number)).code(), Errc::limit_exceeded);
}

TEST(Multibase, EveryLengthRoundTripsInEveryBase) {
    std::mt19937_64 random(10);
    for (std::size_t size = 0; size < 130; ++size)
        for (const Multibase base : kBases) {
            Bytes bytes = codex::test::random_bytes(random, size);
            for (std::size_t zeros = random() % 4; zeros-- > 0 && zeros < size;)
                bytes[zeros] = 0;
            EXPECT_EQ(must(multibase_decode(must(multibase_encode(base, bytes)))), bytes);
        }
}

/// The schoolbook conversion, one digit at a time.
std::string slow_base58(const Bytes& bytes) {
    constexpr std::string_view kLetters =
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    std::vector<unsigned> digits; // lowest first
    for (const std::uint8_t byte : bytes) {
        unsigned carry = byte;
        for (unsigned& digit : digits) {
            carry += digit * 256;
            digit = carry % 58;
            carry /= 58;
        }
        for (; carry != 0; carry /= 58)
            digits.push_back(carry % 58);
    }
    std::string text;
    for (std::size_t i = 0; i < bytes.size() && bytes[i] == 0; ++i)
        text.push_back('1');
    for (std::size_t i = digits.size(); i-- > 0;)
        text.push_back(kLetters[digits[i]]);
    return text;
}

TEST(Base58, AgreesWithTheSchoolbook) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 3000; ++round) {
        Bytes bytes = codex::test::random_bytes(random, random() % 90);
        if (random() % 3 == 0)
            std::fill_n(bytes.begin(), std::min<std::size_t>(random() % 6, bytes.size()), 0);
        if (random() % 4 == 0)
            std::fill(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(0xff));
        const std::string text = slow_base58(bytes);
        EXPECT_EQ(base58_encode(bytes), text);
        EXPECT_EQ(must(base58_decode(text)), bytes);
    }
}

TEST(Base58, Edges) {
    EXPECT_EQ(base58_encode({}), "");
    EXPECT_EQ(must(base58_decode("")), Bytes());
    EXPECT_EQ(base58_encode(Bytes(3)), "111");
    EXPECT_EQ(must(base58_decode("111")), Bytes(3));
    EXPECT_EQ(base58_encode(Bytes{57}), "z");
    EXPECT_EQ(base58_encode(Bytes{58}), "21");
    EXPECT_EQ(base58_encode(Bytes{57}, Base58::flickr), "Z");
}

} // namespace
} // namespace codex::codec
