// codex-serve run: the node itself.
#include "base/output_file.hpp"
#include "cli/end_signals.hpp"
#include "exchange/server.hpp"
#include "net/identity/key_file.hpp"
#include "repo/daemon_lock.hpp"
#include "serve.hpp"
#include "toolkit/access.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

struct RunOptions {
    std::vector<std::string> listen;
    std::string key;
    std::uint64_t max_peers = 160;
    std::string agent = "Codex";
    std::string ready_file;
};

constexpr std::uint64_t kMostPeers = 100000;
constexpr std::size_t kMaxAgentBytes = 256;

/// Each value may be several, between commas or on lines.
std::vector<std::string> split_list(const std::vector<std::string>& values) {
    std::vector<std::string> parts;
    for (const std::string& value : values)
        for (std::size_t at = 0; at <= value.size();) {
            const std::size_t end = std::min(value.find_first_of(",\n", at), value.size());
            std::string part = value.substr(at, end - at);
            std::erase(part, ' ');
            if (!part.empty())
                parts.push_back(std::move(part));
            at = end + 1;
        }
    return parts;
}

Result<std::vector<net::Multiaddr>> listen_addresses(const RunOptions& options) {
    std::vector<std::string> texts = split_list(options.listen);
    if (texts.empty() && !options.listen.empty()) // of a variable that is not set, perhaps
        return fail(Error(Errc::usage, "--listen-addrs: is empty")
                        .hint("for example /ip4/0.0.0.0/tcp/8070"));
    if (texts.empty())
        texts.emplace_back("/ip4/0.0.0.0/tcp/0");
    std::vector<net::Multiaddr> addresses;
    for (const std::string& text : texts) {
        auto address = net::Multiaddr::from_text(text);
        if (!address)
            return fail(cli::bad_value("--listen-addrs", address.error()));
        if (!address->tcp_endpoint() || address->tcp_endpoint()->ip.empty() || address->peer())
            return fail(Error(Errc::usage, fmt::format("--listen-addrs: {}: not an IP address and "
                                                       "a TCP port",
                                                       text))
                            .hint("for example /ip4/0.0.0.0/tcp/8070"));
        addresses.push_back(*address);
    }
    return addresses;
}

/// The key of the node, which is made where there is none.
Result<net::SecretKey> node_key(const RunOptions& options, const repo::Repo& repo) {
    if (!options.key.empty())
        return net::read_or_make_key_file(options.key, Random::system());
    const std::string folder = repo.path() + "/node";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(system_error(errno, "make " + folder));
    return net::read_or_make_key_file(folder + "/key", Random::system());
}

/// The file that says that a node is ready, without what the last one has left there; a file that
/// cannot be made is said before anything is served.
Result<OutputFile> open_ready_file(const std::string& path) {
    CODEX_TRY(file, OutputFile::open(path));
    struct stat left = {};
    if (::lstat(path.c_str(), &left) == 0 && S_ISREG(left.st_mode) && ::unlink(path.c_str()) != 0)
        return fail(system_error(errno, "remove " + path));
    return file;
}

/// A line for each address at which the node is reached: id and address.
Result<void> write_ready_file(OutputFile& file, const std::string& path, const net::Host& host) {
    std::string lines;
    for (const net::Multiaddr& address : host.addresses()) {
        CODEX_TRY(whole, address.with_peer(host.id()));
        lines += fmt::format("{}\t{}\n", host.id().text(), whole.text());
    }
    CODEX_CHECK(write_full(file.fd(), as_bytes(lines), path));
    return file.commit();
}

std::vector<std::string> address_texts(const net::Host& host) {
    std::vector<std::string> texts;
    for (const net::Multiaddr& address : host.addresses())
        texts.push_back(address.text());
    return texts;
}

net::HostOptions host_options(const RunOptions& options) {
    net::HostOptions host;
    host.agent = options.agent;
    host.limits.connections = options.max_peers;
    return host;
}

