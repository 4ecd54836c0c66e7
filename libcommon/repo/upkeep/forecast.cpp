#include "repo/upkeep/forecast.hpp"

#include "repo/index/partial_entry.hpp"
#include "repo/segments/tails.hpp"
#include "repo/segments/tree_file.hpp"
#include "repo/upkeep/doomed.hpp"
#include "repo/upkeep/pending.hpp"
#include "repo/upkeep/reclaim.hpp"
#include "repo/upkeep/writer_lock.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/file.h>
#include <unordered_map>
#include <unordered_set>

namespace codex::repo::detail {

namespace {

/// References taken back that are held in memory at a time, about.
constexpr std::uint64_t kSliceReferences = 500'000;

class Forecast {
public:
    Forecast(const Session& session, Txn& txn, std::uint64_t now)
        : session_(session), txn_(txn), now_(now) {}

    Result<GcReport> run() {
        CODEX_CHECK(add_expired());
        CODEX_CHECK(add_trees());
        CODEX_CHECK(add_writers());
        CODEX_CHECK(count_blocks());
        CODEX_CHECK(count_dead_ranges());
        CODEX_CHECK(look_at_segments());
        return std::move(report_);
    }

private:
    [[nodiscard]] Result<void> add_expired();
    [[nodiscard]] Result<void> add_trees();
    [[nodiscard]] Result<void> add_slot_trees(const Cid& tree);
    [[nodiscard]] Result<void> add_writers();
    [[nodiscard]] Result<void> count_blocks();
    [[nodiscard]] Result<void> collect(unsigned slice, unsigned slices);
    [[nodiscard]] Result<void> collect_leaves(const DoomedTree& tree, unsigned slice,
                                              unsigned slices);
    [[nodiscard]] Result<void> judge(const Cid& cid, std::uint64_t releases);
    [[nodiscard]] Result<void> count_dead_ranges();
    [[nodiscard]] Result<void> look_at_segments();
    void release(const Cid& cid, unsigned slice, unsigned slices) {
        const BytesView digest = cid.digest();
        const unsigned head = digest.size() < 2 ? 0U : digest[0] * 256U + digest[1];
        if (head * slices / 65536U == slice && !cid.is_empty_block())
            ++releases_[cid];
    }

