#include "base/copy_error.hpp"
#include "base/offload.hpp"
#include "node/detail/daemon_impl.hpp"
#include "node/finding.hpp"

#include <algorithm>

namespace codex::node {

using detail::Running;
using detail::Target;
using detail::target_of;

namespace {

constexpr std::uint64_t kConnectSeconds = 30;
constexpr std::uint64_t kPingSeconds = 10;
constexpr std::uint64_t kFindSeconds = 30;

} // namespace

Result<Target> detail::target_of(const std::string& text) {
    CODEX_TRY(address, net::Multiaddr::from_text(text));
    const auto peer = address.peer();
    const auto rest = address.without_peer();
    if (!peer || !rest)
        return fail(Errc::multiaddr_invalid, "{}: names no peer", text);
    return Target{*peer, *rest};
}

std::vector<std::string> addresses_of(const net::Host& host, const DhtNode* discovery) {
    std::vector<std::string> texts;
    const auto add = [&](const std::vector<net::Multiaddr>& addresses) {
        for (const net::Multiaddr& address : addresses) {
            std::string text = fmt::format("{}/p2p/{}", address.text(), host.id().text());
            if (std::ranges::find(texts, text) == texts.end())
                texts.push_back(std::move(text));
        }
    };
    if (discovery != nullptr)
        add(discovery->announced());
    add(host.addresses());
    return texts;
}

// --- what there is ------------------------------------------------------------------------------

Task<Result<void>> Daemon::Impl::about(Impl* self, Conversation* with) {
    About about = self->shown;
    about.id = self->host.id().text();
    const DhtNode* const discovery = self->options.discovery;
    about.addresses = addresses_of(self->host, discovery);
    about.peers = self->peers.all().size();
    if (discovery != nullptr)
        about.nodes = discovery->dht().node_count();
    co_return co_await with->say(std::move(about));
}

PeerRow Daemon::Impl::row(const net::Connection& connection) const {
    PeerRow row;
    const SocketAddress at = connection.remote();
    const net::Multiaddr address = net::Multiaddr::tcp(at.ip_view(), at.port);
    const auto whole = address.with_peer(connection.peer());
    row.id = connection.peer().text();
    row.address = whole ? whole->text() : address.text();
    row.incoming = connection.side() == net::mux::Side::listener;
    row.muxer = connection.muxer();
    if (const auto* said = host.said_by(connection.peer()))
        row.agent = said->agent_version.value_or("");
    row.streams = connection.streams();
    row.bytes_in = connection.bytes_in();
    row.bytes_out = connection.bytes_out();
    row.wants = server.wants(connection.peer());
    return row;
}

Task<Result<void>> Daemon::Impl::say_peers(Impl* self, Conversation* with) {
    std::vector<PeerRow> rows; // as they are now: they may go while they are said
    for (const auto& connection : self->host.connections())
        rows.push_back(self->row(*connection));
    for (PeerRow& row : rows) {
        Reply reply(std::move(row));
        CODEX_CO_CHECK(with->say(std::move(reply)));
    }
    co_return Result<void>();
}

Task<Result<void>> Daemon::Impl::say_limits(Impl* self, Conversation* with) {
    for (std::size_t i = 0; i < net::kLimitCount; ++i) {
        const auto limit = static_cast<net::Limit>(i);
        LimitRow row;
        row.name = net::limit_name(limit);
        row.value = limit_value(limit, self->options.limits);
        row.hits = self->host.limit_counts().of(limit);
        Reply reply(std::move(row));
        CODEX_CO_CHECK(with->say(std::move(reply)));
    }
    co_return Result<void>();
}

// --- peers --------------------------------------------------------------------------------------

Task<Result<void>> Daemon::Impl::connect(Impl* self, Request request) {
    auto target = target_of(request.address);
    if (!target)
        co_return fail(std::move(target).error());
    std::vector<net::Multiaddr> addresses(1, target->address);
    const Clock::Instant until = self->in(request.seconds.value_or(kConnectSeconds));
    CODEX_CO_CHECK(
        self->host.connect(target->peer, std::move(addresses), until, net::Redial::at_once));
    co_return Result<void>();
}

Task<Result<void>> Daemon::Impl::ping(Impl* self, Request request, Conversation* with) {
    auto target = target_of(request.address);
    if (!target)
        co_return fail(std::move(target).error());
    const std::uint64_t seconds = request.seconds.value_or(kPingSeconds);
    std::vector<net::Multiaddr> addresses(1, target->address);
    CODEX_CO_CHECK(self->host.connect(target->peer, std::move(addresses), self->in(seconds),
                                      net::Redial::at_once));
    for (std::uint64_t i = 0; i < request.count && !with->gone(); ++i) {
        CODEX_CO_TRY(time, self->host.ping(target->peer, self->in(seconds)));
        using std::chrono::microseconds;
        Reply reply(Pong{
            static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(time).count())});
        CODEX_CO_CHECK(with->say(std::move(reply)));
    }
    co_return Result<void>();
}

// --- finding others -----------------------------------------------------------------------------

namespace {

Error no_discovery() {
    return {Errc::unsupported, "the node was begun without discovery of others"};
}

/// Whether a dataset is in the repo, whole or in part, by its manifest or its tree. Errors:
/// dataset_not_found; those of reading the index.
Result<void> check_here(const repo::Repo& repo, const Cid& cid) {
    const auto dataset = repo.dataset(cid);
    if (dataset || dataset.error().code() == Errc::dataset_partial)
        return {};
    if (dataset.error().code() != Errc::dataset_not_found)
        return fail(copy_of(dataset.error()));
    if (const auto tree = repo.tree(cid); tree || tree.error().code() != Errc::block_not_found)
        return tree ? Result<void>() : fail(copy_of(tree.error()));
    const auto partial = repo.partial_tree(cid);
    if (partial)
        return {};
    return fail(copy_of(partial.error().code() == Errc::block_not_found ? dataset.error()
                                                                        : partial.error()));
}

/// Where this node itself is.
FoundPeer own_addresses(const net::Host& host, const DhtNode& discovery) {
    FoundPeer found;
    found.id = host.id().text();
    found.addresses = addresses_of(host, &discovery);
    if (const auto at = net::dht::udp_address(discovery.dht().record().record))
        found.addresses.push_back(net::dht::udp_multiaddr(*at).text());
    return found;
}

} // namespace

