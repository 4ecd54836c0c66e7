#include "repo/upkeep/reclaim.hpp"

#include "repo/segments/io.hpp"
#include "repo/segments/scan.hpp"
#include "repo/segments/tails.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

/// Segments that are held locked at a time.
constexpr std::size_t kLocksAtOnce = 64;

struct Totalled {
    std::uint64_t all = 0;
    std::uint64_t unpunched = 0;
    std::uint64_t rows = 0;
};
/// Rows of dead ranges that go with their segment in one transaction.
constexpr std::uint64_t kMostRows = 8192;

Result<Totalled> total_dead(const Txn& txn, std::uint32_t segment) {
    Totalled total;
    CODEX_CHECK(for_each_dead(txn, segment, [&](const DeadRange& range) {
        total.all += range.length;
        total.unpunched += range.punched ? 0 : range.length;
        ++total.rows;
    }));
    return total;
}

/// What is to be done with one segment once its transaction is committed.
struct Verdict {
    enum class Kind : std::uint8_t { stays, dead, tail, kept, unknown } kind = Kind::stays;
    std::uint64_t committed_end = 0;
    std::uint64_t bytes = 0; ///< freed by it
};

Result<Verdict> judge(Ledger& ledger, const IdleSegment& segment, Reclaimed& out) {
    const std::uint64_t size = file_bytes(segment.lock);
    CODEX_TRY(entry, find_segment(ledger.txn(), segment.id));
    if (!entry)
        return Verdict{Verdict::Kind::unknown, 0, size};
    CODEX_TRY(kept, tail_is_kept(ledger.txn(), segment.id));
    if (kept)
        return Verdict{Verdict::Kind::kept, 0, 0};
    CODEX_TRY(dead, total_dead(ledger.txn(), segment.id));
    const std::uint64_t tail = size - std::min(size, entry->committed_end);
    // Two accounts of the same bytes: a file goes only when both say that it is dead.
    const bool accounted = entry->live_bytes + dead.all == entry->committed_end;
    out.complete = out.complete && accounted;
    if (!accounted)
        return Verdict{tail > 0 ? Verdict::Kind::kept : Verdict::Kind::stays, 0, 0};
    if (entry->live_bytes > 0)
        return Verdict{tail > 0 ? Verdict::Kind::tail : Verdict::Kind::stays, entry->committed_end,
                       tail};
    if (dead.rows > kMostRows) { // erasing joins them
        out.again = true;
        return Verdict{};
    }
    CODEX_TRY(ranges, dead_ranges(ledger.txn(), segment.id));
    for (const DeadRange& range : ranges)
        CODEX_CHECK(ledger.txn().erase(Table::dead, extent_key(range.extent)));
    // Known, and empty: so that a kill before the file is gone leaves what the next gc may unlink.
    CODEX_CHECK(ledger.txn().put(Table::segments, segment_key(segment.id), encode(SegmentEntry{})));
    return Verdict{Verdict::Kind::dead, 0, dead.unpunched + tail};
}

/// After the commit.
void carry_out(const Session& session, const IdleSegment& segment, const Verdict& verdict,
               Reclaimed& out) {
    const std::string name = session.store->segments().path(segment.id);
    bool done = false;
    switch (verdict.kind) {
    case Verdict::Kind::stays:
        return;
    case Verdict::Kind::kept:
        out.leave(name);
        return;
    case Verdict::Kind::tail:
        done = ::ftruncate(segment.lock.get(), static_cast<off_t>(verdict.committed_end)) == 0 &&
               ::fsync(segment.lock.get()) == 0;
        break;
    case Verdict::Kind::unknown:
        if (may_hold_records(segment.lock, name)) {
            out.leave(name);
            return;
        }
        [[fallthrough]];
    case Verdict::Kind::dead:
        done = session.store->segments().unlink(segment.id);
        session.store->segments().forget(segment.id);
        break;
    }
    out.bytes += done ? verdict.bytes : 0;
    out.complete = out.complete && done;
}

/// Whether a look without its lock says that there is something to do about a segment.
Result<bool> worth_locking(const Session& session, std::uint32_t id) {
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(entry, find_segment(txn, id));
    if (!entry || entry->live_bytes == 0)
        return true;
    const auto size = session.store->segments().file_size(id);
    return size && *size && **size > entry->committed_end;
}

/// Entries whose empty segment has gone.
Result<void> forget_unlinked(const Session& session) {
    std::vector<std::uint32_t> gone;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(all, all_segments(txn));
        for (const auto& [id, entry] : all) {
            if (entry != SegmentEntry{})
                continue;
            const auto size = session.store->segments().file_size(id);
            if (size && !*size)
                gone.push_back(id);
        }
    }
    if (gone.empty())
        return {};
    // A file that a power loss brings back must still be known to be empty.
    CODEX_CHECK(session.store->segments().sync_names());
    CODEX_TRY(ledger, session.ledger());
    for (const std::uint32_t id : gone) {
        CODEX_TRY(entry, find_segment(ledger.txn(), id));
        if (entry == SegmentEntry{})
            CODEX_CHECK(ledger.txn().erase(Table::segments, segment_key(id)));
    }
    return ledger.commit();
}

} // namespace

std::uint64_t file_bytes(const Fd& file) {
    struct stat st{};
    return ::fstat(file.get(), &st) == 0 ? static_cast<std::uint64_t>(st.st_size) : 0;
}

