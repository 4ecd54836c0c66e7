#include "fetch_here.hpp"

#include "discovery.hpp"
#include "fetch_report.hpp"
#include "node/peer_search.hpp"
#include "via.hpp"

#include <algorithm>

namespace codex::serve_tool {

namespace {

using Vias = std::vector<std::unique_ptr<Via>>;

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

/// Has the fetch look for peers in the DHT.
void begin_search(cli::Context& context, AskingDht& asking, Node& node, const Cid& cid,
                  exchange::FetchOptions& options, std::optional<node::PeerSearch>& search) {
    node::PeerSearchOptions how;
    // Whoever names a bootstrap node of this host means nodes of this host.
    how.loopback = std::ranges::all_of(asking.bootstrap, [](const SocketAddress& one) {
        return net::Multiaddr::tcp(one.ip_view(), one.port).is_loopback();
    });
    how.seed = options.seed;
    how.logger = context.log().with_topics("codex discoveryengine");
    search.emplace(*asking.dht, asking.store, *node.host, cid, std::move(how));
    options.source = &*search;
    options.part = node::PeerSearch::telling_of_tree(search->tree(), std::move(options.part));
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
    std::unique_ptr<AskingDht> asking; // goes after what looks for peers
    std::optional<node::PeerSearch> search;
    if (!wanted.bootstrap.empty()) {
        CODEX_SET(asking, begin_asking(context, node, std::move(wanted.bootstrap)));
        begin_search(context, *asking, node, wanted.cid, options, search);
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
    if (search)
        search->watch(*fetch);
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

} // namespace

Result<void> fetch_here(cli::Context& context, std::span<const std::string> commands,
                        Wanted wanted) {
    CODEX_TRY(node, Node::anonymous(context));
    Clock::Duration patience = exchange::PipeOptions{}.patience;
    if (!wanted.until.is_never())
        patience = std::clamp<Clock::Duration>(wanted.until.at() - context.clock().now(),
                                               Clock::Duration::zero(), patience);
    wanted.options.until = wanted.until.at();
    Vias vias;
    for (const std::string& command : commands) {
        CODEX_TRY(via, Via::start(node->network, command, patience));
        vias.push_back(std::move(via));
    }
    exchange::FetchStatus& status = wanted.status;
    auto done = fetch_with(context, *node, vias, std::move(wanted));
    if (!done)
        return fail(with_way_out(*end_all(vias, status.peers, std::move(done).error()),
                                 !commands.empty() ? Asked::commands : Asked::peers));
    // Each is told that no more is wanted, and may say its last without anybody hanging up on it.
    const auto parted = run_task(node->loop, part_from(&vias, node->loop.now() + kPartingPatience));
    (void)end_all(vias, status.peers, std::nullopt);
    return *parted ? Result<void>() : fail(Errc::internal);
}

} // namespace codex::serve_tool
