// What comes into the repo while somebody waits for it: what others store, by whatever process.
#include "base/offload.hpp"
#include "exchange/detail/server_impl.hpp"

#include <set>

namespace codex::exchange {

namespace {

/// What is known of leaves that were there, of all trees that grow; beyond, all is looked at again.
constexpr std::size_t kMostPresentBytes = std::size_t{8} << 20;

} // namespace

bool Server::Impl::anyone_waits() const {
    return std::any_of(clients_.begin(), clients_.end(),
                       [](const auto& one) { return one.second->list.waits(); });
}

Task<void> Server::Impl::watch_changes(Impl* self) {
    for (;;) {
        if (!self->anyone_waits()) {
            co_await self->waits_.wait();
            continue;
        }
        co_await self->loop_.pause_until(self->loop_.now() + self->options_.look);
        if (!self->growth_->changes.may_have_more())
            continue;
        auto job = [repo = &self->repo_, growth = self->growth_] { return look(*repo, *growth); };
        const auto news = co_await offload(self->loop_, self->executor_, std::move(job));
        if (!news) {
            self->options_.logger.warn("what others store is not noticed any more",
                                       {{"error", news.error()}});
            co_return;
        }
        self->take(*news);
    }
}

Result<Server::Impl::News> Server::Impl::look(const repo::Repo& repo, Growth& growth) {
    News news;
    CODEX_TRY(notices, growth.changes.take());
    news.everything = notices.everything;
    std::set<Cid> grown;
    for (const repo::Change& change : notices.changes) {
        if (change.kind == repo::ChangeKind::block_removed) {
            growth.forget(); // it may be a leaf of any tree, and come again
            continue;
        }
        if (change.kind == repo::ChangeKind::dataset_removed) {
            growth.forget(change.cid);
            continue;
        }
        news.plain = true;
        if (change.kind == repo::ChangeKind::block_stored)
            news.everything = true; // a block may be a leaf of any tree
        else
            grown.insert(change.cid);
    }
    if (news.everything) {
        growth.forget();
        return news;
    }
    for (const Cid& manifest : grown) {
        // One that is being fetched has become whole meanwhile, or grows on.
        const auto partial = repo.partial_tree(manifest);
        auto present = partial ? partial->present() : fail(Errc::dataset_not_found, "");
        if (present && partial->manifest() == manifest) {
            news.trees.emplace_back(partial->cid(), growth.grown(manifest, std::move(*present)));
            continue;
        }
        growth.forget(manifest);
        if (const auto dataset = repo.dataset(manifest))
            news.trees.emplace_back(dataset->manifest.tree,
                                    std::vector(1, IndexRange{0, IndexSet::kMaxIndices}));
    }
    return news;
}

std::vector<IndexRange> Server::Impl::Growth::grown(const Cid& manifest, IndexSet now) {
    IndexSet fresh = now;
    IndexSet& before = present[manifest];
    fresh.subtract(before);
    bytes = bytes - before.memory_bytes() + now.memory_bytes();
    before = std::move(now);
    if (bytes > kMostPresentBytes)
        forget();
    std::vector<IndexRange> runs;
    for (auto run = fresh.next_run(0); run; run = fresh.next_run(run->end()))
        runs.push_back(*run);
    return runs;
}

void Server::Impl::Growth::forget(const Cid& manifest) {
    const auto known = present.find(manifest);
    if (known == present.end())
        return;
    bytes -= known->second.memory_bytes();
    present.erase(known);
}

void Server::Impl::Growth::forget() {
    present.clear();
    bytes = 0;
}

void Server::Impl::take(const News& news) {
    if (!news.everything && !news.plain)
        return;
    arrived([&news](WantList& list) {
        if (news.everything) {
            list.arrived_anything();
            return;
        }
        list.arrived_plain();
        for (const auto& [tree, leaves] : news.trees)
            for (const IndexRange& run : leaves)
                list.arrived(tree, run);
    });
}

} // namespace codex::exchange
