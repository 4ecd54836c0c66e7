#include "node/daemon.hpp"

#include "net/connection/host.hpp"

#include <algorithm>
#include <list>

namespace codex::node {

namespace {

constexpr Clock::Duration kTellPause = std::chrono::milliseconds(250);
/// Whoever waits hears of us so often, also when nothing comes.
constexpr Clock::Duration kAlivePause = std::chrono::seconds(5);
constexpr std::uint64_t kConnectSeconds = 30;
constexpr std::uint64_t kPingSeconds = 10;

/// A peer and its address, without the peer.
struct Target {
    net::PeerId peer;
    net::Multiaddr address;
};

Result<Target> target_of(const std::string& text) {
    CODEX_TRY(address, net::Multiaddr::from_text(text));
    const auto peer = address.peer();
    const auto rest = address.without_peer();
    if (!peer || !rest)
        return fail(Errc::multiaddr_invalid, "{}: names no peer", text);
    return Target{*peer, *rest};
}

/// A fetch that somebody waits for. Threads: the loop's, but the progress.
struct Running {
    Running(EventLoop& loop, Cid of) : cid(std::move(of)), changed(loop) {}
    Cid cid;
    Progress progress;
    const exchange::Fetch* fetch = nullptr;
    bool over = false;
    Signal changed;

    [[nodiscard]] SoFar so_far() const {
        return fetch == nullptr ? SoFar() : so_far_of(fetch->status(), progress);
    }
};

/// It stands in the list as long as this does. Threads: the loop's.
class Listed {
public:
    Listed(std::list<Running*>& list, Running& running, Signal& freed)
        : list_(list), at_(list.insert(list.end(), &running)), freed_(freed) {}
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() {
        list_.erase(at_);
        freed_.notify();
    }

private:
    std::list<Running*>& list_;
    std::list<Running*>::iterator at_;
    Signal& freed_;
};

} // namespace

SoFar so_far_of(const exchange::FetchStatus& status, const Progress& progress) {
    SoFar now{progress.done_bytes, progress.total_bytes};
    now.peers = status.connected;
    for (const exchange::FetchPeer& peer : status.peers)
        now.duplicates += peer.duplicates;
    if (status.waiting) {
        now.waiting = status.waiting->words;
        now.seconds = static_cast<std::uint64_t>(
            std::chrono::ceil<std::chrono::seconds>(status.waiting->left).count());
    }
    return now;
}

std::vector<std::string> addresses_of(const net::Host& host) {
    std::vector<std::string> texts;
    for (const net::Multiaddr& address : host.addresses())
        texts.push_back(fmt::format("{}/p2p/{}", address.text(), host.id().text()));
    return texts;
}

class Daemon::Impl {
public:
    Impl(exchange::Peers& of_peers, const exchange::Server& of_server, repo::Repo& of_repo,
         Executor& of_executor, DaemonOptions given)
        : peers(of_peers), host(*of_peers.host()), loop(host.loop()), server(of_server),
          repo(of_repo), executor(of_executor), options(std::move(given)), freed(loop) {}

    static Task<Result<void>> about(Impl* self, Conversation* with);
    static Task<Result<void>> say_peers(Impl* self, Conversation* with);
    static Task<Result<void>> say_limits(Impl* self, Conversation* with);
    static Task<Result<void>> connect(Impl* self, Request request);
    static Task<Result<void>> ping(Impl* self, Request request, Conversation* with);
    [[nodiscard]] bool has_turn(const Cid& cid) const;
    static Task<Result<void>> wait_for_turn(Impl* self, Conversation* with, Cid cid,
                                            Clock::Instant until);
    static Task<Result<void>> fetch(Impl* self, Request request, std::optional<PartOf> part,
                                    Conversation* with);
    static Task<Result<void>> say_status(Conversation* with, exchange::FetchStatus status);
    static Task<void> tell(Impl* self, Conversation* with, Running* running);
    static Task<Result<void>> reload(Impl* self, Conversation* with);
    static Task<Result<void>> stop(Impl* self);

    [[nodiscard]] Clock::Instant in(std::uint64_t seconds) const {
        return Deadline::after_seconds(loop.clock(), seconds).at();
    }
    [[nodiscard]] Result<exchange::FetchOptions> fetch_options(const Request& request,
                                                               std::optional<PartOf> part);
    [[nodiscard]] PeerRow row(const net::Connection& connection) const;

