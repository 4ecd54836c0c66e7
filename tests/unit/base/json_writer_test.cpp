#include "base/json_writer.hpp"

#include <vector>

namespace codex {
namespace {

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
    JsonWriter json;
    json.begin_object()
        .member("a", 1)
        .key("b")
        .begin_array()
        .end_array()
        .key("c")
        .begin_array()
        .value(true)
        .begin_object()
        .end_object()
        .begin_object()
        .member("d", nullptr)
        .end_object()
        .value("x")
        .end_array()
        .member("e", "f")
        .end_object();
    EXPECT_EQ(json.text(), R"({"a":1,"b":[],"c":[true,{},{"d":null},"x"],"e":"f"})");
}

TEST(JsonWriter, WritesEveryKindOfValue) {
    const std::string word = "word";
    JsonWriter json;
    json.begin_array()
        .value(false)
        .value("literal")
        .value(word)
        .value(std::string_view("\n\"\xff"))
        .value(-5)
        .value(std::int64_t{-9007199254740993})
        .value(std::uint64_t{9007199254740992})
        .value(std::uint64_t{9007199254740993})
        .value(std::uint32_t{7})
        .value(std::size_t{8})
        .raw("{\"x\":1}")
        .end_array();
    EXPECT_EQ(json.text(),
              "[false,\"literal\",\"word\",\"\\n\\\"\xEF\xBF\xBD\",-5,"
              "-9007199254740993,9007199254740992,\"9007199254740993\",7,8,{\"x\":1}]");
}

TEST(JsonWriter, WritesLists) {
    JsonWriter json;
    json.begin_object().key("n").list(std::vector<std::uint64_t>{1, 2, 3});
    json.key("s").list(std::vector<std::string>{"a"}).end_object();
    EXPECT_EQ(std::move(json).text(), R"({"n":[1,2,3],"s":["a"]})");
}

TEST(JsonWriter, IndentsWhatPeopleRead) {
    const auto written = [](std::size_t indent) {
        JsonWriter json(indent);
        json.begin_object().member("a", 1).key("none").begin_array().end_array();
        json.key("b").begin_object().end_object().key("c").begin_array();
        json.value("x").begin_array().value(2).value(true).end_array().end_array().end_object();
        return std::move(json).text();
    };
    EXPECT_EQ(written(0), R"({"a":1,"none":[],"b":{},"c":["x",[2,true]]})");
    EXPECT_EQ(written(2), R"({
  "a": 1,
  "none": [],
  "b": {},
  "c": [
    "x",
    [
      2,
      true
    ]
  ]
})");
    JsonWriter alone(1);
    EXPECT_EQ(alone.value("x").text(), "\"x\"");
}

TEST(JsonWriter, KeysAreQuoted) {
    JsonWriter json;
    json.begin_object().member("a\"\t", 1).end_object();
    EXPECT_EQ(json.text(), R"({"a\"\t":1})");
}

TEST(JsonError, HasOneForm) {
    const auto text_of = [](const Error& error, std::string_view object) {
        JsonWriter json;
        json.begin_object();
        write_error(json, error.code(), object, error.text(), error.hint(), error.remedies());
        return std::move(json.end_object()).text();
    };
    EXPECT_EQ(text_of(Error(Errc::io, "disk \"gone\""), {}),
              R"({"code":"io.failed","exit":74,"message":"disk \"gone\""})");
    EXPECT_EQ(text_of(Error(Errc::cid_invalid, "no CID").hint("look again"), "zDv"),
              R"({"code":"cid.invalid","exit":65,"object":"zDv","message":"no CID",)"
              R"("hint":"look again"})");
    EXPECT_EQ(text_of(Error(Errc::io, "gone")
                          .remedy(Remedy::list_blocks)
                          .remedy({Remedy::repair_dataset, "then"}),
                      {}),
              R"({"code":"io.failed","exit":74,"message":"gone",)"
              R"("remedies":["list_blocks","repair_dataset"]})");
}

} // namespace
} // namespace codex
