#include "exchange/fetch.hpp"

#include "base/copy_error.hpp"
#include "base/counted.hpp"
#include "base/offload.hpp"
#include "exchange/detail/dialler.hpp"
#include "exchange/detail/goods.hpp"

#include <algorithm>

namespace codex::exchange {

using namespace detail;

namespace {

constexpr Clock::Duration kTick = std::chrono::milliseconds(100);

/// What the repo has of a dataset.
struct There {
    std::uint64_t blocks = 0; ///< of a dataset that is whole; 0: it is not
    Bytes manifest;           ///< empty: not here
};

Result<There> look(const repo::Repo& repo, const Cid& manifest) {
    There there;
    const auto dataset = repo.dataset(manifest);
    if (dataset) {
        there.blocks = dataset->manifest.blocks_count();
        return there;
    }
    const Errc code = dataset.error().code();
    if (code != Errc::dataset_not_found && code != Errc::dataset_partial)
        return fail(copy_of(dataset.error()));
    auto bytes = repo.get(manifest);
    if (bytes)
        there.manifest = std::move(*bytes);
    else if (bytes.error().code() != Errc::block_not_found &&
             bytes.error().code() != Errc::block_corrupt)
        return fail(std::move(bytes).error());
    return there;
}

/// Begins with a dataset, or goes on.
Result<std::shared_ptr<Leaves>> open(repo::Repo& repo, const Bytes& manifest,
                                     const repo::PartialOptions& options,
                                     std::size_t max_block_bytes) {
    CODEX_TRY(decoded, codec::decode_manifest(manifest));
    if (decoded.block_size_bytes > max_block_bytes)
        return fail(Errc::unsupported, "its blocks have {} bytes, and no more than {} are read",
                    decoded.block_size_bytes, max_block_bytes);
    CODEX_TRY(dataset, repo.open_partial(manifest, options));
    return std::make_shared<Leaves>(std::move(dataset));
}

} // namespace

class Fetch::Impl {
public:
    Impl(Peers& peers_to_ask, repo::Repo& into, const Cid& cid, FetchOptions how,
         const codex::Job& work)
        : peers(peers_to_ask), loop(peers_to_ask.host().loop()), repo(into), manifest(cid),
          options(std::move(how)), job(work) {}

    [[nodiscard]] static Task<Result<FetchStatus>> run(Impl* self);
    /// Goes on until all of it is there.
    [[nodiscard]] static Task<Result<void>> download(Impl* self, std::shared_ptr<Goods> goods,
                                                     IndexSet wanted, std::size_t block_bytes);
    [[nodiscard]] static Task<Result<void>> watch(Impl* self, Dialler* dialler);
    [[nodiscard]] std::optional<Error> given_up(const Dialler& dialler);
    [[nodiscard]] Error nobody(const Dialler& dialler) const;
    [[nodiscard]] Error missing_everywhere() const;
    [[nodiscard]] Error out_of_time(Clock::Duration after) const;
    [[nodiscard]] FetchStatus status() const;

