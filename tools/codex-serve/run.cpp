// codex-serve run: the node itself.
#include "base/local_network.hpp"
#include "base/thread.hpp"
#include "cli/end_signals.hpp"
#include "cli/supervisor.hpp"
#include "cli/tool.hpp"
#include "data_folder.hpp"
#include "net/identity/key_file.hpp"
#include "node/daemon.hpp"
#include "node/record_file.hpp"
#include "passed_sockets.hpp"
#include "ready_file.hpp"
#include "repo/daemon_lock.hpp"
#include "run_options.hpp"
#include "unserved.hpp"
#include "way_in.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

/// Of requests that are under way when the node is told to end.
constexpr Clock::Duration kEndPatience = std::chrono::seconds(3);

/// Settings that take effect while it serves.
constexpr std::string_view kReloaded[] = {"log-level",     "max-peers",       "limit",
                                          "peer",          "api-cors-origin", "api-allowed-hosts",
                                          "api-token-file"};

/// Where a node keeps what is its own, for its owner alone.
Result<void> make_node_folder(const repo::Repo& repo) {
    const std::string folder = repo.path() + "/node";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(system_error(errno, "make " + folder));
    // Not what a link leads to, and nothing but a folder.
    auto fd = open_file(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!fd)
        return fail(Error(Errc::cannot_create, fmt::format("{}: is no folder", folder))
                        .hint("move it away, and a new one is made"));
    if (::fchmod(fd->get(), 0700) != 0)
        return fail(system_error(errno, "restrict " + folder));
    return {};
}

net::HostOptions host_options(const RunOptions& options, const RunSettings& settings,
                              node::RecordNumbers& numbers) {
    net::HostOptions host;
    host.record_sequence = numbers.last();
    host.record_signed = [&numbers](std::uint64_t number) { numbers.note(number); };
    host.agent = options.agent;
    host.limits = settings.limits.host;
    return host;
}

exchange::PeersOptions peers_options(const cli::Context& context, const RunSettings& settings) {
    exchange::PeersOptions options = settings.limits.peers;
    options.logger = context.log().with_topics("codex blockexcnetwork");
    return options;
}

exchange::ServerOptions server_options(const cli::Context& context, const RunSettings& settings) {
    exchange::ServerOptions options = settings.limits.server;
    options.logger = context.log().with_topics("codex blockexcengine");
    return options;
}

/// The parts of a node that serves. Threads: the loop's.
struct Service {
    Service(cli::Context& context, Node& node, node::DhtNode* dht_node, const RunSettings& settings,
            repo::Repo& repo, Executor& executor)
        : run(context), host(*node.host), loop(node.loop), discovery(dht_node),
          log(context.log().with_topics("codex node")),
          peers(host, peers_options(context, settings)),
          server(peers, repo, executor, server_options(context, settings)), keeper(host, log),
          daemon(peers, server, repo, executor, daemon_options(settings)) {}

    node::DaemonOptions daemon_options(const RunSettings& settings) {
        node::DaemonOptions options;
        options.part = part_of;
        options.reload = [this] { return reload(); };
        options.stop = [this] {
            log.notice("Shutting down after having been asked to");
            loop.stop();
        };
        options.limits = settings.limits;
        options.discovery = discovery;
        // Nodes that chose alike would all ask for the same at a time, and have nothing for each
        // other.
        options.seed = Random::system().number().value_or(0);
        options.logger = run.log();
        return options;
    }
    void begin_api(std::unique_ptr<Acceptor> acceptor, const RunSettings& settings,
                   const RunOptions& options, repo::Repo& repo, Executor& executor);
    void begin_metrics(std::unique_ptr<Acceptor> acceptor, const RunSettings& settings,
                       const repo::Repo& repo, Executor& executor);
    /// Takes over what may change while it serves. Errors: those of the configuration; then
    /// everything stays as it was. Gives the settings that have changed and may not.
    Result<std::vector<std::string>> reload();
    void told(int signal);

