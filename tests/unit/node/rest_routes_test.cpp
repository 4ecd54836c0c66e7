// The table of routes, and the document that describes them.
#include "must.hpp"
#include "node/rest/routes.hpp"
#include "node/rest/service.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <set>

namespace codex::node::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> segments(std::string_view path) {
    return codex::test::must(http::parse_target(path)).segments;
}

TEST(RestRoutes, FindWhatIsAskedFor) {
    const auto found = match("GET", segments("/api/codex/v1/data/abc/network/stream"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->route->action, Action::stream);
    EXPECT_THAT(found->parameters, ElementsAre("abc"));
    // An empty segment is a parameter, too, and a path has as many as it has.
    const auto empty = match("POST", segments("/api/codex/v1/storage/request/"));
    ASSERT_TRUE(empty);
    EXPECT_THAT(empty->parameters, ElementsAre(""));
    EXPECT_EQ(match("HEAD", segments("/api/codex/v1/data"))->route->action, Action::list);
    for (const std::string_view path :
         {"/", "/api", "/api/codex/v1", "/api/codex/v1/", "/api/codex/v2/data", "/data",
          "/api/codex/v1/data/a/b", "/api/codex/v1/data/a/network/", "/api/codex/v1/Data"})
        EXPECT_FALSE(match("GET", segments(path))) << path;
    EXPECT_FALSE(match("PUT", segments("/api/codex/v1/data")));
    EXPECT_FALSE(match("get", segments("/api/codex/v1/data")));
    EXPECT_EQ(methods_of(segments("/api/codex/v1/storage/purchases")), "GET");
    EXPECT_EQ(methods_of(segments("/api/codex/v1/data/a/network")), "POST, GET");
    EXPECT_EQ(methods_of(segments("/api/codex/v1/storage")), "");
}

TEST(RestRoutes, AreEachThereOnce) {
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (const Route& route : routes())
        EXPECT_TRUE(seen.emplace(route.method, route.path).second) << route.path;
}

using Operation = std::pair<std::string, std::string>;

TEST(RestRoutes, AreTheOnesOfTheDocument) {
    const auto document = nlohmann::json::parse(kOpenApi);
    EXPECT_EQ(document["servers"][0]["url"], std::string(kPrefix));
    std::set<Operation> documented;
    for (const auto& [path, methods] : document["paths"].items())
        for (const auto& [method, operation] : methods.items()) {
            std::string upper = method;
            std::ranges::transform(upper, upper.begin(),
                                   [](char c) { return static_cast<char>(c - 'a' + 'A'); });
            EXPECT_TRUE(documented.emplace(upper, path).second);
        }
    std::set<Operation> served;
    for (const Route& route : routes())
        if (route.documented)
            served.emplace(route.method, route.path);
    EXPECT_EQ(served, documented);
}

/// Where it refers to, all names that paths have, and each operation once.
TEST(RestRoutes, HaveADocumentThatIsWhole) {
    const auto document = nlohmann::json::parse(kOpenApi);
    std::set<std::string> ids;
    std::vector<std::string> gaps;
    for (const auto& [path, methods] : document["paths"].items())
        for (const auto& [method, operation] : methods.items()) {
            if (!ids.insert(operation.at("operationId")).second ||
                operation.at("responses").empty() || operation.at("summary").empty())
                gaps.push_back(method + " " + path);
            std::string named;
            for (const auto& parameter : operation.value("parameters", nlohmann::json::array()))
                if (parameter["in"] == "path")
                    named += "{" + parameter["name"].get<std::string>() + "}";
            std::string wanted;
            for (std::size_t at = path.find('{'); at != std::string::npos;
                 at = path.find('{', at + 1))
                wanted += path.substr(at, path.find('}', at) + 1 - at);
            if (named != wanted)
                gaps.push_back(path + " has the parameters " + named);
        }
    const std::string text(kOpenApi);
    constexpr std::string_view kReference = "\"$ref\": \"#/components/schemas/";
    for (std::size_t at = text.find(kReference); at != std::string::npos;
         at = text.find(kReference, at + 1)) {
        const std::size_t begin = at + kReference.size();
        const std::string name = text.substr(begin, text.find('"', begin) - begin);
        if (!document["components"]["schemas"].contains(name))
            gaps.push_back("no schema " + name);
    }
    EXPECT_THAT(gaps, IsEmpty());
}

} // namespace
} // namespace codex::node::rest
