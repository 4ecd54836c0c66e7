#include "codec/media_type.hpp"

#include "codec/manifest_json.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::codec {
namespace {

using codex::test::data_model;
using codex::test::Json;
using codex::test::must;
using codex::test::must_fail;
using codex::test::unhex;
using testing::HasSubstr;

TEST(MediaType, Accepted) {
    for (const char* type : {"text/plain", "application/octet-stream",
                             "application/vnd.ms-excel.sheet.macroEnabled.12", "image/svg+xml",
                             "IMAGE/PNG", "x-world/x-vrml", "chemical/x-pdb", "text/markdown"})
        EXPECT_TRUE(check_media_type(type).has_value()) << type;
    EXPECT_TRUE(check_media_type("text/" + std::string(127, 'a')).has_value());
}

TEST(MediaType, Refused) {
    for (const char* type : {"", "text", "hello/world", "plain/text", "/plain", "text/", "text//x",
                             "text/pl ain", "text/.x", " text/plain", "text/\x01", "x-a b/c"}) {
        const Error error = must_fail(check_media_type(type));
        EXPECT_EQ(error.code(), Errc::argument_invalid) << type;
        EXPECT_THAT(error.text(), HasSubstr("no media type"));
    }
    EXPECT_FALSE(check_media_type("text/" + std::string(128, 'a')).has_value());
    EXPECT_THAT(must_fail(check_media_type("text/plain; charset=utf-8")).hint(),
                HasSubstr("leave the parameters"));
}

TEST(Filename, Accepted) {
    for (const char* name : {"a", "a.txt", ".profile", "COM", "COM10.txt", "console", "nul1",
                             "na\xc3\xafve file.tar.gz", "a b"})
        EXPECT_TRUE(check_filename(name).has_value()) << name;
    EXPECT_TRUE(check_filename(std::string(259, 'a')).has_value());
}

TEST(Filename, Refused) {
    for (const char* name : {"",   "a/b", "a\\b", "a:b",     "a*",    "a?",       "\"a\"", "<a",
                             "a>", "a|b", "a^",   "a\n",     " a",    "a ",       "a.",    ".",
                             "..", "nul", "CON",  "con.txt", "Aux.c", "LPT9.log", "com0"})
        EXPECT_EQ(must_fail(check_filename(name)).code(), Errc::argument_invalid) << name;
    EXPECT_FALSE(check_filename(std::string("a\0b", 3)).has_value());
    EXPECT_FALSE(check_filename(std::string(260, 'a')).has_value());
    for (const char* name :
         {"\xff\xfe", "r\xe9sum\xe9.txt", "\xc0\xaf", "a\xed\xa0\x80", "cut\xe2\x82"})
        EXPECT_THAT(must_fail(check_filename(name)).text(), testing::HasSubstr("is no UTF-8"))
            << name;
    EXPECT_TRUE(check_filename("r\xc3\xa9sum\xc3\xa9 \xf0\x9f\x93\x84.txt"));
}

TEST(ManifestJson, SaysWhatTheVectorsSay) {
    for (const Json& set : data_model()["datasets"]) {
        const Manifest manifest = must(decode_manifest(unhex(set["manifestHex"])));
        EXPECT_EQ(Json::parse(manifest_json(manifest)), (Json{{"treeCid", set["treeCid"]},
                                                              {"datasetSize", set["size"]},
                                                              {"blockSize", set["blockSize"]},
                                                              {"filename", set["filename"]},
                                                              {"mimetype", set["mimetype"]},
                                                              {"protected", false}}));
    }
    for (const Json& set : data_model()["protectedDatasets"]) {
        const Json json = Json::parse(manifest_json(
            must(decode_manifest(unhex(set["verifiableManifestDummyRoots"]["hex"])))));
        EXPECT_EQ(json["protected"], true);
        EXPECT_EQ(json["verifiable"], true);
        EXPECT_EQ(json["ecK"], set["k"]);
        EXPECT_EQ(json["ecM"], set["m"]);
        EXPECT_EQ(json["originalTreeCid"], set["originalTreeCid"]);
        EXPECT_EQ(json["originalDatasetSize"], set["size"]);
    }
}

TEST(ManifestJson, QuotesForeignNames) {
    Manifest manifest = must(decode_manifest(unhex(data_model()["datasets"][0]["manifestHex"])));
    manifest.filename = "a\"b\\c\n\x01";
    EXPECT_EQ(Json::parse(manifest_json(manifest))["filename"], *manifest.filename);
}

} // namespace
} // namespace codex::codec
