// codex-serve fetch: datasets from other nodes into the repo.
#include "base/printable.hpp"
#include "cli/for_each.hpp"
#include "cli/settings_file.hpp"
#include "content_file.hpp"
#include "daemon.hpp"
#include "discovery.hpp"
#include "fetch_here.hpp"
#include "fetch_report.hpp"

#include <unistd.h>

namespace codex::serve_tool {

namespace {

/// Of the CID of a manifest as it is mostly written.
constexpr std::size_t kUsualCidChars = 52;

struct FetchArguments {
    std::vector<std::string> cids;
    std::vector<std::string> peers;
    std::vector<std::string> via;
    std::vector<std::string> bootstrap;
    std::optional<std::string> to;
    std::optional<std::string> range;
    std::optional<std::uint64_t> slot;
    cli::DurationValue timeout;
};

Result<std::vector<net::Multiaddr>> peers_of(const FetchArguments& arguments) {
    std::vector<net::Multiaddr> peers;
    CODEX_TRY(texts, split_list("--peer", "ADDRESS", arguments.peers));
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
    if (!cid && net::Multiaddr::from_text(text))
        return fail(Error(Errc::cid_invalid, "is the address of a node, and not a CID")
                        .remedy(Remedy(Remedy::retry_command, "did you mean")
                                    .by(fmt::format("--peer {}", shell_quoted(text)))));
    if (!cid && cid.error().code() == Errc::cid_wrong_codec)
        return fail(Error(Errc::cid_wrong_codec, cid.error().text())
                        .hint("a dataset is fetched by its own CID, zDv..., all of it, or, with "
                              "--range, the blocks that have some of its bytes"));
    if (!cid && maybe_cut)
        return fail(
            Error(cid.error().code(), cid.error().text())
                .hint("name it by its whole CID; nodes that have it know nothing of beginnings"));
    return cid;
}

/// Lets the node that serves the repo fetch, if one does and no command is asked; the content is
/// written here while it comes.
Result<void> fetch_of(cli::Context& context, const FetchArguments& arguments, Wanted wanted) {
    if (!arguments.via.empty())
        return fetch_here(context, arguments.via, std::move(wanted));
    node::Request request;
    request.ask = node::Ask::fetch;
    request.cid = wanted.cid.text();
    CODEX_SET(request.peers, split_list("--peer", "ADDRESS", arguments.peers));
    request.expiry = wanted.repo.expiry();
    request.label = wanted.options.label;
    request.range = arguments.range;
    request.slot = arguments.slot;
    const ThroughDaemon how{wanted.cid, wanted.repo, wanted.options.part, wanted.options.content};
    CODEX_TRY(through, fetch_through_daemon(context, std::move(request), how, wanted.until,
                                            wanted.progress, wanted.status));
    if (!through && wanted.options.peers.empty() && wanted.bootstrap.empty()) {
        // What is here needs nobody.
        if (wanted.repo.there() != nullptr) {
            wanted.options.alone = Clock::Duration::zero();
            auto done = fetch_here(context, {}, std::move(wanted));
            if (done || done.error().code() != Errc::unavailable)
                return done;
        }
        CODEX_TRY(repo, context.repo_path());
        if (Error held = no_node(repo); held.has_way_out())
            return fail(std::move(held));
        return fail(
            Error(Errc::unavailable, "no node serves the repo, and no other is named")
                .remedy(Remedy(Remedy::run_node, "begin one"))
                .remedy(Remedy(Remedy::name_peer, "or name one that has it"))
                .remedy(Remedy::show_node)
                .remedy(Remedy(Remedy::name_bootstrap_node, "or let those that have it be found")));
    }
    return through ? Result<void>() : fetch_here(context, arguments.via, std::move(wanted));
}

/// One for all that a fetch waits for. Each dataset has the whole time, but the first, which lacks
/// what was spent on what is read for all of them: CIDs of stdin may come long after that.
class Deadlines {
public:
    Deadlines(const cli::Context& context, const FetchArguments& arguments)
        : clock_(context.clock()), given_(arguments.timeout.given),
          whole_(Deadline::after_seconds(clock_, arguments.timeout.seconds).at() - clock_.now()) {}

