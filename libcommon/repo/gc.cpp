#include "base/log.hpp"
#include "repo/detail/doomed.hpp"
#include "repo/detail/pending.hpp"
#include "repo/detail/reclaim.hpp"
#include "repo/detail/repo_impl.hpp"
#include "repo/detail/writer_lock.hpp"

#include <algorithm>

namespace codex::repo {

namespace {

/// Entries of the expiry index looked at in one transaction.
constexpr std::size_t kStep = 1024;

/// The next expired entries after `from`.
Result<std::vector<ExpiryKey>> expired(const Session& session, const Bytes& from,
                                       std::uint64_t now) {
    std::vector<ExpiryKey> keys;
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(cursor, txn.cursor(Table::expiries));
    CODEX_TRY(more, cursor.seek(from));
    while (more && keys.size() < kStep) {
        CODEX_TRY(key, decode_expiry_key(cursor.key()));
        if (key.expiry >= now)
            break;
        keys.push_back(key);
        CODEX_TRY(next, cursor.next());
        more = next;
    }
    return keys;
}

Result<void> expire_dataset(const Session& session, const ExpiryKey& key, GcReport& report) {
    std::optional<Extent> doomed;
    {
        CODEX_TRY(ledger, session.ledger());
        CODEX_TRY(dataset, ledger.dataset(key.cid));
        if (!dataset || dataset->expiry != key.expiry)
            return {}; // prolonged or removed while we looked
        CODEX_TRY(tree, erase_dataset(ledger, key.cid));
        doomed = tree;
        CODEX_CHECK(ledger.commit());
    }
    log::write(log::Level::info, "codex maintenance", "Removed expired dataset",
               {{"manifestCid", log::Value::id(key.cid.text())}});
    ++report.expired_datasets;
    ++report.removed_blocks; // its manifest
    if (doomed) {
        CODEX_TRY(removed, finish_doomed(session, *doomed));
        report.removed_blocks += removed;
    }
    return {};
}

Result<void> expire_blocks(const Session& session, std::span<const ExpiryKey> keys,
                           GcReport& report) {
    if (keys.empty())
        return {};
    CODEX_TRY(ledger, session.ledger());
    std::uint64_t removed = 0;
    for (const ExpiryKey& key : keys) {
        CODEX_TRY(entry, ledger.block(key.cid));
        if (!entry || !entry->kept || entry->expiry != key.expiry)
            continue;
        CODEX_CHECK(ledger.change_expiry(ExpiryKind::block, key.cid, key.expiry, 0));
        entry->kept = false;
        entry->expiry = 0;
        CODEX_TRY(gone, ledger.put_or_erase(key.cid, *entry));
        removed += gone ? 1 : 0;
    }
    CODEX_CHECK(ledger.commit());
    report.removed_blocks += removed;
    return {};
}

Result<void> expire_all(const Session& session, const GcOptions& options, GcReport& report) {
    Bytes from;
    for (;;) {
        CODEX_TRY(keys, expired(session, from, options.now));
        if (keys.empty())
            return {};
        from = encode(keys.back());
        from.push_back(0);
        std::vector<ExpiryKey> blocks;
        for (const ExpiryKey& key : keys) {
            if (key.kind == ExpiryKind::block)
                blocks.push_back(key);
            else if (options.dry_run)
                ++report.expired_datasets;
            else
                CODEX_CHECK(expire_dataset(session, key, report));
        }
        if (options.dry_run)
            report.removed_blocks += blocks.size();
        else
            CODEX_CHECK(expire_blocks(session, blocks, report));
    }
}

Result<void> collect_writers(const Session& session, const GcOptions& options, GcReport& report) {
    const std::string directory = session.store->writers_directory();
    std::vector<std::uint64_t> with_pins;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(ids, pending_writers(txn));
        with_pins = std::move(ids);
    }
    CODEX_TRY(ids, WriterLock::list(directory));
    ids.insert(ids.end(), with_pins.begin(), with_pins.end());
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const std::uint64_t id : ids) {
        const bool pinned = std::ranges::binary_search(with_pins, id);
        if (options.dry_run) {
            report.abandoned_writers += pinned && WriterLock::is_dead(directory, id) ? 1 : 0;
            continue;
        }
        CODEX_TRY(lock, WriterLock::take_dead(directory, id));
        if (!lock)
            continue;
        report.abandoned_writers += pinned ? 1 : 0;
        auto removed = undo_pending(session, id);
        if (!removed) {
            lock->abandon();
            return fail(std::move(removed).error());
        }
        report.removed_blocks += *removed;
    }
    return {};
}

Result<void> collect_doomed(const Session& session, GcReport& report) {
    std::vector<DoomedTree> all;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(doomed, doomed_trees(txn));
        all = std::move(doomed);
    }
    for (const DoomedTree& doomed : all) {
        CODEX_TRY(removed, finish_doomed(session, doomed.extent));
        report.removed_blocks += removed;
    }
    return {};
}

} // namespace

Result<GcReport> Repo::gc(const GcOptions& options) {
    if (!options.dry_run)
        CODEX_CHECK(impl_->require_writable());
    const Session session = impl_->session();
    GcReport report;
    CODEX_CHECK(expire_all(session, options, report));
    CODEX_CHECK(collect_writers(session, options, report));
    if (options.dry_run) {
        CODEX_TRY(now, space());
        report.freed_bytes = now.dead_bytes;
        return report;
    }
    CODEX_CHECK(collect_doomed(session, report));
    CODEX_TRY(unlinked, unlink_dead_segments(session));
    CODEX_TRY(punched, punch_dead_ranges(session, options.progress));
    report.freed_bytes = unlinked + punched;
    if (options.compact) {
        CODEX_TRY(compacted, compact_segments(session, options.progress));
        report.freed_bytes += compacted;
    }
    log::write(log::Level::debug, "codex maintenance", "Gave space back",
               {{"bytes", log::Value::byte_count(report.freed_bytes)}});
    return report;
}

} // namespace codex::repo
