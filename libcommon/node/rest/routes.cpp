#include "node/rest/routes.hpp"

#include <array>

namespace codex::node::rest {

namespace {

constexpr OwnCors kAlways = OwnCors::always;
constexpr OwnCors kErrors = OwnCors::of_errors;
constexpr OwnCors kNever = OwnCors::never;
constexpr bool kRaw = true;
constexpr bool kMarket = true;

constexpr Route market(std::string_view method, std::string_view path, bool raw = false,
                       OwnCors cors = kAlways) {
    return {method, path, Action::market, cors, raw, kMarket};
}

constexpr Route preflight(std::string_view path, std::string_view methods) {
    return {"OPTIONS", path, Action::preflight, kNever, kRaw, false, methods};
}

constexpr Route alias(std::string_view method, std::string_view path, Action action) {
    return {method, path, action, kAlways, false, false, {}, false};
}

constexpr std::array kRoutes = {
    Route{"POST", "/data", Action::upload, kNever, kRaw},
    Route{"GET", "/data", Action::list},
    Route{"GET", "/data/{cid}", Action::download, kAlways},
    Route{"DELETE", "/data/{cid}", Action::remove, kAlways},
    Route{"POST", "/data/{cid}/network", Action::fetch, kErrors},
    Route{"GET", "/data/{cid}/network/stream", Action::stream, kAlways},
    Route{"GET", "/data/{cid}/network/manifest", Action::manifest, kErrors},
    Route{"GET", "/data/{cid}/exists", Action::exists, kErrors},
    Route{"GET", "/space", Action::space},
    preflight("/data", "POST"),
    preflight("/data/{cid}", "GET,DELETE"),
    alias("GET", "/data/{cid}/network", Action::stream), // as in 2024

    Route{"GET", "/spr", Action::record, kAlways},
    Route{"GET", "/peerid", Action::peer_id, kAlways},
    alias("GET", "/node/peerid", Action::peer_id), // as a client asks that means the other
    Route{"GET", "/connect/{peerId}", Action::connect, kAlways},
    Route{"GET", "/debug/info", Action::debug_info, kAlways},
    Route{"POST", "/debug/chronicles/loglevel", Action::log_level, kErrors},
    Route{"GET", "/openapi.json", Action::openapi, kAlways},

    // Of our own, beyond the reference.
    Route{"GET", "/data/{cid}/health", Action::health, kAlways},
    Route{"GET", "/node/peers", Action::peers, kAlways},
    Route{"GET", "/node/fetches", Action::fetches, kAlways},
    Route{"GET", "/node/labels", Action::labels, kAlways},
    Route{"GET", "/node/settings", Action::settings, kAlways},
    Route{"GET", "/node/log", Action::log, kAlways},

    market("GET", "/sales/slots"),
    market("GET", "/sales/slots/{slotId}"),
    market("GET", "/sales/availability"),
    market("POST", "/sales/availability", kRaw),
    market("PATCH", "/sales/availability/{id}", kRaw, kNever),
    market("GET", "/sales/availability/{id}/reservations", kRaw),
    preflight("/sales/availability/{id}", "PATCH"),
    market("POST", "/storage/request/{cid}", kRaw),
    market("GET", "/storage/purchases"),
    market("GET", "/storage/purchases/{id}"),
};

/// The next segment of a pattern, which is taken from its front.
std::string_view next_segment(std::string_view& pattern) {
    pattern.remove_prefix(1); // a slash
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view segment = pattern.substr(0, end);
    pattern.remove_prefix(end);
    return segment;
}

/// Whether the path fits; its parameters.
bool fits(std::string_view pattern, std::span<const std::string> segments,
          std::vector<std::string>& parameters) {
    parameters.clear();
    for (const std::string& segment : segments) {
        if (pattern.empty())
            return false;
        const std::string_view wanted = next_segment(pattern);
        if (wanted.starts_with('{'))
            parameters.push_back(segment);
        else if (wanted != segment)
            return false;
    }
    return pattern.empty();
}

constexpr std::size_t kPrefixSegments = 3;

} // namespace

std::span<const Route> routes() {
    return kRoutes;
}

bool has_prefix(std::span<const std::string> segments) {
    std::vector<std::string> none;
    return segments.size() >= kPrefixSegments &&
           fits(kPrefix, segments.first(kPrefixSegments), none);
}

std::optional<Match> match(std::string_view method, std::span<const std::string> segments) {
    if (!has_prefix(segments))
        return std::nullopt;
    Match found;
    for (const Route& route : kRoutes) {
        if (route.method != (method == "HEAD" ? "GET" : method) ||
            !fits(route.path, segments.subspan(kPrefixSegments), found.parameters))
            continue;
        found.route = &route;
        return found;
    }
    return std::nullopt;
}

std::string methods_of(std::span<const std::string> segments) {
    std::string methods;
    if (!has_prefix(segments))
        return methods;
    std::vector<std::string> parameters;
    for (const Route& route : kRoutes) {
        if (!fits(route.path, segments.subspan(kPrefixSegments), parameters))
            continue;
        if (!methods.empty())
            methods += ", ";
        methods += route.method;
    }
    return methods;
}

} // namespace codex::node::rest
