#include "repo/upkeep/ledger.hpp"

#include "base/units.hpp"
#include "merkle/tree.hpp"
#include "repo/index/change_log.hpp"
#include "repo/upkeep/notes.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

BytesView totals_key() {
    return as_bytes("totals");
}

void lower(std::uint64_t& value, std::uint64_t by) {
    value -= std::min(value, by);
}

/// Totals of repos made before trees counted.
constexpr std::size_t kTotalsWithoutTrees = 32;

/// Of all stored trees, one by one.
Result<std::uint64_t> sum_tree_bytes(const Txn& txn) {
    std::uint64_t sum = 0;
    CODEX_CHECK(for_each(txn, Table::trees, {}, [&](BytesView, BytesView value) -> Result<void> {
        CODEX_TRY(entry, decode_tree_entry(value));
        sum += tree_node_bytes(entry.leaf_count);
        return {};
    }));
    return sum;
}

} // namespace

Result<Totals> read_totals(const Txn& txn) {
    CODEX_TRY(value, txn.get(Table::meta, totals_key()));
    if (!value)
        return Totals{};
    if (value->size() != kTotalsWithoutTrees)
        return decode_totals(*value);
    Bytes extended(value->begin(), value->end());
    extended.resize(kTotalsWithoutTrees + sizeof(std::uint64_t));
    CODEX_TRY(totals, decode_totals(extended));
    CODEX_SET(totals.tree_bytes, sum_tree_bytes(txn));
    return totals;
}

Result<void> write_totals(Txn& txn, const Totals& totals) {
    return txn.put(Table::meta, totals_key(), encode(totals));
}

Result<std::optional<BlockEntry>> find_block(const Txn& txn, const Cid& cid) {
    CODEX_TRY(value, txn.get(Table::blocks, cid.bytes()));
    if (!value)
        return std::nullopt;
    CODEX_TRY(entry, decode_block(*value));
    return entry;
}

Result<std::optional<TreeEntry>> find_tree(const Txn& txn, const Cid& cid) {
    CODEX_TRY(value, txn.get(Table::trees, cid.bytes()));
    if (!value)
        return std::nullopt;
    CODEX_TRY(entry, decode_tree_entry(*value));
    return entry;
}

Result<std::optional<DatasetEntry>> find_dataset(const Txn& txn, const Cid& cid) {
    CODEX_TRY(value, txn.get(Table::datasets, cid.bytes()));
    if (!value)
        return std::nullopt;
    CODEX_TRY(entry, decode_dataset(*value));
    return entry;
}

std::uint64_t tree_node_bytes(std::uint64_t leaf_count) {
    return merkle::node_count(leaf_count) * sizeof(Digest);
}

std::uint64_t tree_record_bytes(const Cid& tree, std::uint64_t leaf_count) {
    return record_bytes(tree.bytes().size(), tree_node_bytes(leaf_count));
}

std::uint64_t block_record_bytes(const Cid& cid, const BlockEntry& entry) {
    return record_bytes(cid.bytes().size(), entry.stored_bytes);
}

Unexpected<Error> quota_error(std::uint64_t needed, const Totals& totals,
                              std::uint64_t quota_bytes) {
    const std::uint64_t taken = totals.taken_bytes();
    const std::uint64_t free = quota_bytes - std::min(quota_bytes, taken);
    Error error(Errc::quota_exceeded,
                fmt::format("quota of {} exceeded: {} more needed, {} free",
                            format_size(quota_bytes), format_size(needed), format_size(free)));
    if (totals.blocks > 0) // of an empty repo nothing can be removed
        error = std::move(error).remedy(Remedy::remove_datasets);
    return fail(std::move(error).remedy(Remedy::raise_quota));
}

Result<Ledger> Ledger::begin(const Store& store, bool sync) {
    CODEX_TRY(txn, store.env().write(sync));
    CODEX_TRY(totals, read_totals(txn));
    return Ledger(store, std::move(txn), totals, sync);
}

Result<std::optional<BlockEntry>> Ledger::block(const Cid& cid) const {
    return find_block(txn_, cid);
}
Result<void> Ledger::put_block(const Cid& cid, const BlockEntry& entry) {
    return txn_.put(Table::blocks, cid.bytes(), encode(entry));
}
Result<std::optional<TreeEntry>> Ledger::tree(const Cid& cid) const {
    return find_tree(txn_, cid);
}
Result<void> Ledger::put_tree(const Cid& cid, const TreeEntry& entry) {
    CODEX_TRY(before, tree(cid));
    if (!before)
        totals_.tree_bytes += tree_node_bytes(entry.leaf_count);
    return txn_.put(Table::trees, cid.bytes(), encode(entry));
}
Result<void> Ledger::erase_tree(const Cid& cid, const TreeEntry& entry) {
    lower(totals_.tree_bytes, tree_node_bytes(entry.leaf_count));
    CODEX_CHECK(txn_.erase(Table::trees, cid.bytes()));
    return {};
}
Result<std::optional<DatasetEntry>> Ledger::dataset(const Cid& cid) const {
    return find_dataset(txn_, cid);
}

