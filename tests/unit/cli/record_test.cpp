#include "cli/record.hpp"

#include <nlohmann/json.hpp>

namespace codex::cli {
namespace {

TEST(Record, ColumnsAndMembers) {
    Record record("dataset");
    record.field("cid", "zDv")
        .field("size", std::uint64_t{5})
        .text("shown")
        .json("hidden", true)
        .json("none", nullptr)
        .json("indices", std::vector<std::uint64_t>{1, 9007199254740993})
        .json("names", std::vector<std::string>{"a", "b\""})
        .json_raw("manifest", "{\"x\":1}");
    EXPECT_EQ(record.as_text(), "zDv\t5\tshown");
    EXPECT_EQ(record.as_json(),
              "{\"type\":\"dataset\",\"cid\":\"zDv\",\"size\":5,\"hidden\":true,\"none\":null,"
              "\"indices\":[1,\"9007199254740993\"],\"names\":[\"a\",\"b\\\"\"],"
              "\"manifest\":{\"x\":1}}");
}

TEST(Record, ACidIsItsText) {
    const Cid cid = Cid::empty_block();
    EXPECT_EQ(Record("x").field("cid", cid).as_text(), cid.text());
    EXPECT_EQ(nlohmann::json::parse(Record("x").json("cid", cid).as_json())["cid"], cid.text());
}

TEST(Record, BytesAreHexWith0xInJsonOnly) {
    const Bytes bytes = {0x00, 0xAB};
    EXPECT_EQ(Record("x").hex("hash", bytes).as_text(), "00ab");
    EXPECT_EQ(Record("x").hex("hash", bytes).as_json(), "{\"type\":\"x\",\"hash\":\"0x00ab\"}");
    EXPECT_EQ(Record("x").json_hex("hash", bytes).as_text(), "");
}

TEST(Record, AValueCannotBreakTheLine) {
    const std::string name = "a\tb\nc\rd\\e\x01\x7f";
    EXPECT_EQ(Record("x").field("name", name).as_text(), "a\\tb\\nc\\rd\\\\e\\x01\\x7f");
    EXPECT_EQ(nlohmann::json::parse(Record("x").field("name", name).as_json())["name"], name);
}

TEST(Record, AValueCannotSteerTheTerminal) {
    const Record record = Record("x").field("name", "\xc2\x9b"
                                                    "2J\xff\xe2\x80\xae\xc3\xa9");
    EXPECT_EQ(record.as_text(), "\\xc2\\x9b2J\\xff\\xe2\\x80\\xae\xc3\xa9");
    EXPECT_EQ(record.as_json(),
              "{\"type\":\"x\",\"name\":\"\\u009b2J\xef\xbf\xbd\\u202e\xc3\xa9\"}");
}

TEST(Record, LargeIntegersAreStringsInJsonOnly) {
    Record record("x");
    record.field("n", std::uint64_t{9007199254740993});
    EXPECT_EQ(record.as_text(), "9007199254740993");
    EXPECT_EQ(record.as_json(), "{\"type\":\"x\",\"n\":\"9007199254740993\"}");
}

} // namespace
} // namespace codex::cli
