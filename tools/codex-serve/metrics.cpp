#include "metrics.hpp"

#include "cli/tool.hpp"
#include "http_at.hpp"
#include "node/rest/guards.hpp"
#include "system_figures.hpp"

namespace codex::serve_tool {

namespace {

constexpr HttpOptions kHttpOptions = {"--metrics-address", "--metrics-port", 8008};
/// Requests come one every few seconds, from one program or two.
constexpr std::size_t kMostConnections = 16;

} // namespace

void declare_metrics_options(cli::Command& command, MetricsFlags& flags) {
    command.flag("--metrics", flags.on, "show figures to Prometheus, over HTTP")
        .setting("CODEX_METRICS")
        .option("--metrics-address IP", flags.address, "where they are; default 127.0.0.1")
        .setting("CODEX_METRICS_ADDRESS")
        .option("--metrics-port PORT", flags.port, "the port of it, 0 for any; default 8008")
        .setting("CODEX_METRICS_PORT");
}

Result<std::optional<SocketAddress>> metrics_at(const MetricsFlags& flags) {
    CODEX_TRY(at, parse_http_address(kHttpOptions, flags.address, flags.port));
    return flags.on ? std::optional(at) : std::nullopt;
}

Result<std::unique_ptr<Acceptor>> listen_for_metrics(cli::Context& context, Network& network,
                                                     const SocketAddress& at) {
    return listen_for_http(context, network, at, kHttpOptions);
}

MetricsServer::MetricsServer(EventLoop& loop, std::unique_ptr<Acceptor> acceptor,
                             exchange::Peers& peers, const exchange::Server& server,
                             const repo::Repo& repo, Executor& executor, const log::Logger& log)
    : metrics_(peers, server, repo, executor,
               {std::string(cli::version()),
                std::string(cli::revision()),
                {},
                [folder = repo.path()] { return system_figures(folder); }}),
      server_(loop, std::move(acceptor), metrics_, [&log] {
          http::ServerOptions options;
          options.connections = kMostConnections;
          options.refused_fields = node::rest::guard_fields();
          options.logger = log;
          return options;
      }()) {}

void MetricsServer::set_more_hosts(const std::vector<std::string>& more) {
    metrics_.set_hosts(allowed_hosts(server_.local(), more));
}

std::string MetricsServer::url() const {
    return fmt::format("http://{}", server_.local().text());
}

} // namespace codex::serve_tool
