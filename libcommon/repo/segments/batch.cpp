// Staging: blocks are looked up, and appended where they are not here; batch_commit.cpp is about
// what follows.
#include "repo/segments/batch.hpp"

#include "repo/index/key_order.hpp"
#include "repo/index/not_here.hpp"
#include "repo/segments/compression.hpp"
#include "repo/segments/read.hpp"

#include <algorithm>

namespace codex::repo::detail {

Batch::Batch(const Session& session, SegmentLease lease)
    : session_(session), most_items_(session.store->limits().batch_items) {
    if (lease)
        use(std::move(lease));
}

/// Goes on at the end of a segment.
void Batch::use(SegmentLease lease) {
    const std::uint64_t end = lease->end();
    segments_.push_back({std::move(lease), end, end});
}

bool Batch::full() const {
    const Limits& limits = session_.store->limits();
    return appended_bytes_ >= limits.batch_bytes || items_.size() >= most_items_ ||
           pins_ >= limits.batch_pins || retained_bytes_ >= limits.retained_bytes;
}

SegmentLease Batch::lease() const {
    return segments_.empty() || segments_.back().lease->full() ? nullptr : segments_.back().lease;
}

std::vector<Cid> Batch::pinned() const {
    std::vector<Cid> cids;
    for (const Item& item : items_)
        cids.insert(cids.end(), static_cast<std::size_t>(item.block.pins), item.block.cid);
    return cids;
}

Result<SegmentWriter*> Batch::writer() {
    if (segments_.empty() || segments_.back().lease->full()) {
        CODEX_TRY(lease, session_.store->segments().acquire(session_.sync));
        use(std::move(lease));
    }
    return segments_.back().lease.get();
}

/// Whether the file of the segment is there and long enough: as much as can be known of a block
/// that is here already without reading it.
Result<bool> Batch::has_record(const Cid& cid, const BlockEntry& entry) {
    const std::uint64_t end = entry.extent.offset + block_record_bytes(cid, entry);
    auto known = sizes_.find(entry.extent.segment);
    if (known == sizes_.end() || known->second < end) { // it may have grown
        CODEX_TRY(size, segment_size(session_.store->segments(), entry.extent.segment));
        known = sizes_.insert_or_assign(entry.extent.segment, size.value_or(0)).first;
    }
    return end <= known->second;
}

/// What is ahead and may fail is like a block that is here and may be removed: the bytes are kept.
Result<void> Batch::find_source(Item& item, const std::optional<BlockEntry>& entry,
                                const Ahead& ahead) {
    const StagedBlock& block = item.block;
    const auto has = [&](const Batch* batch) { return batch->contains(block.cid); };
    if (ahead.in_flight != nullptr && has(ahead.in_flight))
        return {};
    const bool staged = std::ranges::any_of(ahead.others, has);
    if (block.data.empty()) {
        if (!entry && !staged)
            return fail(not_here(Errc::block_not_found, "block", block.cid, *session_.store));
        return {};
    }
    item.source = staged ? Source::duplicate : Source::written;
    if (staged || !entry || !entry->present)
        return {};
    CODEX_TRY(there, has_record(block.cid, *entry));
    item.lost = there ? std::nullopt : std::optional(entry->extent);
    if (there && !entry->damaged)
        item.source = Source::duplicate;
    return {};
}

Result<void> Batch::check_quota(const Txn& txn, const Plan& plan, const Ahead& ahead) const {
    if (plan.new_bytes == 0)
        return {};
    CODEX_TRY(totals, read_totals(txn));
    CODEX_TRY(config, session_.store->config());
    totals.used_bytes += new_bytes_ + ahead.other_bytes +
                         (ahead.in_flight != nullptr ? ahead.in_flight->new_bytes() : 0);
    if (totals.taken_bytes() + plan.new_bytes > config.quota_bytes)
        return quota_error(plan.new_bytes, totals, config.quota_bytes);
    return {};
}

Result<Batch::Plan> Batch::make_plan(std::span<const StagedBlock> blocks, const Ahead& ahead) {
    Plan plan;
    std::unordered_map<Cid, std::size_t> seen;
    CODEX_TRY(txn, session_.store->env().read());
    CODEX_TRY(pages, txn.pages(Table::blocks));
    const Limits& limits = session_.store->limits();
    most_items_ = pages > limits.batch_pages ? std::min(limits.batch_pages, limits.batch_items)
                                             : limits.batch_items;
    std::vector<std::optional<BlockEntry>> entries(blocks.size());
    for (const std::uint32_t i : in_key_order(blocks, &StagedBlock::cid))
        CODEX_SET(entries[i], find_block(txn, blocks[i].cid));
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const StagedBlock& block = blocks[i];
        if (const auto staged = by_cid_.find(block.cid); staged != by_cid_.end()) {
            plan.more_pins.emplace_back(staged->second, block.pins);
            continue;
        }
        const auto [again, first] = seen.emplace(block.cid, plan.fresh.size());
        if (!first) {
            plan.fresh[again->second].block.pins += block.pins;
            continue;
        }
        Item item;
        item.block = block;
        const std::optional<BlockEntry>& entry = entries[i];
        CODEX_CHECK(find_source(item, entry, ahead));
        if (item.source == Source::written && !(entry && entry->present))
            plan.new_bytes += block.data.size();
        if (item.source == Source::duplicate)
            plan.retained_bytes += block.data.size();
        plan.fresh.push_back(std::move(item));
    }
    CODEX_CHECK(check_quota(txn, plan, ahead));
    return plan;
}