    /// For what is read first.
    [[nodiscard]] Deadline first() {
        begun_ = clock_.now();
        return Deadline::after(clock_, given_ ? whole_ : cli::kSettingsPatience);
    }
    /// It is read.
    void has_read() { spent_ = clock_.now() - begun_; }
    [[nodiscard]] Deadline next() {
        const Clock::Duration spent = std::exchange(spent_, Clock::Duration::zero());
        return given_ ? Deadline::after(clock_, whole_ - std::min(spent, whole_))
                      : Deadline::never();
    }

private:
    const Clock& clock_;
    bool given_;
    Clock::Duration whole_;
    Clock::Instant begun_{};
    Clock::Duration spent_{};
};

/// The only one, whose content may go somewhere, too.
Result<int> fetch_one(cli::Context& context, const FetchArguments& arguments,
                      const std::string& text, exchange::FetchOptions options,
                      std::vector<net::dht::NodeRecord> bootstrap, const Deadline& until) {
    CODEX_TRY(cid, whole_cid(text));
    ContentFile to;
    if (arguments.to) {
        context.about(*arguments.to);
        CODEX_SET(to, ContentFile::open(context, *arguments.to, until));
    }
    context.about(cid.text());
    CODEX_TRY(repo, LateRepo::open(context));
    options.content = to.sink();
    Progress progress;
    const auto view = context.show(progress, "fetch");
    const PipesBreakGently pipes;
    exchange::FetchStatus status;
    FetchReport report(context);
    auto done =
        fetch_of(context, arguments,
                 {cid, std::move(options), *repo, until, progress, status, std::move(bootstrap)});
    if (!done && to.is_stdout())
        pipes.end_if_broken();
    report.count(status);
    if (!done) {
        context.report(to.is_about(done.error()) ? to.name() : cid.text(), done.error(),
                       FetchReport::failed(cid, status)); // summary follows
        return context.exit_code();
    }
    if (arguments.to)
        context.about(*arguments.to);
    CODEX_CHECK(to.commit());
    context.about(cid.text());
    CODEX_CHECK(report.fetched(cid, status));
    return 0;
}

Result<int> run_fetch(cli::Context& context, const FetchArguments& arguments) {
    exchange::FetchOptions usual;
    CODEX_SET(usual.peers, peers_of(arguments));
    Deadlines deadlines(context, arguments);
    CODEX_TRY(bootstrap, bootstrap_nodes(arguments.bootstrap, deadlines.first()));
    deadlines.has_read();
    if (arguments.slot && (arguments.range || arguments.to))
        return fail(Error(Errc::usage, "--slot does not go with --range or --to")
                        .hint("fetch the slot by itself, and the content by a command of its own"));
    auto part = part_of(arguments.range, arguments.slot);
    if (!part)
        return fail(cli::bad_value("--range", part.error()));
    usual.part = std::move(*part);
    if (arguments.via.empty())
        warn_of_own_bootstrap(context);
    cli::Inputs inputs(arguments.cids, STDIN_FILENO);
    if (arguments.to || arguments.range || arguments.slot) {
        CODEX_TRY(text, inputs.only_cid());
        return fetch_one(context, arguments, text, std::move(usual), std::move(bootstrap),
                         deadlines.next());
    }
    const PipesBreakGently pipes;
    FetchReport report(context);
    const auto open = [&] { return LateRepo::open(context); };
    const auto turn = [&](const std::unique_ptr<LateRepo>& repo, const std::string& text,
                          Progress& progress) -> Result<void> {
        CODEX_TRY(cid, whole_cid(text));
        const Deadline until = deadlines.next();
        exchange::FetchStatus status;
        auto done =
            fetch_of(context, arguments, {cid, usual, *repo, until, progress, status, bootstrap});
        report.count(status);
        if (!done) {
            context.report(text, done.error(), FetchReport::failed(cid, status));
            return {}; // the next one follows
        }
        return report.fetched(cid, status);
    };
    auto code = cli::for_each_in(context, std::move(inputs), "fetch", open, turn);
    if (!code || *code != 0)
        pipes.end_if_broken();
    return code;
}

} // namespace

void declare_fetch(cli::Command& root) {
    const auto arguments = std::make_shared<FetchArguments>();
    root.command("fetch", "get a dataset from other nodes into the repo")
        .arguments("CID", arguments->cids, "of datasets, whole; - or nothing: from stdin")
        .option("--peer ADDRESS", arguments->peers,
                "a node to ask: a multiaddr that ends in /p2p/ID; several times for several")
        .option("--via COMMAND", arguments->via,
                "a command that speaks as codex-serve stdio does, to ask, too; several times")
        .option("-b,--bootstrap-node SPR", arguments->bootstrap,
                "where no node serves the repo: the record of a node by which others are found")
        .setting("CODEX_BOOTSTRAP_NODE")
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
