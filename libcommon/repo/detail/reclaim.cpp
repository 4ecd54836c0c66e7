#include "repo/detail/reclaim.hpp"

#include "repo/detail/io.hpp"
#include "repo/detail/own_file.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo {

namespace {

constexpr std::uint64_t kPage = 4096;
/// Rows of the table of dead ranges changed in one transaction.
constexpr std::size_t kStepRows = 4096;

/// Neighbouring dead ranges, as they are in the index.
struct Group {
    std::vector<DeadRange> rows;
    [[nodiscard]] std::uint64_t begin() const { return rows.front().extent.offset; }
    [[nodiscard]] std::uint64_t end() const {
        return rows.back().extent.offset + rows.back().length;
    }
    [[nodiscard]] bool punched() const { return std::ranges::all_of(rows, &DeadRange::punched); }
};

std::vector<Group> group_neighbours(std::span<const DeadRange> rows) {
    std::vector<Group> groups;
    for (const DeadRange& row : rows) {
        const bool joins = !groups.empty() && groups.back().end() == row.extent.offset &&
                           groups.back().rows.size() < kStepRows;
        if (!joins)
            groups.emplace_back();
        groups.back().rows.push_back(row);
    }
    std::erase_if(groups, [](const Group& group) { return group.punched(); });
    return groups;
}

std::uint64_t allocated(const Fd& fd) {
    struct stat st{};
    return ::fstat(fd.get(), &st) == 0 ? static_cast<std::uint64_t>(st.st_blocks) * 512 : 0;
}

/// One row for the group, unless another process has changed its rows meanwhile.
Result<void> record_punched(const Session& session, const Group& group) {
    CODEX_TRY(ledger, session.ledger());
    const std::uint32_t segment = group.rows.front().extent.segment;
    std::uint64_t newly = 0;
    for (const DeadRange& row : group.rows) {
        CODEX_TRY(now, ledger.txn().get(Table::dead, extent_key(row.extent)));
        if (!now || !equal(*now, dead_value(row)))
            return {};
        newly += row.punched ? 0 : row.length;
    }
    for (const DeadRange& row : group.rows)
        CODEX_CHECK(ledger.txn().erase(Table::dead, extent_key(row.extent)));
    CODEX_CHECK(ledger.txn().put(
        Table::dead, extent_key(group.rows.front().extent),
        dead_value({group.rows.front().extent, group.end() - group.begin(), true})));
    CODEX_TRY(entry, find_segment(ledger.txn(), segment));
    if (!entry)
        return {};
    entry->punched_bytes = std::min(entry->committed_end, entry->punched_bytes + newly);
    CODEX_CHECK(ledger.txn().put(Table::segments, segment_key(segment), encode(*entry)));
    return ledger.commit();
}

Result<std::uint64_t> punch_segment(const Session& session, std::uint32_t segment,
                                    Progress* progress) {
    std::vector<Group> groups;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(rows, dead_ranges(txn, segment));
        groups = group_neighbours(rows);
    }
    if (groups.empty())
        return std::uint64_t{0};
    const std::string name = session.store->segments().path(segment);
    auto fd = open_own_file(name, O_RDWR, Below::folder);
    if (!fd)
        return std::uint64_t{0}; // lost, or unlinked meanwhile
    const std::uint64_t before = allocated(*fd);
    if (progress)
        for (const Group& group : groups)
            progress->total_bytes += group.end() - group.begin();
    for (const Group& group : groups) {
        const std::uint64_t begin = (group.begin() + kPage - 1) / kPage * kPage;
        const std::uint64_t end = group.end() / kPage * kPage;
        if (begin < end) {
            CODEX_TRY(possible, io::punch_hole(fd->get(), begin, end - begin, name));
            if (!possible)
                return std::uint64_t{0}; // compaction is what is left on such a file system
        }
        CODEX_CHECK(record_punched(session, group));
        if (progress)
            progress->advance(group.end() - group.begin());
    }
    const std::uint64_t after = allocated(*fd);
    return before - std::min(before, after);
}

} // namespace

