#include "codec/log_value.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/io.hpp"
#include "repo/upkeep/doomed.hpp"
#include "repo/upkeep/forecast.hpp"
#include "repo/upkeep/notes.hpp"
#include "repo/upkeep/partials.hpp"
#include "repo/upkeep/pending.hpp"
#include "repo/upkeep/reclaim.hpp"
#include "repo/upkeep/reserve.hpp"
#include "repo/upkeep/writer_lock.hpp"

#include <algorithm>
#include <fcntl.h>
#include <utility>

namespace codex::repo {

using namespace detail;

namespace {

constexpr std::string_view kTopics = "codex maintenance";

/// Entries of the expiry index looked at in one transaction.
constexpr std::size_t kExpiryStep = 1024;
/// Datasets that one transaction takes out of sight.
constexpr std::size_t kStepDatasets = 256;
/// How much smaller transactions get when the disk is full, in steps of 2^4.
constexpr unsigned kMaxShrink = 12;

/// The next expired entries after `from`.
Result<std::vector<ExpiryKey>> expired(const Session& session, const Bytes& from,
                                       std::uint64_t now) {
    std::vector<ExpiryKey> keys;
    CODEX_TRY(txn, session.store->env().read());
    const std::size_t most = std::max<std::size_t>(1, kExpiryStep >> session.shrink);
    CODEX_CHECK(
        for_each(txn, Table::expiries, from, [&](BytesView bytes, BytesView) -> Result<bool> {
            CODEX_TRY(key, decode_expiry_key(bytes));
            if (key.expiry >= now)
                return false;
            keys.push_back(key);
            return keys.size() < most;
        }));
    return keys;
}

/// Some in one transaction; then their trees.
Result<void> expire_datasets(const Session& session, std::span<const ExpiryKey> keys,
                             GcReport& report) {
    std::vector<Extent> doomed;
    std::vector<std::uint64_t> writers; // of partial ones, whose pins are nobody's now
    std::vector<Cid> gone;
    std::uint64_t manifests = 0;
    {
        CODEX_TRY(ledger, session.ledger());
        for (const ExpiryKey& key : keys) {
            CODEX_TRY(dataset, ledger.dataset(key.cid));
            CODEX_TRY(partial, find_partial(ledger.txn(), key.cid));
            if (partial && partial->expiry == key.expiry) {
                CODEX_TRY(erased, erase_partial(ledger, key.cid));
                manifests += erased->manifest_gone ? 1 : 0;
                writers.push_back(erased->writer);
                gone.push_back(key.cid);
            }
            if (!dataset || dataset->expiry != key.expiry)
                continue; // prolonged or removed while we looked
            CODEX_TRY(erased, erase_dataset(ledger, key.cid));
            manifests += erased.manifest_gone ? 1 : 0;
            if (erased.tree)
                doomed.push_back(*erased.tree);
            gone.push_back(key.cid);
        }
        if (gone.empty())
            return {};
        CODEX_CHECK(ledger.commit());
    }
    const log::Logger log = session.logger().with_topics(kTopics);
    for (const Cid& cid : gone)
        log.info("Removed expired dataset", {{"manifestCid", cid}});
    report.expired_datasets += gone.size();
    report.removed_blocks += manifests;
    CODEX_TRY(removed, finish_doomed(session, doomed));
    report.removed_blocks += removed;
    for (const std::uint64_t writer : writers) {
        CODEX_TRY(unpinned, collect_writer(session, writer, Tree::keep));
        report.removed_blocks += unpinned.value_or(0);
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
        CODEX_CHECK(ledger.note_block(key.cid, false, 0));
        entry->kept = false;
        entry->expiry = 0;
        CODEX_TRY(gone, ledger.put_or_erase(key.cid, *entry));
        if (gone)
            ledger.note_change(ChangeKind::block_removed, key.cid);
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
        std::vector<ExpiryKey> datasets;
        for (const ExpiryKey& key : keys)
            (key.kind == ExpiryKind::block ? blocks : datasets).push_back(key);
        const std::size_t step = std::max<std::size_t>(1, kStepDatasets >> session.shrink);
        for (std::span<const ExpiryKey> rest(datasets); !rest.empty();) {
            CODEX_CHECK(session.job.go_on());
            const std::size_t n = std::min(step, rest.size());
            CODEX_CHECK(expire_datasets(session, rest.first(n), report));
            rest = rest.subspan(n);
        }
        CODEX_CHECK(session.job.go_on());
        CODEX_CHECK(expire_blocks(session, blocks, report));
    }
}

Result<void> collect_writers(const Session& session, GcReport& report) {
    const std::string directory = session.store->writers_directory();
    std::vector<std::uint64_t> with_pins;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_SET(with_pins, pending_writers(txn));
    }
    CODEX_TRY(ids, WriterLock::list(directory));
    ids.insert(ids.end(), with_pins.begin(), with_pins.end());
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const std::uint64_t id : ids) {
        CODEX_CHECK(session.job.go_on());
        const bool pinned = std::ranges::binary_search(with_pins, id);
        CODEX_TRY(removed, collect_writer(session, id, Tree::keep));
        if (!removed)
            continue;
        report.abandoned_writers += pinned ? 1 : 0;
        report.removed_blocks += *removed;
    }
    return {};
}

