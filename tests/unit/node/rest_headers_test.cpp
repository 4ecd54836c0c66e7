// What fields of requests mean, and what those of answers may say.
#include "must.hpp"
#include "node/rest/access.hpp"
#include "node/rest/headers.hpp"

#include <gmock/gmock.h>

namespace codex::node::rest {
namespace {

using codex::test::must;
using codex::test::must_fail;

TEST(RestHeaders, PreferWhatHasTheHighestWeight) {
    for (const std::string_view text :
         {"text/plain", "text/plain, application/json", "application/json;q=0.5, text/plain",
          "*/*;q=0.1, text/plain;q=0.2", "TEXT/PLAIN;charset=utf-8"})
        EXPECT_TRUE(prefers_text(text)) << text;
    for (const std::string_view json :
         {"", "*/*", "application/json", "application/json, text/plain", "text/plain;q=0",
          "text/plain;q=0.5, */*", "text/plain;q=nonsense", "text/*", "text/html"})
        EXPECT_FALSE(prefers_text(json)) << json;
}

TEST(RestHeaders, RangesAreOneOrAll) {
    const auto part = [](std::string_view text) { return must(read_range(text, 100)); };
    EXPECT_EQ(part("bytes=0-0"), (Part{0, 1}));
    EXPECT_EQ(part("bytes=10-19"), (Part{10, 20}));
    EXPECT_EQ(part("bytes=99-"), (Part{99, 100}));
    EXPECT_EQ(part("bytes=50-18446744073709551615"), (Part{50, 100}));
    EXPECT_EQ(part("bytes=-1"), (Part{99, 100}));
    EXPECT_EQ(part("bytes=-1000"), (Part{0, 100}));
    for (const std::string_view all :
         {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=0-1,3-4", "items=0-1",
          "bytes=5-4", "bytes=1-2x", "bytes=99999999999999999999-", "bytes= -"})
        EXPECT_EQ(part(all), std::nullopt) << all;
    for (const std::string_view none : {"bytes=100-", "bytes=100-200", "bytes=-0"})
        EXPECT_EQ(must_fail(read_range(none, 100)).code(), Errc::argument_invalid) << none;
}

TEST(RestHeaders, TagsAreFoundInLists) {
    EXPECT_TRUE(has_tag("\"a\"", "\"a\""));
    EXPECT_TRUE(has_tag("\"b\", W/\"a\"", "\"a\""));
    EXPECT_TRUE(has_tag("*", "\"a\""));
    EXPECT_FALSE(has_tag("\"ab\"", "\"a\""));
    EXPECT_FALSE(has_tag("a", "\"a\""));
}

TEST(RestHeaders, NamesOfUploads) {
    EXPECT_EQ(must(uploaded_name("attachment; filename=\"a b.txt\"")), "a b.txt");
    EXPECT_EQ(must(uploaded_name("filename=\"x\"; more=\"y\"")), "x");
    for (const std::string_view none :
         {"", "attachment", "attachment; filename=a.txt", "attachment; filename*=UTF-8''a.txt"})
        EXPECT_EQ(must(uploaded_name(none)), std::nullopt) << none;
    for (const std::string_view wrong :
         {"filename=\"", "filename=\"\"", "filename=\"a", "filename=\"../a\"", "filename=\"a/b\"",
          "filename=\"CON\"", "filename=\"a.\"", "filename=\"a:b\"", "filename=\"a\x01\""})
        EXPECT_EQ(must_fail(uploaded_name(wrong)).code(), Errc::argument_invalid) << wrong;
    EXPECT_EQ(must_fail(uploaded_name("filename=\"" + std::string(300, 'a') + "\"")).code(),
              Errc::argument_invalid);
}

TEST(RestHeaders, TypesOfUploads) {
    for (const char* type : {"text/plain", "a/b", "application/x.y+json; charset=\"x\"", " a/b "})
        EXPECT_TRUE(is_type(type)) << type;
    for (const char* none : {"", "garbage", "/", "a/", "/b", "a/b/c", "a b/c", "a/b c", ";a/b"})
        EXPECT_FALSE(is_type(none)) << none;
    EXPECT_EQ(must(uploaded_type("")), std::nullopt);
    EXPECT_EQ(must(uploaded_type("text/plain")), "text/plain");
    EXPECT_EQ(must(uploaded_type("Text/Plain;charset=UTF-8")), "Text/Plain");
    EXPECT_EQ(must(uploaded_type("application/gzip")), "application/gzip");
    for (const std::string_view wrong :
         {"hello/world", "plain/text", "text", "text/", "/plain", "multipart/form-data; boundary=x",
          "application/x-www-form-urlencoded", "text/pl ain", "text/plain\x01"})
        EXPECT_EQ(must_fail(uploaded_type(wrong)).code(), Errc::argument_invalid) << wrong;
}

TEST(RestHeaders, ForeignNamesMakeNoOtherFields) {
    EXPECT_EQ(attachment(std::nullopt), "attachment");
    EXPECT_EQ(attachment("a b.txt"), "attachment; filename=\"a b.txt\"");
    EXPECT_EQ(attachment("a\"; x=\"b"),
              "attachment; filename=\"a_; x=_b\"; filename*=UTF-8''a%22%3B%20x%3D%22b");
    EXPECT_EQ(attachment("a\r\nSet-Cookie: b"),
              "attachment; filename=\"aSet-Cookie: b\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b");
    EXPECT_EQ(attachment("\xc3\xa4"), "attachment; filename=\"__\"; filename*=UTF-8''%C3%A4");
    EXPECT_EQ(attachment("\x01"), "attachment; filename=\"_\"; filename*=UTF-8''%01");
    EXPECT_EQ(content_type("text/html"), "text/html");
    EXPECT_EQ(content_type("text/html\r\nX: y"), "application/octet-stream");
    EXPECT_EQ(content_type(std::nullopt), "application/octet-stream");
    for (int c = 0; c < 256; ++c) { // whatever it is, it can be sent
        const std::string name = "a" + std::string(1, static_cast<char>(c)) + "b";
        must(http::encode_head({200, {{"A", attachment(name)}, {"B", content_type(name)}}}));
    }
}

TEST(RestHeaders, CidsThatAreNone) {
    constexpr std::string_view kCid = "zDvZRwzm1ePSzKSXt57D5YxHwcSDmsCyYN65wW4HT7fuX9HrzFXy";
    EXPECT_EQ(must(path_cid(kCid)).text(), kCid);
    EXPECT_EQ(must_fail(path_cid("")).text(), "Incorrect Cid");
    EXPECT_EQ(must_fail(path_cid("nonsense")).text(), "Incorrect Cid");
    EXPECT_EQ(must_fail(path_cid("f0199")).text(), "Unsupported Cid");
    EXPECT_EQ(must_fail(path_cid("f01551220" + std::string(64, '1') + "00")).text(), "Overrun Cid");
}

http::Request request(std::string method, http::Fields fields) {
    http::Request made;
    made.method = std::move(method);
    made.fields = std::move(fields);
    return made;
}

unsigned status(const AccessOptions& options, const http::Request& of) {
    const auto refused = refusal(options, of);
    return refused ? refused->status : 200;
}

TEST(RestAccess, HostsAreOursAlone) {
    AccessOptions options;
    options.hosts = loopback_hosts("127.0.0.5");
    options.hosts.emplace_back("box.example");
    for (const std::string ours : {"localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]", "[::1]:80",
                                   "127.0.0.5:8080", "box.example"})
        EXPECT_EQ(status(options, request("GET", {{"Host", ours}})), 200U) << ours;
    for (const std::string other :
         {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example",
          "[::2]", "", "127.0.0.2", "0.0.0.0", "localhost.", "[::1].evil.example", "[::1]evil:80",
          "localhost:80@evil.example", "localhost:80.evil.example", "evil.example#localhost",
          "localhost, evil.example", "[::1", "::1", "2130706433", "0x7f.1"})
        EXPECT_EQ(status(options, request("GET", {{"Host", other}})), 421U) << other;
    // Who is asked as a proxy is called as the target says.
    http::Request whole = request("GET", {{"Host", "localhost"}});
    whole.target = "http://evil.example/api/codex/v1/data";
    EXPECT_EQ(status(options, whole), 421U);
    whole.target = "http://localhost@evil.example/";
    EXPECT_EQ(status(options, whole), 421U);
    whole.target = "http://localhost:80/";
    EXPECT_EQ(status(options, whole), 200U);
    whole.target = "/a?http://evil.example/";
    EXPECT_EQ(status(options, whole), 200U);
    EXPECT_EQ(status(options, request("GET", {})), 200U); // of HTTP/1.0
    EXPECT_EQ(status({}, request("GET", {{"Host", "evil.example"}})), 200U);
}

TEST(RestAccess, PagesOfOthersChangeNothing) {
    AccessOptions options;
    const auto post = [](std::string origin) {
        return request("POST", {{"Host", "localhost:8080"}, {"Origin", std::move(origin)}});
    };
    EXPECT_EQ(status(options, post("http://localhost:8080")), 200U);
    for (const std::string origin : {"http://evil.example", "null", "http://localhost:8081",
                                     "file://localhost:8080", "localhost:8080"})
        EXPECT_EQ(status(options, post(origin)), 403U) << origin;
    EXPECT_EQ(status(options, request("GET", {{"Host", "x"}, {"Origin", "http://evil"}})), 200U);
    EXPECT_EQ(status(options, request("DELETE", {{"Host", "x"}, {"Origin", "http://evil"}})), 403U);
    EXPECT_EQ(status(options, request("POST", {{"Host", "x"}})), 200U);
    options.cors_origin = "https://app.example";
    EXPECT_EQ(status(options, post("https://app.example")), 200U);
    EXPECT_EQ(status(options, post("http://app.example")), 403U);
    options.cors_origin = "app.example:1";
    EXPECT_EQ(status(options, post("http://app.example:1")), 200U);
    EXPECT_EQ(status(options, post("http://app.example")), 403U);
    options.cors_origin = "*";
    EXPECT_EQ(status(options, post("null")), 200U);
    EXPECT_EQ(status(options, request("GET", {{"Origin", "a"}, {"origin", "b"}})), 400U);
}

TEST(RestAccess, TokensAreShown) {
    AccessOptions options;
    options.token = "secret";
    const auto with = [](std::string shown) {
        return request("GET", {{"Authorization", std::move(shown)}});
    };
    EXPECT_EQ(status(options, with("Bearer secret")), 200U);
    EXPECT_EQ(status(options, with("bearer   secret")), 200U);
    for (const std::string wrong : {"secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secret2",
                                    "Bearer Secret", "Basic secret"})
        EXPECT_EQ(status(options, with(wrong)), 401U) << wrong;
    EXPECT_EQ(status(options, request("GET", {})), 401U);
    EXPECT_EQ(status(options, request("OPTIONS", {})), 200U);
    EXPECT_TRUE(same_secret("", ""));
    EXPECT_FALSE(same_secret("", "a"));
    EXPECT_FALSE(same_secret("a", ""));
}

} // namespace
} // namespace codex::node::rest
