#include "discovery.hpp"

#include "base/units.hpp"
#include "cli/settings_file.hpp"
#include "repo/daemon_lock.hpp"

#include <algorithm>

namespace codex::serve_tool {

namespace {

constexpr std::string_view kNoDiscovery = "none";
constexpr std::uint64_t kMaxBootstrapBytes = std::uint64_t{1} << 20;
/// Numbers of records are the seconds at which they were made; clocks of others are off, too.
constexpr std::uint64_t kFarOff = std::uint64_t{24} * 3600;
/// What is beyond is no time that somebody's clock has said.
constexpr std::uint64_t kNoTime = std::uint64_t{4'102'444'800}; // 2100
/// Before this there was no such program.
constexpr std::uint64_t kBegan = std::uint64_t{1'735'689'600}; // 2025

/// What says a node, and where that stands.
struct Said {
    std::string text;
    std::string where{}; ///< "FILE:LINE: ", of a file
};

Error with_way_to_file(Error error) {
    if (error.has_way_out())
        return error;
    return std::move(error).hint("name a file that has the record of a node on each line, or the "
                                 "record itself, spr:...");
}

/// Lines of a file, but for those that are empty or begin with #; there is one.
Result<std::vector<Said>> lines_of(const std::string& path, const std::optional<Deadline>& until) {
    auto bytes = cli::read_settings_file(path, kMaxBootstrapBytes, until);
    if (!bytes)
        return fail(with_way_to_file(std::move(bytes).error()));
    std::vector<Said> lines;
    std::string_view rest = as_text(*bytes);
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (!line.empty() && !line.starts_with('#'))
            lines.push_back({std::string(line), fmt::format("{}:{}: ", path, number)});
    }
    if (lines.empty()) // a slip, as an empty one on the command line is
        return fail(with_way_to_file(
            Error(Errc::config_invalid, fmt::format("{}: has the record of no node", path))));
    return lines;
}

Error no_bootstrap_node(const Said& said, std::string_view why) {
    constexpr std::size_t kShown = 40;
    const std::string& text = said.text;
    const std::string shown = text.size() <= kShown + 3 ? text : text.substr(0, kShown) + "...";
    return Error(Errc::config_invalid,
                 fmt::format("--bootstrap-node: {}{}: {}", said.where, shown, why))
        .remedy(Remedy(Remedy::show_node,
                       "where that node runs its record is shown, all of which is needed")
                    .by("codex-serve --repo OTHER spr"));
}

/// Of what begins as a record does; why comes last, for it is about bytes.
Error no_whole_record(const Said& said, const Error& error) {
    return no_bootstrap_node(
        said, fmt::format("no record of a node, or not all of one: {}", error.text()));
}

Result<net::dht::NodeRecord> bootstrap_node(const Said& said) {
    const auto envelope = net::spr_bytes(said.text);
    if (!envelope && said.text.starts_with("spr:"))
        return fail(no_whole_record(said, envelope.error()));
    if (!envelope)
        return fail(no_bootstrap_node(said, envelope.error().text()));
    auto record = net::dht::open_node_record(*envelope);
    if (!record)
        return fail(no_whole_record(said, record.error()));
    if (!net::dht::udp_address(record->record))
        return fail(no_bootstrap_node(said, "the record has no address of UDP"));
    return record;
}

/// Where datagrams are taken when nothing else is said: where connections are, if that is one
/// address, so that a node of this host alone stays one.
SocketAddress usual_address(const std::vector<net::Multiaddr>& listen, std::uint16_t port) {
    SocketAddress first(listen.front().tcp_endpoint()->ip, port);
    const bool is_one = std::ranges::all_of(listen, [&](const net::Multiaddr& one) {
        return std::ranges::equal(one.tcp_endpoint()->ip, first.ip_view());
    });
    if (is_one)
        return first;
    return {std::array<std::uint8_t, 4>{}, port};
}

Error discovery_error(Error error, const SocketAddress& at) {
    const std::string text = at.text();
    if (error.code() == Errc::address_in_use)
        return std::move(error).hint("name another port, or 0 for any that is free: --disc-port 0");
    if (error.code() == Errc::unavailable)
        return Error(Errc::config_invalid,
                     fmt::format("{}: no address of this host: {}", text, error.text()))
            .hint("take datagrams at all addresses: --disc-ip 0.0.0.0");
    return not_permitted(std::move(error), at.port, "--disc-port 8090");
}

} // namespace

void declare_bootstrap_option(cli::Command& command, std::vector<std::string>& bootstrap,
                              const std::string& help) {
    command.option("-b,--bootstrap-node SPR", bootstrap, help).setting("CODEX_BOOTSTRAP_NODE");
}

void declare_discovery_options(cli::Command& command, DiscoveryOptions& options) {
    declare_bootstrap_option(command, options.bootstrap,
                             "the record (spr:...) of a node by which others are found, or @FILE "
                             "of such lines");
    command
        .option("-u,--disc-port PORT", options.port,
                "the UDP port by which nodes find each other, 0 for any; default 8090")
        .setting("CODEX_DISC_PORT")
        .option("--disc-ip IP", options.ip,
                "the address of it; default: as --listen-addrs; none for no discovery")
        .setting("CODEX_DISC_IP")
        .option("--nat HOW", options.nat,
                "how others reach this node: any, none, upnp, pmp or extip:IP; default any")
        .offers({"any", "none", "upnp", "pmp", "extip:"})
        .setting("CODEX_NAT");
}

Result<std::vector<net::dht::NodeRecord>> bootstrap_nodes(const std::vector<std::string>& texts,
                                                          const std::optional<Deadline>& until) {
    CODEX_TRY(parts, split_list("--bootstrap-node", "SPR", texts));
    std::vector<net::dht::NodeRecord> nodes;
    for (const std::string& part : parts) {
        std::vector<Said> records(1, Said{part});
        if (part.starts_with('@')) {
            auto lines = lines_of(part.substr(1), until);
            if (!lines)
                return fail(std::move(lines).error().context("--bootstrap-node"));
            records = std::move(*lines);
        }
        for (const Said& said : records) {
            CODEX_TRY(node, bootstrap_node(said));
            nodes.push_back(std::move(node));
        }
    }
    return nodes;
}

Result<DiscoverySettings> discovery_settings_of(const DiscoveryOptions& options,
                                                const std::vector<net::Multiaddr>& listen,
                                                const std::optional<Deadline>& until) {
    if (options.port > UINT16_MAX)
        return fail(Errc::usage, "--disc-port: {} is not from 0 to {}", options.port, UINT16_MAX);
    const auto port = static_cast<std::uint16_t>(options.port);
    DiscoverySettings settings;
    auto nat = net::parse_nat(options.nat);
    if (!nat)
        return fail(cli::bad_value("--nat", nat.error()));
    settings.nat = *nat;
    CODEX_SET(settings.bootstrap, bootstrap_nodes(options.bootstrap, until));
    if (options.ip == kNoDiscovery)
        return settings;
    if (options.ip.empty()) {
        settings.at = usual_address(listen, port);
        return settings;
    }
    settings.at = parse_ip(options.ip, port);
    if (!settings.at)
        return fail(Error(Errc::usage, fmt::format("--disc-ip: {}: not an IP address", options.ip))
                        .hint("for all addresses: --disc-ip 0.0.0.0; without discovery: --disc-ip "
                              "none"));
    return settings;
}

void warn_of_own_bootstrap(cli::Context& context) {
    const auto repo = context.repo_path();
    if (!repo || !context.given("bootstrap-node") || !repo::DaemonLock::seen(*repo))
        return;
    context.warn(
        "--bootstrap-node is for where no node serves the repo: the one that does asks those "
        "it was begun with; to ask others, begin it again: codex-serve run -b SPR");
}

void warn_of_discovery(const log::Logger& log, const DiscoverySettings& settings,
                       const std::vector<net::Multiaddr>& listen, const net::PeerId& own) {
    const SocketAddress& external = settings.nat.external;
    const std::string told = net::Multiaddr::tcp(external.ip_view(), external.port).text();
    const bool is_v4 = external.ip_bytes == 4;
    const auto is_of_its_kind = [&](const net::Multiaddr& one) {
        return one.tcp_endpoint()->ip.size() == external.ip_bytes;
    };
    if (settings.nat.kind == net::NatKind::extip && std::ranges::none_of(listen, is_of_its_kind))
        log.warn(fmt::format("Others are told an address of {} (--nat), where this node takes no "
                             "connections: it can be reached if something leads them on to one of "
                             "{}, or when it listens at one, too: --listen-addrs /{}/tcp/8070",
                             is_v4 ? "IPv4" : "IPv6", is_v4 ? "IPv6" : "IPv4",
                             is_v4 ? "ip4/0.0.0.0" : "ip6/::"),
                 {{"address", told.substr(0, told.rfind("/tcp/"))}});
    if (!settings.at && !settings.bootstrap.empty())
        log.warn("Bootstrap nodes are not asked, for discovery is off", {});
    for (const net::dht::NodeRecord& node : settings.bootstrap) {
        if (!settings.at)
            break;
        const auto at = net::dht::udp_address(node.record);
        const bool v4 = settings.at->ip_bytes == 4;
        if (node.record.peer == own)
            log.warn("A bootstrap node is this node itself", {{"id", log::Id{own.text()}}});
        else if (at && at->ip_bytes != settings.at->ip_bytes)
            log.warn(fmt::format("A bootstrap node cannot be asked, for its address is one of {}, "
                                 "and that of this node's UDP port is not: --disc-ip {}",
                                 v4 ? "IPv6" : "IPv4", v4 ? "::" : "0.0.0.0"),
                     {{"id", log::Id{node.record.peer.text()}}, {"address", at->text()}});
    }
}

void warn_of_clock(const log::Logger& log, const Clock& clock, std::uint64_t last_record,
                   const std::vector<net::dht::NodeRecord>& others) {
    const std::uint64_t now = clock.unix_seconds();
    std::uint64_t latest = std::max(kBegan, last_record < kNoTime ? last_record : 0);
    for (const net::dht::NodeRecord& other : others)
        if (other.record.sequence < kNoTime)
            latest = std::max(latest, other.record.sequence);
    if (now + kFarOff < latest)
        log.warn("The clock of this host is far behind: what is said to expire does so too late",
                 {{"clock", format_time(now)}, {"laterAlready", format_time(latest)}});
}

Result<std::unique_ptr<AskingDht>> begin_asking(cli::Context& context, Node& node,
                                                std::vector<net::dht::NodeRecord> bootstrap) {
    constexpr std::uint16_t kDiscard = 9; // where nobody answers
    const auto is_v4 = [](const net::dht::NodeRecord& one) {
        return net::dht::udp_address(one.record)->ip_bytes == 4;
    };
    const bool v4 = std::ranges::any_of(bootstrap, is_v4);
    const SocketAddress all = v4 ? SocketAddress(std::array<std::uint8_t, 4>{}, 0)
                                 : SocketAddress(std::array<std::uint8_t, 16>{}, 0);
    net::dht::DhtOptions options;
    options.announced = *parse_ip(v4 ? "127.0.0.1" : "::1", kDiscard);
    auto asking = std::make_unique<AskingDht>();
    for (const net::dht::NodeRecord& one : bootstrap)
        asking->bootstrap.push_back(*net::dht::udp_address(one.record));
    options.seeds = std::move(bootstrap);
    options.logger = context.log();
    CODEX_TRY(key, net::SecretKey::generate(Random::system()));
    CODEX_SET(asking->dht, net::dht::Dht::make(std::move(key), node.network, all, Random::system(),
                                               asking->store, std::move(options)));
    return asking;
}

Result<DiscoveryParts> begin_discovery(cli::Context& context, Node& node, const net::SecretKey& key,
                                       const DiscoverySettings& settings,
                                       const net::dht::SourceLimits& limits, const repo::Repo& repo,
                                       Executor& pool, node::RecordNumbers& numbers) {
    const log::Logger log = context.log();
    DiscoveryParts parts;
    node::DhtStoreOptions store;
    store.open.clock = context.clock();
    store.logger = log.with_topics("codex discovery");
    parts.store = std::make_unique<node::DhtStore>(repo.path(), node.loop, pool, Random::system(),
                                                   std::move(store));
    node::DhtNodeOptions options;
    options.at = *settings.at;
    options.bootstrap = settings.bootstrap;
    options.sources = limits;
    options.announcer = {settings.nat, SystemNetwork::outward, log.with_topics("codex discovery")};
    options.logger = log;
    auto made = node::DhtNode::make(key, *node.host, node.network, Random::system(), *parts.store,
                                    numbers, std::move(options));
    if (!made) {
        context.about(settings.at->text());
        return fail(discovery_error(std::move(made).error(), *settings.at));
    }
    parts.node = std::move(*made);
    node::AdvertiserOptions advertiser;
    advertiser.logger = log.with_topics("codex advertiser");
    parts.advertiser =
        std::make_unique<node::Advertiser>(*parts.node, repo, pool, std::move(advertiser));
    return parts;
}

} // namespace codex::serve_tool