/// What is left of partial datasets that are no more, in so far as nothing pins blocks any more.
Result<std::vector<std::uint64_t>> dead_trees(const Session& session) {
    const std::string directory = session.store->writers_directory();
    CODEX_TRY(ids, WriterLock::list(directory));
    CODEX_TRY(txn, session.store->env().read());
    std::vector<std::uint64_t> dead;
    for (const std::uint64_t id : ids) {
        CODEX_TRY(manifest, partial_of_writer(txn, id));
        const auto file =
            PartialFile::open(writer_path(directory, id), O_RDONLY, session.store->around().disk);
        const bool empty = file ? file->is_empty() : file.error().code() == Errc::not_found;
        if (!manifest && !empty)
            dead.push_back(id);
    }
    return dead;
}

/// False when one stays, because somebody has it locked.
Result<bool> remove_trees(const Session& session, std::span<const std::uint64_t> ids) {
    bool all = true;
    for (const std::uint64_t id : ids) {
        CODEX_TRY(removed, collect_writer(session, id, Tree::remove));
        all = all && removed;
    }
    return all;
}

Result<void> collect_doomed(const Session& session, GcReport& report) {
    std::vector<Extent> all;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(doomed, doomed_trees(txn));
        for (const DoomedTree& tree : doomed)
            all.push_back(tree.extent);
    }
    CODEX_TRY(removed, finish_doomed(session, all));
    report.removed_blocks += removed;
    return {};
}

/// What may go as soon as nothing dead is left in any segment: notes of removals, and trees of
/// partial datasets that are no more.
struct Forgettable {
    std::vector<Note> notes;
    std::vector<std::uint64_t> trees;
};

Result<Forgettable> forgettable(const Session& session) {
    Forgettable found;
    CODEX_SET(found.trees, dead_trees(session));
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(notes, removed_notes(txn));
    for (Note& note : notes) {
        CODEX_CHECK(session.job.go_on());
        // A manifest that is kept as a block would bring its dataset back.
        CODEX_TRY(block, find_block(txn, note.cid));
        if (note.kind == NoteKind::block || !block)
            found.notes.push_back(std::move(note));
    }
    return found;
}

Result<void> reclaim(const Session& session, const GcOptions& options,
                     const Forgettable& forgettable, GcReport& report) {
    Reclaimed reclaimed;
    // Before anything is destroyed that a new index would look for.
    std::uint64_t last = 0;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_SET(last, last_note(txn));
    }
    CODEX_CHECK(make_durable(session, reclaimed));
    CODEX_CHECK(mend_notes(*session.store, last));
    const auto count = [&](Result<void> done) {
        report.freed_bytes += std::exchange(reclaimed.bytes, 0);
        report.unaccounted = reclaimed.unaccounted;
        return done;
    };
    CODEX_CHECK(count(unlink_dead_segments(session, reclaimed)));
    CODEX_CHECK(count(erase_dead_ranges(session, reclaimed)));
    if (std::exchange(reclaimed.again, false))
        CODEX_CHECK(count(unlink_dead_segments(session, reclaimed)));
    if (options.compact)
        CODEX_CHECK(compact_segments(session));
    CODEX_CHECK(session.job.go_on());
    std::span<const Note> removed;
    if (reclaimed.complete) { // else they are forgotten another time
        CODEX_TRY(gone, remove_trees(session, forgettable.trees));
        // Else a power loss gives trees back of which no note says any more that they were removed.
        if (gone && !forgettable.notes.empty()) {
            CODEX_CHECK(sync_directory(session.store->writers_directory()));
            removed = forgettable.notes;
        }
    }
    const bool large =
        io::disk_bytes(notes_path(session.store->path())) >= session.store->limits().notes_bytes;
    return large || !removed.empty() ? merge_notes(*session.store, removed, reclaimed.durable)
                                     : Result<void>();
}

/// One attempt. Space that is dead already is given back even if there was none to remove more.
Result<void> collect(const Session& session, const GcOptions& options, GcReport& report) {
    Forgettable removed;
    auto removing = [&]() -> Result<void> {
        CODEX_CHECK(expire_all(session, options, report));
        CODEX_CHECK(collect_writers(session, report));
        CODEX_TRY(found, forgettable(session));
        CODEX_CHECK(collect_doomed(session, report));
        removed = std::move(found);
        return {};
    }();
    if (!removing && removing.error().code() != Errc::no_space)
        return removing;
    CODEX_CHECK(reclaim(session, options, removed, report));
    return removing;
}

} // namespace

Result<GcReport> Repo::gc(const GcOptions& options, const Job& job) {
    Session session = impl_->session(job);
    if (options.dry_run)
        return forecast_gc(session, options.now);
    CODEX_CHECK(impl_->require_writable());
    session.sync = true;
    GcReport report;
    for (;; session.shrink += 4) {
        auto done = collect(session, options, report);
        if (done)
            break;
        if (done.error().code() != Errc::no_space || session.shrink >= kMaxShrink)
            return fail(std::move(done).error());
        (void)give_up_reserve(session.store->path());
    }
    make_reserve(session.store->path());
    session.logger().with_topics(kTopics).debug("Gave space back",
                                                {{"bytes", log::ByteCount{report.freed_bytes}}});
    return report;
}

} // namespace codex::repo
