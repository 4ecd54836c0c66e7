// codex-serve connect, peers, reload, stop, health: what is said to the node that serves the repo.
#include "base/fd.hpp"
#include "base/local_network.hpp"
#include "daemon.hpp"
#include "repo/daemon_lock.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

constexpr Clock::Duration kAnswer = std::chrono::seconds(30);
constexpr std::chrono::milliseconds kLookAgain{50};

/// What is left, but never so little that a node which is well has no time to say it.
Clock::Duration left(const Deadline& until) {
    return std::clamp<Clock::Duration>(until.at() - until.clock().now(), std::chrono::seconds(1),
                                       std::chrono::hours(24));
}

node::Request asking(node::Ask what) {
    node::Request request;
    request.ask = what;
    return request;
}

// --- connect ------------------------------------------------------------------------------------

struct ConnectOptions {
    std::string address;
    cli::DurationValue timeout{30, false};
};

Result<int> run_connect(cli::Context& context, const ConnectOptions& options) {
    context.about(options.address);
    CODEX_TRY(target, parse_target(options.address));
    auto done = connect_by_daemon(context, options.address, options.timeout.seconds);
    if (!done)
        return fail(with_way_to_node(std::move(done).error(), options.timeout.seconds));
    CODEX_CHECK(context.print(cli::Record("connected").field("id", target.peer.text())));
    return 0;
}

// --- peers --------------------------------------------------------------------------------------

cli::Record record_of(const node::PeerRow& peer) {
    return cli::Record("peer")
        .field("id", peer.id)
        .field("address", peer.address)
        .text(peer.incoming ? "in" : "out")
        .json("incoming", peer.incoming)
        .field("muxer", peer.muxer)
        .field("agent", peer.agent)
        .field("streams", peer.streams)
        .field("bytesIn", peer.bytes_in)
        .field("bytesOut", peer.bytes_out)
        .field("wants", peer.wants);
}

cli::Record record_of(const node::LimitRow& limit) {
    return cli::Record("limit")
        .field("name", limit.name)
        .field("value", limit.value.empty() ? std::string_view("-") : limit.value)
        .field("hits", limit.hits);
}

Result<int> run_peers(cli::Context& context, bool limits) {
    const node::TakeReply print = [&context](const node::Reply& reply) -> Result<void> {
        if (const auto* peer = std::get_if<node::PeerRow>(&reply))
            return context.print(record_of(*peer));
        if (const auto* limit = std::get_if<node::LimitRow>(&reply))
            return context.print(record_of(*limit));
        return {};
    };
    CODEX_CHECK(
        ask_daemon(context, asking(limits ? node::Ask::limits : node::Ask::peers), print, kAnswer));
    return 0;
}

// --- health -------------------------------------------------------------------------------------

cli::Record nodes_of(const node::About& about) {
    cli::Record record("health");
    return about.nodes ? record.json("nodes", *about.nodes) : record.json("nodes", nullptr);
}

/// Whether the node that is waited for has begun and ended.
class Begun {
public:
    explicit Begun(std::string repo)
        : repo_(std::move(repo)), taken_before_(repo::DaemonLock::last_taken(repo_)) {}

    /// Errors: unavailable, when one had begun, and a moment later no other has.
    Result<void> look(Clock::Instant now) {
        if (const auto holder = repo::DaemonLock::seen(repo_)) {
            words_ = holder->words;
            gone_at_.reset();
            return {};
        }
        if (words_.empty() && repo::DaemonLock::last_taken(repo_) == taken_before_)
            return {};
        if (!gone_at_)
            gone_at_ = now;
        if (now - *gone_at_ < kAnother)
            return {};
        return fail(Error(Errc::unavailable,
                          fmt::format("{}: a node has begun to serve it, and has ended{}{}", repo_,
                                      words_.empty() ? "" : ": ", words_))
                        .hint("its log says why")
                        .remedy(Remedy(Remedy::run_node, "begin it again")));
    }

private:
    /// Whoever begins nodes again may do so at once.
    static constexpr Clock::Duration kAnother = std::chrono::seconds(1);

    std::string repo_;
    std::uint64_t taken_before_;
    std::string words_; ///< who had it
    std::optional<Clock::Instant> gone_at_;
};

Result<int> run_health(cli::Context& context, const cli::DurationValue& wait) {
    const Deadline until = wait.given ? Deadline::after_seconds(context.clock(), wait.seconds)
                                      : Deadline::after_seconds(context.clock(), 0);
    const node::TakeReply print = [&context](const node::Reply& reply) -> Result<void> {
        const auto* about = std::get_if<node::About>(&reply);
        if (about == nullptr)
            return {};
        return context.print(
            cli::Record("health")
                .field("id", about->id)
                .field("peers", about->peers)
                .text(fmt::format("{}", fmt::join(about->addresses, ",")))
                .json("addresses", about->addresses)
                .field("api", about->api.empty() ? std::string_view("-") : about->api)
                .field("metrics", about->metrics.empty() ? std::string_view("-") : about->metrics)
                .members_of(nodes_of(*about)) // null where it has no part in the DHT
                .text(about->nodes ? fmt::format("{}", *about->nodes) : "-"));
    };
    CODEX_TRY(repo, context.repo_path());
    Begun begun(repo);
    for (;;) {
        auto answered = ask_daemon(context, asking(node::Ask::health), print,
                                   wait.given ? left(until) : kAnswer);
        if (answered)
            return 0;
        if (answered.error().code() != Errc::unavailable || !wait.given)
            return fail(std::move(answered).error());
        CODEX_CHECK(begun.look(context.clock().now()));
        if (!until.pause(kLookAgain)) {
            std::string why = answered.error().text(); // about the repo, as the error is
            if (why.starts_with(repo + ": "))
                why.erase(0, repo.size() + 2);
            return fail(Error(Errc::timeout, fmt::format("the time is over: {}", why))
                            .way_out_of(answered.error()));
        }
    }
}

