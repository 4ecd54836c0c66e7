// codex-serve fetch: datasets from other nodes into the repo.
#include "exchange/fetch.hpp"

#include "base/fd_stream.hpp"
#include "base/output_file.hpp"
#include "base/units.hpp"
#include "cli/for_each.hpp"
#include "daemon.hpp"
#include "dataset/dataset.hpp"
#include "proof/slots.hpp"
#include "serve.hpp"
#include "toolkit/access.hpp"
#include "toolkit/byte_range.hpp"
#include "via.hpp"

#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace codex::serve_tool {

namespace {

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
    for (const std::string& text : arguments.peers) {
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
        return fail(Error(cid.error().code(), cid.error().text())
                        .hint("to fetch a dataset takes its whole CID: its beginning says nothing "
                              "to nodes that have it"));
    return cid;
}

/// Where the content goes beside the repo.
struct Destination {
    std::optional<OutputFile> file;
    std::unique_ptr<FdSink> sink;

    [[nodiscard]] bool is_stdout() const { return sink && !file; }
};

Result<Destination> destination_of(cli::Context& context, const FetchArguments& arguments) {
    Destination to;
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
    CODEX_TRY(file, OutputFile::open(*arguments.to));
    to.file = std::move(file);
    CODEX_TRY(sink, FdSink::create(to.file->fd(), *arguments.to));
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

std::string peers_json(const exchange::FetchStatus& status) {
    JsonWriter json;
    json.begin_array();
    for (const exchange::FetchPeer& peer : status.peers) {
        json.begin_object();
        json.key("id").value(peer.name);
        json.key("blocks").value(peer.blocks);
        json.key("duplicates").value(peer.duplicates);
        json.key("unasked").value(peer.unasked);
        json.key("wrong").value(peer.wrong);
        json.key("late").value(peer.late);
        json.key("bytesPerSecond").value(static_cast<std::uint64_t>(peer.rate));
        json.key("roundTripMicroseconds")
            .value(static_cast<std::uint64_t>(
                std::chrono::duration_cast<std::chrono::microseconds>(peer.round_trip).count()));
        json.end_object();
    }
    json.end_array();
    return std::move(json).text();
}

Result<void> report(cli::Context& context, const Cid& cid, const exchange::FetchStatus& status,
                    bool stdout_is_taken) {
    std::uint64_t duplicates = 0;
    for (const exchange::FetchPeer& peer : status.peers)
        duplicates += peer.duplicates;
    context.add_total("blocksFetched", status.blocks_fetched);
    context.add_total("bytesFetched", status.bytes_fetched);
    context.add_total("duplicates", duplicates);
    if (stdout_is_taken)
        return {};
    return context.print(cli::Record("fetched")
                             .field("cid", cid)
                             .field("blocksFetched", status.blocks_fetched)
                             .field("bytesFetched", status.bytes_fetched)
                             .json("blocks", status.blocks)
                             .json("duplicates", duplicates)
                             .json_raw("peers", peers_json(status)));
}

using Vias = std::vector<std::unique_ptr<Via>>;

/// The fetch, with peers of the node and of commands.
Result<exchange::FetchStatus> fetch_with(cli::Context& context, Node& node, const Vias& vias,
                                         repo::Repo& repo, const Cid& cid,
                                         exchange::FetchOptions options, Progress& progress) {
    // Beside the loop one that works, whatever -j says, and one that waits for who reads.
    ThreadPool pool(std::max(3u, context.pool().size()));
    exchange::PeersOptions peers_options;
    peers_options.logger = context.log().with_topics("codex blockexcnetwork");
    exchange::Peers peers(*node.host, std::move(peers_options));
    options.logger = context.log().with_topics("codex blockexcengine");
    CODEX_SET(options.seed, Random::system().number());
    for (const auto& via : vias) {
        peers.attach(*via->peer);
        options.pipes.push_back(via->peer.get());
    }
    exchange::Fetch fetch(peers, repo, cid, std::move(options), {pool, progress});
    auto status = run_task(node.loop, exchange::Fetch::run(&fetch));
    return std::move(*status);
}

/// The same on a loop of its own; the commands end with it.
Result<exchange::FetchStatus> fetch_here(cli::Context& context, const FetchArguments& arguments,
                                         repo::Repo& repo, const Cid& cid,
                                         exchange::FetchOptions options, Progress& progress) {
    CODEX_TRY(node, Node::anonymous(context));
    Clock::Duration patience = exchange::PipeOptions{}.patience;
    if (arguments.timeout.given) {
        patience =
            std::min<Clock::Duration>(patience, std::chrono::seconds(arguments.timeout.seconds));
        options.until = Deadline::after_seconds(context.clock(), arguments.timeout.seconds).at();
    }
    Vias vias;
    for (const std::string& command : arguments.via) {
        CODEX_TRY(via, Via::start(node->network, command, patience));
        vias.push_back(std::move(via));
    }
    auto status = fetch_with(context, *node, vias, repo, cid, std::move(options), progress);
    if (!status)
        return fail(end_all(vias, std::move(status).error()));
    return status;
}

/// Lets the node that serves the repo fetch, if one does and no command is asked; then the content
/// is written here.
Result<exchange::FetchStatus> fetch_of(cli::Context& context, const FetchArguments& arguments,
                                       repo::Repo& repo, const Cid& cid,
                                       exchange::FetchOptions options, Progress& progress) {
    if (!arguments.via.empty())
        return fetch_here(context, arguments, repo, cid, std::move(options), progress);
    node::Request request;
    request.ask = node::Ask::fetch;
    request.cid = cid.text();
    request.peers = arguments.peers;
    request.expiry = options.expiry;
    request.label = options.label;
    request.range = arguments.range;
    request.slot = arguments.slot;
    if (arguments.timeout.given)
        request.seconds = arguments.timeout.seconds;
    CODEX_TRY(through, fetch_through_daemon(context, std::move(request), progress));
    if (!through && options.peers.empty())
        return fail(Error(Errc::usage, "--peer or --via is missing, and no node serves the repo")
                        .hint("name a node that has it: --peer, and the address that it prints "
                              "when it is asked for its ready file"));
    if (!through)
        return fetch_here(context, arguments, repo, cid, std::move(options), progress);
    if (options.content != nullptr) {
        options.peers.clear(); // all of it is here
        CODEX_CHECK(fetch_here(context, arguments, repo, cid, std::move(options), progress));
    }
    return std::move(*through);
}

std::uint64_t expiry_of(const cli::Context& context, const repo::Repo& repo) {
    const std::uint64_t ttl = repo.config().ttl_seconds;
    return ttl == 0 ? 0 : time_after(context.clock().unix_seconds(), ttl);
}

/// The only one, whose content may go somewhere, too.
Result<int> fetch_one(cli::Context& context, const FetchArguments& arguments,
                      const std::string& text, exchange::FetchOptions options) {
    CODEX_TRY(cid, whole_cid(text));
    context.about(cid.text());
    CODEX_TRY(to, destination_of(context, arguments));
    CODEX_TRY(repo, toolkit::open_repo(context, toolkit::Access::create));
    options.expiry = expiry_of(context, repo);
    options.content = to.sink.get();
    Progress progress;
    const auto view = context.show(progress, "fetch");
    const PipesBreakGently pipes;
    auto status = fetch_of(context, arguments, repo, cid, std::move(options), progress);
    if (!status && to.is_stdout())
        pipes.end_if_broken();
    if (!status)
        return fail(std::move(status).error());
    if (to.file)
        CODEX_CHECK(to.file->commit());
    CODEX_CHECK(report(context, cid, *status, to.is_stdout()));
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
    const auto open = [&] { return toolkit::open_repo(context, toolkit::Access::create); };
    const auto turn = [&](repo::Repo& repo, const std::string& text,
                          Progress& progress) -> Result<void> {
        CODEX_TRY(cid, whole_cid(text));
        exchange::FetchOptions options = usual;
        options.expiry = expiry_of(context, repo);
        CODEX_TRY(status, fetch_of(context, arguments, repo, cid, std::move(options), progress));
        return report(context, cid, status, false);
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
