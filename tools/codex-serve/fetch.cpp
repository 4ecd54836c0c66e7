// codex-serve fetch: datasets from other nodes into the repo.
#include "exchange/fetch.hpp"

#include "base/fd_stream.hpp"
#include "base/output_file.hpp"
#include "base/units.hpp"
#include "dataset/dataset.hpp"
#include "serve.hpp"
#include "toolkit/access.hpp"

#include <unistd.h>

namespace codex::serve_tool {

namespace {

struct FetchArguments {
    std::string cid;
    std::vector<std::string> peers;
    std::optional<std::string> to;
    cli::DurationValue timeout;
};

Result<std::vector<net::Multiaddr>> peers_of(const FetchArguments& arguments) {
    if (arguments.peers.empty())
        return fail(Error(Errc::usage, "--peer is missing")
                        .hint("name a node that has it: --peer, and the address that it prints "
                              "when it is asked for its ready file"));
    std::vector<net::Multiaddr> peers;
    for (const std::string& text : arguments.peers) {
        const auto target = parse_target(text);
        if (!target)
            return fail(cli::bad_value("--peer", target.error()));
        if (!target->address.tcp_endpoint())
            return fail(Errc::usage, "--peer: {}: not an IP address or a host name, and a TCP port",
                        text);
        CODEX_TRY(whole, target->address.with_peer(target->peer));
        peers.push_back(whole);
    }
    return peers;
}

/// Where the content goes beside the repo.
struct Destination {
    std::optional<OutputFile> file;
    bool standard_output = false;
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
        to.standard_output = true;
        return to;
    }
    CODEX_TRY(file, OutputFile::open(*arguments.to));
    to.file = std::move(file);
    return to;
}

Result<void> write_content(const dataset::Job& job, const Cid& cid, Destination to,
                           const std::string& name) {
    if (!to.file && !to.standard_output)
        return {};
    const int fd = to.file ? to.file->fd() : STDOUT_FILENO;
    CODEX_TRY(sink, FdSink::create(fd, to.file ? name : "stdout"));
    CODEX_CHECK(dataset::get(job, cid, {}, sink));
    return to.file ? to.file->commit() : Result<void>();
}

std::string peers_json(const exchange::FetchStatus& status) {
    JsonWriter json;
    json.begin_array();
    for (const exchange::FetchPeer& peer : status.peers) {
        json.begin_object();
        json.key("id").value(peer.id.text());
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

/// Runs the fetch on a loop of its own.
Result<exchange::FetchStatus> fetch_of(cli::Context& context, repo::Repo& repo, const Cid& cid,
                                       exchange::FetchOptions options,
                                       const cli::DurationValue& timeout, Progress& progress) {
    CODEX_TRY(node, Node::anonymous(context));
    // At least one that works beside the loop, whatever -j says.
    ThreadPool pool(std::max(2u, context.pool().size()));
    exchange::PeersOptions peers_options;
    peers_options.logger = context.log().with_topics("codex blockexcnetwork");
    exchange::Peers peers(*node->host, std::move(peers_options));
    options.logger = context.log().with_topics("codex blockexcengine");
    CODEX_SET(options.seed, Random::system().number());
    if (timeout.given)
        options.until = Deadline::after_seconds(context.clock(), timeout.seconds).at();
    exchange::Fetch fetch(peers, repo, cid, std::move(options), {pool, progress});
    auto status = run_task(node->loop, exchange::Fetch::run(&fetch));
    return std::move(*status);
}

Result<int> run_fetch(cli::Context& context, const FetchArguments& arguments) {
    exchange::FetchOptions options;
    CODEX_SET(options.peers, peers_of(arguments));
    CODEX_TRY(cid, codec::manifest_cid(arguments.cid));
    context.about(cid.text());
    CODEX_TRY(to, destination_of(context, arguments));
    CODEX_TRY(repo, toolkit::open_repo(context, toolkit::Access::create));
    const std::uint64_t ttl = repo.config().ttl_seconds;
    options.expiry = ttl == 0 ? 0 : time_after(context.clock().unix_seconds(), ttl);
    Progress progress;
    const auto view = context.show(progress, "fetch");
    const bool stdout_is_taken = to.standard_output;
    CODEX_TRY(status,
              fetch_of(context, repo, cid, std::move(options), arguments.timeout, progress));
    const codex::Job job{context.pool()};
    CODEX_CHECK(write_content({repo, job}, cid, std::move(to), arguments.to.value_or("")));
    CODEX_CHECK(report(context, cid, status, stdout_is_taken));
    return 0;
}

} // namespace

void declare_fetch(cli::Command& root) {
    const auto arguments = std::make_shared<FetchArguments>();
    root.command("fetch", "get a dataset from other nodes into the repo")
        .argument("CID", arguments->cid, "of the dataset, whole")
        .option("--peer ADDRESS", arguments->peers,
                "a node to ask: a multiaddr that ends in /p2p/ID; several times for several")
        .option("--to FILE", arguments->to, "write the content there, too; - is stdout")
        .option("--timeout", arguments->timeout,
                "how long it may take; default: as long as it goes on")
        .example("codex-serve fetch zDvZ... --peer /ip4/192.0.2.1/tcp/8070/p2p/16Uiu2HA...")
        .example("codex-serve fetch zDvZ... --peer /ip4/... --to - | tar x")
        .run([arguments](cli::Context& context) { return run_fetch(context, *arguments); });
}

} // namespace codex::serve_tool