// --- reload -------------------------------------------------------------------------------------

/// FILE of "FILE:LINE: why", which the node has read; empty: the error is about none.
std::string file_of_line(std::string_view text) {
    const std::size_t colon = text.find(": ");
    const std::size_t line = text.substr(0, colon).rfind(':');
    if (colon == text.npos || line == text.npos || line + 1 == colon ||
        !std::ranges::all_of(text.substr(line + 1, colon - line - 1),
                             [](char c) { return c >= '0' && c <= '9'; }))
        return {};
    return std::string(text.substr(0, line));
}

Result<int> run_reload(cli::Context& context) {
    std::vector<std::string> later;
    const node::TakeReply warn = [&](const node::Reply& reply) -> Result<void> {
        const auto* setting = std::get_if<node::Later>(&reply);
        if (setting == nullptr)
            return {};
        later.push_back(setting->setting);
        context.warn(setting->setting,
                     "has changed, and takes effect when the node is begun again");
        return {};
    };
    auto done = ask_daemon(context, asking(node::Ask::reload), warn, kAnswer);
    JsonWriter names;
    names.list(later);
    context.note_total_json("later", std::move(names).text());
    if (!done)
        if (const std::string file = file_of_line(done.error().text()); !file.empty())
            context.about(file);
    CODEX_CHECK(std::move(done));
    return 0;
}

// --- stop ---------------------------------------------------------------------------------------

/// Returns when the process has ended. Errors: timeout.
Result<void> wait_for_end(pid_t process, const Deadline& until) {
    const Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    if (!fd)
        return errno == ESRCH ? Result<void>()
                              : fail(system_error(errno, fmt::format("watch process {}", process)));
    for (;;) {
        pollfd waited{fd.get(), POLLIN, 0};
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until.clock().nap(until.at()));
        if (::poll(&waited, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1000))) > 0)
            return {};
        if (until.passed())
            return fail(
                hanging(Error(Errc::timeout,
                              fmt::format("process {} has not ended in time; it was told to, "
                                          "and does so once it can",
                                          process)),
                        process));
    }
}

Result<int> run_stop(cli::Context& context, const cli::DurationValue& timeout) {
    const Deadline until = Deadline::after_seconds(context.clock(), timeout.seconds);
    CODEX_TRY(process, stop_daemon(context, left(until)));
    if (process != 0) // else it cannot be seen from here
        CODEX_CHECK(wait_for_end(process, until));
    return 0;
}

} // namespace

void declare_control(cli::Command& root) {
    const auto connect = std::make_shared<ConnectOptions>();
    root.command("connect", "let the running node connect to another")
        .argument("ADDRESS", connect->address, "a multiaddr that ends in /p2p/ID")
        .option("--timeout", connect->timeout, "until they are connected; default 30s")
        .example("codex-serve connect /ip4/192.0.2.1/tcp/8070/p2p/16Uiu2HA...")
        .example("codex-serve connect --timeout 5s /dns4/host.example/tcp/8070/p2p/16Uiu2HA...")
        .only_needs({"repo"})
        .run([connect](cli::Context& context) { return run_connect(context, *connect); });
    const auto limits = std::make_shared<bool>(false);
    root.command("peers", "list with whom the running node is connected")
        .flag("--limits", *limits, "list its limits instead, and how often each of them bit")
        .example("codex-serve peers")
        .example("codex-serve peers --limits")
        .only_needs({"repo"})
        .run([limits](cli::Context& context) { return run_peers(context, *limits); });
    root.command("reload", "let the running node read its configuration again")
        .example("codex-serve reload")
        .example("codex-serve -r /srv/codex reload")
        .only_needs({"repo"})
        .run([](cli::Context& context) { return run_reload(context); });
    const auto wait = std::make_shared<cli::DurationValue>();
    root.command("health", "see whether a node serves the repo")
        .option("--wait", *wait, "until one does, so long at most")
        .example("codex-serve health")
        .example("codex-serve health --wait 30s")
        .only_needs({"repo"})
        .run([wait](cli::Context& context) { return run_health(context, *wait); });
    const auto timeout = std::make_shared<cli::DurationValue>(cli::DurationValue{30, false});
    root.command("stop", "end the running node, and wait until it has ended")
        .option("--timeout", *timeout, "how long to wait; default 30s")
        .example("codex-serve stop")
        .example("codex-serve stop --timeout 5s")
        .only_needs({"repo"})
        .run([timeout](cli::Context& context) { return run_stop(context, *timeout); });
}

} // namespace codex::serve_tool