Task<Result<void>> Daemon::Impl::say_record(Impl* self, Conversation* with) {
    if (self->options.discovery == nullptr)
        co_return fail(no_discovery());
    OwnRecord record;
    record.spr = self->options.discovery->record();
    record.nodes = self->options.discovery->dht().node_count();
    Reply reply(std::move(record));
    co_return co_await with->say(std::move(reply));
}

Task<Result<void>> Daemon::Impl::find(Impl* self, Request request, Conversation* with) {
    if (self->options.discovery == nullptr)
        co_return fail(no_discovery());
    const Clock::Instant until = self->in(request.seconds.value_or(kFindSeconds));
    net::dht::Dht* const dht = &self->options.discovery->dht();
    if (!request.peer.empty()) {
        auto peer = net::PeerId::from_text(request.peer);
        if (!peer)
            co_return fail(std::move(peer).error());
        if (*peer == self->host.id()) {
            Reply itself(own_addresses(self->host, *self->options.discovery));
            co_return co_await with->say(std::move(itself));
        }
        CODEX_CO_TRY(found, find_peer(dht, *peer, until));
        Reply reply(std::move(found));
        co_return co_await with->say(std::move(reply));
    }
    auto cid = Cid::from_text(request.cid);
    if (!cid)
        co_return fail(std::move(cid).error());
    CODEX_CO_TRY(found, find_providers(dht, *cid, until));
    for (FoundPeer& provider : found.providers) {
        Reply reply(std::move(provider));
        CODEX_CO_CHECK(with->say(std::move(reply)));
    }
    Reply reply(Asked{found.asked});
    co_return co_await with->say(std::move(reply));
}

Task<Result<void>> Daemon::Impl::provide(Impl* self, Request request, Conversation* with) {
    if (self->options.discovery == nullptr)
        co_return fail(no_discovery());
    auto cid = Cid::from_text(request.cid);
    if (!cid)
        co_return fail(std::move(cid).error());
    const Clock::Instant until = self->in(request.seconds.value_or(kFindSeconds));
    auto job = [repo = &self->repo, cid = *cid] { return check_here(*repo, cid); };
    auto here = co_await offload(self->loop, self->executor, std::move(job));
    if (!here) // who comes for it would be sent away
        co_return fail(std::move(here).error());
    const auto id = net::dht::Id::of_content(*cid);
    CODEX_CO_TRY(nodes, self->options.discovery->provide(id, until));
    Reply reply(Provided{nodes});
    co_return co_await with->say(std::move(reply));
}

// --- the process --------------------------------------------------------------------------------

Task<Result<void>> Daemon::Impl::reload(Impl* self, Conversation* with) {
    auto later = self->options.reload();
    if (!later)
        co_return fail(std::move(later).error());
    for (std::string& setting : *later) {
        Reply reply(Later{std::move(setting)});
        CODEX_CO_CHECK(with->say(std::move(reply)));
    }
    co_return Result<void>();
}

Task<Result<void>> Daemon::Impl::stop(Impl* self) {
    self->options.stop();
    co_return Result<void>();
}

Daemon::Daemon(exchange::Peers& peers, const exchange::Server& server, repo::Repo& repo,
               Executor& executor, DaemonOptions options)
    : impl_(std::make_unique<Impl>(peers, server, repo, executor, std::move(options))) {}
Daemon::~Daemon() = default;

Task<Result<void>> Daemon::answer(Request request, Conversation* with) {
    Impl* const self = impl_.get();
    switch (request.ask) {
    case Ask::health:
        return Impl::about(self, with);
    case Ask::peers:
        return Impl::say_peers(self, with);
    case Ask::limits:
        return Impl::say_limits(self, with);
    case Ask::connect:
        return Impl::connect(self, std::move(request));
    case Ask::ping:
        return Impl::ping(self, std::move(request), with);
    case Ask::fetch:
        return Impl::fetch(self, std::move(request), std::nullopt, with);
    case Ask::record:
        return Impl::say_record(self, with);
    case Ask::find:
        return Impl::find(self, std::move(request), with);
    case Ask::provide:
        return Impl::provide(self, std::move(request), with);
    case Ask::reload:
        return Impl::reload(self, with);
    case Ask::stop:
        break;
    }
    return Impl::stop(self);
}

Task<Result<void>> Daemon::fetch(Request request, PartOf part, Conversation* with) {
    return Impl::fetch(impl_.get(), std::move(request), std::move(part), with);
}

bool Daemon::prefer(const Cid& cid, IndexRange blocks) {
    for (const detail::Running* const one : impl_->fetches) {
        if (one->cid != cid || one->fetch == nullptr || one->over)
            continue;
        one->fetch->prefer(blocks);
        return true;
    }
    return false;
}

void Daemon::set_limits(const Limits& limits) {
    impl_->options.limits = limits;
}

void Daemon::set_urls(std::string api, std::string metrics) {
    impl_->shown.api = std::move(api);
    impl_->shown.metrics = std::move(metrics);
}

void Daemon::cancel() {
    impl_->ending = true;
    for (Running* running : impl_->fetches)
        running->progress.cancel();
    impl_->freed.notify();
}

} // namespace codex::node
