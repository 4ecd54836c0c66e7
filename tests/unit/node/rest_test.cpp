// What clients of HTTP are told, and what a node fetches for them.
#include "rest_fixture.hpp"

#include <nlohmann/json.hpp>

namespace codex::node::rest::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(RestTest, StoresAndGivesBack) {
    const Heard put = ask("POST", "/data",
                          "Content-Type: text/plain\r\n"
                          "Content-Disposition: attachment; filename=\"a.txt\"\r\n",
                          "hello");
    EXPECT_EQ(put.status(), "200");
    EXPECT_THAT(put.body, StartsWith("zDv"));
    const Heard got = ask("GET", "/data/" + put.body);
    EXPECT_EQ(got.body, "hello");
    EXPECT_THAT(got.head, HasSubstr("Content-Type: text/plain\r\n"));
    EXPECT_THAT(got.head, HasSubstr("Content-Disposition: attachment; filename=\"a.txt\"\r\n"));
    EXPECT_THAT(got.head, HasSubstr("ETag: \"" + put.body + "\"\r\n"));
    EXPECT_EQ(rest_->uploads(), 1U);
    EXPECT_EQ(rest_->downloads(), 1U);
    const auto list = nlohmann::json::parse(ask("GET", "/data").body);
    ASSERT_EQ(list["content"].size(), 1U);
    EXPECT_EQ(list["content"][0]["cid"], put.body);
    EXPECT_EQ(list["content"][0]["manifest"]["filename"], "a.txt");
    EXPECT_EQ(ask("GET", "/data/" + put.body + "/exists").body,
              fmt::format("{{\"{}\":true,\"has\":true}}", put.body));
    EXPECT_EQ(ask("HEAD", "/data/" + put.body).body, "");
    const Heard part = ask("GET", "/data/" + put.body, "Range: bytes=1-3\r\n");
    EXPECT_EQ(part.status(), "206");
    EXPECT_EQ(part.body, "ell");
    EXPECT_THAT(part.head, HasSubstr("Content-Range: bytes 1-3/5\r\n"));
    const Heard none = ask("GET", "/data/" + put.body, "Range: bytes=5-\r\n");
    EXPECT_EQ(none.status(), "416");
    EXPECT_THAT(none.head, HasSubstr("Content-Range: bytes */5\r\n"));
    EXPECT_EQ(ask("GET", "/data/" + put.body, "If-None-Match: \"" + put.body + "\"\r\n").status(),
              "304");
    EXPECT_EQ(ask("DELETE", "/data/" + put.body).status(), "204");
    EXPECT_EQ(ask("DELETE", "/data/" + put.body).status(), "204");
    EXPECT_EQ(ask("GET", "/data/" + put.body).status(), "404");
}

TEST_F(RestTest, TheTextOfTheReferenceTakesWhatItTakesThere) {
    EXPECT_EQ(ask("POST", "/data", "", "some file contents").status(), "200");
    EXPECT_EQ(ask("GET", "/space").body,
              "{\"totalBlocks\":2,\"quotaMaxBytes\":21474836480,\"quotaUsedBytes\":65592,"
              "\"quotaReservedBytes\":0}");
}

TEST_F(RestTest, RefusesWhatCannotBeStored) {
    EXPECT_EQ(ask("POST", "/data", "Content-Type: hello/world\r\n", "x").body,
              "The MIME type 'hello/world' is not valid.");
    EXPECT_EQ(ask("POST", "/data", "Content-Disposition: filename=\"a/b\"\r\n", "x").body,
              "The filename is not valid.");
    EXPECT_EQ(ask("POST", "/data").body, "Request do not have body available");
    EXPECT_EQ(ask("POST", "/data", "Content-Length: 0\r\n").body, "Empty leaves");
    EXPECT_THAT(
        ask("POST", "/data", "Content-Length: 99999999999999\r\nExpect: 100-continue\r\n").body,
        StartsWith("Unable to store block"));
    EXPECT_EQ(ask("POST", "/data/abc/network", "", "x").status(), "400"); // without a type
    EXPECT_EQ(ask("GET", "/data").body, "{\"content\":[]}");
}

TEST_F(RestTest, SaysWhatTheNodeIs) {
    const auto info = nlohmann::ordered_json::parse(ask("GET", "/debug/info").body);
    std::vector<std::string> keys;
    for (const auto& [key, value] : info.items())
        keys.push_back(key);
    EXPECT_EQ(keys, (std::vector<std::string>{"id", "addrs", "repo", "spr", "announceAddresses",
                                              "table", "codex"}));
    EXPECT_EQ(info["id"], here_.id().text());
    EXPECT_EQ(info["repo"], "the folder");
    EXPECT_EQ(info["codex"]["version"], "1.2");
    EXPECT_EQ(ask("GET", "/peerid").body, fmt::format("{{\"id\":\"{}\"}}", here_.id().text()));
    EXPECT_EQ(ask("GET", "/node/peerid", "Accept: text/plain\r\n").body, here_.id().text());
    EXPECT_EQ(ask("GET", "/spr").status(), "503");
    EXPECT_EQ(ask("GET", "/spr").body, "");
    EXPECT_EQ(ask("POST", "/debug/chronicles/loglevel?level=DEBUG%3Btrace%3Acodex").status(),
              "200");
    EXPECT_EQ(levels_, "DEBUG;trace:codex");
    EXPECT_EQ(ask("POST", "/debug/chronicles/loglevel").body, "Missing log level");
    EXPECT_EQ(ask("POST", "/debug/chronicles/loglevel?level=nonsense").status(), "500");
    EXPECT_EQ(ask("GET", "/sales/slots/x").body, "Persistence is not enabled");
    EXPECT_EQ(ask("GET", "/nothing").status(), "404");
    EXPECT_EQ(ask("GET", "/data/%zz").status(), "400");
}

