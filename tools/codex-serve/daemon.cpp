#include "daemon.hpp"

#include "base/local_network.hpp"

namespace codex::serve_tool {

namespace {

/// Of a node that is there: it has to notice that somebody connects.
constexpr Clock::Duration kConnectPatience = std::chrono::seconds(10);
/// A node that fetches says at least every few seconds that it does.
constexpr Clock::Duration kFetchPatience = std::chrono::seconds(60);

/// A loop, and a connection with the node on it.
struct Daemon {
    explicit Daemon(const Clock& clock) : loop(clock) {}
    SystemLoop loop;
    std::optional<node::Lines> lines;
    pid_t process = 0;
};

/// Nothing, when no node serves the repo.
Result<std::unique_ptr<Daemon>> find_daemon(cli::Context& context) {
    CODEX_TRY(repo, context.repo_path());
    auto daemon = std::make_unique<Daemon>(context.clock());
    LocalNetwork network(daemon->loop);
    const Clock::Instant until = daemon->loop.now() + kConnectPatience;
    auto connection = run_task(daemon->loop, network.connect(node::control_path(repo), until));
    if (!*connection && connection->error().code() == Errc::unavailable)
        return std::unique_ptr<Daemon>();
    if (!*connection)
        return fail(std::move(*connection).error());
    daemon->process = (*connection)->process;
    daemon->lines.emplace(std::move((*connection)->socket));
    return daemon;
}

Result<void> ask(Daemon& daemon, node::Request request, const node::TakeReply& take,
                 Clock::Duration patience) {
    auto done = run_task(
        daemon.loop, node::ask(&daemon.loop, &*daemon.lines, std::move(request), &take, patience));
    return std::move(*done);
}

Result<std::unique_ptr<Daemon>> need_daemon(cli::Context& context) {
    CODEX_TRY(daemon, find_daemon(context));
    if (daemon)
        return daemon;
    CODEX_TRY(repo, context.repo_path());
    return fail(Error(Errc::unavailable, fmt::format("{}: no node serves it", repo))
                    .hint("begin one: codex-serve run"));
}

} // namespace

Result<void> ask_daemon(cli::Context& context, node::Request request, const node::TakeReply& take,
                        Clock::Duration patience) {
    CODEX_TRY(daemon, need_daemon(context));
    return ask(*daemon, std::move(request), take, patience);
}

Result<pid_t> stop_daemon(cli::Context& context, Clock::Duration patience) {
    CODEX_TRY(daemon, need_daemon(context));
    node::Request request;
    request.ask = node::Ask::stop;
    const node::TakeReply nothing = [](const node::Reply& /*reply*/) { return Result<void>(); };
    CODEX_CHECK(ask(*daemon, std::move(request), nothing, patience));
    return daemon->process;
}

Result<std::optional<exchange::FetchStatus>>
fetch_through_daemon(cli::Context& context, node::Request request, Progress& progress) {
    using Status = std::optional<exchange::FetchStatus>;
    CODEX_TRY(daemon, find_daemon(context));
    if (!daemon)
        return Status();
    exchange::FetchStatus status;
    const node::TakeReply take = [&](node::Reply reply) -> Result<void> {
        if (const auto* so_far = std::get_if<node::SoFar>(&reply)) {
            progress.done_bytes = so_far->done;
            progress.total_bytes = so_far->total;
        } else if (auto* gave = std::get_if<exchange::FetchPeer>(&reply)) {
            status.peers.push_back(std::move(*gave));
        } else if (const auto* totals = std::get_if<node::Totals>(&reply)) {
            status.blocks = totals->blocks;
            status.blocks_here = totals->blocks_here;
            status.blocks_fetched = totals->blocks_fetched;
            status.bytes_fetched = totals->bytes_fetched;
        }
        return {};
    };
    CODEX_CHECK(ask(*daemon, std::move(request), take, kFetchPatience));
    return Status(std::move(status));
}

} // namespace codex::serve_tool
