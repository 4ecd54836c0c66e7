// codex-serve fetch: datasets from other nodes into the repo.
#include "exchange/fetch.hpp"

#include "base/fd.hpp"
#include "base/fd_stream.hpp"
#include "base/output_file.hpp"
#include "cli/for_each.hpp"
#include "daemon.hpp"
#include "dataset/dataset.hpp"
#include "fetch_report.hpp"
#include "late_repo.hpp"
#include "proof/slots.hpp"
#include "serve.hpp"
#include "toolkit/byte_range.hpp"
#include "via.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

/// How long nobody may read a FIFO until somebody looks again.
constexpr std::chrono::milliseconds kNextReader{50};
/// Of the CID of a manifest as it is mostly written.
constexpr std::size_t kUsualCidChars = 52;

struct FetchArguments {
    std::vector<std::string> cids;
    std::vector<std::string> peers;
    std::vector<std::string> via;
    std::optional<std::string> to;
    std::optional<std::string> range;
    std::optional<std::uint64_t> slot;
    cli::DurationValue timeout;
};

Result<std::vector<net::Multiaddr>> peers_of(const FetchArguments& arguments) {
    std::vector<net::Multiaddr> peers;
    const std::vector<std::string> texts = split_list(arguments.peers);
    if (texts.empty() && !arguments.peers.empty()) // blanks, or commas alone
        return fail(Error(Errc::usage, "--peer: ADDRESS is empty")
                        .hint("perhaps it is a variable that was never set"));
    for (const std::string& text : texts) {
        const auto target = parse_target(text);
        if (!target)
            return fail(cli::bad_value("--peer", target.error()));
        CODEX_TRY(whole, target->address.with_peer(target->peer));
        peers.push_back(whole);
    }
    return peers;
}

/// The beginning of a CID names what is in the repo, and what is fetched mostly is not.
Result<Cid> whole_cid(const std::string& text) {
    auto cid = codec::manifest_cid(text);
    const bool maybe_cut = text.starts_with("zDv") && text.size() < kUsualCidChars;
    if (!cid && maybe_cut)
        return fail(
            Error(cid.error().code(), cid.error().text())
                .hint("name it by its whole CID; nodes that have it know nothing of beginnings"));
    return cid;
}

/// Where the content goes beside the repo.
struct ContentFile {
    std::optional<OutputFile> file;
    Fd fifo; ///< instead of a file
    std::unique_ptr<FdSink> sink;

    [[nodiscard]] bool is_stdout() const { return sink && !file && !fifo; }
};

/// What is in the repo is the repo's own. Errors: cannot_create, usage.
Result<void> outside_of_repo(const cli::Context& context, const std::string& path) {
    namespace fs = std::filesystem;
    CODEX_TRY(repo, context.repo_path());
    std::error_code error; // what cannot be looked at cannot be opened either, which is said then
    const fs::path folder = fs::weakly_canonical(repo, error);
    const fs::path file = fs::weakly_canonical(path, error);
    const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
    if (folder.empty() || end != folder.end())
        return {};
    return fail(Error(Errc::cannot_create, fmt::format("{}: is in the repo", path))
                    .remedy({Remedy::name_output, "name a file outside of it"}));
}

