#include "node/metrics/metrics.hpp"

#include "base/offload.hpp"
#include "http/target.hpp"
#include "node/metrics/exposition.hpp"
#include "node/metrics/loop_lag.hpp"
#include "node/rest/guards.hpp"

namespace codex::node::metrics {

namespace {

/// What is asked beside the loop.
struct Asked {
    repo::Space space;
    SystemFigures system;
};

double number(std::uint64_t count) {
    return static_cast<double>(count);
}

void set_bytes(Exposition& to, Metric metric, const net::ByteCounts& bytes) {
    to.set(metric, {"in"}, number(bytes.in));
    to.set(metric, {"out"}, number(bytes.out));
}

void add_repo(Exposition& to, const repo::Space& space) {
    to.set(Metric::repo_blocks, number(space.counters.blocks));
    to.set(Metric::repo_bytes_used, number(space.counters.used_bytes));
    to.set(Metric::repo_bytes_reserved, number(space.counters.reserved_bytes));
    to.set(Metric::repo_tree_bytes, number(space.counters.tree_bytes));
    to.set(Metric::repo_datasets, number(space.counters.datasets));
    to.set(Metric::repo_quota, number(space.quota_bytes));
    to.set(Metric::repo_disk, number(space.disk_bytes));
}

void add_system(Exposition& to, const SystemFigures& system) {
    to.set(Metric::process_virtual, system.virtual_bytes);
    to.set(Metric::process_resident, system.resident_bytes);
    to.set(Metric::process_start, system.started);
    to.set(Metric::process_cpu, system.cpu_seconds);
    to.set(Metric::process_max_fds, system.most_files);
    to.set(Metric::process_open_fds, system.open_files);
    to.set(Metric::heap_bytes, system.heap_bytes);
    to.set(Metric::heap_used, system.heap_used_bytes);
    to.set(Metric::heap_mapped, system.heap_mapped_bytes);
    to.set(Metric::repo_free, system.disk_free_bytes);
}

void add_exchange(Exposition& to, const exchange::Peers& peers, const exchange::Server& server) {
    const exchange::ServerCounts& gave = server.counts();
    to.set(Metric::have_lists_received, number(gave.asked_haves));
    to.set(Metric::block_lists_received, number(gave.asked_blocks));
    to.set(Metric::blocks_sent, number(gave.blocks));
    to.set(Metric::block_bytes_sent, number(gave.block_bytes));
    to.set(Metric::peer_wants, number(server.wants()));
    const exchange::ExchangeCounts& got = peers.counts();
    to.set(Metric::have_lists_sent, number(got.have_lists_sent));
    to.set(Metric::block_lists_sent, number(got.block_lists_sent));
    to.set(Metric::blocks_received, number(got.blocks));
    to.set(Metric::block_bytes_received, number(got.block_bytes));
    to.set(Metric::spurious_blocks, number(got.spurious));
    to.set(Metric::wrong_blocks, number(got.wrong));
    to.set(Metric::peer_timeouts, number(got.silent));
    to.set(Metric::requests_failed, number(got.failed));
    to.set(Metric::pending_requests, number(peers.pending()));
    const std::chrono::duration<double, std::micro> took = got.retrieval;
    to.set(Metric::retrieval_time, took.count());
}

/// Connections and their streams. Over mplex, each peer's are shown beside all there are, and those
/// are there also while there are none.
void add_streams(Exposition& to, const net::Host& host) {
    std::array<std::size_t, 2> connections{}; // taken, dialled
    std::array<std::size_t, 2> streams{};
    std::map<net::PeerId, std::array<std::size_t, 2>> over_mplex;
    for (const auto& connection : host.connections()) {
        ++connections[connection->side() == net::mux::Side::dialer ? 1 : 0];
        streams[0] += connection->streams_in();
        streams[1] += connection->streams_out();
        if (connection->muxer() != net::mux::kMplex)
            continue;
        over_mplex[connection->peer()][0] += connection->streams_in();
        over_mplex[connection->peer()][1] += connection->streams_out();
    }
    to.set(Metric::open_streams, {"ChronosStream", "In"}, number(connections[0]));
    to.set(Metric::open_streams, {"ChronosStream", "Out"}, number(connections[1]));
    to.set(Metric::open_streams, {"LPChannel", "In"}, number(streams[0]));
    to.set(Metric::open_streams, {"LPChannel", "Out"}, number(streams[1]));
    if (over_mplex.empty()) {
        to.set(Metric::mplex_channels, {"false", ""}, 0);
        to.set(Metric::mplex_channels, {"true", ""}, 0);
    }
    for (const auto& [peer, count] : over_mplex) {
        const std::string id = peer.text();
        to.set(Metric::mplex_channels, {"false", id}, number(count[0]));
        to.set(Metric::mplex_channels, {"true", id}, number(count[1]));
    }
}

void add_host(Exposition& to, const net::Host& host) {
    const net::HostTraffic& traffic = host.traffic();
    to.set(Metric::peers, number(host.peer_count()));
    to.set(Metric::held_bytes, number(host.held_bytes()));
    set_bytes(to, Metric::network_bytes, traffic.all);
    for (const std::string& protocol : host.protocols()) {
        const auto counted = traffic.protocols.find(protocol);
        const net::ByteCounts bytes =
            counted == traffic.protocols.end() ? net::ByteCounts() : counted->second;
        to.set(Metric::protocol_bytes, {protocol, "in"}, number(bytes.in));
        to.set(Metric::protocol_bytes, {protocol, "out"}, number(bytes.out));
    }
    const auto agents = host.agents();
    for (std::size_t i = 0; i < net::kAgentCount; ++i) {
        const std::string_view name = net::agent_name(static_cast<net::Agent>(i));
        to.set(Metric::peers_identity, {name}, number(agents[i]));
        to.set(Metric::agents_read, {name}, number(traffic.agents[i].in));
        to.set(Metric::agents_written, {name}, number(traffic.agents[i].out));
    }
    to.set(Metric::dials, number(traffic.dials));
    to.set(Metric::dials_connected, number(traffic.dials_connected));
    to.set(Metric::dials_failed, number(traffic.dials_failed));
    to.set(Metric::upgrades_failed_in, number(traffic.upgrades_failed_in));
    to.set(Metric::upgrades_failed_out, number(traffic.upgrades_failed_out));
    to.set(Metric::mplex_qlen, traffic.queue_length);
    to.set(Metric::mplex_qtime, traffic.queue_seconds);
    add_streams(to, host);
}

/// What counts again what stands without a value of the label is there also without a DHT.
void add_dht(Exposition& to, const net::dht::DhtCounters& counts, std::size_t nodes,
             std::size_t seen, std::size_t buckets) {
    to.set(Metric::dht_requests_out, {""}, number(counts.requests_out));
    to.set(Metric::dht_requests_out, {"no_response"}, number(counts.requests_missed));
    to.set(Metric::dht_requests_in, {""}, number(counts.requests_in));
    to.set(Metric::dht_requests_in, {"no_response"}, number(counts.requests_silent));
    to.set(Metric::dht_unsolicited, number(counts.unsolicited));
    to.set(Metric::dht_record_updates, number(counts.announced));
    to.set(Metric::dht_session_hits, number(counts.sessions.hits));
    to.set(Metric::dht_session_misses, number(counts.sessions.misses));
    to.set(Metric::dht_decrypt_failures, number(counts.sessions.unopened));
    to.set(Metric::dht_tx_packets, {""}, number(counts.packets_out + counts.packets_lost));
    to.set(Metric::dht_tx_packets, {"failed"}, number(counts.packets_lost));
    to.set(Metric::dht_tx_bytes, {""}, number(counts.bytes_out + counts.bytes_lost));
    to.set(Metric::dht_tx_bytes, {"failed"}, number(counts.bytes_lost));
    to.set(Metric::dht_rx_packets, {""}, number(counts.packets_in));
    to.set(Metric::dht_rx_packets, {"failed_decode"}, number(counts.packets_wrong));
    to.set(Metric::dht_rx_bytes, {""}, number(counts.bytes_in));
    to.set(Metric::dht_rx_bytes, {"failed_decode"}, number(counts.bytes_wrong));
    to.set(Metric::dht_nodes, {""}, number(nodes));
    to.set(Metric::dht_nodes, {"seen"}, number(seen));
    to.set(Metric::dht_buckets, number(buckets));
    to.set(Metric::discovery_requests, number(counts.searches));
    to.set(Metric::inflight_discovery, number(counts.searching));
    to.set(Metric::inflight_advertise, number(counts.providing));
}

void add_dht(Exposition& to, const net::dht::Dht* dht) {
    if (dht == nullptr)
        return add_dht(to, {}, 0, 0, 0);
    add_dht(to, dht->counters(), dht->node_count(), dht->reliable_count(), dht->bucket_count());
}

http::Answer text_answer(unsigned status) {
    http::Answer answer{
        status, {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}}};
    rest::add_guards(answer);
    return answer;
}

} // namespace

