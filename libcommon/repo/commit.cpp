// How datasets become visible: one, or several in one transaction.
#include "codec/log_value.hpp"
#include "crypto/hash/sha256.hpp"
#include "repo/index/dataset_record.hpp"
#include "repo/index/labels.hpp"
#include "repo/segments/io.hpp"
#include "repo/segments/tree_file.hpp"
#include "repo/upkeep/pending.hpp"
#include "repo/writer_impl.hpp"

#include <algorithm>

namespace codex::repo {

using namespace detail;

Result<Cid> DatasetWriter::commit(BytesView manifest_bytes, std::uint64_t expiry,
                                  std::string_view label) {
    CODEX_TRY(cid, impl_->prepare(manifest_bytes, expiry, label));
    if (impl_->group != nullptr)
        impl_->group->commit();
    CODEX_CHECK(Impl::commit({&impl_, 1}));
    return cid;
}

Result<Cid> DatasetWriter::prepare(BytesView manifest_bytes, std::uint64_t expiry,
                                   std::string_view label) {
    CODEX_ASSERT(impl_->group != nullptr);
    CODEX_TRY(cid, impl_->prepare(manifest_bytes, expiry, label));
    impl_->group->add(impl_);
    return cid;
}

Result<Cid> DatasetWriter::Impl::prepare(BytesView manifest_bytes, std::uint64_t expiry,
                                         std::string_view label) {
    CODEX_ASSERT(tree);
    CODEX_CHECK(check_label(label));
    CODEX_TRY(manifest, codec::decode_manifest(manifest_bytes));
    if (manifest.tree != *tree || manifest.blocks_count() != leaf_count)
        return fail(Errc::manifest_invalid, "manifest: it is of another tree than {} ({} leaves)",
                    tree->text(), leaf_count);
    const Cid cid = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(manifest_bytes));
    CODEX_CHECK(wait());
    CODEX_CHECK(session.job.go_on());
    const StagedBlock block{cid, manifest_bytes, 0, false, 0, true};
    CODEX_CHECK(stage(std::span(&block, 1)));
    CODEX_CHECK(prepare_tree());
    ending = {cid,
              manifest.dataset_size_bytes,
              {manifest.tree, repo->store->around().clock.unix_seconds(), expiry,
               static_cast<std::uint8_t>(kind_of(manifest)),
               Bytes(manifest_bytes.begin(), manifest_bytes.end())},
              std::string(label)};
    return cid;
}

/// A new tree has to fit beside all that counts and the blocks of this dataset.
Result<void> DatasetWriter::Impl::check_tree_room() {
    const std::uint64_t needed = tree_node_bytes(leaf_count);
    CODEX_TRY(config, session.store->config());
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(totals, read_totals(txn));
    totals.used_bytes += current->new_bytes() + ahead().other_bytes;
    if (totals.taken_bytes() + needed > config.quota_bytes)
        return quota_error(needed, totals, config.quota_bytes);
    return {};
}

/// Appends the tree where it is not here, and no dataset before this one in the group brings it.
Result<void> DatasetWriter::Impl::prepare_tree() {
    std::optional<TreeEntry> existing;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_SET(existing, find_tree(txn, *tree));
    }
    if (existing) {
        // Nothing re-reads a tree that is here, so one that a disk has damaged is found out now.
        CODEX_TRY(whole, same_tree(session, *tree, existing->extent, leaf_count, spool));
        if (whole)
            return {};
        auto replaced = replace_tree(session, *tree, leaf_count, spool);
        return !replaced && replaced.error().code() != Errc::block_not_found ? std::move(replaced)
                                                                             : Result<void>();
    }
    if (group != nullptr && group->has_tree(*tree))
        return {};
    auto room = check_tree_room();
    if (!room && room.error().code() == Errc::quota_exceeded) {
        CODEX_TRY(settled, settle_what_is_ahead());
        if (settled)
            room = check_tree_room();
    }
    CODEX_CHECK(std::move(room));
    return stage_tree(false);
}

Result<void> DatasetWriter::Impl::stage_tree(bool apart) {
    CODEX_SET(tree_extent, current->stage_tree(*tree, leaf_count, spool, apart));
    return {};
}

Batch::Part DatasetWriter::Impl::part() {
    return {current.get(),
            {[this](Ledger& ledger) -> Result<bool> {
                 CODEX_TRY(stored, ledger.tree(*tree));
                 tree_is_new = !stored;
                 return tree_is_new;
             },
             [this](Ledger& ledger) { return make_visible(ledger); }}};
}

/// False when the tree is not here any more, and has to be written.
Result<bool> DatasetWriter::Impl::make_visible(Ledger& ledger) {
    const std::uint64_t tree_bytes = tree_record_bytes(*tree, leaf_count);
    std::map<std::uint32_t, std::uint64_t> synced;
    CODEX_TRY(stored, ledger.tree(*tree));
    TreeEntry tree_entry;
    if (stored) {
        tree_entry = *stored;
        if (tree_extent)
            CODEX_CHECK(ledger.add_dead(*tree_extent, tree_bytes));
        if (session.sync)
            CODEX_CHECK(ensure_synced(session, ledger, tree_entry.extent, synced));
    } else {
        if (!tree_extent)
            return false;
        tree_entry = {*tree_extent, leaf_count, 0};
        ledger.add_live(*tree_extent, tree_bytes);
        if (lock)
            CODEX_CHECK(erase_pending(ledger, lock->id()));
    }
    CODEX_CHECK(add_dataset(ledger, ending->manifest, ending->entry, tree_entry, ending->label));
    return true;
}

