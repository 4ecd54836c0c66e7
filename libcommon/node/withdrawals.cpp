#include "node/withdrawals.hpp"

#include "base/offload.hpp"

#include <algorithm>

namespace codex::node {

namespace {

/// Comparing goes through all that is there: so much more time passes until the next.
constexpr int kPauseFactor = 20;
constexpr Clock::Duration kAfterThrown = std::chrono::seconds(1);

struct Removed {
    bool some = false;
    std::vector<net::dht::Id> manifests;
};

Result<Removed> look(repo::Changes& changes) {
    CODEX_TRY(notices, changes.take());
    Removed removed;
    removed.some = notices.everything;
    for (const repo::Change& change : notices.changes)
        if (change.kind == repo::ChangeKind::dataset_removed)
            removed.manifests.push_back(net::dht::Id::of_content(change.cid));
    removed.some = removed.some || !removed.manifests.empty();
    return removed;
}

} // namespace

Withdrawals::Withdrawals(EventLoop& loop, Executor& executor, const repo::Repo& repo,
                         DhtStore& store, net::PeerId own, const net::dht::Id& always,
                         WithdrawalsOptions options)
    : loop_(loop), executor_(executor), repo_(repo), store_(store), own_(std::move(own)),
      always_(always), options_(std::move(options)), tasks_(loop) {
    if (auto changes = repo_.changes()) { // before what is there is looked at
        changes_ = std::make_shared<repo::Changes>(std::move(*changes));
        tasks_.start(run(this));
    } else {
        options_.logger.warn("What is removed is said to be here for a day",
                             {{"error", changes.error()}});
    }
}

Withdrawals::~Withdrawals() = default;

/// Begins anew after what it has thrown, for want of memory.
Task<void> Withdrawals::run(Withdrawals* self) {
    for (bool over = false; !over;) {
        try {
            co_await watch(self);
            over = true;
        } catch (const std::bad_alloc&) {
            over = false;
        }
        if (!over) {
            co_await self->loop_.pause_until(self->loop_.now() + kAfterThrown);
        }
    }
}

Task<void> Withdrawals::watch(Withdrawals* self) {
    Clock::Instant due = self->loop_.now(); // for what was removed while no node ran
    bool again = false;
    for (Clock::Instant free = due;;) {
        co_await self->loop_.pause_until(self->loop_.now() + self->options_.look);
        Removed removed;
        if (self->changes_->may_have_more()) {
            auto job = [changes = self->changes_] { return look(*changes); };
            auto looked = co_await offload(self->loop_, self->executor_, std::move(job));
            if (!looked) {
                self->options_.logger.warn("What is removed is said to be here for a day",
                                           {{"error", looked.error()}});
                co_return;
            }
            removed = std::move(*looked);
        }
        for (const net::dht::Id& id : removed.manifests)
            self->store_.withdraw(id, self->own_);
        const Clock::Instant now = self->loop_.now();
        if (removed.some) {
            due = std::min(due, now);
            again = true;
        }
        if (now < std::max(due, free))
            continue;
        co_await sweep(self);
        const Clock::Instant after = self->loop_.now();
        free = after + kPauseFactor * (after - now);
        due = again ? after + self->options_.settle : Clock::Instant::max();
        again = false;
    }
}

/// Which tree a manifest had nothing says any more.
Task<void> Withdrawals::sweep(Withdrawals* self) {
    Ids said = self->store_.provided_by(self->own_);
    said.erase(self->always_);
    if (said.empty())
        co_return;
    auto job = [repo = &self->repo_, ids = std::move(said)]() mutable {
        return not_there(*repo, std::move(ids));
    };
    const auto gone = co_await offload(self->loop_, self->executor_, std::move(job));
    if (!gone) {
        self->options_.logger.debug("Not compared with the repo", {{"error", gone.error()}});
        co_return;
    }
    for (const net::dht::Id& id : *gone)
        self->store_.withdraw(id, self->own_);
}

Result<Withdrawals::Ids> Withdrawals::not_there(const repo::Repo& repo, Ids ids) {
    const auto keep = [&ids](const repo::DatasetInfo& dataset) {
        ids.erase(net::dht::Id::of_content(dataset.cid));
        ids.erase(net::dht::Id::of_content(dataset.manifest.tree));
        return !ids.empty();
    };
    CODEX_CHECK(repo.for_each_dataset(keep));
    if (!ids.empty())
        CODEX_CHECK(repo.for_each_partial(
            [&keep](const repo::PartialInfo& partial) { return keep(partial.dataset); }));
    return ids;
}

} // namespace codex::node
