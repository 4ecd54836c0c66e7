// The figures of a node over HTTP, as Prometheus asks for them (codex-metrics(7)).
#pragma once

#include "base/executor.hpp"
#include "exchange/server.hpp"
#include "http/server.hpp"
#include "net/dht/dht.hpp"
#include "node/rest/rest.hpp"
#include "repo/repo.hpp"

#include <functional>
#include <memory>

namespace codex::node::metrics {

/// What the system says of the process that the node runs in.
struct SystemFigures {
    double virtual_bytes = 0;
    double resident_bytes = 0;
    double started = 0;     ///< Unix seconds
    double cpu_seconds = 0; ///< of all threads
    double most_files = 0;  ///< descriptors
    double open_files = 0;
    double heap_bytes = 0; ///< that the allocator has of the system
    double heap_used_bytes = 0;
    double heap_mapped_bytes = 0; ///< of these, that were mapped for one thing
    double disk_free_bytes = 0;   ///< where the repo is
};

struct MetricsOptions {
    std::string version{};
    std::string revision{};
    /// Names of this host that requests may be addressed to, without port; empty, when any may
    /// (node/rest/access.hpp).
    std::vector<std::string> hosts{};
    /// Asks the system, on any thread. Without it all of them are 0.
    std::function<Result<SystemFigures>()> system{};
};

/// Answers /metrics and /health. Everything is counted where it happens, whether or not anybody
/// asks; a request gathers it, and costs the loop a tenth of a millisecond or so.
/// Threads: the loop's; jobs on the executor ask the repo and the system.
class Metrics final : public http::Handler {
public:
    /// All outlive it, and the repo also the jobs of the executor.
    Metrics(exchange::Peers& peers, const exchange::Server& server, const repo::Repo& repo,
            Executor& executor, MetricsOptions options = {});
    ~Metrics() override;

    [[nodiscard]] Task<Result<void>> handle(http::Exchange* with) override;
    /// The interface whose calls are counted, until another is said, or nullptr.
    void set_rest(const rest::Rest* rest);
    /// The same of the node of the DHT.
    void set_dht(const net::dht::Dht* dht);
    /// Instead of those of MetricsOptions, from now on.
    void set_hosts(std::vector<std::string> hosts);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::node::metrics