class Metrics::Impl {
public:
    Impl(exchange::Peers& of_peers, const exchange::Server& of_server, const repo::Repo& of_repo,
         Executor& of_executor, MetricsOptions given)
        : peers(of_peers), host(*of_peers.host()), server(of_server), repo(of_repo),
          executor(of_executor), options(std::move(given)),
          created(number(host.loop().clock().unix_seconds())), lag(host.loop()) {}

    [[nodiscard]] static Task<Result<Asked>> ask(Impl* self);
    [[nodiscard]] static Task<Result<void>> show(Impl* self, http::Exchange* with);
    [[nodiscard]] std::string text(const Asked& asked) const;

    exchange::Peers& peers;
    net::Host& host;
    const exchange::Server& server;
    const repo::Repo& repo;
    Executor& executor;
    MetricsOptions options;
    double created;
    const rest::Rest* rest = nullptr;
    const net::dht::Dht* dht = nullptr;
    LoopLag lag;
};

/// What waits for the disk.
Task<Result<Asked>> Metrics::Impl::ask(Impl* self) {
    auto job = [repo = &self->repo, system = self->options.system]() -> Result<Asked> {
        Asked asked;
        CODEX_SET(asked.space, repo->space());
        if (system)
            CODEX_SET(asked.system, system());
        return asked;
    };
    co_return co_await offload(self->host.loop(), self->executor, std::move(job));
}

