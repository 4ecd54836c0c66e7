// Committing: what was staged is made durable, and known in one transaction; or given up.
#include "codec/log_value.hpp"
#include "repo/segments/batch.hpp"
#include "repo/upkeep/notes.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

constexpr std::string_view kTopics = "codex repostore";

} // namespace

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
