#include "base/json_text.hpp"

#include <nlohmann/json.hpp>

namespace codex {
namespace {

TEST(JsonText, EscapesWhatJsonForbids) {
    EXPECT_EQ(json_quote("plain"), "\"plain\"");
    EXPECT_EQ(json_quote("a\"b\\c"), "\"a\\\"b\\\\c\"");
    EXPECT_EQ(json_quote("\n\r\t"), "\"\\n\\r\\t\"");
    EXPECT_EQ(json_quote(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\\u007f\"");
    EXPECT_EQ(json_quote("é😀"), "\"é😀\"");
    EXPECT_EQ(json_quote("\xc2\x9b|\xe2\x80\xae|\xe2\x80\xa8"), "\"\\u009b|\\u202e|\\u2028\"");
}

TEST(JsonText, OctetsThatAreNotUtf8AreReplaced) {
    const std::string replaced = "\"\xEF\xBF\xBD\"";
    for (const std::string_view bad : {"\xff", "\x80", "\xc0", "\xc3", "\xf5"})
        EXPECT_EQ(json_quote(bad), replaced);
    // Overlong, surrogate, above U+10FFFF: each octet by itself.
    for (const std::string_view bad : {"\xe0\x80\x80", "\xed\xa0\x80"})
        EXPECT_EQ(json_quote(bad), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    EXPECT_EQ(json_quote("a\xe2\x82z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST(JsonText, EveryPairOfOctetsParses) {
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            const std::string text = {static_cast<char>(a), static_cast<char>(b)};
            EXPECT_TRUE(nlohmann::json::accept(json_quote(text))) << a << " " << b;
        }
}

TEST(JsonText, NumbersThatDoublesWouldRoundAreStrings) {
    EXPECT_EQ(json_number(0), "0");
    EXPECT_EQ(json_number(9007199254740992), "9007199254740992");
    EXPECT_EQ(json_number(9007199254740993), "\"9007199254740993\"");
    EXPECT_EQ(json_number(UINT64_MAX), "\"18446744073709551615\"");
}

} // namespace
} // namespace codex
