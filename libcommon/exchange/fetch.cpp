#include "exchange/fetch.hpp"

#include "base/copy_error.hpp"
#include "base/offload.hpp"
#include "exchange/detail/fetch_impl.hpp"
#include "exchange/detail/thrown.hpp"

#include <algorithm>

namespace codex::exchange {

using namespace detail;

namespace {

constexpr Clock::Duration kTick = std::chrono::milliseconds(100);
/// How long a writer of the content lets a block be committed before it looks again.
constexpr Clock::Duration kLookForCommit = std::chrono::milliseconds(50);

/// What the repo has of a dataset.
struct There {
    std::optional<codec::Manifest> whole; ///< and nothing of it is known to be damaged
    Bytes manifest;                       ///< empty: not here
};

/// A manifest that a disk has lost or damaged is in the index, too.
Result<There> look(repo::Repo* repo, const Cid& manifest, const codex::Job& job) {
    There there;
    if (repo == nullptr)
        return there;
    auto dataset = repo->dataset(manifest);
    if (dataset) {
        const repo::Restored block{manifest, dataset->manifest_bytes};
        CODEX_CHECK(repo->restore({&block, 1}));
        CODEX_TRY(health, dataset::health(dataset::Job(*repo, job), manifest, false));
        if (health.repairable() || (health.missing.empty() && health.damaged.empty()))
            there.whole = std::move(dataset->manifest);
        else
            there.manifest = std::move(dataset->manifest_bytes);
        return there;
    }
    const Errc code = dataset.error().code();
    if (code != Errc::dataset_not_found && code != Errc::dataset_partial)
        return fail(copy_of(dataset.error()));
    auto bytes = repo->get(manifest);
    if (bytes)
        there.manifest = std::move(*bytes);
    else if (bytes.error().code() != Errc::block_not_found &&
             bytes.error().code() != Errc::block_corrupt)
        return fail(std::move(bytes).error());
    return there;
}

/// A dataset that was begun, or that goes on.
struct Opened {
    std::shared_ptr<Leaves> leaves;
    std::shared_ptr<Content> content;     ///< where it is wanted
    std::uint64_t wanted = 0;             ///< blocks
    IndexSet missing;                     ///< of them
    std::uint64_t lacking = 0;            ///< blocks that are to be stored, computed ones included
    std::optional<ColumnNeeds> columns{}; ///< where any rows of each column do
    std::optional<IndexRange> read{};     ///< blocks that somebody reads
    IndexRange content_blocks{};          ///< all that have content
    repo::Repo* repo = nullptr;
};

struct Opening {
    Destination to; ///< without a repo: `open` gives it
    OpenDestination open;
    Cid cid;
    Bytes manifest;
    std::function<Result<FetchPart>(const codec::Manifest&)> part;
    std::string label;
    ByteSink* content;
    bool in_order;
    std::size_t max_block_bytes;
    codex::Job job;

    [[nodiscard]] Result<Opened> run() const {
        CODEX_TRY(decoded, codec::decode_manifest(manifest));
        if (decoded.block_size_bytes > max_block_bytes)
            return fail(Errc::unsupported, "its blocks have {} bytes, and no more than {} are read",
                        decoded.block_size_bytes, max_block_bytes);
        CODEX_TRY(wanted, part(decoded));
        Destination into = to;
        if (into.repo == nullptr)
            CODEX_SET(into, open());
        CODEX_TRY(dataset, into.repo->open_partial(manifest, {into.expiry, label}));
        Opened opened;
        opened.repo = into.repo;
        opened.leaves = std::make_shared<Leaves>(*into.repo, std::move(dataset));
        CODEX_SET(opened.missing, opened.leaves->missing(job));
        opened.wanted = wanted.blocks.size();
        if (opened.wanted == opened.leaves->count() && !opened.leaves->whole())
            take_any_rows(decoded, opened);
        else if (!opened.leaves->whole())
            take_part(decoded, wanted.blocks, opened);
        opened.missing.intersect(wanted.blocks);
        if (in_order) {
            CODEX_TRY(read, dataset::clamp(wanted.content, decoded.content_size_bytes()));
            opened.read = dataset::blocks_of(decoded, read);
            CODEX_TRY(whole, dataset::clamp({}, decoded.content_size_bytes()));
            opened.content_blocks = dataset::blocks_of(decoded, whole);
        }
        if (content != nullptr)
            CODEX_SET(opened.content, Content::open(*into.repo, cid, decoded, wanted.content));
        return opened;
    }

