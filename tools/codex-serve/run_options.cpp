#include "run_options.hpp"

#include "cli/settings_file.hpp"

#include <set>

namespace codex::serve_tool {

namespace {

constexpr std::uint64_t kMostPeers = 100000;
constexpr std::size_t kMaxAgentBytes = 256;

Result<std::vector<net::Multiaddr>> listen_addresses(const RunOptions& options) {
    CODEX_TRY(texts, split_list("--listen-addrs", "MULTIADDR", options.listen));
    if (texts.empty())
        texts.emplace_back("/ip4/0.0.0.0/tcp/0");
    std::vector<net::Multiaddr> addresses;
    for (const std::string& text : texts) {
        auto address = net::Multiaddr::from_text(text);
        if (!address) // nobody is named where one listens
            return fail(cli::bad_value("--listen-addrs", address.error())
                            .hint("for example /ip4/0.0.0.0/tcp/8070"));
        if (!address->tcp_endpoint() || address->tcp_endpoint()->ip.empty() || address->peer())
            return fail(Error(Errc::usage, fmt::format("--listen-addrs: {}: not an IP address and "
                                                       "a TCP port",
                                                       text))
                            .hint("for example /ip4/0.0.0.0/tcp/8070"));
        addresses.push_back(*address);
    }
    return addresses;
}

Result<node::Limits> limits_of(const RunOptions& options) {
    if (options.max_peers == 0 || options.max_peers > kMostPeers)
        return fail(Errc::usage, "--max-peers: {} is not from 1 to {}", options.max_peers,
                    kMostPeers);
    node::Limits limits;
    limits.host.connections = options.max_peers;
    CODEX_TRY(texts, split_list("--limit", "NAME=VALUE", options.limits));
    std::set<std::string, std::less<>> names; // as an option that is given twice
    for (const std::string& text : texts) {
        if (auto set = node::set_limit(limits, text); !set)
            return fail(cli::bad_value("--limit", set.error()));
        const std::string name = text.substr(0, text.find('='));
        if (!names.insert(name).second)
            return fail(Errc::usage, "--limit: {} is given twice", name);
    }
    return limits;
}

Result<std::vector<node::KeptPeer>> kept_peers(const RunOptions& options) {
    std::vector<node::KeptPeer> peers;
    CODEX_TRY(texts, split_list("--peer", "ADDRESS", options.peers));
    for (const std::string& text : texts) {
        auto target = parse_target(text);
        if (!target)
            return fail(cli::bad_value("--peer", target.error()));
        peers.push_back({std::move(target->peer), std::move(target->address)});
    }
    return peers;
}

} // namespace

Result<RunSettings> settings_of(const RunOptions& options, const std::optional<Deadline>& until) {
    if (options.agent.size() > kMaxAgentBytes)
        return fail(Errc::usage, "--agent-string: longer than {} bytes", kMaxAgentBytes);
    RunSettings settings;
    CODEX_SET(settings.listen, listen_addresses(options));
    CODEX_SET(settings.limits, limits_of(options));
    CODEX_SET(settings.peers, kept_peers(options));
    CODEX_SET(settings.api, api_settings_of(options.api));
    CODEX_SET(settings.discovery, discovery_settings_of(options.discovery, settings.listen, until));
    CODEX_SET(settings.metrics, metrics_at(options.metrics));
    return settings;
}

Result<RunSettings> first_settings(const cli::Context& context, const RunOptions& options) {
    return settings_of(options, Deadline::after(context.clock(), cli::kSettingsPatience));
}

void declare_run_options(cli::Command& command, RunOptions& options) {
    command
        .checks_settings([&options](cli::Context& context) -> Result<void> {
            CODEX_CHECK(first_settings(context, options));
            return {};
        })
        .option("-i,--listen-addrs MULTIADDR", options.listen,
                "where to take connections; default /ip4/0.0.0.0/tcp/0, any port")
        .setting("CODEX_LISTEN_ADDRS")
        .option("-d,--data-dir DIR", options.data_dir,
                "a folder for the key and, in repo/, the repo, instead of --repo")
        .setting("CODEX_DATA_DIR")
        .option("--net-privkey FILE", options.key,
                "the key file, made where there is none; default: node/key in the repo")
        .setting("CODEX_NET_PRIVKEY")
        .option("--peer ADDRESS", options.peers,
                "a node to stay connected with: a multiaddr that ends in /p2p/ID")
        .setting("CODEX_PEER")
        .option("--max-peers", options.max_peers, "connections at a time; default 160")
        .setting("CODEX_MAX_PEERS")
        .option("--limit NAME=VALUE", options.limits,
                "another limit, by its name in 'peers --limits'")
        .setting("CODEX_LIMIT")
        .option("--agent-string NAME", options.agent, "what peers are told this is; default Codex")
        .setting("CODEX_AGENT_STRING")
        .option("--ready-file FILE", options.ready_file,
                "appears once peers can connect, with a line for each address: id and multiaddr");
    declare_discovery_options(command, options.discovery);
    declare_api_options(command, options.api);
    declare_metrics_options(command, options.metrics);
}

} // namespace codex::serve_tool