std::string Metrics::Impl::text(const Asked& asked) const {
    Exposition all(created);
    all.set(Metric::build_info, {options.version, options.revision}, 1);
    if (rest != nullptr) {
        all.set(Metric::api_uploads, number(rest->uploads()));
        all.set(Metric::api_downloads, number(rest->downloads()));
    }
    add_repo(all, asked.space);
    add_system(all, asked.system);
    add_exchange(all, peers, server);
    add_host(all, host);
    add_dht(all, dht);
    const std::chrono::duration<double> late = lag.worst();
    all.set(Metric::loop_lag, late.count());
    const net::LimitCounts& hits = peers.limit_counts();
    for (std::size_t i = 0; i < net::kLimitCount; ++i) {
        const auto limit = static_cast<net::Limit>(i);
        all.set(Metric::limit_hits, {net::limit_name(limit)}, number(hits.of(limit)));
    }
    return all.text();
}

Task<Result<void>> Metrics::Impl::show(Impl* self, http::Exchange* with) {
    auto asked = co_await ask(self);
    if (!asked) {
        http::Answer failed = text_answer(500);
        std::string why = asked.error().text();
        co_return co_await with->answer(std::move(failed), std::move(why));
    }
    http::Answer answer = text_answer(200);
    http::set(answer.fields, "Content-Type", std::string(kContentType));
    std::string text = self->text(*asked);
    co_return co_await with->answer(std::move(answer), std::move(text));
}

Metrics::Metrics(exchange::Peers& peers, const exchange::Server& server, const repo::Repo& repo,
                 Executor& executor, MetricsOptions options)
    : impl_(std::make_unique<Impl>(peers, server, repo, executor, std::move(options))) {}
Metrics::~Metrics() = default;

Task<Result<void>> Metrics::handle(http::Exchange* with) {
    const http::Request& request = with->request();
    rest::AccessOptions access;
    access.hosts = impl_->options.hosts;
    if (auto refused = rest::refusal(access, request))
        return with->answer(text_answer(refused->status), std::move(refused->text));
    const bool reads = request.method == "GET" || request.is_head();
    const auto target = http::parse_target(request.target);
    const bool one = reads && target && target->segments.size() == 1;
    if (one && target->segments.front() == "metrics")
        return Impl::show(impl_.get(), with);
    if (one && target->segments.front() == "health")
        return with->answer(text_answer(200), "OK");
    return with->answer(text_answer(404), "Try /metrics");
}

void Metrics::set_rest(const rest::Rest* rest) {
    impl_->rest = rest;
}

void Metrics::set_dht(const net::dht::Dht* dht) {
    impl_->dht = dht;
}

void Metrics::set_hosts(std::vector<std::string> hosts) {
    impl_->options.hosts = std::move(hosts);
}

} // namespace codex::node::metrics