/// Waits for the reader of a FIFO, as open(2) would without end; nothing of what is none, or is not
/// to be opened. Errors: timeout.
Result<Fd> fifo_of(const std::string& path, const Deadline& until) {
    // What stands for a descriptor has the reader that it ever will.
    const bool open_already = path.starts_with("/dev/") || path.starts_with("/proc/");
    struct stat there = {};
    if (open_already || ::stat(path.c_str(), &there) != 0 || !S_ISFIFO(there.st_mode))
        return Fd();
    for (;;) {
        Fd opened(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        if (opened)
            return opened;
        if (errno != ENXIO && errno != EINTR)
            return Fd(); // whoever opens it says what is wrong
        if (!until.pause(kNextReader))
            return fail(
                Error(Errc::timeout, fmt::format("the time is over: {} is a FIFO, and "
                                                 "nobody has begun to read it",
                                                 path))
                    .remedy({Remedy::name_output, "name a file, or let somebody read it first"}));
    }
}

Result<ContentFile> destination_of(cli::Context& context, const FetchArguments& arguments,
                                   const Deadline& until) {
    ContentFile to;
    if (!arguments.to)
        return to;
    if (*arguments.to == "-") {
        if (::isatty(STDOUT_FILENO) != 0)
            return fail(Error(Errc::usage, "--to -: stdout is a terminal")
                            .hint("name a file, or put a pipe behind it"));
        CODEX_CHECK(context.binary_output());
        CODEX_TRY(out, FdSink::create(STDOUT_FILENO, "stdout"));
        to.sink = std::make_unique<FdSink>(std::move(out));
        return to;
    }
    CODEX_CHECK(outside_of_repo(context, *arguments.to));
    CODEX_SET(to.fifo, fifo_of(*arguments.to, until));
    if (!to.fifo) {
        CODEX_TRY(file, OutputFile::open(*arguments.to));
        to.file = std::move(file);
    }
    CODEX_TRY(sink, FdSink::create(to.fifo ? to.fifo.get() : to.file->fd(), *arguments.to));
    to.sink = std::make_unique<FdSink>(std::move(sink));
    return to;
}

/// The blocks of a slot (codex-slots(5), SLOTS).
Result<exchange::FetchPart> slot_of(const codec::Manifest& manifest, std::uint64_t slot) {
    if (!manifest.is_verifiable())
        return fail(Error(Errc::manifest_invalid, "the dataset has no slot roots")
                        .hint("--slot is for verifiable datasets; without it all is fetched"));
    const codec::VerificationInfo& listed = *manifest.erasure->verification;
    CODEX_TRY(shape, proof::SlotShape::of(manifest, listed.cell_size_bytes, listed.strategy));
    if (slot >= shape.slots)
        return fail(shape.no_slot(slot));
    exchange::FetchPart part;
    for (std::uint64_t i = 0; i < shape.data_blocks; ++i)
        part.blocks.insert(shape.tree_index(static_cast<std::uint32_t>(slot), i));
    return part;
}

/// Writes to a pipe that nobody reads any more are errors meanwhile, and no end of the process:
/// what has come is to be kept first.
class PipesBreakGently {
public:
    PipesBreakGently() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
    PipesBreakGently(const PipesBreakGently&) = delete;
    PipesBreakGently& operator=(const PipesBreakGently&) = delete;
    ~PipesBreakGently() { std::signal(SIGPIPE, before_); }

    /// Ends the process as the broken pipe would have, if there is one.
    void end_if_broken() const {
        pollfd out{STDOUT_FILENO, 0, 0};
        if (::poll(&out, 1, 0) != 1 || (out.revents & POLLERR) == 0)
            return;
        std::signal(SIGPIPE, before_);
        std::raise(SIGPIPE);
    }

private:
    void (*before_)(int);
};

using Vias = std::vector<std::unique_ptr<Via>>;

/// One dataset that is fetched.
struct Wanted {
    const Cid& cid;
    exchange::FetchOptions options;
    LateRepo& repo;
    const Deadline& until;
    Progress& progress;
    exchange::FetchStatus& status; ///< what has come, also before an error
};

constexpr Clock::Duration kTellPause = std::chrono::milliseconds(250);
/// For commands that were asked, until they have said the last and end by themselves.
constexpr Clock::Duration kPartingPatience = std::chrono::seconds(2);

Task<void> tell_of(EventLoop* loop, const exchange::Fetch* fetch, const Progress* progress,
                   FetchTelling* telling) {
    while (true) {
        telling->tell(node::so_far_of(fetch->status(), *progress));
        const Clock::Instant next = loop->now() + kTellPause;
        co_await loop->pause_until(next);
    }
}

/// The fetch, with peers of the node and of commands.
Result<void> fetch_with(cli::Context& context, Node& node, const Vias& vias, Wanted wanted) {
    // Beside the loop one that works, whatever -j says, and one that waits for who reads.
    ThreadPool pool(std::max(3u, context.pool().size()));
    exchange::PeersOptions peers_options;
    peers_options.logger = context.log().with_topics("codex blockexcnetwork");
    exchange::Peers peers(*node.host, std::move(peers_options));
    exchange::FetchOptions& options = wanted.options;
    options.logger = context.log().with_topics("codex blockexcengine");
    CODEX_SET(options.seed, Random::system().number());
    for (const auto& via : vias) {
        peers.attach(*via->peer);
        options.pipes.push_back(via->peer.get());
    }
    const codex::Job job(pool, wanted.progress);
    std::optional<exchange::Fetch> fetch;
    if (repo::Repo* const there = wanted.repo.there(); there != nullptr) {
        options.expiry = wanted.repo.expiry();
        fetch.emplace(peers, *there, wanted.cid, std::move(options), job);
    } else {
        const auto open = [&repo = wanted.repo] { return repo.destination(); };
        fetch.emplace(peers, open, wanted.cid, std::move(options), job);
    }
    FetchTelling words(context, wanted.cid);
    TaskGroup telling(node.loop, [](const std::exception_ptr& /*thrown*/) {});
    telling.start(tell_of(&node.loop, &*fetch, &wanted.progress, &words));
    auto done = run_task(node.loop, exchange::Fetch::run(&*fetch));
    wanted.status = *done ? std::move(**done) : fetch->status();
    if (!*done)
        return fail(std::move(*done).error());
    return {};
}

Task<Result<void>> part_from(const Vias* vias, Clock::Instant until) {
    for (const auto& via : *vias) {
        co_await exchange::PipePeer::finish(via->peer.get(), until);
    }
    co_return Result<void>();
}

/// The same on a loop of its own; the commands end with it.
Result<void> fetch_here(cli::Context& context, const FetchArguments& arguments, Wanted wanted) {
    CODEX_TRY(node, Node::anonymous(context));
    Clock::Duration patience = exchange::PipeOptions{}.patience;
    if (!wanted.until.is_never())
        patience = std::clamp<Clock::Duration>(wanted.until.at() - context.clock().now(),
                                               Clock::Duration::zero(), patience);
    wanted.options.until = wanted.until.at();
    Vias vias;
    for (const std::string& command : arguments.via) {
        CODEX_TRY(via, Via::start(node->network, command, patience));
        vias.push_back(std::move(via));
    }
    auto done = fetch_with(context, *node, vias, std::move(wanted));
    if (!done)
        return fail(with_way_out(end_all(vias, std::move(done).error()), false));
    // Each is told that no more is wanted, and may say its last without anybody hanging up on it.
    const auto parted = run_task(node->loop, part_from(&vias, node->loop.now() + kPartingPatience));
    return *parted ? Result<void>() : fail(Errc::internal);
}

/// Lets the node that serves the repo fetch, if one does and no command is asked; the content is
/// written here while it comes.
Result<void> fetch_of(cli::Context& context, const FetchArguments& arguments, Wanted wanted) {
    if (!arguments.via.empty())
        return fetch_here(context, arguments, std::move(wanted));
    node::Request request;
    request.ask = node::Ask::fetch;
    request.cid = wanted.cid.text();
    request.peers = split_list(arguments.peers);
    request.expiry = wanted.repo.expiry();
    request.label = wanted.options.label;
    request.range = arguments.range;
    request.slot = arguments.slot;
    const ThroughDaemon how{wanted.cid, wanted.repo, wanted.options.part, wanted.options.content};
    CODEX_TRY(through, fetch_through_daemon(context, std::move(request), how, wanted.until,
                                            wanted.progress, wanted.status));
    if (!through && wanted.options.peers.empty())
        return fail(Error(Errc::unavailable, "no node serves the repo, and no other is named")
                        .hint("begin one: codex-serve run; or name one that has it: --peer "
                              "ADDRESS; its address is shown where it runs: codex-serve --repo "
                              "OTHER health"));
    return through ? Result<void>() : fetch_here(context, arguments, std::move(wanted));
}

/// One for all that a fetch waits for, from now on.
Deadline deadline_of(const cli::Context& context, const FetchArguments& arguments) {
    return arguments.timeout.given
               ? Deadline::after_seconds(context.clock(), arguments.timeout.seconds)
               : Deadline::never();
}

/// The only one, whose content may go somewhere, too.
Result<int> fetch_one(cli::Context& context, const FetchArguments& arguments,
                      const std::string& text, exchange::FetchOptions options) {
    CODEX_TRY(cid, whole_cid(text));
    context.about(cid.text());
    const Deadline until = deadline_of(context, arguments);
    CODEX_TRY(to, destination_of(context, arguments, until));
    CODEX_TRY(repo, LateRepo::open(context));
    options.content = to.sink.get();
    Progress progress;
    const auto view = context.show(progress, "fetch");
    const PipesBreakGently pipes;
    exchange::FetchStatus status;
    FetchReport report(context);
    auto done =
        fetch_of(context, arguments, {cid, std::move(options), *repo, until, progress, status});
    if (!done && to.is_stdout())
        pipes.end_if_broken();
    report.count(status);
    if (!done) {
        context.report(cid.text(), done.error(), FetchReport::failed(status)); // summary follows
        return context.exit_code();
    }
    if (to.file)
        CODEX_CHECK(to.file->commit());
    CODEX_CHECK(report.fetched(cid, status, to.is_stdout()));
    return 0;
}

Result<int> run_fetch(cli::Context& context, const FetchArguments& arguments) {
    exchange::FetchOptions usual;
    CODEX_SET(usual.peers, peers_of(arguments));
    if (arguments.slot && (arguments.range || arguments.to))
        return fail(Errc::usage, "--slot does not go with --range or --to");
    CODEX_SET(usual.part, part_of(arguments.range, arguments.slot));
    cli::Inputs inputs(arguments.cids, STDIN_FILENO);
    if (arguments.to || arguments.range || arguments.slot) {
        CODEX_TRY(text, inputs.only_cid());
        return fetch_one(context, arguments, text, std::move(usual));
    }
    const PipesBreakGently pipes;
    FetchReport report(context);
    const auto open = [&] { return LateRepo::open(context); };
    const auto turn = [&](const std::unique_ptr<LateRepo>& repo, const std::string& text,
                          Progress& progress) -> Result<void> {
        CODEX_TRY(cid, whole_cid(text));
        const Deadline until = deadline_of(context, arguments); // each has the whole time
        exchange::FetchStatus status;
        auto done = fetch_of(context, arguments, {cid, usual, *repo, until, progress, status});
        report.count(status);
        if (!done) {
            context.report(text, done.error(), FetchReport::failed(status));
            return {}; // the next one follows
        }
        return report.fetched(cid, status, false);
    };
    auto code = cli::for_each_in(context, std::move(inputs), "fetch", open, turn);
    if (!code || *code != 0)
        pipes.end_if_broken();
    return code;
}

} // namespace

