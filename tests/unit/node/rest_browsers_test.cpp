// Pages of other hosts, and what all answers have, for each call that there is.
#include "rest_fixture.hpp"

namespace codex::node::rest::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOrigin = "http://a.example";

class RestBrowsers : public RestTest {
protected:
    void allow(std::string_view origin, std::string_view token) {
        AccessOptions access;
        access.cors_origin = origin;
        access.token = token;
        rest_->set_access(access);
    }
    /// With an origin, and what else is said.
    Heard ask_from(std::string_view origin, std::string_view method, std::string_view path,
                   std::string_view fields = "") {
        return ask(method, path, fmt::format("Origin: {}\r\n{}", origin, fields));
    }
    /// A path that the pattern fits.
    static std::string path_of(const Route& route) {
        std::string path(route.path);
        for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{'))
            path.replace(at, path.find('}') + 1 - at, "x");
        return path;
    }
};

TEST_F(RestBrowsers, WithATokenEveryCallCanBeMadeByAPageThatMay) {
    for (const std::string_view allowed : {kOrigin, std::string_view("*")}) {
        allow(allowed, "secret");
        const std::string reader = fmt::format("Access-Control-Allow-Origin: {}\r\n", allowed);
        for (const Route& route : routes()) {
            const std::string path = path_of(route);
            const std::string head = ask_from(kOrigin, "OPTIONS", path).head + "\r\n";
            SCOPED_TRACE(fmt::format("{} {}: {}", route.method, path, head));
            EXPECT_THAT(head, HasSubstr("HTTP/1.1 20"));
            EXPECT_THAT(head, HasSubstr(reader));
            EXPECT_THAT(head, HasSubstr("Access-Control-Allow-Headers: content-type, "
                                        "content-disposition, authorization, range\r\n"));
            const std::size_t at = head.find("Access-Control-Allow-Methods: ");
            ASSERT_NE(at, std::string::npos);
            // GET and POST need not be named.
            if (route.method != "GET" && route.method != "POST") {
                EXPECT_THAT(head.substr(at, head.find('\r', at) - at),
                            HasSubstr(std::string(route.method)));
            }
            if (route.method == "OPTIONS")
                continue;
            // Without the token a page learns that it is missing; with it, how the call went.
            const Heard without = ask_from(kOrigin, route.method, path);
            EXPECT_EQ(without.status(), "401");
            EXPECT_THAT(without.head + "\r\n", HasSubstr(reader));
            const Heard with =
                ask_from(kOrigin, route.method, path, "Authorization: Bearer secret\r\n");
            EXPECT_NE(with.status(), "401");
            EXPECT_THAT(with.head + "\r\n", HasSubstr(reader));
        }
    }
}

TEST_F(RestBrowsers, WithATokenAPageOfAnotherOriginReadsNothing) {
    allow(kOrigin, "secret");
    for (const std::string_view method : {"GET", "POST", "OPTIONS"})
        for (const std::string_view path : {"/space", "/data", "/node/peers"})
            EXPECT_THAT(ask_from("http://b.example", method, path).head,
                        Not(HasSubstr("Access-Control-Allow-Origin: http://b.example")))
                << method << path;
    EXPECT_THAT(ask_from("http://b.example", "GET", "/space").head,
                Not(HasSubstr("Access-Control")));
    EXPECT_THAT(ask("GET", "/space").head, Not(HasSubstr("Access-Control")));
}

TEST_F(RestBrowsers, WithoutATokenOtherPreflightsNameTheOriginAlone) {
    allow(kOrigin, "");
    const std::string head = ask_from(kOrigin, "OPTIONS", "/space").head;
    EXPECT_THAT(head, HasSubstr("Access-Control-Allow-Origin: http://a.example"));
    EXPECT_THAT(head, Not(HasSubstr("Access-Control-Allow-Methods")));
    EXPECT_THAT(head, Not(HasSubstr("Access-Control-Allow-Headers")));
    EXPECT_EQ(ask_from(kOrigin, "OPTIONS", "/nothing").status(), "404");
}

TEST_F(RestBrowsers, AllAnswersAreGuarded) {
    const auto is_guarded = [](const Heard& heard) {
        const std::string head = heard.head + "\r\n";
        return head.find("X-Content-Type-Options: nosniff\r\n") != std::string::npos &&
               head.find("Content-Security-Policy: default-src 'none'; sandbox\r\n") !=
                   std::string::npos;
    };
    const auto expect = [&](std::string_view status, const Heard& heard) {
        EXPECT_EQ(heard.status(), status) << heard.head;
        EXPECT_TRUE(is_guarded(heard)) << heard.head;
    };
    expect("404", ask("GET", "/nothing"));
    expect("404", ask("PUT", "/data"));
    expect("400", ask("GET", "/space", "No colon\r\n")); // which nobody can read
    expect("400", ask("GET", "/space", "Host: another\r\n"));
    expect("431", ask("GET", "/space", "X: " + std::string(9000, 'x') + "\r\n"));
    expect("404", ask("OPTIONS", "/space"));
    expect("400", ask("GET", "/data/%zz"));
    expect("403", ask_from("http://b.example", "DELETE", "/data/x"));
    expect("400", ask_from("a", "GET", "/space", "Origin: b\r\n"));
    for (const Route& route : routes()) {
        const Heard heard = ask(route.method, path_of(route));
        EXPECT_TRUE(is_guarded(heard)) << route.method << route.path << heard.head;
    }
    allow(kOrigin, "secret");
    expect("401", ask("GET", "/space"));
    expect("200", ask_from(kOrigin, "OPTIONS", "/space"));
    AccessOptions access;
    access.hosts = {"elsewhere"};
    rest_->set_access(access);
    expect("421", ask("GET", "/space"));
}

} // namespace
} // namespace codex::node::rest::test