TEST_F(RestTest, ConnectsToPeers) {
    meet();
    meet(); // which is there already
    EXPECT_EQ(ask("GET", "/connect/" + here_.id().text()).body, "Unable to dial peer");
    EXPECT_EQ(ask("GET", "/connect/nonsense").status(), "400");
    const std::string nobody = "16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt";
    EXPECT_EQ(ask("GET", "/connect/" + nobody).body, "Unable to find Peer!");
    EXPECT_EQ(ask("GET", "/connect/" + nobody + "?addrs=nonsense").body, "Unable to find Peer!");
    EXPECT_EQ(ask("GET", "/connect/" + nobody + "?addrs=/ip4/10.0.0.9/tcp/1").body,
              "Unable to dial peer");
}

TEST_F(RestTest, StreamsWhatOthersHave) {
    const Dataset data(repo::test::seeds(1, 300));
    there_.store(data);
    EXPECT_EQ(ask("GET", "/data/" + data.cid.text()).status(), "404");
    meet();
    const Heard got = ask("GET", "/data/" + data.cid.text() + "/network/stream");
    EXPECT_EQ(got.status(), "200");
    EXPECT_TRUE(got.body == content(data));
    EXPECT_THAT(got.head, HasSubstr("Access-Control-Expose-Headers: Content-Disposition"));
    here_.expect_whole(data);
    EXPECT_TRUE(ask("GET", "/data/" + data.cid.text()).body == content(data));
}

TEST_F(RestTest, FetchesThePartThatIsAskedForBeforeAllElse) {
    const Dataset data(repo::test::seeds(1, 2000));
    there_.store(data);
    slow_down();
    meet();
    const Clock::Instant begun = world_.loop.now();
    const Heard got =
        ask("GET", "/data/" + data.cid.text() + "/network/stream", "Range: bytes=-8192\r\n");
    EXPECT_EQ(got.status(), "206");
    EXPECT_TRUE(got.body == content(data).substr(1998 * repo::test::kBlock));
    EXPECT_LT(world_.loop.now() - begun, seconds(2)); // all of it takes eight
    settle(seconds(60));                              // and nobody waits for the rest
    EXPECT_LT(must(here_.repo.partial(data.cid)).blocks_held, 1000U);
    // Of one whose manifest is here, too; and who comes for all of it has that from its beginning.
    EXPECT_TRUE(ask("GET", "/data/" + data.cid.text(), "Range: bytes=4096000-4100095\r\n").body ==
                as_text(data.leaf(1000).data));
    settle(seconds(60));
    EXPECT_LT(must(here_.repo.partial(data.cid)).blocks_held, 1500U);
    EXPECT_TRUE(ask("GET", "/data/" + data.cid.text()).body == content(data));
    here_.expect_whole(data);
}

