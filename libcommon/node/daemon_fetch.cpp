// Datasets that a node fetches because somebody wants it to.
#include "node/detail/daemon_impl.hpp"

#include <algorithm>

namespace codex::node {

using detail::Running;
using detail::Target;
using detail::target_of;

namespace {

constexpr Clock::Duration kTellPause = std::chrono::milliseconds(250);
/// Whoever waits hears of us so often, also when nothing comes.
constexpr Clock::Duration kAlivePause = std::chrono::seconds(5);
/// A fetch of which nothing has come for so long leaves its turn to another.
constexpr Clock::Duration kStill = std::chrono::seconds(5);
/// Those that stand still count, too, beyond so many for each turn: they hold memory.
constexpr std::size_t kMostOfATurn = 8;

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

/// How far it was when it ended: what was said on the way is from before that.
SoFar end_of(const exchange::FetchStatus& status, const Progress& progress, bool done) {
    SoFar end = so_far_of(status, progress);
    end.waiting.clear();
    end.seconds = 0;
    end.peers = static_cast<std::uint64_t>(std::ranges::count_if(
        status.peers, [](const exchange::FetchPeer& peer) { return peer.blocks != 0; }));
    if (done)
        end.done = end.total = std::max(end.done, end.total);
    return end;
}

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

/// Begins to look for peers that have it, and tells of its tree when that is known.
std::unique_ptr<PeerSearch> Daemon::Impl::search_for(const Cid& manifest,
                                                     exchange::FetchOptions& how) {
    if (options.discovery == nullptr)
        return nullptr;
    PeerSearchOptions with;
    with.loopback = options.discovery->is_here_alone();
    with.seed = how.seed;
    with.book = &book;
    with.logger = options.logger.with_topics("codex discoveryengine");
    auto search = std::make_unique<PeerSearch>(options.discovery->dht(), options.discovery->store(),
                                               host, manifest, with);
    how.source = search.get();
    how.belief = [this](const net::PeerId& peer) { return book.belief(peer); };
    how.part = PeerSearch::telling_of_tree(search->tree(), std::move(how.part));
    return search;
}

/// Who stands still loses its turn. If it moves again when there is none, it is held, and goes on
/// when there is, before any other begins; so no more have turns than may, and whoever has one has
/// it for as long as he moves. Gives how many have one.
std::size_t Daemon::Impl::share_turns() {
    const Clock::Instant now = loop.now();
    std::size_t turns = 0;
    for (Running* const one : fetches) {
        one->note(now);
        one->has_turn = one->has_turn && now - one->moved_at < kStill;
        turns += one->has_turn ? 1 : 0;
    }
    for (Running* const one : fetches) {
        const bool wants_one = one->is_held || (!one->has_turn && now - one->moved_at < kStill);
        if (!wants_one)
            continue;
        const bool has_one = turns < options.fetches;
        if (has_one) {
            one->has_turn = true;
            one->moved_at = now; // it has to be asked for first
            ++turns;
        }
        if (one->is_held == has_one && one->fetch != nullptr)
            one->fetch->hold(!has_one);
        one->is_held = !has_one;
    }
    return turns;
}

/// Two of one dataset go one after the other: to a peer they would be one who wants a block and
/// takes it back. The second has what the first has brought. Of different ones, so many move at a
/// time.
bool Daemon::Impl::may_begin(const Cid& cid) {
    if (std::ranges::any_of(fetches, [&](const Running* one) { return one->cid == cid; }) ||
        fetches.size() >= kMostOfATurn * options.fetches)
        return false;
    return share_turns() < options.fetches;
}

Task<Result<void>> Daemon::Impl::wait_for_turn(Impl* self, Conversation* with, Cid cid,
                                               Clock::Instant until) {
    Clock::Instant say_until = self->loop.now() + kAlivePause;
    while (!self->ending && !with->gone() && !self->may_begin(cid)) {
        const Clock::Instant now = self->loop.now();
        if (now >= until)
            co_return fail(Errc::timeout, "others are being fetched, and the time is over");
        if (now >= say_until) {
            say_until = now + kAlivePause;
            SoFar waits;
            waits.waiting = detail::kWaitsForTurn;
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
        (void)self->share_turns();
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
    auto search = self->search_for(*cid, *how);
    Running running(self->loop, *cid);
    const Listed listed(self->fetches, running, self->freed);
    exchange::Fetch fetch(self->peers, self->repo, *cid, std::move(*how),
                          codex::Job(self->executor, running.progress));
    running.fetch = &fetch;
    if (search)
        search->watch(fetch);
    TaskGroup telling(self->loop, [&running](const std::exception_ptr& /*thrown*/) {
        running.progress.cancel();
    });
    telling.start(tell(self, with, &running));
    auto status = co_await exchange::Fetch::run(&fetch);
    if (search)
        search->end_watch();
    search.reset();
    running.over = true;
    running.changed.notify();
    Signal& told = telling.ended();
    while (telling.size() != 0) { // what it says is to be whole
        co_await told.wait();
    }
    exchange::FetchStatus last = status ? std::move(*status) : fetch.status();
    SoFar all = end_of(last, running.progress, status.has_value());
    auto said = co_await say_status(with, std::move(all), std::move(last));
    if (!status)
        co_return fail(std::move(status).error());
    co_return said;
}

/// What has come, also where the fetch has failed.
Task<Result<void>> Daemon::Impl::say_status(Conversation* with, SoFar all,
                                            exchange::FetchStatus status) {
    Reply last(std::move(all));
    CODEX_CO_CHECK(with->say(std::move(last)));
    for (exchange::FetchPeer& peer : status.peers) {
        Reply gave(std::move(peer));
        CODEX_CO_CHECK(with->say(std::move(gave)));
    }
    Reply totals(
        Totals{status.blocks, status.blocks_here, status.blocks_fetched, status.bytes_fetched});
    co_return co_await with->say(std::move(totals));
}

} // namespace codex::node
