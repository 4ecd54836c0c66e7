// Dead ranges, erased where they are: live records beside them stay.
#include "repo/segments/io.hpp"
#include "repo/segments/own_file.hpp"
#include "repo/upkeep/reclaim.hpp"

#include <algorithm>
#include <fcntl.h>

namespace codex::repo::detail {

namespace {

/// Rows of the table of dead ranges that one transaction changes.
constexpr std::size_t kStepRows = 4096;
constexpr std::size_t kLeastRows = 8;

/// Neighbouring dead ranges, as they are in the index.
struct Group {
    std::vector<DeadRange> rows;
    bool erased = false;
    [[nodiscard]] std::uint32_t segment() const { return rows.front().extent.segment; }
    [[nodiscard]] std::uint64_t begin() const { return rows.front().extent.offset; }
    [[nodiscard]] std::uint64_t end() const {
        return rows.back().extent.offset + rows.back().length;
    }
    [[nodiscard]] bool punched() const { return std::ranges::all_of(rows, &DeadRange::punched); }
    [[nodiscard]] bool joins(const DeadRange& row) const {
        return segment() == row.extent.segment && end() == row.extent.offset;
    }
};

/// The next groups from `from` on that are not erased yet, with at most `room` rows; `from` is
/// moved behind them, and is empty at the end of the table.
Result<std::vector<Group>> next_groups(const Session& session, Bytes& from, std::size_t room) {
    std::vector<Group> groups;
    std::size_t rows = 0;
    CODEX_TRY(txn, session.store->env().read());
    CODEX_TRY(cursor, txn.cursor(Table::dead));
    CODEX_TRY(more, cursor.seek(from));
    while (more) {
        CODEX_TRY(row, decode_dead(cursor.key(), cursor.value()));
        if (groups.empty() || !groups.back().joins(row)) {
            if (!groups.empty() && groups.back().punched()) {
                rows -= groups.back().rows.size();
                groups.pop_back();
            }
            if (rows >= room)
                break;
            groups.emplace_back();
        } else if (rows >= room) {
            break;
        }
        groups.back().rows.push_back(row);
        ++rows;
        from.assign(cursor.key().begin(), cursor.key().end());
        from.push_back(0);
        CODEX_TRY(next, cursor.next());
        more = next;
    }
    if (!groups.empty() && groups.back().punched())
        groups.pop_back();
    if (!more)
        from.clear();
    return groups;
}

/// Overwrites the ranges in their files and waits for the disk.
Result<void> erase_bytes(const Session& session, std::span<Group> groups, Progress* progress) {
    const Segments& segments = session.store->segments();
    Fd file;
    std::uint32_t open_id = 0;
    const auto finish = [&]() -> Result<void> {
        return file ? io::sync_data(file.get(), segments.path(open_id)) : Result<void>();
    };
    for (Group& group : groups) {
        const std::string name = segments.path(group.segment());
        if (!file || open_id != group.segment()) {
            CODEX_CHECK(finish());
            file.reset();
            auto opened = open_own_file(name, O_RDWR, Below::folder);
            if (!opened && opened.error().code() != Errc::not_found)
                return fail(std::move(opened).error());
            if (!opened)
                continue; // lost, or unlinked meanwhile
            file = std::move(*opened);
            open_id = group.segment();
        }
        // To the byte: of pages that are shared with live records the kernel clears the dead part.
        CODEX_TRY(possible,
                  io::punch_hole(file.get(), group.begin(), group.end() - group.begin(), name));
        group.erased = possible; // else compaction is what is left on such a file system
        if (progress)
            progress->advance(group.end() - group.begin());
    }
    return finish();
}

/// One row for the group, unless another process has changed its rows meanwhile.
Result<std::uint64_t> record_erased(Ledger& ledger, const Group& group) {
    std::uint64_t newly = 0;
    for (const DeadRange& row : group.rows) {
        CODEX_TRY(now, ledger.txn().get(Table::dead, extent_key(row.extent)));
        if (!now || !equal(*now, dead_value(row)))
            return std::uint64_t{0};
        newly += row.punched ? 0 : row.length;
    }
    for (const DeadRange& row : group.rows)
        CODEX_CHECK(ledger.txn().erase(Table::dead, extent_key(row.extent)));
    CODEX_CHECK(ledger.txn().put(
        Table::dead, extent_key(group.rows.front().extent),
        dead_value({group.rows.front().extent, group.end() - group.begin(), true})));
    CODEX_TRY(entry, find_segment(ledger.txn(), group.segment()));
    if (!entry)
        return newly;
    entry->punched_bytes = std::min(entry->committed_end, entry->punched_bytes + newly);
    CODEX_CHECK(ledger.txn().put(Table::segments, segment_key(group.segment()), encode(*entry)));
    return newly;
}

} // namespace

Result<void> erase_dead_ranges(const Session& session, Progress* progress, Reclaimed& out) {
    const std::size_t room = std::max(kLeastRows, kStepRows >> session.shrink);
    Bytes from;
    do {
        CODEX_TRY(groups, next_groups(session, from, room));
        if (groups.empty())
            continue;
        if (progress)
            for (const Group& group : groups)
                progress->total_bytes += group.end() - group.begin();
        {
            CODEX_TRY(ledger, durable_ledger(session));
            CODEX_CHECK(ledger.commit());
        }
        CODEX_CHECK(erase_bytes(session, groups, progress));
        CODEX_TRY(ledger, session.ledger());
        std::uint64_t bytes = 0;
        for (const Group& group : groups) {
            if (!group.erased) {
                out.complete = false;
                continue;
            }
            CODEX_TRY(newly, record_erased(ledger, group));
            bytes += newly;
        }
        CODEX_CHECK(ledger.commit());
        out.bytes += bytes;
    } while (!from.empty());
    return {};
}

} // namespace codex::repo::detail
