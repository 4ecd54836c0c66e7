// What a node is told when it begins, and again when it reads its configuration anew.
#pragma once

#include "api.hpp"
#include "discovery.hpp"
#include "metrics.hpp"
#include "node/keeper.hpp"
#include "node/limits.hpp"
#include "serve.hpp"

namespace codex::serve_tool {

struct RunOptions {
    std::vector<std::string> listen;
    std::string data_dir;
    std::string key;
    std::uint64_t max_peers = 160;
    std::vector<std::string> limits;
    std::vector<std::string> peers;
    std::string agent = "Codex";
    std::string ready_file;
    ApiOptions api;
    DiscoveryOptions discovery;
    MetricsFlags metrics;
};

void declare_run_options(cli::Command& command, RunOptions& options);

/// The same, understood.
struct RunSettings {
    std::vector<net::Multiaddr> listen;
    node::Limits limits;
    std::vector<node::KeptPeer> peers;
    ApiSettings api;
    DiscoverySettings discovery;
    std::optional<SocketAddress> metrics; ///< where they are asked for
};
/// `until` is for files that they name, as in discovery_settings_of(). Errors: usage, naming the
/// option; those of such files.
[[nodiscard]] Result<RunSettings> settings_of(const RunOptions& options,
                                              const std::optional<Deadline>& until);
/// The same of a node that is about to begin: it waits for such files.
[[nodiscard]] Result<RunSettings> first_settings(const cli::Context& context,
                                                 const RunOptions& options);

} // namespace codex::serve_tool
