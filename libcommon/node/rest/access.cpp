#include "node/rest/access.hpp"

#include <algorithm>

namespace codex::node::rest {

namespace {

constexpr std::string_view kSeconds = "86400"; // a day, for which browsers remember

/// "host" of "host:1234", "[::1]" of "[::1]:80"; all of it, where something else stands behind.
std::string_view without_port(std::string_view host) {
    const std::size_t bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
    const std::size_t end =
        bracket != std::string_view::npos ? bracket + 1 : std::min(host.find(':'), host.size());
    const std::string_view port = host.substr(end);
    const bool is_port =
        port.empty() || (port[0] == ':' && std::ranges::all_of(port.substr(1), [](char c) {
                             return c >= '0' && c <= '9';
                         }));
    return is_port ? host.substr(0, end) : host;
}

/// What the request calls this host: its target, where that is a whole address, goes before Host
/// (RFC 9112 section 3.2.2). Nothing of HTTP/1.0.
std::optional<std::string_view> host_of(const http::Request& request) {
    const std::string_view target = request.target;
    if (!target.starts_with('/') && target.find("://") != std::string_view::npos) {
        const std::string_view rest = target.substr(target.find("://") + 3);
        return rest.substr(0, rest.find_first_of("/?#"));
    }
    const std::string* host = http::find(request.fields, "host");
    return host == nullptr ? std::nullopt : std::optional<std::string_view>(*host);
}

std::string_view without_scheme(std::string_view origin) {
    const std::size_t at = origin.find("://");
    return at == std::string_view::npos ? origin : origin.substr(at + 3);
}

bool has_scheme(std::string_view origin) {
    return origin.starts_with("http://") || origin.starts_with("https://");
}

/// Whether a page of this origin may read what we answer.
bool allowed(const AccessOptions& options, std::string_view origin) {
    const std::string& wanted = options.cors_origin;
    if (wanted.empty())
        return false;
    if (wanted == "*")
        return true;
    if (has_scheme(wanted))
        return http::same_text(origin, wanted);
    return http::same_text(without_scheme(origin), wanted);
}

/// Of a page that we gave out ourselves, or a proxy in front of us.
bool is_own(std::string_view origin, const http::Request& request) {
    const auto host = host_of(request);
    return host && has_scheme(origin) && http::same_text(without_scheme(origin), *host);
}

bool reads_only(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

/// What a token is shown by.
std::string_view shown_token(const http::Request& request) {
    constexpr std::string_view kBearer = "bearer ";
    const std::string* shown = http::find(request.fields, "authorization");
    if (shown == nullptr || shown->size() <= kBearer.size() ||
        !http::same_text(std::string_view(*shown).substr(0, kBearer.size()), kBearer))
        return {};
    std::string_view token(*shown);
    token.remove_prefix(kBearer.size());
    token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
    return token;
}

/// Methods that a browser may use on the path, and what it may send.
void add_preflight(http::Fields& fields, const Route& route) {
    http::set(fields, "Access-Control-Allow-Methods", fmt::format("{}, OPTIONS", route.preflight));
    http::set(fields, "Access-Control-Allow-Headers",
              "content-type, content-disposition, authorization, range");
    http::set(fields, "Access-Control-Max-Age", std::string(kSeconds));
}

/// The origin of the request is one that may read the answer.
void add_reader(http::Fields& fields, const AccessOptions& options, const http::Request& request) {
    const std::string* origin = http::find(request.fields, "origin");
    if (origin == nullptr || !allowed(options, *origin))
        return;
    if (options.cors_origin == "*") {
        http::set(fields, "Access-Control-Allow-Origin", "*");
        return;
    }
    http::set(fields, "Vary", "Origin");
    http::set(fields, "Access-Control-Allow-Origin", *origin);
}

} // namespace

std::vector<std::string> loopback_hosts(std::string_view bound) {
    return {"localhost", "127.0.0.1", "[::1]", std::string(bound)};
}

bool same_secret(std::string_view one, std::string_view other) {
    unsigned differs = one.size() == other.size() ? 0 : 1;
    for (std::size_t i = 0; i < one.size(); ++i)
        differs |= static_cast<unsigned char>(one[i]) ^
                   static_cast<unsigned char>(other.empty() ? 1 : other[i % other.size()]);
    return differs == 0;
}

std::optional<Refusal> refusal(const AccessOptions& options, const http::Request& request) {
    const auto host = host_of(request);
    if (!options.hosts.empty() && host &&
        std::ranges::none_of(options.hosts, [&](const std::string& name) {
            return http::same_text(name, without_port(*host));
        }))
        return Refusal{421, "This node is not called so"};
    if (http::count(request.fields, "origin") > 1)
        return Refusal{400, "Only a single Origin header must be specified"};
    const std::string* origin = http::find(request.fields, "origin");
    if (origin != nullptr && !reads_only(request.method) && !is_own(*origin, request) &&
        !allowed(options, *origin))
        return Refusal{403, "Pages of this origin may not change anything here"};
    if (!options.token.empty() && request.method != "OPTIONS" &&
        !same_secret(options.token, shown_token(request)))
        return Refusal{401, "The token of this node is needed"};
    return std::nullopt;
}

http::Fields cors_fields(const AccessOptions& options, const http::Request& request,
                         const Route& route, bool succeeded) {
    http::Fields fields;
    if (route.action == Action::stream)
        fields.push_back({"Access-Control-Expose-Headers", "Content-Disposition, Content-Length"});
    if (options.cors_origin.empty())
        return fields;
    const bool own = route.cors == OwnCors::always ||
                     (route.cors == OwnCors::of_errors && !succeeded) || !route.preflight.empty();
    if (own)
        http::set(fields, "Access-Control-Allow-Origin", options.cors_origin);
    if (!route.preflight.empty()) {
        add_preflight(fields, route);
    } else if (own) {
        http::set(fields, "Access-Control-Allow-Methods", fmt::format("{}, OPTIONS", route.method));
        http::set(fields, "Access-Control-Max-Age", std::string(kSeconds));
    }
    if (route.action == Action::download || route.action == Action::stream) {
        http::set(fields, "Access-Control-Headers", "X-Requested-With"); // as the reference has it
        http::set(fields, "Access-Control-Expose-Headers", "Content-Disposition, Content-Length");
    }
    // Who sends a token is to learn also what went wrong.
    if (succeeded || !options.token.empty())
        add_reader(fields, options, request);
    return fields;
}

http::Fields refused_fields(const AccessOptions& options, const http::Request& request,
                            const Refusal& refused) {
    http::Fields fields;
    if (refused.status == 401) {
        fields.push_back({"WWW-Authenticate", "Bearer"});
        add_reader(fields, options, request);
    }
    return fields;
}

} // namespace codex::node::rest