    cli::Context& run;
    net::Host& host;
    EventLoop& loop;
    node::DhtNode* discovery; ///< nothing: there is none
    log::Logger log;
    exchange::Peers peers;
    exchange::Server server;
    node::Keeper keeper;
    node::Daemon daemon;
    std::optional<Api> api;
    std::optional<MetricsServer> metrics; ///< the first to go
};

Result<std::vector<std::string>> Service::reload() {
    RunOptions options;
    RunSettings settings;
    CODEX_TRY(changed, run.reread(
                           [&options](cli::Command& root) {
                               declare_run_options(
                                   root.command("run", "").takes_log().run(
                                       [](cli::Context& /*context*/) -> Result<int> { return 0; }),
                                   options);
                           },
                           [&]() -> Result<void> {
                               // Peers wait meanwhile: nobody waits for a pipe.
                               CODEX_SET(settings, settings_of(options, std::nullopt));
                               return {};
                           }));
    host.set_limits(settings.limits.host);
    peers.set_limits(settings.limits.peers);
    server.set_limits(settings.limits.server);
    if (discovery != nullptr)
        discovery->dht().set_limits(settings.limits.discovery);
    daemon.set_limits(settings.limits);
    if (api)
        api->set_access(settings.api.access);
    if (metrics)
        metrics->set_more_hosts(settings.api.more_hosts);
    keeper.keep(settings.peers);
    std::erase_if(changed, [](const std::string& name) {
        return std::ranges::find(kReloaded, name) != std::end(kReloaded);
    });
    log.notice("The configuration was read again");
    for (const std::string& name : changed)
        log.warn("A setting has changed that takes effect when the node is begun again",
                 {{"setting", name}});
    return changed;
}

void Service::begin_api(std::unique_ptr<Acceptor> acceptor, const RunSettings& settings,
                        const RunOptions& options, repo::Repo& repo, Executor& executor) {
    node::rest::RestOptions rest;
    rest.access = settings.api.access;
    const std::string& folder = options.data_dir.empty() ? repo.path() : options.data_dir;
    std::error_code unknown; // where it is begun is gone: then as it was said
    const auto whole = std::filesystem::absolute(folder, unknown);
    rest.folder = unknown ? folder : whole.lexically_normal().string();
    rest.version = cli::version();
    rest.revision = cli::revision();
    rest.discovery = discovery;
    rest.set_log_levels = [this](std::string_view levels) { return run.set_log_levels(levels); };
    show_to_browsers(run, rest);
    api.emplace(loop, std::move(acceptor), daemon, peers, repo, executor, std::move(rest), log);
    if (!settings.api.is_loopback && settings.api.access.token.empty())
        log.warn("Whoever reaches the REST interface may use it", {{"url", api->url()}});
}

void Service::begin_metrics(std::unique_ptr<Acceptor> acceptor, const RunSettings& settings,
                            const repo::Repo& repo, Executor& executor) {
    metrics.emplace(loop, std::move(acceptor), peers, server, repo, executor, log);
    metrics->set_more_hosts(settings.api.more_hosts);
    metrics->metrics().set_rest(api ? &api->rest() : nullptr);
    metrics->metrics().set_dht(discovery != nullptr ? &discovery->dht() : nullptr);
    log.info("Metrics are shown", {{"url", metrics->url()}});
}

void Service::told(int signal) {
    if (signal == SIGHUP) {
        if (auto done = reload(); !done)
            log.error("The configuration stays as it was", {{"error", done.error()}});
        return;
    }
    log.notice(signal == SIGINT ? "Shutting down after having received SIGINT"
                                : "Shutting down after having received SIGTERM");
    loop.stop();
}