Result<void> Batch::stage(std::span<const StagedBlock> blocks, const Ahead& ahead) {
    CODEX_TRY(plan, make_plan(blocks, ahead));
    std::vector<Item*> writes;
    for (Item& item : plan.fresh)
        if (item.source == Source::written)
            writes.push_back(&item);
    CODEX_CHECK(append(writes));
    for (Item& item : plan.fresh) {
        if (item.source == Source::duplicate)
            item.retained.assign(item.block.data.begin(), item.block.data.end());
        item.block.data = {};
        by_cid_.emplace(item.block.cid, items_.size());
        items_.push_back(std::move(item));
    }
    for (const auto& [index, pins] : plan.more_pins)
        items_[index].block.pins += pins;
    for (const StagedBlock& block : blocks)
        pins_ += block.pins;
    retained_bytes_ += plan.retained_bytes;
    new_bytes_ += plan.new_bytes;
    return {};
}

Result<void> Batch::append(std::span<Item* const> items) {
    if (items.empty())
        return {};
    CODEX_TRY(zstd_level, session_.compression());
    std::vector<Bytes> compressed(items.size());
    if (zstd_level > 0)
        session_.job.executor().parallel_for(items.size(), [&](std::size_t i) {
            compressed[i] = compress_block(items[i]->block.data, zstd_level);
        });
    std::vector<Record> records(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        const BytesView plain = items[i]->block.data;
        const bool raw = compressed[i].empty();
        const BytesView stored = raw ? plain : BytesView(compressed[i]);
        records[i] = {{RecordKind::block, raw ? Encoding::raw : Encoding::zstd, stored.size(),
                       plain.size(), items[i]->block.cid},
                      stored};
    }
    CODEX_TRY(segment, writer());
    const std::uint64_t start = segment->end();
    CODEX_CHECK(segment->append(records));
    segments_.back().end = segment->end();
    appended_bytes_ += segment->end() - start;
    for (std::size_t i = 0; i < items.size(); ++i)
        items[i]->bytes = {{segment->id(), records[i].offset},
                           records[i].header.encoding,
                           static_cast<std::uint32_t>(records[i].header.plain),
                           static_cast<std::uint32_t>(records[i].header.stored_bytes)};
    return {};
}

Result<Extent> Batch::stage_tree(const Cid& tree, std::uint64_t leaf_count, const Spool& nodes,
                                 bool apart) {
    if (apart) {
        CODEX_TRY(lease, session_.store->segments().acquire(session_.sync));
        use(std::move(lease));
    }
    CODEX_TRY(segment, writer());
    CODEX_TRY(extent, append_tree(*segment, tree, leaf_count, nodes));
    segments_.back().end = segment->end();
    return extent;
}

} // namespace codex::repo::detail
