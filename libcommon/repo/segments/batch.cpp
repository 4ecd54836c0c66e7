#include "repo/segments/batch.hpp"
#include "repo/index/not_here.hpp"

#include "codec/log_value.hpp"
#include "repo/segments/compression.hpp"
#include "repo/segments/read.hpp"
#include "repo/upkeep/notes.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

constexpr std::string_view kTopics = "codex repostore";

} // namespace

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

// --- staging ------------------------------------------------------------------------------------

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
    for (const StagedBlock& block : blocks) {
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
        CODEX_TRY(entry, find_block(txn, block.cid));
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

// --- committing ---------------------------------------------------------------------------------

Result<bool> Batch::commit(const Finish& finish) {
    const Part part{this, finish};
    CODEX_TRY(incomplete, commit_together({&part, 1}));
    return !incomplete;
}

/// Each segment once, though several batches have gone on in it.
Result<void> Batch::sync(std::span<const Part> parts) {
    std::vector<SegmentWriter*> leases;
    for (const Part& part : parts)
        if (part.batch->session_.sync)
            for (const Appended& appended : part.batch->segments_)
                if (std::ranges::find(leases, appended.lease.get()) == leases.end())
                    leases.push_back(appended.lease.get());
    for (SegmentWriter* lease : leases)
        CODEX_CHECK(lease->sync());
    return {};
}

Result<std::optional<std::size_t>> Batch::commit_together(std::span<const Part> parts) {
    const Session& session = parts.front().batch->session_;
    for (;;) {
        CODEX_CHECK(sync(parts));
        std::vector<Item*> vanished;
        Batch* incomplete = nullptr;
        {
            CODEX_TRY(ledger, session.ledger());
            for (std::size_t i = 0; i < parts.size() && incomplete == nullptr; ++i) {
                const auto& [batch, finish] = parts[i];
                CODEX_TRY(pin, finish.pin(ledger));
                CODEX_CHECK(batch->apply(ledger, pin, vanished));
                incomplete = vanished.empty() ? nullptr : batch;
                if (incomplete != nullptr)
                    break;
                CODEX_TRY(complete, finish.also(ledger));
                if (!complete)
                    return i;
                CODEX_CHECK(batch->account(ledger));
            }
            if (incomplete == nullptr) {
                CODEX_CHECK(ledger.commit());
                for (const Part& part : parts)
                    part.batch->committed();
                return std::nullopt;
            }
        }
        CODEX_CHECK(incomplete->write_again(vanished));
    }
}

/// Into a segment of their own: the current one may be in use for the next batch.
Result<void> Batch::write_again(std::span<Item* const> vanished) {
    for (Item* item : vanished)
        item->block.data = item->retained;
    CODEX_TRY(lease, session_.store->segments().acquire(session_.sync));
    use(std::move(lease));
    CODEX_CHECK(append(vanished));
    for (Item* item : vanished)
        item->source = Source::written;
    return {};
}

/// All up to the end of what was appended is live or dead.
Result<void> Batch::account(Ledger& ledger) const {
    for (const Appended& appended : segments_) {
        if (appended.end == appended.begin)
            continue;
        for (const auto& [begin, end] : appended.lease->given_up_before(appended.end))
            CODEX_CHECK(ledger.add_dead({appended.lease->id(), begin}, end - begin));
        ledger.commit_segment(appended.lease->id(), appended.end, session_.sync);
    }
    return {};
}

void Batch::committed() const {
    for (const Appended& appended : segments_)
        if (appended.end != appended.begin)
            appended.lease->committed(appended.end);
    log_stored();
}

void Batch::give_up() {
    for (const Appended& appended : segments_) {
        if (appended.end == appended.begin)
            continue;
        const auto committed = [&]() -> Result<bool> {
            CODEX_TRY(txn, session_.store->env().read());
            CODEX_TRY(entry, find_segment(txn, appended.lease->id()));
            return entry && entry->committed_end > appended.begin;
        }();
        if (committed && !*committed) // a commit that failed may have been all but done
            appended.lease->give_up(appended.begin, appended.end);
    }
    segments_.clear();
}

void Batch::log_stored() const {
    const log::Logger log = session_.logger().with_topics(kTopics);
    if (!log.passes(log::Level::trace))
        return;
    for (const Item& item : items_)
        if (item.source == Source::written)
            log.trace("Block Stored", {{"cid", item.block.cid}});
}

Result<void> Batch::apply(Ledger& ledger, bool pin, std::vector<Item*>& vanished) {
    std::vector<Item*> order;
    order.reserve(items_.size());
    for (Item& item : items_)
        order.push_back(&item);
    // In key order the pages of the index are touched one after another.
    std::sort(order.begin(), order.end(), [](const Item* a, const Item* b) {
        return std::ranges::lexicographical_compare(a->block.cid.bytes(), b->block.cid.bytes());
    });
    for (Item* item : order) {
        CODEX_TRY(here, apply_item(ledger, *item, pin));
        if (!here)
            vanished.push_back(item);
    }
    return {};
}

/// False when the block was here, is not any more, and has to be written.
///
/// Wanted is what gets references, is kept, or is the manifest's; else another process has stored
/// the same tree, and nothing of this is needed.
///
///   source     index says      wanted  what happens
///   written    nothing         yes     its record becomes the block's
///   written    nothing         no      its record is dead
///   written    no bytes        any     its record becomes the block's, for whoever refers to it
///   written    damaged, lost   any     its record replaces the other, which is dead
///   written    good bytes      any     its record is dead: somebody was faster
///   duplicate  good bytes      yes     what is there is used
///   duplicate  else            yes     false: the bytes are at hand, and are written after all
///   known      nothing         yes     an error: it was removed meanwhile
///   known      something       yes     what is there is used, with or without bytes
///   duplicate, known           no      nothing
Result<bool> Batch::apply_item(Ledger& ledger, Item& item, bool pin) {
    const StagedBlock& block = item.block;
    const bool wanted = pin || block.keep || block.owned;
    CODEX_TRY(found, ledger.block(block.cid));
    BlockEntry entry = found.value_or(BlockEntry{});
    if (item.source == Source::written) {
        const bool replace = entry.present && (entry.damaged || item.lost == entry.extent);
        if (replace)
            CODEX_CHECK(ledger.clear_bytes(block.cid, entry));
        if (entry.present || !(found || wanted)) {
            CODEX_CHECK(ledger.add_dead(item.bytes.extent, record_bytes(block.cid.bytes().size(),
                                                                        item.bytes.stored_bytes)));
            if (!found)
                return true;
        } else {
            ledger.set_bytes(block.cid, entry, item.bytes);
        }
    } else if (!wanted) {
        CODEX_CHECK(require_synced(ledger, entry));
        return true;
    } else if (item.source == Source::duplicate && (!entry.present || entry.damaged)) {
        return false;
    } else if (!found) {
        return fail(Errc::block_not_found, "block {}: was removed meanwhile", block.cid.text());
    }
    CODEX_CHECK(require_synced(ledger, entry));
    if (pin)
        entry.references += block.pins;
    // What is kept and named by a tree, or kept for a time, is not found out from records.
    if (pin && block.pins > 0 && entry.kept && !block.keep)
        CODEX_CHECK(ledger.note_block(block.cid, true, entry.expiry));
    if (block.keep) {
        const std::uint64_t before = entry.kept ? entry.expiry : 0;
        const std::uint64_t after =
            entry.kept ? later_expiry(entry.expiry, block.expiry) : block.expiry;
        CODEX_CHECK(ledger.change_expiry(ExpiryKind::block, block.cid, before, after));
        if (!(found && found->kept && found->present))
            ledger.note_change(ChangeKind::block_stored, block.cid);
        entry.kept = true;
        entry.expiry = after;
        CODEX_TRY(noted, find_note(ledger.txn(), NoteKind::block, block.cid));
        if (found || noted || after != 0)
            CODEX_CHECK(ledger.note_block(block.cid, true, after));
    }
    CODEX_CHECK(ledger.put_block(block.cid, entry));
    return true;
}

Result<void> Batch::require_synced(Ledger& ledger, const BlockEntry& entry) {
    if (!session_.sync || !entry.present)
        return {};
    for (const Appended& appended : segments_)
        if (appended.lease->id() == entry.extent.segment)
            return {};
    return ensure_synced(session_, ledger, entry.extent, synced_);
}

} // namespace codex::repo::detail