Result<void>
DatasetWriter::Impl::commit(std::span<const std::shared_ptr<DatasetWriter::Impl>> members) {
    std::vector<Batch::Part> parts;
    for (const std::shared_ptr<Impl>& member : members)
        parts.push_back(member->part());
    for (;;) {
        CODEX_TRY(incomplete, Batch::commit_together(parts));
        if (!incomplete)
            break;
        // Its tree was there a moment ago, and has been removed; or was to come with another. In a
        // group somebody may have gone on in the segment: what lies between would not be accounted
        // for.
        Impl& member = *members[*incomplete];
        CODEX_CHECK(member.stage_tree(member.group != nullptr));
    }
    for (const std::shared_ptr<Impl>& member : members)
        member->committed();
    return {};
}

void DatasetWriter::Impl::committed() {
    current.reset();
    // The tree was here: its leaves have their references, ours go. It is too late to fail.
    if (lock && (tree_is_new || undo_pending(session, lock->id())))
        lock.reset();
    else if (lock)
        lock->abandon();
    repo->log.with_topics("codex node")
        .info("Stored data", {{"manifestCid", ending->manifest},
                              {"treeCid", *tree},
                              {"blocks", leaf_count},
                              {"datasetSize", log::ByteCount{ending->dataset_bytes}}});
}

// --- DatasetGroup -------------------------------------------------------------------------------

DatasetGroup::DatasetGroup(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DatasetGroup::~DatasetGroup() = default;
DatasetGroup::DatasetGroup(DatasetGroup&&) noexcept = default;

DatasetGroup Repo::dataset_group() {
    return DatasetGroup(std::make_unique<DatasetGroup::Impl>(impl_));
}

bool DatasetGroup::due() const {
    const Impl& group = *impl_;
    const Limits& limits = group.repo->store->limits();
    return !group.empty() &&
           (group.members.size() >= limits.group_datasets ||
            group.held_bytes >= limits.group_bytes || group.items >= group.most_items ||
            group.retained_bytes >= limits.retained_bytes || group.is_old());
}

std::vector<Result<void>> DatasetGroup::commit() {
    impl_->commit();
    return std::exchange(impl_->outcomes, {});
}

/// A clock that went backwards, as none should, keeps nobody waiting, either.
bool DatasetGroup::Impl::is_old() const {
    const auto waited = repo->store->around().clock.now() - first_at;
    return waited < Clock::Duration::zero() ||
           waited >= std::chrono::milliseconds(repo->store->limits().group_ms);
}

bool DatasetGroup::Impl::has_tree(const Cid& tree) const {
    return std::ranges::any_of(members, [&](const auto& member) { return member->tree == tree; });
}

void DatasetGroup::Impl::add(std::shared_ptr<DatasetWriter::Impl> member) {
    members.reserve(members.size() + 1); // all of it, or nothing
    staged.reserve(staged.size() + 1);
    if (members.empty())
        first_at = repo->store->around().clock.now();
    const Batch& batch = *member->current;
    const std::uint64_t tree_bytes = tree_node_bytes(member->leaf_count);
    staged.push_back(&batch);
    staged_bytes += batch.new_bytes() + (member->tree_extent ? tree_bytes : 0);
    held_bytes += batch.appended_bytes() + tree_bytes;
    retained_bytes += batch.retained_bytes();
    items += batch.items();
    most_items = batch.most_items();
    members.push_back(std::move(member));
}

void DatasetGroup::Impl::commit() {
    if (members.empty())
        return;
    // What they stay when something throws.
    std::vector<Result<void>> failed(members.size());
    std::ranges::generate(failed, [] { return fail(out_of_memory()); });
    const std::size_t first = outcomes.size();
    outcomes.insert(outcomes.end(), std::move_iterator(failed.begin()),
                    std::move_iterator(failed.end()));
    const std::vector<std::shared_ptr<DatasetWriter::Impl>> group = std::exchange(members, {});
    staged.clear();
    staged_bytes = held_bytes = retained_bytes = items = 0;
    auto all = DatasetWriter::Impl::commit(group);
    // Waiting as long again for each of them would help nobody.
    const bool one_by_one = !all && group.size() > 1 && all.error().code() != Errc::repo_locked;
    for (std::size_t i = 0; i < group.size(); ++i) {
        Result<void>& outcome = outcomes[first + i];
        if (all)
            outcome = {};
        else if (one_by_one)
            outcome = DatasetWriter::Impl::commit(std::span(group).subspan(i, 1));
        else
            outcome = fail(io::shared_error(all.error()));
        if (!outcome)
            group[i]->give_up();
    }
}

} // namespace codex::repo
