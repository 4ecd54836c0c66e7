#include "node/advertiser.hpp"

#include "base/offload.hpp"

#include <algorithm>

namespace codex::node {

namespace {

/// Partial datasets that are told of in a round, at most.
constexpr std::size_t kMostPartials = 65536;
/// What a dataset that grows says of itself is passed over for so long.
constexpr Clock::Duration kGrows = std::chrono::minutes(10);
constexpr std::size_t kMostGrowing = 4096;
/// Between two looks whether all is to be told again, and the least between two rounds.
constexpr Clock::Duration kTick = std::chrono::seconds(10);
constexpr Clock::Duration kAfterThrown = std::chrono::seconds(1);

WithdrawalsOptions withdrawal_options(const AdvertiserOptions& options) {
    WithdrawalsOptions withdrawals;
    withdrawals.look = options.look;
    withdrawals.settle = 2 * options.patience;
    withdrawals.logger = options.logger;
    return withdrawals;
}

} // namespace

/// Names of things that are there.
struct Advertiser::Page {
    std::vector<Id> ids;
    std::size_t datasets = 0; ///< that were read for it
    std::optional<Cid> last;  ///< manifest; nothing: that was the end
};

/// What was stored since: datasets by manifest and tree.
struct Advertiser::News {
    bool everything = false;
    std::vector<std::pair<Cid, Cid>> stored;
    std::vector<std::pair<Cid, Cid>> growing;
    std::vector<Cid> removed; ///< manifests
};

Advertiser::Advertiser(DhtNode& node, const repo::Repo& repo, Executor& executor,
                       AdvertiserOptions options)
    : node_(node), repo_(repo), executor_(executor), loop_(node.loop()),
      options_(std::move(options)), changed_(loop_),
      withdrawals_(loop_, executor_, repo_, node_.store(), node_.dht().record().record.peer,
                   node_.dht().id(), withdrawal_options(options_)),
      tasks_(loop_) {
    auto changes = repo_.changes(); // before what is there is looked at
    if (changes)
        changes_ = std::make_shared<repo::Changes>(std::move(*changes));
    else
        options_.logger.warn("What others store is advertised half an hour later",
                             {{"error", changes.error()}});
    for (std::size_t i = 0; i < options_.at_once; ++i)
        tasks_.start(keep_on(this, tell_loop));
    tasks_.start(keep_on(this, round_loop));
    if (changes_)
        tasks_.start(keep_on(this, watch_loop));
}

Advertiser::~Advertiser() = default;

/// What it does all the time begins anew after what it has thrown, for want of memory.
Task<void> Advertiser::keep_on(Advertiser* self, Task<void> (*loop)(Advertiser*)) {
    for (bool over = false; !over;) {
        try {
            co_await loop(self);
            over = true;
        } catch (const std::bad_alloc&) {
            over = false;
        }
        if (!over) {
            co_await self->loop_.pause_until(self->loop_.now() + kAfterThrown);
        }
    }
}

// --- telling ------------------------------------------------------------------------------------

Task<void> Advertiser::enqueue(Advertiser* self, Id id) {
    while (!self->has_room()) {
        co_await self->changed_.wait();
    }
    if (self->queued_.insert(id).second) {
        self->queue_.push_back(id);
        self->changed_.notify();
    }
}

void Advertiser::enqueue_stored(const Cid& manifest, const Cid& tree) {
    for (const Cid* cid : {&manifest, &tree}) {
        if (queue_.size() >= options_.queue) {
            again_ = true;
            return;
        }
        const Id id = Id::of_content(*cid);
        if (queued_.insert(id).second)
            queue_.push_front(id); // before what was told of half an hour ago
    }
    changed_.notify();
}

Task<void> Advertiser::tell_loop(Advertiser* self) {
    for (;;) {
        while (self->queue_.empty()) {
            co_await self->changed_.wait();
        }
        const Id id = self->queue_.front();
        self->queue_.pop_front();
        self->queued_.erase(id);
        self->changed_.notify();
        if (!self->in_flight_.insert(id).second)
            continue;
        const Clock::Instant until = self->loop_.now() + self->options_.patience;
        const auto told = co_await self->node_.provide(id, until);
        self->in_flight_.erase(id);
        if (told) {
            ++self->counts_.told;
            continue;
        }
        ++self->counts_.failed;
        self->told_of_.clear(); // whatever it is of is said when it has grown, or is whole
        self->told_order_.clear();
        self->options_.logger.debug("Not advertised", {{"error", told.error()}});
    }
}

// --- all that is there --------------------------------------------------------------------------

Result<Advertiser::Page> Advertiser::read_page(const repo::Repo& repo,
                                               const std::optional<Cid>& behind, std::size_t most) {
    Page page;
    std::optional<Cid> last;
    const auto add = [&](const repo::DatasetInfo& dataset) {
        page.ids.push_back(Id::of_content(dataset.cid));
        page.ids.push_back(Id::of_content(dataset.manifest.tree));
        last = dataset.cid;
        return ++page.datasets < most;
    };
    CODEX_CHECK(repo.for_each_dataset(add, behind));
    if (page.datasets == most)
        page.last = last;
    std::size_t partials = 0;
    if (!behind) // there are few of them
        CODEX_CHECK(repo.for_each_partial([&](const repo::PartialInfo& partial) {
            page.ids.push_back(Id::of_content(partial.dataset.cid));
            page.ids.push_back(Id::of_content(partial.dataset.manifest.tree));
            return ++partials < kMostPartials;
        }));
    return page;
}

Task<void> Advertiser::round(Advertiser* self) {
    co_await enqueue(self, self->node_.dht().id());
    std::optional<Cid> behind;
    do {
        auto job = [repo = &self->repo_, behind, most = self->options_.page] {
            return read_page(*repo, behind, most);
        };
        const auto page = co_await offload(self->loop_, self->executor_, std::move(job));
        if (!page) {
            self->options_.logger.warn("What is in the repo is not advertised",
                                       {{"error", page.error()}});
            co_return;
        }
        self->counts_.read += page->datasets;
        for (const Id& id : page->ids) {
            co_await enqueue(self, id);
        }
        behind = page->last;
    } while (behind);
    ++self->counts_.rounds;
}

/// Again after a while; and before where others are to be told something else: this node has
/// another address, or it knows twice as many of them, so that those next to a thing are others.
Task<void> Advertiser::round_loop(Advertiser* self) {
    for (;;) {
        const Clock::Instant began = self->loop_.now();
        const std::size_t nodes = self->node_.dht().node_count();
        const Bytes record = self->node_.announcer().provider_record();
        self->again_ = false;
        co_await round(self);
        for (bool due = false; !due;) {
            co_await self->loop_.pause_until(self->loop_.now() + kTick);
            due = self->loop_.now() - began >= self->options_.interval || self->again_ ||
                  self->node_.dht().node_count() > 2 * nodes ||
                  self->node_.announcer().provider_record() != record;
        }
    }
}

// --- what is stored meanwhile -------------------------------------------------------------------

Result<Advertiser::News> Advertiser::look(const repo::Repo& repo, repo::Changes& changes) {
    News news;
    CODEX_TRY(notices, changes.take());
    news.everything = notices.everything;
    for (const repo::Change& change : notices.changes) {
        if (change.kind == repo::ChangeKind::dataset_removed) {
            news.removed.push_back(change.cid);
        } else if (change.kind == repo::ChangeKind::dataset_stored) {
            if (const auto dataset = repo.dataset(change.cid))
                news.stored.emplace_back(change.cid, dataset->manifest.tree);
        } else if (change.kind == repo::ChangeKind::partial_grown) {
            if (const auto partial = repo.partial(change.cid))
                news.growing.emplace_back(change.cid, partial->dataset.manifest.tree);
        }
    }
    return news;
}

/// Of a dataset that grows each part has a notice, the last one as well, and all together say one
/// thing.
bool Advertiser::is_due(const Cid& manifest) {
    if (is_told(manifest))
        return false;
    forget(manifest);
    told_order_.push_back(manifest);
    told_of_[manifest] = loop_.now();
    if (told_order_.size() > kMostGrowing) {
        told_of_.erase(told_order_.front());
        told_order_.pop_front();
    }
    return true;
}

bool Advertiser::is_told(const Cid& manifest) const {
    const auto known = told_of_.find(manifest);
    return known != told_of_.end() && loop_.now() - known->second < kGrows;
}

void Advertiser::forget(const Cid& manifest) {
    if (told_of_.erase(manifest) != 0)
        std::erase(told_order_, manifest);
}

Task<void> Advertiser::watch_loop(Advertiser* self) {
    for (;;) {
        co_await self->loop_.pause_until(self->loop_.now() + self->options_.look);
        if (!self->changes_->may_have_more())
            continue;
        auto job = [repo = &self->repo_, changes = self->changes_] {
            return look(*repo, *changes);
        };
        const auto news = co_await offload(self->loop_, self->executor_, std::move(job));
        if (!news) {
            self->options_.logger.warn("What others store is advertised half an hour later",
                                       {{"error", news.error()}});
            co_return;
        }
        self->again_ = self->again_ || news->everything;
        // They are withdrawn here, and said anew when they come again.
        for (const Cid& manifest : news->removed)
            self->forget(manifest);
        for (const auto& [manifest, tree] : news->growing)
            if (self->is_due(manifest))
                self->enqueue_stored(manifest, tree);
        for (const auto& [manifest, tree] : news->stored)
            if (!self->is_told(manifest))
                self->enqueue_stored(manifest, tree);
    }
}

} // namespace codex::node
