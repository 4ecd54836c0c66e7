// The page's files, and the records of the log that it shows.
#include "node/page/page.hpp"
#include "node/rest/recent_log.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <set>

namespace codex::node::page {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

http::Request request(std::string method, std::string target) {
    http::Request asked;
    asked.method = std::move(method);
    asked.target = std::move(target);
    return asked;
}

TEST(Page, IsFoundByPathAlone) {
    for (const File& file : files()) {
        EXPECT_EQ(find(request("GET", std::string(file.path))), &file);
        EXPECT_EQ(find(request("HEAD", std::string(file.path) + "?x=/")), &file);
        EXPECT_EQ(find(request("POST", std::string(file.path))), nullptr);
    }
    for (const char* other : {"", "//", "/page", "/Page.js", "/page.js/", "/api/codex/v1/data"})
        EXPECT_EQ(find(request("GET", other)), nullptr) << other;
}

/// Each file that another one names is there, and none of them is anybody else's.
TEST(Page, IsWholeAndAsksNobodyElse) {
    std::set<std::string_view> paths;
    for (const File& file : files()) {
        EXPECT_TRUE(paths.insert(file.path).second);
        EXPECT_FALSE(file.text.empty()) << file.path;
        EXPECT_THAT(std::string(head_of(file, "n").fields[0].value), HasSubstr("/"));
    }
    std::size_t named = 0;
    for (const File& file : files())
        for (const std::string_view before : {"href=\"", "src=\"", "from \"./"})
            for (std::size_t at = file.text.find(before); at != std::string_view::npos;
                 at = file.text.find(before, at + 1)) {
                const std::size_t begin = at + before.size();
                const std::string name(file.text.substr(begin, file.text.find('"', begin) - begin));
                if (name.starts_with('#'))
                    continue;
                EXPECT_TRUE(paths.contains("/" + name)) << file.path << ": " << name;
                ++named;
            }
    EXPECT_GT(named, 8U);
    for (const File& file : files())
        for (const std::string_view never :
             {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "<style",
              "<script>", " onclick=", "localStorage", "https://"})
            EXPECT_THAT(std::string(file.text), Not(HasSubstr(std::string(never)))) << file.path;
}

TEST(Page, LetsNothingElseAct) {
    const http::Answer head = head_of(files()[0], "a1b2");
    const std::string policy = *http::find(head.fields, "content-security-policy");
    for (const char* part : {"default-src 'none'", "; script-src 'nonce-a1b2'; ",
                             "frame-ancestors 'none'", "require-trusted-types-for 'script'"})
        EXPECT_THAT(policy, HasSubstr(part));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_EQ(*http::find(head.fields, "x-content-type-options"), "nosniff");
}

/// Its script has the nonce, and nothing else has changed.
TEST(Page, NamesItsScriptWithTheNonce) {
    for (const File& file : files()) {
        const std::string text = text_of(file, "a1b2");
        const std::size_t at = text.find("<script type=\"module\" nonce=\"a1b2\" src=\"page.js\">");
        EXPECT_EQ(at != std::string::npos, file.path == "/") << file.path;
        EXPECT_EQ(text.size(), file.text.size() + (file.path == "/" ? 4 : 0));
        EXPECT_EQ(text_of(file, ""), file.text);
    }
}

TEST(RecentLog, KeepsTheLastRecordsAndNumbersAll) {
    rest::RecentLog log;
    EXPECT_EQ(log.json(0), R"({"last":0,"records":[]})");
    log.heard({log::Level::warn, 1500, "codex", "first \"one\""});
    EXPECT_EQ(log.json(0), R"({"last":1,"records":[{"number":1,"unixMs":1500,"level":"warn",)"
                           R"("topics":"codex","text":"first \"one\""}]})");
    EXPECT_EQ(log.json(1), R"({"last":1,"records":[]})");
    for (std::size_t i = 0; i < rest::RecentLog::kRecords + 5; ++i)
        log.heard({log::Level::info, 0, "", "more"});
    const auto all = nlohmann::json::parse(log.json(0));
    EXPECT_EQ(all["last"], rest::RecentLog::kRecords + 6);
    ASSERT_EQ(all["records"].size(), rest::RecentLog::kRecords);
    EXPECT_EQ(all["records"][0]["number"], 7);
    EXPECT_EQ(nlohmann::json::parse(log.json(rest::RecentLog::kRecords + 4))["records"].size(), 2U);
    EXPECT_EQ(nlohmann::json::parse(log.json(UINT64_MAX))["records"].size(), 0U);
}

TEST(RecentLog, CutsWhatIsLongBetweenCharacters) {
    rest::RecentLog log;
    std::string text;
    while (text.size() < 3000)
        text += "€"; // three octets, of which 1000 is no multiple
    log.heard({log::Level::info, 0, "", text});
    const auto all = nlohmann::json::parse(log.json(0));
    EXPECT_EQ(all["records"][0]["text"], text.substr(0, 999) + "...");
}

} // namespace
} // namespace codex::node::page
