#include "api.hpp"

#include "base/fd.hpp"
#include "base/printable.hpp"
#include "cli/settings.hpp"
#include "http_at.hpp"
#include "node/rest/guards.hpp"
#include "node/rest/recent_log.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>

namespace codex::serve_tool {

namespace {

constexpr std::size_t kMaxTokenBytes = 1024;
constexpr std::string_view kNone = "none";

constexpr HttpOptions kHttpOptions = {"--api-bindaddr", "--api-port", 8080,
                                      "without REST: --api-bindaddr none"};

bool is_token_char(char c) {
    return c > 0x20 && c < 0x7f;
}

/// What browsers say of a page: a scheme and a host, perhaps a port, and nothing behind; or a host
/// alone, of any scheme.
bool is_origin(std::string_view text) {
    constexpr std::string_view kScheme = "://";
    if (const std::size_t scheme = text.find(kScheme); scheme != std::string_view::npos)
        text.remove_prefix(scheme + kScheme.size());
    return !text.empty() && std::ranges::all_of(text, is_token_char) &&
           text.find_first_of("/?#@,") == std::string_view::npos;
}

Result<std::string> cors_origin_of(const std::string& text) {
    if (text.empty() || is_origin(text))
        return text;
    return fail(Error(Errc::usage, fmt::format("--api-cors-origin: {}: no origin", text))
                    .hint("it is a scheme and a host, and perhaps a port, with no path behind: "
                          "for example https://example.org"));
}

/// What clients call a host: no scheme before it, no port or path behind it.
bool is_host(std::string_view text) {
    if (text.starts_with('[') && text.ends_with(']'))
        return parse_ip(std::string(text.substr(1, text.size() - 2)), 0).has_value();
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
    });
}

Result<std::vector<std::string>> hosts_of(const std::vector<std::string>& values) {
    CODEX_TRY(hosts, split_list("--api-allowed-hosts", "NAME", values));
    for (const std::string& host : hosts)
        if (!is_host(host))
            return fail(Error(Errc::usage, fmt::format("--api-allowed-hosts: {}: no host", host))
                            .hint("it is the name of a host or its IP address (of IPv6 between "
                                  "brackets), and holds with any port: for example "
                                  "node.example.org"));
    return hosts;
}

Error about_token(Error error) {
    return std::move(error)
        .context("--api-token-file")
        .hint("it is a file for its owner alone, with one line of letters, digits and marks");
}

/// One line for its owner alone.
Result<std::string> read_token(const std::string& path) {
    auto opened = open_file(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (!opened)
        return fail(about_token(std::move(opened).error()));
    const Fd fd = std::move(*opened);
    struct stat there = {};
    if (::fstat(fd.get(), &there) != 0)
        return fail(system_error(errno, "look at " + path));
    if (!S_ISREG(there.st_mode))
        return fail(about_token(
            Error(Errc::malformed,
                  fmt::format("{}: a token is in a regular file, which this is not", path))));
    if ((there.st_mode & 077U) != 0)
        return fail(
            Error(Errc::permission,
                  fmt::format("--api-token-file: {}: others may read the token", path))
                .hint(fmt::format("make it yours alone: chmod 600 {}", shell_quoted(path))));
    Bytes bytes(kMaxTokenBytes + 1);
    CODEX_TRY(size, read_full(fd.get(), bytes, path));
    std::string token(as_text(BytesView(bytes).first(size)));
    if (token.ends_with('\n'))
        token.pop_back();
    if (token.empty() || token.size() > kMaxTokenBytes ||
        !std::ranges::all_of(token, is_token_char))
        return fail(about_token(
            Error(Errc::malformed, fmt::format("{}: no token, which is a line of at most {} "
                                               "letters, digits and marks",
                                               path, kMaxTokenBytes))));
    return token;
}

} // namespace

void declare_api_options(cli::Command& command, ApiOptions& options) {
    command
        .option("--api-bindaddr IP", options.bind_address,
                "where requests over HTTP are taken; default 127.0.0.1; none for nowhere")
        .setting("CODEX_API_BINDADDR")
        .option("-p,--api-port PORT", options.port, "the port of it, 0 for any; default 8080")
        .setting("CODEX_API_PORT")
        .option("--api-cors-origin ORIGIN", options.cors_origin,
                "whose pages browsers let read the answers; * for all")
        .setting("CODEX_API_CORS_ORIGIN")
        .option("--api-allowed-hosts NAME", options.hosts,
                "what else this host may be called in requests")
        .setting("CODEX_API_ALLOWED_HOSTS")
        .option("--api-token-file FILE", options.token_file,
                "a file with the token that requests have to show")
        .setting("CODEX_API_TOKEN_FILE");
}

void show_to_browsers(cli::Context& context, node::rest::RestOptions& options) {
    options.settings = [&context] {
        std::vector<node::rest::ShownSetting> shown;
        for (const cli::Setting& setting : context.settings())
            shown.push_back(
                {setting.name, setting.value,
                 setting.from.empty() ? std::string(cli::name_of(setting.origin)) : setting.from});
        return shown;
    };
    options.log_levels = [&context] { return context.log_levels(); };
    options.hint = cli::Context::hint_of;
    const auto log = std::make_shared<node::rest::RecentLog>();
    context.set_log_listener(log);
    options.log = log;
}

Result<ApiSettings> api_settings_of(const ApiOptions& options) {
    // Also where it is not used.
    CODEX_CHECK(parse_http_address(kHttpOptions, "127.0.0.1", options.port));
    ApiSettings settings;
    CODEX_SET(settings.access.cors_origin, cors_origin_of(options.cors_origin));
    if (!options.token_file.empty())
        CODEX_SET(settings.access.token, read_token(options.token_file));
    CODEX_SET(settings.more_hosts, hosts_of(options.hosts));
    if (options.bind_address == kNone)
        return settings;
    CODEX_SET(settings.at, parse_http_address(kHttpOptions, options.bind_address, options.port));
    settings.is_loopback = is_loopback(*settings.at);
    settings.access.hosts = allowed_hosts(*settings.at, settings.more_hosts);
    return settings;
}

Result<std::unique_ptr<Acceptor>> listen_for_api(cli::Context& context, Network& network,
                                                 const ApiSettings& settings) {
    return listen_for_http(context, network, *settings.at, kHttpOptions);
}

Api::Api(EventLoop& loop, std::unique_ptr<Acceptor> acceptor, node::Daemon& daemon,
         exchange::Peers& peers, repo::Repo& repo, Executor& executor,
         node::rest::RestOptions options, const log::Logger& log)
    : rest_(daemon, peers, repo, executor, std::move(options)),
      server_(loop, std::move(acceptor), rest_, [&log] {
          http::ServerOptions server;
          server.refused_fields = node::rest::guard_fields();
          server.logger = log;
          return server;
      }()) {}

std::string Api::url() const {
    return fmt::format("http://{}", server_.local().text());
}

} // namespace codex::serve_tool