Result<std::vector<std::pair<std::uint32_t, SegmentEntry>>> all_segments(const Txn& txn) {
    std::vector<std::pair<std::uint32_t, SegmentEntry>> all;
    CODEX_TRY(cursor, txn.cursor(Table::segments));
    CODEX_TRY(more, cursor.seek({}));
    while (more) {
        CODEX_TRY(id, decode_segment_key(cursor.key()));
        CODEX_TRY(entry, decode_segment(cursor.value()));
        all.emplace_back(id, entry);
        CODEX_TRY(next, cursor.next());
        more = next;
    }
    return all;
}

Result<std::vector<DeadRange>> dead_ranges(const Txn& txn, std::uint32_t segment) {
    std::vector<DeadRange> ranges;
    CODEX_TRY(cursor, txn.cursor(Table::dead));
    CODEX_TRY(more, cursor.seek(extent_key({segment, 0})));
    while (more) {
        CODEX_TRY(range, decode_dead(cursor.key(), cursor.value()));
        if (range.extent.segment != segment)
            break;
        ranges.push_back(range);
        CODEX_TRY(next, cursor.next());
        more = next;
    }
    return ranges;
}

Result<std::uint64_t> punch_dead_ranges(const Session& session, Progress* progress) {
    std::vector<std::pair<std::uint32_t, SegmentEntry>> segments;
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(all, all_segments(txn));
        segments = std::move(all);
    }
    std::uint64_t freed = 0;
    for (const auto& [id, entry] : segments) {
        // A segment without live records is unlinked as a whole, if nobody has it.
        CODEX_TRY(bytes, punch_segment(session, id, progress));
        freed += bytes;
    }
    return freed;
}

Result<std::uint64_t> unlink_if_dead(const Session& session, std::uint32_t segment,
                                     const Fd& lock) {
    {
        CODEX_TRY(ledger, session.ledger());
        CODEX_TRY(entry, find_segment(ledger.txn(), segment));
        if (entry && entry->live_bytes > 0)
            return std::uint64_t{0};
        if (entry) {
            CODEX_TRY(ranges, dead_ranges(ledger.txn(), segment));
            // Two accounts of the same bytes: a file goes only when both say that it is dead.
            std::uint64_t dead = 0;
            for (const DeadRange& range : ranges)
                dead += range.length;
            if (dead != entry->committed_end)
                return std::uint64_t{0};
            for (const DeadRange& range : ranges)
                CODEX_CHECK(ledger.txn().erase(Table::dead, extent_key(range.extent)));
            CODEX_CHECK(ledger.txn().erase(Table::segments, segment_key(segment)));
            CODEX_CHECK(ledger.commit());
        }
    }
    // After the commit: a kill between both leaves a file the index does not know, for the next gc.
    const std::uint64_t freed = allocated(lock);
    ::unlink(session.store->segments().path(segment).c_str());
    session.store->segments().forget(segment);
    return freed;
}

Result<std::uint64_t> unlink_dead_segments(const Session& session) {
    Segments& segments = session.store->segments();
    segments.release_all();
    CODEX_TRY(ids, segments.list());
    std::uint64_t freed = 0;
    for (const std::uint32_t id : ids) {
        bool maybe_dead = false;
        {
            CODEX_TRY(txn, session.store->env().read());
            CODEX_TRY(entry, find_segment(txn, id));
            maybe_dead = !entry || entry->live_bytes == 0;
        }
        if (!maybe_dead)
            continue;
        CODEX_TRY(lock, segments.lock_idle(id));
        if (!lock)
            continue;
        CODEX_TRY(bytes, unlink_if_dead(session, id, *lock));
        freed += bytes;
    }
    return freed;
}

} // namespace codex::repo
