// Limits by their names.
#include "node/limits.hpp"

#include "must.hpp"

#include <gmock/gmock.h>

namespace codex::node {
namespace {

using codex::test::must;
using codex::test::must_fail;
using net::Limit;
using testing::HasSubstr;

TEST(NodeLimits, AreSetAsTheyAreShown) {
    Limits limits;
    must(set_limit(limits, "connections=7"));
    EXPECT_EQ(limits.host.connections, 7U);
    must(set_limit(limits, "network_bytes=1MiB"));
    EXPECT_EQ(limits.host.network_bytes, std::size_t{1} << 20);
    must(set_limit(limits, "idle_stream=90s"));
    EXPECT_EQ(limits.host.idle_stream, std::chrono::seconds(90));
    must(set_limit(limits, "exchange_wants=10"));
    EXPECT_EQ(limits.server.wants.wants, 10U);
    EXPECT_EQ(limit_value(Limit::connections, limits), "7");
    EXPECT_EQ(limit_value(Limit::network_bytes, limits), "1MiB");
    EXPECT_EQ(limit_value(Limit::idle_stream, limits), "1m30s");
    EXPECT_EQ(limit_value(Limit::evicted, limits), "");
}

TEST(NodeLimits, EachThatMayBeSetTakesWhatItShows) {
    const Limits standard;
    std::size_t shown = 0;
    for (std::size_t i = 0; i < net::kLimitCount; ++i) {
        const auto limit = static_cast<Limit>(i);
        const std::string value = limit_value(limit, standard);
        if (value.empty())
            continue;
        ++shown;
        Limits limits;
        must(set_limit(limits, fmt::format("{}={}", net::limit_name(limit), value)));
        EXPECT_EQ(limit_value(limit, limits), value);
        must(set_limit(limits, fmt::format("{}=1", net::limit_name(limit))));
        EXPECT_NE(limit_value(limit, limits), value);
        for (std::size_t j = 0; j < net::kLimitCount; ++j) { // that one and no other
            const auto other = static_cast<Limit>(j);
            if (other != limit) {
                EXPECT_EQ(limit_value(other, limits), limit_value(other, standard));
            }
        }
    }
    EXPECT_EQ(shown, settable_limits().size());
}

TEST(NodeLimits, WhatIsNoneIsRefused) {
    Limits limits;
    for (const char* text :
         {"", "=", "connections", "connections=", "connections=0", "connections=x",
          "connections=-1", "connections=100000000000000000000", "network_bytes=2PiB",
          "idle_stream=31d", "idle_stream=0s", "evicted=5", "Connections=5", "nonsense=5"}) {
        EXPECT_EQ(must_fail(set_limit(limits, text)).code(), Errc::argument_invalid) << text;
    }
    EXPECT_THAT(std::string(must_fail(set_limit(limits, "nonsense=5")).hint()),
                HasSubstr("connections, "));
    EXPECT_EQ(limits.host.connections, net::HostLimits{}.connections);
}

} // namespace
} // namespace codex::node
