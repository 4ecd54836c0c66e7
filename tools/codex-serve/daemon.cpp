#include "daemon.hpp"

#include "base/local_network.hpp"
#include "base/thread_pool.hpp"
#include "exchange/follow.hpp"
#include "fetch_report.hpp"
#include "repo/daemon_lock.hpp"

#include <unistd.h>

namespace codex::serve_tool {

namespace {

/// Of a node that is there: it has to notice that somebody connects.
constexpr Clock::Duration kConnectPatience = std::chrono::seconds(10);
/// A node that is at the end of a time says so; until that is here.
constexpr Clock::Duration kGrace = std::chrono::seconds(3);
/// A node that fetches says at least every few seconds that it does.
constexpr Clock::Duration kFetchPatience = std::chrono::seconds(60);

/// A loop, and a connection with the node on it.
struct Daemon {
    explicit Daemon(const Clock& clock) : loop(clock) {}
    SystemLoop loop;
    std::optional<node::Lines> lines;
    std::string repo;
    pid_t process = 0;
};

/// A node that is there and says nothing.
Error silent(const std::string& repo, pid_t process) {
    const auto holder = repo::DaemonLock::holder(repo);
    return hanging(
        Error(Errc::timeout, fmt::format("{}: its node does not answer: {}", repo,
                                         holder ? *holder : "nothing says which process it is")),
        process);
}

/// A node that is well has that much time to say anything: whoever gives less is not to be told
/// that the node is silent, but by the node that the time is over.
constexpr Clock::Duration kLeast = std::chrono::seconds(1);

/// `span` from now, or never.
Clock::Instant later(Clock::Instant from, Clock::Duration span) {
    return span >= Clock::Instant::max() - from ? Clock::Instant::max() : from + span;
}

/// Nothing, when no node serves the repo.
Result<std::unique_ptr<Daemon>> find_daemon(cli::Context& context, Clock::Instant before) {
    CODEX_TRY(repo, context.repo_path());
    auto daemon = std::make_unique<Daemon>(context.clock());
    LocalNetwork network(daemon->loop);
    const Clock::Instant until = std::min(before, daemon->loop.now() + kConnectPatience);
    auto connection = run_task(daemon->loop, network.connect(node::control_path(repo), until));
    if (!*connection && connection->error().code() == Errc::unavailable)
        return std::unique_ptr<Daemon>();
    if (!*connection && connection->error().code() == Errc::timeout)
        return fail(silent(repo, 0));
    if (!*connection)
        return fail(std::move(*connection).error());
    daemon->repo = std::move(repo);
    daemon->process = (*connection)->process;
    daemon->lines.emplace(std::move((*connection)->socket));
    return daemon;
}

Result<void> ask(Daemon& daemon, node::Request request, const node::TakeReply& take,
                 Clock::Duration span, Clock::Instant until) {
    const node::Patience patience{span, [&daemon] { return silent(daemon.repo, daemon.process); },
                                  until};
    auto done = run_task(
        daemon.loop, node::ask(&daemon.loop, &*daemon.lines, std::move(request), &take, &patience));
    return std::move(*done);
}

const node::TakeReply kNothing = [](const node::Reply& /*reply*/) { return Result<void>(); };

/// Whether the node answers at all, before it is trusted to end in time what may take all of it:
/// one that is stopped is not waited for any longer than that.
Result<void> answers(Daemon& daemon, Clock::Instant until) {
    node::Request request;
    request.ask = node::Ask::health;
    return ask(daemon, std::move(request), kNothing, kFetchPatience, until);
}

Result<std::unique_ptr<Daemon>> need_daemon(cli::Context& context, Clock::Instant until) {
    CODEX_TRY(daemon, find_daemon(context, until));
    if (daemon)
        return daemon;
    CODEX_TRY(repo, context.repo_path());
    context.about(repo);
    return fail(no_node(repo));
}

Result<std::unique_ptr<Daemon>> need_or_begin_one(cli::Context& context, Clock::Instant until) {
    auto daemon = need_daemon(context, until);
    if (!daemon && daemon.error().code() == Errc::unavailable && !daemon.error().has_way_out())
        return fail(std::move(daemon.error()).remedy(Remedy(Remedy::run_node, "begin one")));
    return daemon;
}

Error the_node_ended(bool nobody_else_has_it) {
    Error error = Error(Errc::unavailable, "the node that fetches has ended")
                      .hint("what has come stays, and the same command goes on from there");
    if (nobody_else_has_it)
        return std::move(error).remedy(Remedy(Remedy::run_node, "begin the node again first"));
    return error;
}

} // namespace

Error no_node(const std::string& repo) {
    const auto holder = repo::DaemonLock::seen(repo);
    if (!holder) {
        Error none(Errc::unavailable, fmt::format("{}: no node serves it", repo));
        if (::access((repo + "/repo/version").c_str(), F_OK) != 0)
            return none;
        return std::move(none).hint(
            fmt::format("that is a data folder, with the repo in it: --repo {}/repo", repo));
    }
    Error error(Errc::unavailable,
                fmt::format("{}: a node holds it, {}, and its control socket is not there: it has "
                            "just begun, or somebody has removed {}",
                            repo, holder->words, node::control_path(repo)));
    return std::move(error)
        .remedy(Remedy(Remedy::show_node, "if it has just begun, wait for it")
                    .by("codex-serve health --wait 30s"))
        .remedy(Remedy(Remedy::stop_node, "else end it, which loses nothing")
                    .by(fmt::format("kill {}", holder->process)))
        .remedy(Remedy(Remedy::run_node, "and begin it again"));
}

Error hanging(Error error, pid_t process) {
    if (process == 0)
        return error;
    return std::move(error)
        .hint("wait longer")
        .remedy(Remedy(Remedy::stop_node, "or end it at once, which loses nothing")
                    .by(fmt::format("kill -KILL {}", process)));
}

Result<void> ask_daemon(cli::Context& context, node::Request request, const node::TakeReply& take,
                        Clock::Duration patience) {
    const Clock::Duration span = std::max(patience, kLeast);
    const Clock::Instant until = later(context.clock().now(), span);
    CODEX_TRY(daemon, need_or_begin_one(context, until));
    auto done = ask(*daemon, std::move(request), take, span, until);
    // A node that is killed while somebody comes to it is none.
    if (!done && done.error().code() == Errc::unavailable && !done.error().has_way_out() &&
        !repo::DaemonLock::seen(daemon->repo)) {
        context.about(daemon->repo);
        return fail(no_node(daemon->repo).remedy(Remedy(Remedy::run_node, "begin one")));
    }
    return done;
}

Result<bool> ask_daemon_if_any(cli::Context& context, node::Request request,
                               const node::TakeReply& take, Clock::Duration patience) {
    const Clock::Instant until = later(context.clock().now(), std::max(patience, kLeast));
    CODEX_TRY(daemon, find_daemon(context, until));
    if (!daemon)
        return false;
    CODEX_CHECK(answers(*daemon, until)); // it says itself that the time is over
    CODEX_CHECK(
        ask(*daemon, std::move(request), take, std::chrono::hours(24), later(until, kGrace)));
    return true;
}

Result<void> connect_by_daemon(cli::Context& context, std::string address, std::uint64_t seconds) {
    const Clock::Instant until =
        Deadline::after_seconds(context.clock(), std::max<std::uint64_t>(seconds, 1)).at();
    CODEX_TRY(daemon, need_or_begin_one(context, until));
    CODEX_CHECK(answers(*daemon, until));
    node::Request request;
    request.ask = node::Ask::connect;
    request.address = std::move(address);
    request.seconds = seconds;
    const Clock::Instant at_most = later(until, kGrace);
    return ask(*daemon, std::move(request), kNothing, std::chrono::hours(24), at_most);
}

Result<pid_t> stop_daemon(cli::Context& context, Clock::Duration patience) {
    const Clock::Instant until = later(context.clock().now(), std::max(patience, kLeast));
    auto daemon = need_daemon(context, until);
    if (!daemon && daemon.error().code() == Errc::unavailable && !daemon.error().has_way_out())
        return fail(
            std::move(daemon.error())
                .hint("there is nothing to end")
                .remedy(Remedy(Remedy::stop_node, "where a node serves another repo, name that")
                            .by("codex-serve --repo OTHER stop")));
    if (!daemon)
        return fail(std::move(daemon.error()));
    node::Request request;
    request.ask = node::Ask::stop;
    auto told = ask(**daemon, std::move(request), kNothing, patience, until);
    if (!told && told.error().code() == Errc::timeout)
        return fail(
            Error(Errc::timeout, fmt::format("{}; it was told to end, and does so once it goes on",
                                             told.error().text()))
                .way_out_of(told.error()));
    CODEX_CHECK(std::move(told));
    return (*daemon)->process;
}

namespace {

/// The content of a dataset that the node fetches, on its way to who reads it.
/// Threads: the loop's.
class Reading {
public:
    Reading(Daemon& daemon, repo::Repo& repo, const ThroughDaemon& how, Progress& progress)
        : daemon_(daemon), pool_(kThreads),
          follow_(daemon.loop, repo, how.cid, how.part, *how.content, codex::Job(pool_, progress)),
          tasks_(daemon.loop, [this](const std::exception_ptr& /*thrown*/) {
              outcome_.emplace(fail(out_of_memory()));
              daemon_.lines->close();
          }) {
        tasks_.start(run(this));
    }

