// What a node shows beyond the reference: the page, and what it asks.
#include "crypto/hash/sha256.hpp"
#include "rest_fixture.hpp"

#include <nlohmann/json.hpp>

namespace codex::node::rest::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(RestTest, ShowsThePageWithoutAToken) {
    AccessOptions access;
    access.token = "secret";
    access.hosts = {"x"};
    rest_->set_access(access);
    const auto get = [this](std::string_view path, std::string_view host) {
        const auto socket = dial();
        say(*socket,
            fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", path, host));
        return hear(*socket);
    };
    EXPECT_THAT(get("/", "x"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(get("/page.js", "x"), HasSubstr("text/javascript"));
    EXPECT_THAT(get("/", "elsewhere"), StartsWith("HTTP/1.1 421"));
    EXPECT_THAT(get("/other.js", "x"), StartsWith("HTTP/1.1 401"));
    EXPECT_EQ(ask("GET", "/node/log").status(), "401");
}

TEST_F(RestTest, ShowsPeersFetchesSettingsAndLog) {
    using Json = nlohmann::json;
    EXPECT_EQ(ask("GET", "/node/peers").body, R"({"peers":[]})");
    EXPECT_EQ(ask("GET", "/node/fetches").body, R"({"fetches":[]})");
    const Dataset data(repo::test::seeds(1, 300));
    there_.store(data);
    meet();
    const auto peer = Json::parse(ask("GET", "/node/peers").body)["peers"][0];
    EXPECT_EQ(peer["id"], there_.id().text());
    EXPECT_EQ(peer["incoming"], false);
    EXPECT_GT(peer["bytesIn"], 0);
    EXPECT_EQ(ask("GET", "/data/" + data.cid.text() + "/network/stream").status(), "200");
    const auto fetch = Json::parse(ask("GET", "/node/fetches").body)["fetches"][0];
    EXPECT_EQ(fetch["cid"], data.cid.text());
    EXPECT_EQ(fetch["state"], "done");
    EXPECT_GT(fetch["totalBytes"], 0);
    EXPECT_EQ(fetch["doneBytes"], fetch["totalBytes"]);
    EXPECT_EQ(fetch["peers"], 1);
    const auto settings = Json::parse(ask("GET", "/node/settings").body);
    EXPECT_EQ(settings["settings"][0]["name"], "a-setting");
    EXPECT_GT(settings["limits"].size(), 10U);
    EXPECT_EQ(settings["logLevels"], "info");
    EXPECT_EQ(ask("POST", "/debug/chronicles/loglevel?level=DEBUG").status(), "200");
    EXPECT_EQ(Json::parse(ask("GET", "/node/settings").body)["logLevels"], "DEBUG");
    log_->heard({log::Level::warn, 5, "codex", "happened"});
    EXPECT_EQ(Json::parse(ask("GET", "/node/log").body)["records"][0]["text"], "happened");
    EXPECT_EQ(ask("GET", "/node/log?after=1").body, R"({"last":1,"records":[]})");
    for (const char* wrong : {"", "-1", "1x", "99999999999999999999"})
        EXPECT_EQ(ask("GET", fmt::format("/node/log?after={}", wrong)).status(), "400") << wrong;
}

TEST_F(RestTest, SaysWhatItsOwnerCallsADataset) {
    EXPECT_EQ(ask("GET", "/node/labels").body, R"({"labels":[]})");
    const Dataset named(repo::test::seeds(1, 3));
    const Dataset other(repo::test::seeds(50, 3));
    here_.store(named);
    here_.store(other);
    must(here_.repo.set_label(named.cid, "the \"big\" file"));
    EXPECT_EQ(ask("GET", "/node/labels").body,
              fmt::format(R"({{"labels":[{{"cid":"{}","label":"the \"big\" file"}}]}})",
                          named.cid.text()));
}

TEST_F(RestTest, AFetchThatFailsIsSaidWithWhatToDo) {
    const Dataset data(repo::test::seeds(1, 20));
    meet();
    EXPECT_EQ(ask("POST", "/data/" + data.cid.text() + "/network").status(), "404");
    const auto fetch = nlohmann::json::parse(ask("GET", "/node/fetches").body)["fetches"][0];
    EXPECT_EQ(fetch["state"], "failed");
    EXPECT_NE(fetch["error"], "");
    EXPECT_EQ(fetch["hint"], "do something");
}

TEST_F(RestTest, DrawsTheHealthOfADataset) {
    using Json = nlohmann::json;
    const Dataset data(repo::test::seeds(1, 100));
    const std::string path = "/data/" + data.cid.text() + "/health";
    EXPECT_EQ(ask("GET", path).status(), "404");
    EXPECT_EQ(ask("GET", "/data/nonsense/health").status(), "400");
    EXPECT_EQ(ask("GET", "/data/" + data.block(0).text() + "/health").status(), "404");
    here_.store(data);
    const auto whole = Json::parse(ask("GET", path).body);
    EXPECT_EQ(whole["state"], "whole");
    EXPECT_EQ(whole["blocks"], 100);
    EXPECT_EQ(whole["protected"], false);
    EXPECT_FALSE(whole.contains("k"));
    EXPECT_EQ(whole["map"]["rows"][0]["places"], std::string(50, '#'));
    must(here_.repo.drop_bytes(std::array{data.block(99)}));
    const auto holed = Json::parse(ask("GET", path).body);
    EXPECT_EQ(holed["state"], "lost");
    EXPECT_EQ(holed["missing"], 1);
    EXPECT_EQ(holed["hint"], "do something");
    EXPECT_EQ(holed["map"]["rows"][0]["places"], std::string(49, '#') + "+");
    EXPECT_EQ(holed["map"]["columns"], std::string(49, '=') + "!");
}

TEST_F(RestTest, DrawsWhatHasNotComeYetAndNothingWithoutBounds) {
    using Json = nlohmann::json;
    const Dataset data(repo::test::seeds(1, 100));
    codec::Manifest manifest = must(codec::decode_manifest(data.manifest));
    const auto ask_of = [&](std::uint64_t blocks) {
        manifest.dataset_size_bytes = blocks * manifest.block_size_bytes;
        const Bytes bytes = must(codec::encode_manifest(manifest));
        static_cast<void>(must(here_.repo.open_partial(bytes)));
        const Cid cid = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(bytes));
        return ask("GET", "/data/" + cid.text() + "/health");
    };
    const auto some = Json::parse(ask_of(130).body);
    EXPECT_EQ(some["state"], "partial");
    EXPECT_EQ(some["missing"], 130);
    EXPECT_EQ(some["map"]["rows"][0]["places"], std::string(44, '.'));
    const Heard large = ask_of((std::uint64_t{1} << 24) + 1);
    EXPECT_EQ(large.status(), "500");
    EXPECT_THAT(large.body, HasSubstr("no picture is made"));
}

} // namespace
} // namespace codex::node::rest::test
