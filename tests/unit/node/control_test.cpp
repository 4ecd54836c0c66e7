// Lines of the control socket: whatever is said comes out as it was, and nothing else is taken.
#include "node/control.hpp"

#include "must.hpp"

#include <gmock/gmock.h>

namespace codex::node {
namespace {

using codex::test::must;
using codex::test::must_fail;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kPeer = "16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt";

std::vector<Request> requests() {
    Request fetch;
    fetch.ask = Ask::fetch;
    fetch.cid = "zDvZ";
    fetch.peers = {"/ip4/192.0.2.1/tcp/1", "a \"quoted\" one\n"};
    fetch.expiry = UINT64_MAX;
    fetch.label = "\xc3\xa9";
    fetch.range = "5-9";
    fetch.slot = 3;
    fetch.seconds = 0;
    fetch.in_order = true;
    Request ping;
    ping.ask = Ask::ping;
    ping.address = "/ip4/192.0.2.1/tcp/1";
    ping.count = 7;
    std::vector<Request> all = {fetch, ping};
    for (const Ask ask :
         {Ask::health, Ask::peers, Ask::limits, Ask::connect, Ask::reload, Ask::stop})
        all.emplace_back().ask = ask;
    return all;
}

std::vector<Reply> replies() {
    std::vector<Reply> all;
    all.emplace_back(About{"id",
                           {"/ip4/192.0.2.1/tcp/1", "/ip6/::1/tcp/2"},
                           3,
                           "http://127.0.0.1:4",
                           "http://127.0.0.1:5"});
    all.emplace_back(PeerRow{"id", "address", true, "/yamux/1.0.0", "agent", 1, 2, UINT64_MAX, 4});
    all.emplace_back(LimitRow{"streams", "4096", 5});
    all.emplace_back(Pong{6});
    all.emplace_back(SoFar{7, 8, 9, 10, "no peer is left", 11});
    exchange::FetchPeer gave{must(net::PeerId::from_text(kPeer)), 1, 2, 3, 4, 5, 6, {}};
    gave.round_trip = std::chrono::microseconds(7);
    gave.error = "/ip4/10.0.0.1/tcp/9: refused";
    gave.bytes = 8;
    all.emplace_back(std::move(gave));
    all.emplace_back(Totals{9, 10, 11, 12});
    all.emplace_back(Later{"listen-addrs"});
    all.emplace_back(Done{});
    all.emplace_back(Error(Errc::quota_exceeded, "a text")
                         .hint("a way out")
                         .remedy(Remedy(Remedy::raise_quota, "words").of("object").with(13))
                         .remedy(Remedy::collect_garbage));
    return all;
}

TEST(Control, SaysWhatWasMeant) {
    const auto all = requests();
    const Request fetch = must(decode_request(encode(all[0])));
    EXPECT_EQ(fetch.ask, Ask::fetch);
    EXPECT_EQ(fetch.cid, "zDvZ");
    EXPECT_THAT(fetch.peers, ElementsAre("/ip4/192.0.2.1/tcp/1", "a \"quoted\" one\n"));
    EXPECT_EQ(fetch.expiry, UINT64_MAX);
    EXPECT_EQ(fetch.label, "\xc3\xa9");
    EXPECT_EQ(fetch.range, "5-9");
    EXPECT_EQ(fetch.slot, 3U);
    EXPECT_EQ(fetch.seconds, 0U);
    EXPECT_TRUE(fetch.in_order);
    EXPECT_EQ(must(decode_request(encode(all[1]))).count, 7U);
    EXPECT_EQ(must(decode_request(encode(all[1]))).seconds, std::nullopt);
    for (const Request& request : all) {
        EXPECT_EQ(must(decode_request(encode(request))).ask, request.ask);
        EXPECT_EQ(encode(must(decode_request(encode(request)))), encode(request));
        EXPECT_EQ(encode(request).find('\n'), std::string::npos);
    }
    for (const Reply& reply : replies()) {
        const Reply again = must(decode_reply(encode(reply)));
        EXPECT_EQ(again.index(), reply.index());
        EXPECT_EQ(encode(again), encode(reply));
        EXPECT_EQ(encode(reply).find('\n'), std::string::npos);
    }
}

TEST(Control, LeavesOutWhatWasNotMeasured) {
    exchange::FetchPeer gave{must(net::PeerId::from_text(kPeer)), 1, 2, 3, 4, 5, 0, {}};
    EXPECT_EQ(encode(Reply(gave)).find("bytesPerSecond"), std::string::npos);
    EXPECT_EQ(encode(Reply(gave)).find("roundTripMicroseconds"), std::string::npos);
    gave.rate = 6;
    gave.round_trip = std::chrono::microseconds(7);
    EXPECT_THAT(encode(Reply(gave)), ::testing::HasSubstr(R"("bytesPerSecond":6,)"
                                                          R"("roundTripMicroseconds":7)"));
}

TEST(Control, IsWhatThePageShows) {
    EXPECT_EQ(encode(requests()[2]), R"({"request":"health"})");
    EXPECT_EQ(encode(replies()[2]), R"({"limit":{"name":"streams","value":"4096","hits":5}})");
    EXPECT_EQ(encode(Reply(Done{})), R"({"done":{}})");
    EXPECT_EQ(encode(Reply(SoFar{7, 8, 2})),
              R"({"progress":{"done":7,"total":8,"peers":2,"duplicates":0}})");
}

TEST(Control, CarriesAnErrorWithItsWayOut) {
    const Reply reply = must(decode_reply(encode(replies().back())));
    const Error& error = std::get<Error>(reply);
    EXPECT_EQ(error.code(), Errc::quota_exceeded);
    EXPECT_EQ(error.text(), "a text");
    EXPECT_EQ(error.hint(), "a way out");
    ASSERT_EQ(error.remedies().size(), 2U);
    EXPECT_EQ(error.remedies()[0].action(), Remedy::raise_quota);
    EXPECT_EQ(error.remedies()[0].words(), "words");
    EXPECT_EQ(error.remedies()[0].object(), "object");
    EXPECT_EQ(error.remedies()[0].number(), 13U);
    EXPECT_EQ(error.remedies()[1].action(), Remedy::collect_garbage);
    EXPECT_EQ(error.remedies()[1].number(), std::nullopt);
}

TEST(Control, TakesWhatANewerProgramSays) {
    EXPECT_EQ(must(decode_request(R"( {"later":[{}],"request":"peers"} )")).ask, Ask::peers);
    const Reply reply = must(decode_reply(
        R"({"error":{"code":"later.error","text":"t","remedies":[{"name":"later_remedy"}]}})"));
    EXPECT_EQ(std::get<Error>(reply).code(), Errc::internal);
    EXPECT_TRUE(std::get<Error>(reply).remedies().empty());
}

TEST(Control, RefusesEveryBeginningOfALine) {
    for (const Request& request : requests()) {
        const std::string line = encode(request);
        for (std::size_t size = 0; size < line.size(); ++size)
            EXPECT_EQ(must_fail(decode_request(line.substr(0, size))).code(), Errc::json_invalid);
    }
    for (const Reply& reply : replies()) {
        const std::string line = encode(reply);
        for (std::size_t size = 0; size < line.size(); ++size)
            EXPECT_EQ(must_fail(decode_reply(line.substr(0, size))).code(), Errc::json_invalid);
    }
}

TEST(Control, RefusesWhatIsOfAnotherKind) {
    for (const char* line :
         {"", "7", "[]", "null", "\"peers\"", R"({"request":7})",
          R"({"request":"ping","count":-1})", R"({"request":"ping","count":1.5})",
          R"({"request":"ping","count":"1x"})",
          R"({"request":"ping","count":"99999999999999999999"})", R"({"request":"fetch","cid":[]})",
          R"({"request":"fetch","peers":"one"})", R"({"request":"fetch","peers":[1]})",
          R"({"request":"connect","address":{}})", "{\"request\":\"peers\"}\xff",
          R"({"request":"peers"} {})"})
        EXPECT_EQ(must_fail(decode_request(line)).code(), Errc::json_invalid) << line;
    EXPECT_EQ(must_fail(decode_request(std::string_view("{\"request\":\"peers\"}\0", 20))).code(),
              Errc::json_invalid);
    for (const char* line : {"{}", R"({"request":""})", R"({"request":"reboot"})"})
        EXPECT_EQ(must_fail(decode_request(line)).code(), Errc::unsupported) << line;
    for (const char* line :
         {"{}", "[]", R"({"done":1})", R"({"peer":[]})", R"({"peer":{"incoming":1}})",
          R"({"gave":{"id":7}})", R"({"error":{"remedies":[7]}})", R"({"newer":7})"})
        EXPECT_EQ(must_fail(decode_reply(line)).code(), Errc::json_invalid) << line;
    for (const char* line : {R"({"newer":{}})", R"({"newer":{"done":{}},"more":7})"})
        EXPECT_TRUE(std::holds_alternative<NotKnown>(must(decode_reply(line)))) << line;
    EXPECT_FALSE(decode_reply(R"({"gave":{"id":"nobody"}})"));
}

TEST(Control, BoundsWhatALineMayBe) {
    std::string deep(kMaxLineBytes, '[');
    EXPECT_EQ(must_fail(decode_request(deep)).code(), Errc::json_invalid);
    std::string full = R"({"request":"peers","x":")";
    full += std::string(kMaxLineBytes - full.size() - 2, 'x') + "\"}";
    EXPECT_TRUE(decode_request(full));
    full.insert(full.size() - 2, "x");
    EXPECT_THAT(must_fail(decode_request(full)).text(), HasSubstr("longer than 65536 bytes"));
    std::string many = R"({"request":"fetch","peers":["")";
    for (int i = 0; i < 1024; ++i)
        many += ",\"\"";
    EXPECT_EQ(must_fail(decode_request(many + "]}")).code(), Errc::json_invalid);
}

} // namespace
} // namespace codex::node