    /// The fetch has ended so. Gives how all of it has. Errors: also timeout, at `until`.
    Result<void> end(Result<void> fetched, Clock::Instant until) {
        const auto over = [this] { return tasks_.size() == 0; };
        const bool gave_up = outcome_ && !*outcome_; // and so the fetch has ended
        if (fetched)
            follow_.all_is_here();
        else if (!gave_up)
            follow_.cancel();
        const bool in_time = daemon_.loop.run_until(over, until);
        if (!in_time) {
            follow_.cancel();
            daemon_.loop.run_until(over);
            if (!fetched && !gave_up)
                return fetched;
            return fail(Error(Errc::timeout, "the time is over, and who reads the content has not "
                                             "taken it all")
                            .hint("what has come stays, and the same command writes it"));
        }
        if (!fetched && !gave_up)
            return fetched;
        return std::move(*outcome_);
    }

private:
    /// One that works, and one that waits for who reads.
    static constexpr unsigned kThreads = 3;

    static Task<void> run(Reading* self) {
        auto done = co_await exchange::Follow::run(&self->follow_);
        if (!done)
            self->daemon_.lines->close(); // nobody wants it any more
        self->outcome_.emplace(std::move(done));
    }

    Daemon& daemon_;
    ThreadPool pool_;
    exchange::Follow follow_;
    std::optional<Result<void>> outcome_;
    TaskGroup tasks_;
};

/// Rounded up, and at least one.
std::uint64_t seconds_left(const Deadline& until) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(until.at() - until.clock().now());
    return static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 1));
}

} // namespace