    /// Of a part of a protected dataset the blocks themselves, but for padding, or k others of each
    /// column that has some which nobody has.
    static void take_part(const codec::Manifest& manifest, const IndexSet& blocks, Opened& opened) {
        const auto layout = erasure::Layout::of(manifest);
        if (!layout || manifest.block_size_bytes % 64 != 0)
            return;
        IndexSet part = blocks;
        for (std::uint64_t index = layout->original_blocks; index < layout->rounded(); ++index)
            part.erase(index);
        opened.wanted = part.size();
        IndexSet here({0, opened.leaves->count()});
        here.subtract(opened.missing);
        opened.missing.intersect(part);
        if (opened.missing.empty())
            return;
        opened.leaves->want_part(part);
        opened.columns.emplace(*layout, std::move(here), std::move(part));
    }

    /// All of a protected dataset: k blocks of each column are enough.
    static void take_any_rows(const codec::Manifest& manifest, Opened& opened) {
        const auto layout = erasure::Layout::of(manifest);
        if (!layout || manifest.block_size_bytes % 64 != 0)
            return; // plain, or not coded as it can be here
        IndexSet here({0, opened.leaves->count()});
        here.subtract(opened.missing);
        const std::uint64_t before = here.size();
        IndexSet lacking = opened.missing;
        for (std::uint64_t index = layout->original_blocks; index < layout->rounded(); ++index)
            lacking.erase(index);
        opened.lacking = lacking.size();
        opened.columns.emplace(*layout, std::move(here));
        opened.missing = opened.columns->first();
        opened.missing.unite(opened.leaves->lost()); // in any case, for they are in its index
        opened.wanted = before + opened.missing.size();
    }
};

} // namespace

Result<FetchPart> Fetch::Impl::part_of(const codec::Manifest& of) const {
    if (options.part)
        return options.part(of);
    return FetchPart{IndexSet({0, of.blocks_count()}), {}};
}

Task<Result<FetchStatus>> Fetch::Impl::run(Impl* self) {
    Executor& executor = self->job.executor();
    auto looking = [repo = self->repo, cid = self->manifest, job = self->job.uncounted()] {
        return look(repo, cid, job);
    };
    CODEX_CO_TRY(there, offload(self->loop, executor, std::move(looking)));
    if (there.whole) {
        auto whole = give(self, std::move(*there.whole));
        co_return co_await std::move(whole);
    }
    if (there.manifest.empty()) {
        const auto block = std::make_shared<OneBlock>(self->manifest);
        IndexSet first({0, 1});
        self->expected =
            self->peers.expect_blocks(codec::kMaxManifestBytes + kReadAnyBlock.block_rest_bytes);
        CODEX_CO_CHECK(download(self, block, nullptr, std::move(first),
                                codec::kMaxManifestBytes / 16, std::nullopt));
        there.manifest = block->bytes();
    }
    auto opening = [how = Opening{{self->repo, self->options.expiry},
                                  self->open,
                                  self->manifest,
                                  std::move(there.manifest),
                                  [self](const codec::Manifest& of) { return self->part_of(of); },
                                  self->options.label,
                                  self->options.content,
                                  self->options.in_order,
                                  self->options.max_block_bytes,
                                  self->job}] { return how.run(); };
    CODEX_CO_TRY(opened, offload(self->loop, executor, std::move(opening)));
    self->repo = opened.repo;
    if (opened.read) {
        self->prefer(*opened.read);
        self->at_last = Impl::Reading{opened.content_blocks}; // who reads a part may read on
    }
    self->blocks = opened.wanted;
    self->blocks_before = self->blocks - opened.missing.size();
    self->blocks_lacking = std::max(opened.lacking, opened.missing.size());
    const std::size_t block_bytes = opened.leaves->block_bytes();
    self->job.expect(opened.missing.size() * block_bytes);
    self->expected = self->peers.expect_blocks(block_bytes + kReadAnyBlock.block_rest_bytes);
    if (!opened.missing.empty() || opened.content || opened.columns) {
        CODEX_CO_CHECK(download(self, opened.leaves, opened.content, std::move(opened.missing),
                                block_bytes, std::move(opened.columns)));
    }
    co_return self->status();
}

Task<Result<FetchStatus>> Fetch::Impl::give(Impl* self, codec::Manifest whole) {
    auto part = self->part_of(whole);
    if (!part)
        co_return fail(std::move(part).error());
    self->blocks = self->blocks_before = part->blocks.size();
    if (self->options.content != nullptr) {
        Signal changed(self->loop);
        TaskGroup writer(self->loop, [self](const std::exception_ptr& thrown) {
            self->content_error = error_of(thrown);
            self->content_over = true;
        });
        self->content_over = false;
        writer.start(write_whole(self, part->content, &changed));
        CODEX_CO_CHECK(end_content(self, true, &changed));
    }
    co_return self->status();
}

Task<Result<void>> Fetch::Impl::download(Impl* self, std::shared_ptr<Goods> goods,
                                         std::shared_ptr<Content> content, IndexSet wanted,
                                         std::size_t block_bytes,
                                         std::optional<ColumnNeeds> columns) {
    DownloadOptions of;
    const bool columns_given = columns.has_value();
    of.columns = std::move(columns);
    of.block_bytes = block_bytes;
    of.seed = self->options.seed;
    of.queue_bytes = self->options.queue_bytes;
    of.logger = self->options.logger;
    of.belief = self->options.belief;
    self->running = std::make_unique<Download>(self->peers, self->job, self->roster,
                                               std::move(goods), std::move(of));
    self->all_is_here = false;
    self->running->start(wanted);
    self->running->hold(self->held);
    TaskGroup writer(self->loop, [self](const std::exception_ptr& thrown) {
        self->content_error = error_of(thrown);
        self->content_over = true;
    });
    if (content) {
        self->content_over = false;
        writer.start(write(self, std::move(content)));
    }
    // Where nothing is wanted of them, nobody is dialled, or named as one that gave nothing.
    static const std::vector<net::Multiaddr> kNobody;
    const bool needs_peers = !wanted.empty() || columns_given;
    if (needs_peers && self->options.source != nullptr)
        self->options.source->begin();
    Dialler dialler(self->peers, self->roster, needs_peers ? self->options.peers : kNobody);
    auto watched = co_await watch(self, &dialler);
    self->unheard.clear();
    // What has come stays, however it ends.
    auto done = co_await Download::settle(self->running.get());
    if (!watched)
        done = fail(std::move(watched).error());
    else if (done && *watched && !self->running->ended())
        done = fail(self->words_of(**watched, dialler));
    if (!done && done.error().code() == Errc::quota_exceeded && self->blocks != 0) {
        auto asking = [repo = self->repo] { return repo->space(); };
        auto space = co_await offload(self->loop, self->job.executor(), std::move(asking));
        if (auto error = space ? self->short_of_room(*space, block_bytes) : std::nullopt)
            done = fail(std::move(*error));
    }
    if (!wanted.empty())
        self->note_unreached(dialler);
    auto given = co_await end_content(self, done.has_value(), &self->running->changed());
    if (done)
        done = std::move(given);
    if (self->blocks != 0) {
        self->blocks_fetched += self->running->kept();
        self->bytes_fetched += self->running->kept_bytes();
    }
    self->running.reset();
    co_return done;
}

Task<Result<std::optional<Fetch::Impl::Why>>> Fetch::Impl::watch(Impl* self,
                                                                 const Dialler* dialler) {
    Download& download = *self->running;
    Signal& changed = download.changed();
    std::uint64_t counted = 0;
    self->outlook_since = self->loop.now();
    self->look_ahead_of_readers(); // before anything is asked for
    while (!download.ended() && !self->content_error) {
        const Clock::Instant tick = self->loop.now() + kTick;
        co_await changed.wait(tick);
        if (self->blocks != 0)
            self->job.advance(download.kept_bytes() - counted);
        self->look_ahead_of_readers();
        counted = download.kept_bytes();
        auto going = self->job.go_on();
        if (!going)
            co_return fail(std::move(going).error());
        const auto why = self->given_up(*dialler);
        self->note_waiting();
        if (why && !download.ended())
            co_return why;
    }
    if (download.failure())
        co_return fail(std::move(*download.failure()));
    co_return std::optional<Why>();
}

// --- its content --------------------------------------------------------------------------------

Task<void> Fetch::Impl::write(Impl* self, std::shared_ptr<Content> content) {
    Signal& changed = self->running->changed();
    while (content->left().count != 0 && !self->content_error) {
        self->written.blocks = content->left();
        self->look_ahead(self->written);
        const bool last_look = self->all_is_here;
        auto writing = [content, to = self->options.content] { return content->write_some(*to); };
        auto written = co_await offload(self->loop, self->job.executor(), std::move(writing));
        if (!written) {
            if (!self->content_error) // else it is why the sink was cancelled
                self->content_error = std::move(written).error();
        } else if (*written == 0 && last_look) {
            self->content_error =
                Error(Errc::dataset_damaged,
                      fmt::format("block {} was here and is gone", content->left().first));
        } else if (*written == 0) {
            const Clock::Instant again = self->loop.now() + kLookForCommit;
            co_await changed.wait(again);
        }
    }
    self->content_over = true;
    changed.notify();
}

Task<void> Fetch::Impl::write_whole(Impl* self, dataset::ByteRange range, Signal* changed) {
    auto writing = [job = dataset::Job(*self->repo, self->job.uncounted()), cid = self->manifest,
                    range,
                    to = self->options.content] { return dataset::get(job, cid, range, *to); };
    auto written = co_await offload(self->loop, self->job.executor(), std::move(writing));
    if (!written && !self->content_error) // else it is why the sink was cancelled
        self->content_error = std::move(written).error();
    self->content_over = true;
    changed->notify();
}

/// Lets what is here be written; what is not ends it.
Task<Result<void>> Fetch::Impl::end_content(Impl* self, bool all_is_here, Signal* changed) {
    self->all_is_here = all_is_here;
    std::optional<Error> ended;
    while (!self->content_over) {
        if (!ended && !all_is_here)
            ended = Error(Errc::cancelled, "cancelled");
        if (auto going = self->job.go_on(); !going && !ended)
            ended = std::move(going).error();
        if (self->loop.now() >= self->options.until && !ended)
            ended = self->not_taken_in_time();
        if (ended && !self->content_error) {
            self->options.content->cancel();
            self->content_error = std::move(*ended);
        }
        const Clock::Instant tick = self->loop.now() + kTick;
        co_await changed->wait(tick);
    }
    if (self->content_error)
        co_return fail(std::move(*self->content_error));
    co_return Result<void>();
}

Fetch::Fetch(Peers& peers, repo::Repo& repo, const Cid& manifest, FetchOptions options,
             const codex::Job& job)
    : impl_(std::make_unique<Impl>(peers, &repo, nullptr, manifest, std::move(options), job)) {}
Fetch::Fetch(Peers& peers, OpenDestination open, const Cid& manifest, FetchOptions options,
             const codex::Job& job)
    : impl_(std::make_unique<Impl>(peers, nullptr, std::move(open), manifest, std::move(options),
                                   job)) {}
Fetch::~Fetch() = default;

Task<Result<FetchStatus>> Fetch::run(Fetch* self) {
    Impl* const impl = self->impl_.get();
    auto status = co_await Impl::run(impl);
    if (!status && status.error().code() != Errc::cancelled)
        ++impl->peers.counts().failed;
    co_return status;
}

} // namespace codex::exchange
