// What is staged for a partial dataset becomes part of it, and with its last leaf it a dataset.
#include "codec/log_value.hpp"
#include "repo/index/dataset_record.hpp"
#include "repo/partial_impl.hpp"
#include "repo/segments/tree_file.hpp"
#include "repo/upkeep/pending.hpp"

#include <algorithm>

namespace codex::repo {

using namespace detail;

/// Commits what is staged in the background, while more comes.
Result<void> PartialDataset::Impl::flush() {
    CODEX_CHECK(wait());
    if (complete || current.leaves.empty())
        return {};
    in_flight = std::exchange(current, {});
    renew(in_flight.batch->lease());
    flushed = fail(out_of_memory()); // what it stays when the job throws
    flusher.start_or_run(session.job.executor(),
                         [this] { flushed = try_commit(in_flight, std::nullopt, false); });
    return {};
}

/// Waits for the batch in flight. When it failed, what is staged behind it in the same segment
/// goes, too; all of it may come again.
Result<void> PartialDataset::Impl::wait() {
    flusher.wait();
    if (!in_flight.batch)
        return {};
    Staged done = std::exchange(in_flight, {});
    Result<Outcome> outcome = std::exchange(flushed, Outcome::committed);
    if (outcome && *outcome == Outcome::last)
        return commit_here(done);
    if (outcome)
        return settle(*outcome);
    forget(done);
    forget(current);
    renew(nullptr);
    return fail(std::move(outcome).error());
}

Result<void> PartialDataset::Impl::commit() {
    CODEX_CHECK(require_here());
    CODEX_CHECK(wait());
    if (complete || current.leaves.empty())
        return {};
    Staged now = std::exchange(current, {});
    renew(now.batch->lease());
    return commit_here(now);
}

/// In this thread, with the tree where the dataset becomes whole.
Result<void> PartialDataset::Impl::commit_here(Staged& staged) {
    auto outcome = [&]() -> Result<Outcome> {
        std::optional<Extent> written;
        for (;;) {
            CODEX_TRY(now, try_commit(staged, written, true));
            if (now != Outcome::last)
                return now;
            Spool spool = make_spool(repo->store->path(), repo->store->limits());
            CODEX_CHECK(spool_tree(spool));
            // What is staged behind this one is in its segment already.
            CODEX_SET(written, staged.batch->stage_tree(manifest.tree, leaf_count(), spool,
                                                        !current.leaves.empty()));
        }
    }();
    if (outcome)
        return settle(*outcome);
    forget(staged);
    forget(current);
    renew(nullptr);
    return fail(std::move(outcome).error());
}

Result<void> PartialDataset::Impl::settle(Outcome outcome) {
    if (outcome == Outcome::committed)
        return {};
    current = {};
    if (outcome == Outcome::whole) {
        complete = true;
        repo->log.with_topics("codex node")
            .info("Stored data", {{"manifestCid", cid},
                                  {"treeCid", manifest.tree},
                                  {"blocks", leaf_count()},
                                  {"datasetSize", log::ByteCount{manifest.dataset_size_bytes}}});
        (void)collect_writer(session, id,
                             Tree::remove); // it is too late to fail, and gc does it, too
        return {};
    }
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(dataset, find_dataset(txn, cid));
    complete = dataset.has_value();
    removed = !complete;
    return require_here();
}

Result<void> PartialDataset::Impl::require_here() const {
    return removed ? Result<void>(fail(gone())) : Result<void>();
}

Result<Outcome> PartialDataset::Impl::try_commit(Staged& staged,
                                                 const std::optional<Extent>& tree_at,
                                                 bool may_finish) {
    if (session.sync)
        CODEX_CHECK(tree->impl_->file.sync());
    Outcome outcome = Outcome::committed;
    CODEX_TRY(done, staged.batch->commit({[&](Ledger& ledger) -> Result<bool> {
                                              CODEX_TRY(entry, find_partial(ledger.txn(), cid));
                                              return entry && entry->id == id;
                                          },
                                          [&](Ledger& ledger) -> Result<bool> {
                                              CODEX_SET(outcome,
                                                        grow(ledger, staged, tree_at, may_finish));
                                              return outcome != Outcome::last;
                                          }}));
    return done ? outcome : Outcome::last;
}

/// The part of the transaction that is about the partial dataset; the batch has pinned its blocks.
Result<Outcome> PartialDataset::Impl::grow(Ledger& ledger, const Staged& staged,
                                           const std::optional<Extent>& tree_at, bool may_finish) {
    CODEX_TRY(entry, find_partial(ledger.txn(), cid));
    const bool gone = !entry || entry->id != id;
    CODEX_TRY(stored, ledger.tree(manifest.tree));
    if (gone || stored) // somebody was faster
        CODEX_CHECK(drop_tree(ledger, tree_at));
    if (gone)
        return Outcome::gone;
    HeldLeaves held(ledger.txn(), id);
    std::vector<Cid> pins;
    for (const HeldLeaf& leaf : staged.leaves) {
        CODEX_TRY(fresh, held.insert(leaf.index));
        entry->held += fresh ? 1 : 0;
        if (leaf.cid.is_empty_block())
            continue;
        if (fresh)
            pins.push_back(leaf.cid);
        else // another process has brought it, and pinned it
            CODEX_CHECK(ledger.release(leaf.cid));
    }
    if (entry->held == leaf_count() || stored) {
        if (!may_finish || !(stored || tree_at))
            return Outcome::last;
        CODEX_CHECK(finish(ledger, *entry, pins, stored, tree_at));
        return Outcome::whole;
    }
    CODEX_CHECK(drop_tree(ledger, tree_at));
    CODEX_CHECK(held.write());
    if (!pins.empty())
        CODEX_CHECK(write_pending(ledger, {id, entry->pin_rows++}, pins));
    CODEX_CHECK(put_partial(ledger.txn(), cid, *entry));
    ledger.note_change(ChangeKind::partial_grown, cid);
    return Outcome::committed;
}

/// Makes it a dataset; what were pins are now the references of the tree's leaves, unless the tree
/// is here already.
Result<void> PartialDataset::Impl::finish(Ledger& ledger, const PartialEntry& entry,
                                          std::span<const Cid> pins,
                                          const std::optional<TreeEntry>& stored,
                                          const std::optional<Extent>& tree_at) {
    TreeEntry placed;
    if (stored) {
        placed = *stored;
        std::map<std::uint32_t, std::uint64_t> synced;
        if (session.sync)
            CODEX_CHECK(ensure_synced(session, ledger, placed.extent, synced));
        if (!pins.empty())
            CODEX_CHECK(write_pending(ledger, {id, entry.pin_rows}, pins));
    } else {
        placed = {*tree_at, leaf_count(), 0};
        ledger.add_live(*tree_at, tree_record_bytes(manifest.tree, leaf_count()));
        CODEX_CHECK(erase_pending(ledger, id));
    }
    const DatasetEntry dataset{manifest.tree, repo->store->around().clock.unix_seconds(),
                               entry.expiry, static_cast<std::uint8_t>(kind_of(manifest)),
                               manifest_bytes};
    return add_dataset(ledger, cid, dataset, placed, {});
}

/// A tree that was written for nothing.
Result<void> PartialDataset::Impl::drop_tree(Ledger& ledger, const std::optional<Extent>& tree_at) {
    return tree_at ? ledger.add_dead(*tree_at, tree_record_bytes(manifest.tree, leaf_count()))
                   : Result<void>();
}

/// The nodes as they are computed from the leaves, which have to give the root: a disk may have
/// changed what was proved once.
Result<void> PartialDataset::Impl::spool_tree(Spool& spool) {
    const PartialFile& file = tree->impl_->file;
    CODEX_CHECK(spool_leaves(
        spool,
        [&file](std::uint64_t first, std::span<Digest> out) { return file.read(first, out); },
        session.job));
    CODEX_TRY(root, build_layers(spool, leaf_count(), merkle::sha256_tree(), session.job));
    if (root == manifest.tree.digest32())
        return {};
    return fail(
        Error(Errc::repo_damaged,
              fmt::format("dataset {}: the tree of what is here of it is damaged", cid.text()))
            .remedy(Remedy(Remedy::fetch_dataset,
                           "fetch it again, which brings anew what cannot be proved")
                        .of(cid.text())));
}

} // namespace codex::repo
