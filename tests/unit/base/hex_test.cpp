#include "base/hex.hpp"

#include "must.hpp"
#include "vectors.hpp"

namespace codex {
namespace {

using test::must;
using test::must_fail;
using testing::HasSubstr;

TEST(Hex, KnownAnswers) {
    EXPECT_EQ(to_hex({}), "");
    EXPECT_EQ(to_hex(Bytes{0x00, 0x0f, 0xa5, 0xff}), "000fa5ff");
    EXPECT_EQ(must(from_hex("000FA5ff")), (Bytes{0x00, 0x0f, 0xa5, 0xff}));
    EXPECT_EQ(must(from_hex("0x0102")), (Bytes{1, 2}));
    EXPECT_EQ(must(from_hex("0X")), Bytes());
    EXPECT_EQ(must(from_hex("")), Bytes());
}

TEST(Hex, RefusalsNameTheOffset) {
    EXPECT_EQ(must_fail(from_hex("abc")).code(), Errc::hex_invalid);
    EXPECT_THAT(must_fail(from_hex("abc")).text(), HasSubstr("odd number of digits (3)"));
    EXPECT_THAT(must_fail(from_hex("ab g")).text(), HasSubstr("offset 2"));
    EXPECT_THAT(must_fail(from_hex("abcg")).text(), HasSubstr("offset 3"));
    EXPECT_THAT(must_fail(from_hex("0xg0")).text(), HasSubstr("offset 2"));
    EXPECT_THAT(must_fail(from_hex("0x0x")).text(), HasSubstr("offset 3"));
    const std::string digits = "0123456789abcdefABCDEF";
    for (int c = 0; c < 256; ++c) {
        const char pair[] = {'0', static_cast<char>(c)};
        EXPECT_EQ(from_hex({pair, 2}).has_value(),
                  digits.find(pair[1]) != std::string::npos || c == 'x' || c == 'X')
            << c; // "0x" is the empty text
    }
}

TEST(Hex, RandomRoundTrips) {
    std::mt19937_64 random(8);
    for (int round = 0; round < 200; ++round) {
        const Bytes bytes = test::random_bytes(random, random() % 300);
        EXPECT_EQ(must(from_hex(to_hex(bytes))), bytes);
    }
}

} // namespace
} // namespace codex