/// Also says which address the error is about.
Error listen_error(cli::Context& context, Error error, const net::Multiaddr& address) {
    const auto endpoint = address.tcp_endpoint();
    const std::string text = address.text();
    const std::string_view host = std::string_view(text).substr(0, text.rfind('/'));
    if (error.code() == Errc::unavailable) {
        context.about(text);
        return Error(Errc::config_invalid,
                     fmt::format("{}: no address of this host: {}", text, error.text()))
            .hint("listen at one of its own, or at all: --listen-addrs /ip4/0.0.0.0/tcp/8070");
    }
    context.about(SocketAddress(endpoint->ip, endpoint->port).text());
    if (error.code() == Errc::address_in_use)
        return std::move(error).hint(
            fmt::format("name another port, or 0 for any that is free: --listen-addrs {}/0", host));
    return not_permitted(std::move(error), endpoint->port,
                         fmt::format("--listen-addrs {}/8070", host));
}

/// Whom signals are told is gone before the rest is, however this ends.
class TellNobody {
public:
    explicit TellNobody(cli::EndSignals& signals) : signals_(signals) {}
    TellNobody(const TellNobody&) = delete;
    TellNobody& operator=(const TellNobody&) = delete;
    ~TellNobody() { signals_.stop_telling(); }

private:
    cli::EndSignals& signals_;
};

/// Serves until it is told to end.
Result<void> serve(cli::Context& context, const RunOptions& options, const RunSettings& settings,
                   const std::string& key_file, cli::EndSignals& signals,
                   cli::Supervisor& supervisor, repo::Repo& repo) {
    std::optional<ReadyFile> ready;
    if (!options.ready_file.empty()) {
        CODEX_CHECK(context.require_outside_of_repo(options.ready_file));
        CODEX_SET(ready, ReadyFile::open(options.ready_file));
    }
    CODEX_CHECK(make_node_folder(repo));
    auto key = net::read_or_make_key_file(key_file, Random::system());
    if (!key) {
        context.about(key_file);
        return fail(key_not_made(std::move(key).error(), key_file));
    }
    const log::Logger log = context.log().with_topics("codex node");
    node::RecordFile record(repo.path() + "/node/record", log);
    node::RecordNumbers numbers(record.last(),
                                [&record](std::uint64_t number) { record.keep(number); });
    warn_of_clock(log, context.clock(), numbers.last(), settings.discovery.bootstrap);
    CODEX_TRY(for_host, net::SecretKey::decode(key->encode()));
    CODEX_TRY(node,
              Node::make(context, std::move(for_host), host_options(options, settings, numbers)));
    warn_of_discovery(log, settings.discovery, settings.listen, node->host->id());
    CODEX_CHECK(take_sockets(node->network, supervisor));
    for (const net::Multiaddr& address : settings.listen)
        if (auto done = node->host->listen(address); !done)
            return fail(unless_passed(context,
                                      listen_error(context, std::move(done).error(), address),
                                      node->network, address.tcp_endpoint()->port));
    std::unique_ptr<Acceptor> api_acceptor; // taken before anything is served
    if (settings.api.at) {
        auto made = listen_for_api(context, node->network, settings.api);
        if (!made)
            return fail(unless_passed(context, std::move(made).error(), node->network,
                                      settings.api.at->port));
        api_acceptor = std::move(*made);
    }
    std::unique_ptr<Acceptor> metrics_acceptor;
    if (settings.metrics)
        CODEX_SET(metrics_acceptor, listen_for_metrics(context, node->network, *settings.metrics));
    // At least one that works beside the loop, whatever -j says.
    std::optional<ThreadPool> pool(std::in_place, std::max(2u, context.pool().size()));
    record.write_beside(*pool);
    DiscoveryParts discovery; // goes after all that waits for it
    if (settings.discovery.at)
        CODEX_SET(discovery, begin_discovery(context, *node, *key, settings.discovery,
                                             settings.limits.discovery, repo, *pool, numbers));
    Service service(context, *node, discovery.node.get(), settings, repo, *pool);
    service.keeper.keep(settings.peers);
    LocalNetwork local(node->loop);
    CODEX_TRY(acceptor, local.listen(node::control_path(repo.path())));
    node::ControlOptions control_options;
    control_options.logger = service.log;
    node::ControlServer control(node->loop, std::move(acceptor), service.daemon, control_options);
    if (!signals.start(
            [&](int signal) { node->loop.post([&service, signal] { service.told(signal); }); }))
        return fail(no_thread());
    const TellNobody before_it_goes(signals);
    if (api_acceptor)
        service.begin_api(std::move(api_acceptor), settings, options, repo, *pool);
    CODEX_CHECK(check_sockets(context, node->network));
    if (metrics_acceptor)
        service.begin_metrics(std::move(metrics_acceptor), settings, repo, *pool);
    service.daemon.set_urls(service.api ? service.api->url() : std::string(),
                            service.metrics ? service.metrics->url() : std::string());
    service.log.info("Started codex node",
                     {{"id", log::Id{node->host->id().text()}},
                      {"addrs", node::addresses_of(*node->host, discovery.node.get())}});
    if (ready)
        CODEX_CHECK(ready->write(*node->host, discovery.node.get()));
    supervisor.ready(fmt::format("Serving as {}", node->host->id().text()));
    std::unique_ptr<net::nat::WayIn> way_in;
    if (discovery.node)
        way_in = begin_way_in(*node, *discovery.node, settings.discovery.nat, context.log());
    node->loop.run();
    if (ready)
        ready->remove(); // before anything else ends
    supervisor.stopping();
    if (way_in)
        way_in->end();
    service.log.notice("Stopping codex");
    signals.stop_telling();
    control.close();
    if (service.api)
        service.api->close();
    if (service.metrics)
        service.metrics->close();
    service.daemon.cancel();
    const auto all_answered = [&] {
        return control.answering() == 0 && (!service.api || service.api->answering() == 0) &&
               (!way_in || way_in->ended());
    };
    node->loop.run_until(all_answered, node->loop.now() + kEndPatience);
    if (discovery.node)
        static_cast<void>(run_task(node->loop, node::DhtNode::settle(discovery.node.get()),
                                   node->loop.now() + kEndPatience));
    record.finish();
    service.metrics.reset();
    service.api.reset(); // its jobs wait for what it reads
    pool.reset();        // its jobs use what is below
    return {};
}