    Peers& peers;
    EventLoop& loop;
    repo::Repo& repo;
    Cid manifest;
    FetchOptions options;
    codex::Job job;
    Roster roster;
    std::unique_ptr<Download> running;
    std::uint64_t blocks = 0;
    std::uint64_t blocks_before = 0; ///< here when it began
    std::uint64_t blocks_fetched = 0;
    std::uint64_t bytes_fetched = 0;
    plan::Outlook outlook = plan::Outlook::going_on;
    Clock::Instant outlook_since{};
};

Task<Result<FetchStatus>> Fetch::Impl::run(Impl* self) {
    Executor& executor = self->job.executor();
    auto looking = [repo = &self->repo, cid = self->manifest] { return look(*repo, cid); };
    CODEX_CO_TRY(there, offload(self->loop, executor, std::move(looking)));
    if (there.blocks != 0) {
        self->blocks = self->blocks_before = there.blocks;
        co_return self->status();
    }
    if (there.manifest.empty()) {
        const auto block = std::make_shared<OneBlock>(self->manifest);
        IndexSet first({0, 1});
        CODEX_CO_CHECK(download(self, block, std::move(first), codec::kMaxManifestBytes / 16));
        there.manifest = block->bytes();
    }
    auto opening = [repo = &self->repo, bytes = std::move(there.manifest),
                    how = repo::PartialOptions{self->options.expiry, self->options.label},
                    most = self->options.max_block_bytes] { return open(*repo, bytes, how, most); };
    CODEX_CO_TRY(leaves, offload(self->loop, executor, std::move(opening)));
    auto asking = [leaves, job = &self->job] { return leaves->missing(*job); };
    CODEX_CO_TRY(missing, offload(self->loop, executor, std::move(asking)));
    self->blocks = leaves->count();
    self->blocks_before = self->blocks - missing.size();
    const std::size_t block_bytes = leaves->block_bytes();
    self->job.expect(missing.size() * block_bytes);
    if (!missing.empty()) {
        CODEX_CO_CHECK(download(self, leaves, std::move(missing), block_bytes));
    }
    co_return self->status();
}

Task<Result<void>> Fetch::Impl::download(Impl* self, std::shared_ptr<Goods> goods, IndexSet wanted,
                                         std::size_t block_bytes) {
    DownloadOptions of;
    of.block_bytes = block_bytes;
    of.seed = self->options.seed;
    of.queue_bytes = self->options.queue_bytes;
    of.logger = self->options.logger;
    self->running = std::make_unique<Download>(self->peers, self->job.executor(), self->roster,
                                               std::move(goods), of);
    self->running->want(wanted);
    Dialler dialler(self->peers.host(), self->roster, self->options.peers);
    auto done = co_await watch(self, &dialler);
    if (self->blocks != 0) {
        self->blocks_fetched += self->running->kept();
        self->bytes_fetched += self->running->kept_bytes();
    }
    self->running.reset();
    co_return done;
}

Task<Result<void>> Fetch::Impl::watch(Impl* self, Dialler* dialler) {
    Download& download = *self->running;
    Signal& changed = download.changed();
    std::uint64_t counted = 0;
    self->outlook_since = self->loop.now();
    while (!download.ended()) {
        const Clock::Instant tick = self->loop.now() + kTick;
        co_await changed.wait(tick);
        if (self->blocks != 0)
            self->job.advance(download.kept_bytes() - counted);
        counted = download.kept_bytes();
        auto going = self->job.go_on();
        if (!going)
            co_return going;
        auto error = self->given_up(*dialler);
        if (error && !download.ended())
            co_return fail(std::move(*error));
    }
    if (download.failure())
        co_return fail(std::move(*download.failure()));
    co_return Result<void>();
}

std::optional<Error> Fetch::Impl::given_up(const Dialler& dialler) {
    const Clock::Instant now = loop.now();
    const plan::Outlook is = running->plan().outlook();
    if (is != outlook) {
        outlook = is;
        outlook_since = now;
    }
    const Clock::Duration since = now - outlook_since;
    if (now >= options.until)
        return out_of_time({});
    if (is == plan::Outlook::no_peer) {
        const bool all_failed = !dialler.empty() && dialler.all_failed();
        const bool only_liars =
            all_failed && std::any_of(roster.all().begin(), roster.all().end(),
                                      [&](const auto& entry) { return now < entry.banned_until; });
        if (only_liars || (all_failed && !dialler.was_connected()) || since >= options.alone)
            return nobody(dialler);
    }
    if (is == plan::Outlook::nobody_has_it && since >= options.absent)
        return missing_everywhere();
    if (now - running->progress() >= options.stalled)
        return out_of_time(options.stalled);
    return std::nullopt;
}

Error Fetch::Impl::nobody(const Dialler& dialler) const {
    for (const Roster::Entry& entry : roster.all())
        if (loop.now() < entry.banned_until)
            return Error(Errc::exchange_invalid,
                         fmt::format("no other peer is left, and {} sent a wrong block: {}",
                                     entry.id.text(), entry.lie))
                .hint(
                    "what has come is right and stays; name a peer that can be trusted to have it");
    if (dialler.error())
        return Error(dialler.error()->code() == Errc::peer_wrong ? Errc::peer_wrong
                                                                 : Errc::unavailable,
                     fmt::format("no peer can be reached: {}", dialler.error()->text()));
    return Error(Errc::unavailable, "no peer is connected");
}

Error Fetch::Impl::missing_everywhere() const {
    if (blocks == 0)
        return Error(Errc::dataset_not_found, "no peer has it");
    const IndexSet& missing = running->plan().missing();
    return Error(Errc::block_not_found,
                 fmt::format("no peer has {} of its {}, the first of them is {}", missing.size(),
                             counted(blocks, "block", "blocks"), missing.next(0).value_or(0)))
        .hint("what has come stays, and the same command goes on from there");
}

Error Fetch::Impl::out_of_time(Clock::Duration after) const {
    const FetchStatus now = status();
    const std::string what =
        after == Clock::Duration::zero()
            ? std::string("the time is over")
            : fmt::format("nothing has come for {} s",
                          std::chrono::duration_cast<std::chrono::seconds>(after).count());
    const std::string share = blocks == 0 ? std::string("nothing is here yet")
                                          : fmt::format("{} of {} are here", now.blocks_here,
                                                        counted(blocks, "block", "blocks"));
    return Error(Errc::timeout, what + ", " + share)
        .hint("what has come stays, and the same command goes on from there");
}

FetchStatus Fetch::Impl::status() const {
    FetchStatus now;
    now.blocks = blocks;
    now.blocks_fetched = blocks_fetched;
    now.bytes_fetched = bytes_fetched;
    if (running && blocks != 0) {
        now.blocks_fetched += running->kept();
        now.bytes_fetched += running->kept_bytes();
    }
    now.blocks_here = blocks == 0 ? 0 : blocks_before + now.blocks_fetched;
    for (plan::PeerNumber number = 0; number < roster.all().size(); ++number) {
        const Roster::Entry& entry = roster.all()[number];
        plan::PeerCounts counts = entry.counts;
        FetchPeer peer{entry.id, 0, 0, 0, 0, 0, entry.rate, entry.round_trip};
        if (const plan::Peer* at = running ? running->plan().peer(number) : nullptr) {
            counts += at->counts;
            peer.rate = at->meter.rate();
            peer.round_trip = at->meter.round_trip();
        }
        peer.blocks = counts.useful;
        peer.duplicates = counts.duplicates;
        peer.unasked = counts.unasked;
        peer.wrong = counts.wrong;
        peer.late = counts.late;
        now.peers.push_back(peer);
    }
    return now;
}

Fetch::Fetch(Peers& peers, repo::Repo& repo, const Cid& manifest, FetchOptions options,
             const codex::Job& job)
    : impl_(std::make_unique<Impl>(peers, repo, manifest, std::move(options), job)) {}
Fetch::~Fetch() = default;

Task<Result<FetchStatus>> Fetch::run(Fetch* self) {
    return Impl::run(self->impl_.get());
}

FetchStatus Fetch::status() const {
    return impl_->status();
}

} // namespace codex::exchange