/// Serves until it is told to end.
Result<void> serve(cli::Context& context, const RunOptions& options,
                   const std::vector<net::Multiaddr>& listen, cli::EndSignals& signals,
                   const repo::Repo& repo) {
    std::optional<OutputFile> ready;
    if (!options.ready_file.empty())
        CODEX_SET(ready, open_ready_file(options.ready_file));
    const log::Logger log = context.log().with_topics("codex node");
    CODEX_TRY(key, node_key(options, repo));
    CODEX_TRY(node, Node::make(context, std::move(key), host_options(options)));
    // At least one that works beside the loop, whatever -j says.
    ThreadPool pool(std::max(2u, context.pool().size()));
    exchange::PeersOptions peers_options;
    peers_options.logger = context.log().with_topics("codex blockexcnetwork");
    exchange::Peers peers(*node->host, std::move(peers_options));
    exchange::ServerOptions server_options;
    server_options.logger = context.log().with_topics("codex blockexcengine");
    const exchange::Server server(peers, repo, pool, std::move(server_options));
    for (const net::Multiaddr& address : listen)
        if (auto done = node->host->listen(address); !done)
            return fail(std::move(done).error().context(address.text()));
    if (!signals.start([&](int signal) {
            node->loop.post([&log, signal] {
                log.notice(signal == SIGINT ? "Shutting down after having received SIGINT"
                                            : "Shutting down after having received SIGTERM");
            });
            node->loop.stop();
        }))
        return fail(Errc::unavailable, "the system has no thread to give");
    log.info("Started codex node",
             {{"id", log::Id{node->host->id().text()}}, {"addrs", address_texts(*node->host)}});
    if (ready)
        CODEX_CHECK(write_ready_file(*ready, options.ready_file, *node->host));
    node->loop.run();
    log.notice("Stopping codex");
    signals.stop();
    return {};
}

Result<int> run_node(cli::Context& context, const RunOptions& options) {
    if (options.max_peers == 0 || options.max_peers > kMostPeers)
        return fail(Errc::usage, "--max-peers: {} is not from 1 to {}", options.max_peers,
                    kMostPeers);
    if (options.agent.size() > kMaxAgentBytes)
        return fail(Errc::usage, "--agent-string: longer than {} bytes", kMaxAgentBytes);
    CODEX_TRY(listen, listen_addresses(options));
    cli::EndSignals signals; // before there is a thread
    CODEX_TRY(repo, toolkit::open_repo(context, toolkit::Access::create));
    CODEX_TRY(lock, repo::DaemonLock::take(repo.path()));
    CODEX_CHECK(serve(context, options, listen, signals, repo));
    context.log().with_topics("codex node").notice("Exited codex");
    return 0;
}

} // namespace

void declare_run(cli::Command& root) {
    const auto options = std::make_shared<RunOptions>();
    root.command("run", "serve the repo, until SIGTERM or Ctrl-C")
        .option("-i,--listen-addrs ADDRESS", options->listen,
                "where to take connections; default /ip4/0.0.0.0/tcp/0, any port")
        .setting("CODEX_LISTEN_ADDRS")
        .option("--net-privkey FILE", options->key,
                "the key file, made where there is none; default: node/key in the repo")
        .setting("CODEX_NET_PRIVKEY")
        .option("--max-peers", options->max_peers, "connections at a time; default 160")
        .setting("CODEX_MAX_PEERS")
        .option("--agent-string", options->agent, "what peers are told this is; default Codex")
        .setting("CODEX_AGENT_STRING")
        .option("--ready-file FILE", options->ready_file,
                "appears once peers can connect, with a line for each address: id and multiaddr")
        .takes_log()
        .example("codex-serve run --listen-addrs /ip4/0.0.0.0/tcp/8070")
        .example("CODEX_LISTEN_ADDRS=/ip4/127.0.0.1/tcp/0 codex-serve run --ready-file ready")
        .run([options](cli::Context& context) { return run_node(context, *options); });
}

} // namespace codex::serve_tool