Result<int> run_node(cli::Context& context, const RunOptions& options) {
    CODEX_TRY(settings, first_settings(context, options));
    if (!settings.metrics && (context.given("metrics-port") || context.given("metrics-address")))
        context.warn("no figures are shown without --metrics, whatever says where");
    CODEX_TRY(key_file, use_data_folder(context, options));
    std::signal(SIGPIPE, SIG_IGN); // who reads the log may go, and others are served
    cli::EndSignals signals;       // before there is a thread
    cli::Supervisor supervisor = cli::Supervisor::of_process();
    CODEX_TRY(path, context.repo_path());
    context.about(path); // until it is open, and held
    CODEX_TRY(repo, open_unless_served(context, path));
    auto lock = repo::DaemonLock::take(repo.path());
    if (!lock && lock.error().code() == Errc::repo_locked)
        return fail(served_already(std::move(lock.error())));
    if (!lock)
        return fail(std::move(lock.error()));
    context.about({});
    CODEX_CHECK(serve(context, options, settings, key_file, signals, supervisor, repo));
    context.log().with_topics("codex node").notice("Exited codex");
    return 0;
}

} // namespace

void declare_run(cli::Command& root) {
    const auto options = std::make_shared<RunOptions>();
    cli::Command& run = root.command("run", "serve the repo, until SIGTERM or Ctrl-C");
    declare_run_options(run, *options);
    run.takes_log()
        .example("codex-serve run --listen-addrs /ip4/0.0.0.0/tcp/8070")
        .example("CODEX_LISTEN_ADDRS=/ip4/127.0.0.1/tcp/0 codex-serve run --ready-file ready")
        .run([options](cli::Context& context) { return run_node(context, *options); });
}

} // namespace codex::serve_tool