bool may_hold_records(const Fd& file, const std::string& name) {
    bool found = false;
    // The first header will do: the search ends with an error of its own.
    const auto end = scan_segment(file, name, [&](std::uint64_t, const RecordHeader&) {
        found = true;
        return Result<bool>(fail(Errc::internal, "found"));
    });
    return found || !end;
}

Result<std::vector<std::pair<std::uint32_t, SegmentEntry>>> all_segments(const Txn& txn) {
    std::vector<std::pair<std::uint32_t, SegmentEntry>> all;
    CODEX_CHECK(
        for_each(txn, Table::segments, {}, [&](BytesView key, BytesView value) -> Result<void> {
            CODEX_TRY(id, decode_segment_key(key));
            CODEX_TRY(entry, decode_segment(value));
            all.emplace_back(id, entry);
            return {};
        }));
    return all;
}

Result<void> for_each_dead(const Txn& txn, std::uint32_t segment,
                           const std::function<void(const DeadRange&)>& visit) {
    return for_each(txn, Table::dead, extent_key({segment, 0}),
                    [&](BytesView key, BytesView value) -> Result<bool> {
                        CODEX_TRY(range, decode_dead(key, value));
                        if (range.extent.segment != segment)
                            return false;
                        visit(range);
                        return true;
                    });
}

Result<std::vector<DeadRange>> dead_ranges(const Txn& txn, std::uint32_t segment) {
    std::vector<DeadRange> ranges;
    CODEX_CHECK(
        for_each_dead(txn, segment, [&](const DeadRange& range) { ranges.push_back(range); }));
    return ranges;
}

namespace {

/// Puts the files on the disk whose committed bytes may not be there; calls done(id, end) for each.
Result<void> sync_files(const Segments& segments, Disk& disk,
                        std::span<const std::pair<std::uint32_t, SegmentEntry>> all,
                        const std::function<void(std::uint32_t, std::uint64_t)>& done) {
    bool any = false;
    for (const auto& [id, entry] : all) {
        if (entry.synced_end >= entry.committed_end)
            continue;
        auto file = segments.open(id);
        if (!file && file.error().code() == Errc::not_found)
            continue; // lost: there is nothing to sync
        if (!file)
            return fail(std::move(file).error());
        CODEX_CHECK(io::sync_data(disk, (*file)->get(), segments.path(id)));
        done(id, entry.committed_end);
        any = true;
    }
    return any ? segments.sync_names() : Result<void>();
}

} // namespace

Result<Ledger> durable_ledger(const Session& session) {
    const Segments& segments = session.store->segments();
    Disk& disk = session.store->around().disk;
    std::vector<std::pair<std::uint32_t, SegmentEntry>> all;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_SET(all, all_segments(txn));
    }
    // First without keeping others waiting; then there is hardly anything left to do.
    CODEX_CHECK(sync_files(segments, disk, all, [](std::uint32_t, std::uint64_t) {}));
    CODEX_TRY(ledger, session.ledger());
    CODEX_TRY(last, all_segments(ledger.txn()));
    CODEX_CHECK(sync_files(segments, disk, last, [&](std::uint32_t id, std::uint64_t end) {
        ledger.mark_synced(id, end);
    }));
    return ledger;
}

Result<void> make_durable(const Session& session, Reclaimed& out) {
    {
        CODEX_TRY(txn, session.store->env().read());
        if (txn.id() == out.durable)
            return {};
    }
    CODEX_TRY(ledger, durable_ledger(session));
    const std::uint64_t number = ledger.txn().id();
    CODEX_CHECK(ledger.commit());
    out.durable = number;
    return {};
}

Result<void> unlink_if_dead(const Session& session, std::span<const IdleSegment> segments,
                            Reclaimed& out) {
    std::vector<Verdict> verdicts;
    {
        CODEX_TRY(ledger, durable_ledger(session));
        for (const IdleSegment& segment : segments) {
            CODEX_TRY(verdict, judge(ledger, segment, out));
            verdicts.push_back(verdict);
        }
        const std::uint64_t number = ledger.txn().id();
        CODEX_CHECK(ledger.commit());
        out.durable = number;
    }
    for (std::size_t i = 0; i < segments.size(); ++i)
        carry_out(session, segments[i], verdicts[i], out);
    return {};
}

Result<void> unlink_dead_segments(const Session& session, Reclaimed& out) {
    Segments& segments = session.store->segments();
    segments.release_all();
    CODEX_TRY(ids, segments.list());
    std::vector<IdleSegment> idle;
    for (const std::uint32_t id : ids) {
        CODEX_CHECK(session.job.go_on());
        CODEX_TRY(wanted, worth_locking(session, id));
        if (!wanted)
            continue;
        CODEX_TRY(lock, segments.lock_idle(id));
        if (lock)
            idle.push_back({id, std::move(*lock)});
        else
            out.complete = false; // its writer may have what is dead elsewhere in its tail
        if (idle.size() == kLocksAtOnce) {
            CODEX_CHECK(unlink_if_dead(session, idle, out));
            idle.clear();
        }
    }
    if (!idle.empty())
        CODEX_CHECK(unlink_if_dead(session, idle, out));
    return forget_unlinked(session);
}

} // namespace codex::repo::detail
