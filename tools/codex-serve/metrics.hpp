// The figures of a node for Prometheus, as options say where they are.
#pragma once

#include "http/server.hpp"
#include "node/metrics/metrics.hpp"
#include "serve.hpp"

#include <optional>

namespace codex::serve_tool {

struct MetricsFlags {
    bool on = false;
    std::string address = "127.0.0.1";
    std::uint64_t port = 8008;
};

void declare_metrics_options(cli::Command& command, MetricsFlags& flags);

/// Where they are asked for; nothing, when they are not. Errors: usage, naming the option.
[[nodiscard]] Result<std::optional<SocketAddress>> metrics_at(const MetricsFlags& flags);
/// Errors: address_in_use, config_invalid, naming the address, with what to say instead.
[[nodiscard]] Result<std::unique_ptr<Acceptor>>
listen_for_metrics(cli::Context& context, Network& network, const SocketAddress& at);

/// It answers from when it is made. Threads: the loop's.
class MetricsServer {
public:
    /// As node::metrics::Metrics and http::Server.
    MetricsServer(EventLoop& loop, std::unique_ptr<Acceptor> acceptor, exchange::Peers& peers,
                  const exchange::Server& server, const repo::Repo& repo, Executor& executor,
                  const log::Logger& log);

    [[nodiscard]] node::metrics::Metrics& metrics() { return metrics_; }
    /// What else this host may be called in requests, from now on.
    void set_more_hosts(const std::vector<std::string>& more);
    /// "http://127.0.0.1:8008".
    [[nodiscard]] std::string url() const;
    void close() { server_.close(); }

private:
    node::metrics::Metrics metrics_;
    http::Server server_; ///< the first to go
};

} // namespace codex::serve_tool
