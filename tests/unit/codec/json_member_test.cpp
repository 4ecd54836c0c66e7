#include "codec/json_member.hpp"

#include "base/bytes.hpp"

namespace codex::codec {
namespace {

TEST(JsonMember, StringOrMember) {
    EXPECT_EQ(*json_member("\"0812\"", "proof"), "0812");
    EXPECT_EQ(*json_member(R"({"index": 3, "proof": "08\u0031"})", "proof"), "081");
}

TEST(JsonMember, Refusals) {
    for (const std::string_view text : {"", "{", "12", "[\"0812\"]", "{}", R"({"proof": 5})",
                                        R"({"proof": {"proof": "08"}})", "\"08", "null"}) {
        const auto found = json_member(text, "proof");
        ASSERT_FALSE(found) << text;
        EXPECT_EQ(found.error().code(), Errc::json_invalid) << text;
    }
    for (const std::string_view text : {std::string_view("{\"proof\":\"08\"}\0", 15),
                                        std::string_view("{\"proof\":\"08\"}\0more", 19)})
        EXPECT_FALSE(json_member(text, "proof")) << "a NUL ends no text";
    // Deep nesting must not overflow the stack of a recursive parser.
    EXPECT_FALSE(json_member(std::string(100'000, '['), "proof"));
}

} // namespace
} // namespace codex::codec