Result<bool> fetch_through_daemon(cli::Context& context, node::Request request,
                                  const ThroughDaemon& how, const Deadline& until,
                                  Progress& progress, exchange::FetchStatus& status) {
    const bool only_its_own = request.peers.empty(); // peers of the node are asked, and no others
    CODEX_TRY(daemon, find_daemon(context, until.at()));
    if (!daemon)
        return false;
    Result<void> done = answers(*daemon, until.at());
    if (!until.is_never())
        request.seconds = seconds_left(until);
    std::optional<Reading> reading;
    if (how.content != nullptr) {
        CODEX_TRY(to, how.repo.destination());
        request.in_order = true;
        reading.emplace(*daemon, *to.repo, how, progress);
    }
    FetchTelling telling(context, how.cid);
    bool has_ended = false; // the fetch, before the node
    const node::TakeReply take = [&](node::Reply reply) -> Result<void> {
        if (const auto* so_far = std::get_if<node::SoFar>(&reply)) {
            progress.done_bytes = so_far->done;
            progress.total_bytes = so_far->total;
            telling.tell(*so_far);
        } else if (auto* gave = std::get_if<exchange::FetchPeer>(&reply)) {
            status.peers.push_back(std::move(*gave));
        } else if (const auto* totals = std::get_if<node::Totals>(&reply)) {
            status.blocks = totals->blocks;
            status.blocks_here = totals->blocks_here;
            status.blocks_fetched = totals->blocks_fetched;
            status.bytes_fetched = totals->bytes_fetched;
            has_ended = true;
        }
        return {};
    };
    // Each part that comes shows that it goes on; what has come when the time is over is stored.
    Clock::Duration patience = kFetchPatience;
    if (request.seconds && *request.seconds < 60)
        patience = std::min(patience, std::chrono::seconds(*request.seconds) + kGrace);
    if (done)
        done = ask(*daemon, std::move(request), take, patience, later(until.at(), kFetchPatience));
    const bool is_gone = !done && (done.error().code() == Errc::cancelled ||
                                   (done.error().code() == Errc::unavailable && !has_ended));
    if (is_gone)
        done = fail(the_node_ended(only_its_own));
    if (done) { // what was said last is from before the end
        progress.total_bytes = std::max(progress.total_bytes.load(), status.bytes_fetched);
        progress.done_bytes = progress.total_bytes.load();
    }
    if (reading)
        done = reading->end(std::move(done), until.at());
    if (!done) // of a node that is gone the other ways are none
        return fail(is_gone ? std::move(done).error()
                            : with_way_out(std::move(done).error(),
                                           only_its_own ? Asked::peers_of_node : Asked::peers));
    return true;
}

} // namespace codex::serve_tool