Result<node::PartOf> part_of(const std::optional<std::string>& range,
                             std::optional<std::uint64_t> slot) {
    if (slot)
        return [slot = *slot](const codec::Manifest& manifest) { return slot_of(manifest, slot); };
    if (!range)
        return nullptr;
    CODEX_TRY(bytes_of, toolkit::parse_range(*range));
    return [bytes_of](const codec::Manifest& manifest) -> Result<exchange::FetchPart> {
        const std::uint64_t content_bytes = manifest.content_size_bytes();
        CODEX_TRY(bytes, dataset::clamp(bytes_of.of(content_bytes), content_bytes));
        return exchange::FetchPart{IndexSet(dataset::blocks_of(manifest, bytes)), bytes};
    };
}

void declare_fetch(cli::Command& root) {
    const auto arguments = std::make_shared<FetchArguments>();
    root.command("fetch", "get a dataset from other nodes into the repo")
        .arguments("CID", arguments->cids, "of datasets, whole; - or nothing: from stdin")
        .option("--peer ADDRESS", arguments->peers,
                "a node to ask: a multiaddr that ends in /p2p/ID; several times for several")
        .option("--via COMMAND", arguments->via,
                "a command that speaks as codex-serve stdio does, to ask, too; several times")
        .option("--to FILE", arguments->to,
                "write the content there, too; - is stdout, while it comes")
        .option("--range A-B", arguments->range,
                "only these bytes, both ends included; A- or -N, too")
        .option("--slot N", arguments->slot,
                "only the blocks of this slot of a verifiable dataset, from 0")
        .option("--timeout", arguments->timeout,
                "how long it may take; default: as long as it goes on")
        .example("codex-serve fetch zDvZ... --peer /ip4/192.0.2.1/tcp/8070/p2p/16Uiu2HA...")
        .example("codex-serve fetch zDvZ... --peer /ip4/... --to - | tar x")
        .example("codex-serve fetch zDvZ... --via 'ssh example.org codex-serve stdio'")
        .run([arguments](cli::Context& context) { return run_fetch(context, *arguments); });
}

} // namespace codex::serve_tool