    const Session& session_;
    Txn& txn_;
    std::uint64_t now_;
    GcReport report_;
    std::vector<Cid> manifests_;             // of expired datasets
    std::map<Cid, std::uint64_t> trees_;     // references that go, of datasets' and slot trees
    std::vector<DoomedTree> doomed_;         // leaves from `done` on lose a reference
    std::vector<std::uint64_t> writers_;     // dead ones, with pins, and those of
    std::vector<std::uint64_t> partials_;    // expired partial datasets
    std::unordered_set<Cid> expired_blocks_; // not kept any more
    std::unordered_map<Cid, std::uint64_t> releases_; // of this slice
};

Result<void> Forecast::add_expired() {
    return for_each(txn_, Table::expiries, {}, [&](BytesView bytes, BytesView) -> Result<bool> {
        CODEX_TRY(key, decode_expiry_key(bytes));
        if (key.expiry >= now_)
            return false;
        if (key.kind == ExpiryKind::block) {
            CODEX_TRY(entry, find_block(txn_, key.cid));
            if (entry && entry->kept && entry->expiry == key.expiry)
                expired_blocks_.insert(key.cid);
            return true;
        }
        CODEX_TRY(partial, find_partial(txn_, key.cid));
        if (partial && partial->expiry == key.expiry) {
            ++report_.expired_datasets;
            manifests_.push_back(key.cid);
            partials_.push_back(partial->id);
        }
        CODEX_TRY(dataset, find_dataset(txn_, key.cid));
        if (dataset && dataset->expiry == key.expiry) {
            ++report_.expired_datasets;
            manifests_.push_back(key.cid);
            ++trees_[dataset->tree];
        }
        return true;
    });
}

/// Slot trees go with the tree of their dataset.
Result<void> Forecast::add_slot_trees(const Cid& tree) {
    const Bytes prefix = slot_prefix(tree);
    return for_each(txn_, Table::slots, prefix,
                    [&](BytesView key, BytesView value) -> Result<bool> {
                        if (!has_prefix(key, prefix))
                            return false;
                        CODEX_TRY(cid, decode_cid_key(Table::slots, value));
                        CODEX_TRY(entry, find_tree(txn_, cid));
                        if (entry && ++trees_[cid] == entry->references)
                            report_.freed_bytes += tree_record_bytes(cid, entry->leaf_count);
                        return true;
                    });
}

Result<void> Forecast::add_trees() {
    CODEX_SET(doomed_, doomed_trees(txn_));
    const std::map<Cid, std::uint64_t> expired = trees_;
    for (const auto& [cid, references] : expired) {
        CODEX_TRY(entry, find_tree(txn_, cid));
        if (!entry || references < entry->references)
            continue;
        doomed_.push_back({cid, entry->extent, entry->leaf_count, 0});
        CODEX_CHECK(add_slot_trees(cid));
    }
    for (const DoomedTree& tree : doomed_)
        report_.freed_bytes += tree_record_bytes(tree.tree, tree.leaf_count);
    return {};
}

Result<void> Forecast::add_writers() {
    CODEX_TRY(ids, pending_writers(txn_));
    for (const std::uint64_t id : ids) {
        CODEX_TRY(partial, partial_of_writer(txn_, id));
        if (!partial && WriterLock::is_dead(session_.store->writers_directory(), id))
            writers_.push_back(id);
    }
    report_.abandoned_writers = writers_.size();
    writers_.insert(writers_.end(), partials_.begin(), partials_.end());
    std::ranges::sort(writers_);
    return {};
}

/// As finish_doomed(): leaves that nobody vouches for keep their references.
Result<void> Forecast::collect_leaves(const DoomedTree& tree, unsigned slice, unsigned slices) {
    std::vector<Digest> leaves;
    CODEX_TRY(wrong, wrong_leaves(session_, tree));
    for (std::uint64_t at = tree.done; at < tree.leaf_count; at += leaves.size()) {
        leaves.resize(static_cast<std::size_t>(
            std::min(session_.store->limits().doomed_leaves, tree.leaf_count - at)));
        CODEX_CHECK(salvage_tree_at(session_, tree.tree, tree.extent, at, leaves));
        for (std::size_t i = 0; i < leaves.size(); ++i)
            if (!std::ranges::binary_search(wrong, at + i))
                release(Cid::block(leaves[i]), slice, slices);
    }
    return {};
}

Result<void> Forecast::collect(unsigned slice, unsigned slices) {
    releases_.clear();
    for (const Cid& cid : manifests_)
        release(cid, slice, slices);
    for (const DoomedTree& tree : doomed_)
        CODEX_CHECK(collect_leaves(tree, slice, slices));
    return for_each(txn_, Table::pending, {},
                    [&](BytesView bytes, BytesView value) -> Result<void> {
                        CODEX_TRY(key, decode_pending_key(bytes));
                        if (!std::ranges::binary_search(writers_, key.writer))
                            return {};
                        CODEX_TRY(cids, decode_pins(value));
                        for (const Cid& cid : cids)
                            release(cid, slice, slices);
                        return {};
                    });
}

Result<void> Forecast::count_blocks() {
    std::uint64_t references = manifests_.size();
    for (const DoomedTree& tree : doomed_)
        references += tree.leaf_count - tree.done;
    const auto slices =
        static_cast<unsigned>(std::min<std::uint64_t>(65536, 1 + references / kSliceReferences));
    for (unsigned slice = 0; slice < slices; ++slice) {
        CODEX_CHECK(collect(slice, slices));
        for (const auto& [cid, count] : releases_) {
            CODEX_CHECK(judge(cid, count));
            expired_blocks_.erase(cid);
        }
    }
    for (const Cid& cid : expired_blocks_) // nothing else happens to them
        CODEX_CHECK(judge(cid, 0));
    return {};
}

Result<void> Forecast::judge(const Cid& cid, std::uint64_t releases) {
    CODEX_TRY(entry, find_block(txn_, cid));
    const bool expires = expired_blocks_.contains(cid);
    if (!entry || (entry->references == 0 && !expires) || entry->references > releases ||
        (entry->kept && !expires))
        return {};
    ++report_.removed_blocks;
    if (entry->present)
        report_.freed_bytes += block_record_bytes(cid, *entry);
    return {};
}

Result<void> Forecast::count_dead_ranges() {
    return for_each(txn_, Table::dead, {}, [&](BytesView key, BytesView value) -> Result<void> {
        CODEX_TRY(range, decode_dead(key, value));
        report_.freed_bytes += range.punched ? 0 : range.length;
        return {};
    });
}

/// Tails of killed writers, and files that the index does not know.
Result<void> Forecast::look_at_segments() {
    Segments& segments = session_.store->segments();
    segments.release_all();
    CODEX_TRY(ids, segments.list());
    for (const std::uint32_t id : ids) {
        const std::string name = segments.path(id);
        const auto file = segments.open_file(id, O_RDONLY);
        if (!file || ::flock(file->get(), LOCK_SH | LOCK_NB) != 0)
            continue; // somebody writes to it
        CODEX_TRY(entry, find_segment(txn_, id));
        const std::uint64_t size = file_bytes(*file);
        CODEX_TRY(kept, tail_is_kept(txn_, id));
        const bool tail = entry && size > entry->committed_end;
        CODEX_TRY(accounted, tail ? is_accounted(txn_, id, *entry) : true);
        if (kept || !accounted)
            report_.unaccounted.push_back(name);
        else if (entry)
            report_.freed_bytes += size - std::min(size, entry->committed_end);
        else if (may_hold_records(*file, name))
            report_.unaccounted.push_back(name);
        else
            report_.freed_bytes += size;
    }
    return {};
}

} // namespace

Result<GcReport> forecast_gc(const Session& session, std::uint64_t now) {
    CODEX_TRY(txn, session.store->env().read());
    return Forecast(session, txn, now).run();
}

} // namespace codex::repo::detail