void Ledger::set_bytes(const Cid& cid, BlockEntry& entry, const NewExtent& bytes) {
    entry.present = true;
    entry.damaged = false;
    entry.encoding = bytes.encoding;
    entry.plain_bytes = bytes.plain_bytes;
    entry.stored_bytes = bytes.stored_bytes;
    entry.extent = bytes.extent;
    ++totals_.blocks;
    totals_.used_bytes += entry.plain_bytes;
    add_live(entry.extent, block_record_bytes(cid, entry));
}

Result<void> Ledger::clear_bytes(const Cid& cid, BlockEntry& entry) {
    lower(totals_.blocks, 1);
    lower(totals_.used_bytes, entry.plain_bytes);
    const std::uint64_t length = block_record_bytes(cid, entry);
    entry.present = false;
    entry.damaged = false;
    return end_live(entry.extent, length);
}

Result<bool> Ledger::put_or_erase(const Cid& cid, BlockEntry entry) {
    if (entry.references > 0 || entry.kept) {
        CODEX_CHECK(put_block(cid, entry));
        return false;
    }
    if (entry.present)
        CODEX_CHECK(clear_bytes(cid, entry));
    CODEX_CHECK(txn_.erase(Table::blocks, cid.bytes()));
    return true;
}

Result<bool> Ledger::release(const Cid& cid) {
    CODEX_TRY(entry, block(cid));
    if (!entry || entry->references == 0)
        return false;
    --entry->references;
    // Seen from the segments alone it would have gone with what named it.
    if (entry->kept)
        CODEX_CHECK(note_block(cid, true, entry->expiry));
    return put_or_erase(cid, *entry);
}

Result<void> Ledger::add_dead(const Extent& extent, std::uint64_t length) {
    return txn_.put(Table::dead, extent_key(extent), dead_value({extent, length, false}));
}

void Ledger::add_live(const Extent& extent, std::uint64_t length) {
    segments_[extent.segment].live += static_cast<std::int64_t>(length);
}

Result<void> Ledger::end_live(const Extent& extent, std::uint64_t length) {
    segments_[extent.segment].live -= static_cast<std::int64_t>(length);
    return add_dead(extent, length);
}

void Ledger::commit_segment(std::uint32_t segment, std::uint64_t end, bool synced) {
    SegmentChange& change = segments_[segment];
    change.committed_end = std::max(change.committed_end, end);
    if (synced)
        change.synced_end = change.committed_end;
}

void Ledger::mark_synced(std::uint32_t segment, std::uint64_t end) {
    SegmentChange& change = segments_[segment];
    change.synced_end = std::max(change.synced_end, end);
}

Result<void> Ledger::change_expiry(ExpiryKind kind, const Cid& cid, std::uint64_t from,
                                   std::uint64_t to) {
    if (from != 0 && from != to)
        CODEX_CHECK(txn_.erase(Table::expiries, encode(ExpiryKey{from, kind, cid})));
    if (to != 0)
        CODEX_CHECK(txn_.put(Table::expiries, encode(ExpiryKey{to, kind, cid}), {}));
    return {};
}

Result<void> Ledger::note_dataset(const Cid& manifest, bool present, std::uint64_t expiry,
                                  std::string_view label) {
    CODEX_SET(noted_, put_note(txn_, {0, NoteKind::dataset, present, expiry, manifest,
                                      std::string(label)}));
    return {};
}

Result<void> Ledger::note_block(const Cid& cid, bool kept, std::uint64_t expiry) {
    CODEX_SET(noted_, put_note(txn_, {0, NoteKind::block, kept, expiry, cid, {}}));
    return {};
}

Result<void> Ledger::write_segments() {
    for (const auto& [id, change] : segments_) {
        CODEX_TRY(found, find_segment(txn_, id));
        SegmentEntry entry = found.value_or(SegmentEntry{});
        entry.committed_end = std::max(entry.committed_end, change.committed_end);
        entry.synced_end =
            std::min(entry.committed_end, std::max(entry.synced_end, change.synced_end));
        if (change.live < 0)
            lower(entry.live_bytes, static_cast<std::uint64_t>(-change.live));
        else
            entry.live_bytes += static_cast<std::uint64_t>(change.live);
        entry.live_bytes = std::min(entry.live_bytes, entry.committed_end);
        CODEX_CHECK(txn_.put(Table::segments, segment_key(id), encode(entry)));
    }
    return {};
}

Result<void> Ledger::commit() {
    if (totals_.taken_bytes() > before_.taken_bytes()) {
        CODEX_TRY(config, store_->config());
        if (totals_.taken_bytes() > config.quota_bytes)
            return quota_error(totals_.taken_bytes() - before_.taken_bytes(), before_,
                               config.quota_bytes);
    }
    // Always, although they may be the same: a commit without a change would not sync, and what we
    // found done may be another process's that did not either.
    CODEX_CHECK(write_totals(txn_, totals_));
    CODEX_CHECK(write_segments());
    CODEX_CHECK(append_changes(txn_, changes_, store_->limits().changes));
    CODEX_CHECK(store_->env().require_in_place());
    CODEX_CHECK(txn_.commit());
    // It is done, and the index has the notes: whoever comes next may write them, too.
    if (sync_ && noted_ > 0)
        if (auto flushed = flush_notes(*store_, noted_); !flushed)
            store_->around().log.notice("Notes are to be written later",
                                        {{"cause", flushed.error().text()}});
    return {};
}

} // namespace codex::repo::detail