TEST_F(RestTest, APartThatIsAskedForComesFirstOfWhatIsBeingFetchedToo) {
    const Dataset data(repo::test::seeds(1, 3000));
    there_.store(data);
    slow_down();
    meet();
    const std::string path = "/data/" + data.cid.text();
    const auto reader = dial();
    say(*reader, "GET /api/codex/v1" + path + "/network/stream HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(seconds(2));
    const Clock::Instant begun = world_.loop.now();
    const Heard got = ask("GET", path, "Range: bytes=-8192\r\n");
    EXPECT_TRUE(got.body == content(data).substr(2998 * repo::test::kBlock));
    EXPECT_LT(world_.loop.now() - begun, seconds(4)); // all of it takes twelve
    EXPECT_LT(must(here_.repo.partial(data.cid)).blocks_held, 2000U);
    EXPECT_THAT(hear(*reader, seconds(30)), ::testing::EndsWith(content(data)));
    here_.expect_whole(data);
}

TEST_F(RestTest, GetsManifestsAlone) {
    const Dataset data(repo::test::seeds(1, 20));
    there_.store(data);
    meet();
    const Heard got = ask("GET", "/data/" + data.cid.text() + "/network/manifest");
    EXPECT_EQ(nlohmann::json::parse(got.body)["manifest"]["treeCid"], data.tree_cid().text());
    EXPECT_EQ(ask("GET", "/data/" + data.cid.text() + "/exists").body,
              fmt::format("{{\"{}\":false,\"has\":false}}", data.cid.text()));
}

TEST_F(RestTest, FetchesInTheBackgroundAndTwoShareOne) {
    const Dataset data(repo::test::seeds(1, 300));
    there_.store(data);
    meet();
    const Heard got = ask("POST", "/data/" + data.cid.text() + "/network");
    EXPECT_EQ(nlohmann::json::parse(got.body)["cid"], data.cid.text());
    EXPECT_EQ(ask("POST", "/data/" + data.cid.text() + "/network").status(), "200");
    // What is not here yet of a dataset whose manifest is comes meanwhile.
    EXPECT_TRUE(ask("GET", "/data/" + data.cid.text()).body == content(data));
    EXPECT_TRUE(world_.until([&] { return here_.repo.dataset(data.cid).has_value(); }));
    here_.expect_whole(data);
}

TEST_F(RestTest, WhatTakesLongHoldsUpNothingElse) {
    const Dataset gone(repo::test::seeds(1, 20));
    const Dataset kept(repo::test::seeds(100, 20));
    here_.store(gone);
    here_.store(kept);
    const std::string large(500000, 'x');
    executor_.hold = true;
    std::vector<std::unique_ptr<Socket>> waiting;
    for (const std::string& request : std::vector<std::string>{
             "DELETE /api/codex/v1/data/" + gone.cid.text() + " HTTP/1.1\r\nHost: x\r\n\r\n",
             std::string("GET /api/codex/v1/data HTTP/1.1\r\nHost: x\r\n\r\n"),
             "POST /api/codex/v1/data HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" +
                 large,
             "POST /api/codex/v1/data HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nsmall"}) {
        waiting.push_back(dial());
        say(*waiting.back(), request);
    }
    settle(seconds(1));
    EXPECT_EQ(executor_.jobs.size(), 4U);
    EXPECT_EQ(server_->answering(), 4U);
    for (const std::string& path :
         std::vector<std::string>{"/debug/info", "/peerid", "/space", "/openapi.json",
                                  "/data/" + kept.cid.text() + "/exists",
                                  "/data/" + kept.cid.text() + "/network/manifest"})
        EXPECT_EQ(ask("GET", path).status(), "200") << path;
    EXPECT_TRUE(ask("GET", "/data/" + kept.cid.text()).body == content(kept));
    EXPECT_EQ(server_->answering(), 4U);
    executor_.let_go();
    for (const auto& socket : waiting)
        EXPECT_THAT(hear(*socket, seconds(1)), ::testing::ContainsRegex("^HTTP/1.1 20[04] "));
    EXPECT_EQ(ask("GET", "/data/" + gone.cid.text()).status(), "404");
}

TEST_F(RestTest, WhatNobodyHasIsNotFound) {
    const Dataset data(repo::test::seeds(1, 20));
    meet();
    for (const std::string_view call :
         {"GET /network/stream", "GET /network/manifest", "POST /network"}) {
        const std::size_t at = call.find(' ');
        const Heard heard =
            ask(call.substr(0, at), "/data/" + data.cid.text() + std::string(call.substr(at + 1)));
        EXPECT_EQ(heard.status(), "404") << call;
        EXPECT_THAT(heard.body, StartsWith("The requested CID could not be retrieved (")) << call;
        EXPECT_THAT(heard.body, EndsWith(").")) << call;
    }
    const std::string block = data.block(0).text();
    EXPECT_EQ(ask("GET", "/data/" + block).status(), "404");
    EXPECT_EQ(ask("POST", "/data/" + block + "/network").status(), "404");
}

TEST_F(RestTest, GivesSingleBlocks) {
    const Dataset data(repo::test::seeds(1, 5));
    here_.store(data);
    const Heard got = ask("GET", "/data/" + data.block(2).text());
    EXPECT_EQ(got.status(), "200");
    EXPECT_TRUE(got.body == as_text(data.leaf(2).data));
    EXPECT_EQ(ask("DELETE", "/data/" + data.block(2).text()).status(), "500"); // it is a part
}

TEST_F(RestTest, ClientsThatVanishEndTheirFetches) {
    const Dataset data(repo::test::seeds(1, 300));
    meet();
    for (const std::string_view method : {"GET", "POST"}) { // nobody has it, and it waits
        const auto socket = dial();
        say(*socket, fmt::format("{} /api/codex/v1/data/{}/network{} HTTP/1.1\r\nHost: x\r\n\r\n",
                                 method, data.cid.text(), method == "GET" ? "/stream" : ""));
        settle(std::chrono::milliseconds(100));
        EXPECT_EQ(server_->answering(), 1U);
        socket->close();
        settle(seconds(1));
        EXPECT_EQ(server_->answering(), 0U);
    }
    // And in the middle of an answer.
    there_.store(data);
    const auto socket = dial();
    say(*socket, fmt::format("GET /api/codex/v1/data/{}/network/stream HTTP/1.1\r\nHost: x\r\n\r\n",
                             data.cid.text()));
    Bytes room(1000);
    must(*run_task(world_.loop, read_some(socket.get(), room, world_.loop.now() + seconds(60))));
    socket->close();
    settle(seconds(5));
    EXPECT_EQ(server_->answering(), 0U);
    EXPECT_EQ(ask("GET", "/peerid").status(), "200");
}

} // namespace
} // namespace codex::node::rest::test