    exchange::Peers& peers;
    net::Host& host;
    EventLoop& loop;
    const exchange::Server& server;
    repo::Repo& repo;
    Executor& executor;
    DaemonOptions options;
    std::list<Running*> fetches;
    std::string api;
    bool ending = false;
    Signal freed; ///< a fetch has ended
};

// --- what there is ------------------------------------------------------------------------------

Task<Result<void>> Daemon::Impl::about(Impl* self, Conversation* with) {
    About about;
    about.id = self->host.id().text();
    about.addresses = addresses_of(self->host);
    about.peers = self->peers.all().size();
    about.api = self->api;
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

// --- fetching -----------------------------------------------------------------------------------

Result<exchange::FetchOptions> Daemon::Impl::fetch_options(const Request& request,
                                                           std::optional<PartOf> part) {
    exchange::FetchOptions how;
    for (const std::string& text : request.peers) {
        CODEX_TRY(target, target_of(text));
        if (!target.address.tcp_endpoint())
            return fail(Errc::multiaddr_invalid,
                        "{}: not an IP address or a host name, and a TCP port", text);
        CODEX_TRY(whole, target.address.with_peer(target.peer));
        how.peers.push_back(whole);
    }
    how.expiry = request.expiry;
    how.label = request.label;
    if (part)
        how.part = std::move(*part);
    else
        CODEX_SET(how.part, options.part(request.range, request.slot));
    how.in_order = request.in_order;
    how.max_block_bytes = options.limits.peers.decode.block_bytes;
    how.seed = ++options.seed;
    how.logger = options.logger.with_topics("codex blockexcengine");
    if (request.seconds)
        how.until = in(*request.seconds);
    return how;
}

/// Two of one dataset go one after the other: to a peer they would be one who wants a block and
/// takes it back. The second has what the first has brought.
bool Daemon::Impl::has_turn(const Cid& cid) const {
    return fetches.size() < options.fetches &&
           std::ranges::none_of(fetches, [&](const Running* one) { return one->cid == cid; });
}

Task<Result<void>> Daemon::Impl::wait_for_turn(Impl* self, Conversation* with, Cid cid,
                                               Clock::Instant until) {
    Clock::Instant say_until = self->loop.now() + kAlivePause;
    while (!self->ending && !with->gone() && !self->has_turn(cid)) {
        const Clock::Instant now = self->loop.now();
        if (now >= until)
            co_return fail(Errc::timeout, "others are being fetched, and the time is over");
        if (now >= say_until) {
            say_until = now + kAlivePause;
            SoFar waits;
            waits.waiting = "the node is fetching other things";
            Reply reply(std::move(waits));
            CODEX_CO_CHECK(with->say(std::move(reply)));
        }
        const Clock::Instant look = std::min(now + kTellPause, until);
        co_await self->freed.wait(look);
    }
    if (self->ending || with->gone())
        co_return fail(Errc::cancelled, "cancelled");
    co_return Result<void>();
}

/// Says how far it is as long as somebody listens, and cancels it when nobody does.
Task<void> Daemon::Impl::tell(Impl* self, Conversation* with, Running* running) {
    SoFar said;
    Clock::Instant say_until = Clock::Instant::min();
    while (!running->over && !with->gone()) {
        const SoFar now = running->so_far();
        if (now != said || self->loop.now() >= say_until) {
            said = now;
            say_until = self->loop.now() + kAlivePause;
            Reply reply(now);
            const auto taken = co_await with->say(std::move(reply));
            if (!taken)
                break;
        }
        const Clock::Instant until = self->loop.now() + kTellPause;
        co_await running->changed.wait(until);
    }
    if (!running->over)
        running->progress.cancel();
}

Task<Result<void>> Daemon::Impl::fetch(Impl* self, Request request, std::optional<PartOf> part,
                                       Conversation* with) {
    auto cid = codec::manifest_cid(request.cid);
    if (!cid)
        co_return fail(std::move(cid).error());
    auto how = self->fetch_options(request, std::move(part));
    if (!how)
        co_return fail(std::move(how).error());
    Cid of = *cid;
    const Clock::Instant until = how->until;
    CODEX_CO_CHECK(wait_for_turn(self, with, std::move(of), until));
    Running running(self->loop, *cid);
    const Listed listed(self->fetches, running, self->freed);
    exchange::Fetch fetch(self->peers, self->repo, *cid, std::move(*how),
                          codex::Job(self->executor, running.progress));
    running.fetch = &fetch;
    TaskGroup telling(self->loop, [&running](const std::exception_ptr& /*thrown*/) {
        running.progress.cancel();
    });
    telling.start(tell(self, with, &running));
    auto status = co_await exchange::Fetch::run(&fetch);
    running.over = true;
    running.changed.notify();
    Signal& told = telling.ended();
    while (telling.size() != 0) { // what it says is to be whole
        co_await told.wait();
    }
    exchange::FetchStatus last = status ? std::move(*status) : fetch.status();
    auto said = co_await say_status(with, std::move(last));
    if (!status)
        co_return fail(std::move(status).error());
    co_return said;
}

/// What has come, also where the fetch has failed.
Task<Result<void>> Daemon::Impl::say_status(Conversation* with, exchange::FetchStatus status) {
    for (exchange::FetchPeer& peer : status.peers) {
        Reply gave(std::move(peer));
        CODEX_CO_CHECK(with->say(std::move(gave)));
    }
    Reply totals(
        Totals{status.blocks, status.blocks_here, status.blocks_fetched, status.bytes_fetched});
    co_return co_await with->say(std::move(totals));
}

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

void Daemon::set_limits(const Limits& limits) {
    impl_->options.limits = limits;
}

void Daemon::set_api(std::string url) {
    impl_->api = std::move(url);
}

void Daemon::cancel() {
    impl_->ending = true;
    for (Running* running : impl_->fetches)
        running->progress.cancel();
    impl_->freed.notify();
}

} // namespace codex::node
