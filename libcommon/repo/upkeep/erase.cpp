// Dead ranges, erased where they are: live records beside them stay.
#include "repo/segments/io.hpp"
#include "repo/upkeep/reclaim.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <set>

namespace codex::repo::detail {

namespace {

/// Rows of the table of dead ranges that one transaction changes.
constexpr std::size_t kStepRows = 4096;
constexpr std::size_t kLeastRows = 8;

/// Neighbouring dead ranges, as they are in the index.
struct Group {
    std::vector<DeadRange> rows;
    bool erased = false;
    bool left = false; ///< something lives there
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
        CODEX_SET(more, cursor.next());
    }
    if (!groups.empty() && groups.back().punched())
        groups.pop_back();
    if (!more)
        from.clear();
    return groups;
}

/// Whether the index says that a record lives here: then one of its rows is wrong, and nobody knows
/// which.
Result<bool> lives(const Txn& txn, RecordKind kind, const Cid& cid, const Extent& here) {
    if (kind == RecordKind::block) {
        CODEX_TRY(block, find_block(txn, cid));
        return block && block->present && block->extent == here;
    }
    CODEX_TRY(tree, find_tree(txn, cid));
    if (tree && tree->extent == here)
        return true;
    CODEX_TRY(doomed, txn.get(Table::doomed, extent_key(here)));
    return doomed.has_value();
}

/// Whether what is in the ranges is dead, by its headers, too. Those of the first and the last row
/// are looked at: a row that is wrong does not join its neighbours. Ranges where none begins, since
/// it is damaged, or the range is wrong, are added to `nameless`.
Result<bool> is_dead(const Txn& txn, const Fd& file, const std::string& name, const Group& group,
                     std::vector<DeadRange>& nameless) {
    CODEX_TRY(segment, find_segment(txn, group.segment()));
    if (!segment || group.end() > segment->committed_end)
        return false;
    const std::array<const DeadRange*, 2> ends = {&group.rows.front(), &group.rows.back()};
    for (const DeadRange* row : std::span(ends).first(group.rows.size() == 1 ? 1 : 2)) {
        const std::uint64_t end = row->extent.offset + row->length;
        std::array<std::uint8_t, kMaxHeaderBytes> bytes{};
        for (std::uint64_t at = row->extent.offset; at < end && !row->punched;) {
            CODEX_TRY(got, pread_full(file.get(), bytes, at, name));
            const auto header = decode_header(BytesView(bytes).first(got));
            if (!header) {
                nameless.push_back({{group.segment(), at}, end - at, false});
                break;
            }
            CODEX_TRY(live, lives(txn, header->kind, header->cid, {group.segment(), at}));
            if (live)
                return false;
            at += record_bytes(header->cid.bytes().size(), header->stored_bytes);
        }
    }
    return true;
}

/// Marks the groups whose headers say that something lives there.
Result<void> mark_by_headers(const Session& session, std::span<Group> groups,
                             std::vector<DeadRange>& nameless, Reclaimed& out) {
    const Segments& segments = session.store->segments();
    CODEX_TRY(txn, session.store->env().read());
    for (Group& group : groups) {
        CODEX_CHECK(session.job.go_on());
        auto file = segments.open(group.segment());
        if (!file && file.error().code() == Errc::not_found)
            continue; // lost, or unlinked meanwhile
        if (!file)
            return fail(std::move(file).error());
        const std::string name = segments.path(group.segment());
        CODEX_TRY(dead, is_dead(txn, **file, name, group, nameless));
        group.left = !dead;
        if (!dead)
            out.leave(name);
    }
    return {};
}

/// The record of an entry of a table, if there is one.
Result<void> visit_live(Table table, BytesView key, BytesView value,
                        const std::function<void(const Extent&, std::uint64_t)>& visit) {
    if (table == Table::doomed) {
        CODEX_TRY(tree, decode_doomed(key, value));
        visit(tree.extent, tree_record_bytes(tree.tree, tree.leaf_count));
        return {};
    }
    CODEX_TRY(cid, decode_cid_key(table, key));
    if (table == Table::trees) {
        CODEX_TRY(tree, decode_tree_entry(value));
        visit(tree.extent, tree_record_bytes(cid, tree.leaf_count));
        return {};
    }
    CODEX_TRY(block, decode_block(value));
    if (block.present)
        visit(block.extent, block_record_bytes(cid, block));
    return {};
}

bool overlaps(std::span<const DeadRange> sorted, const Extent& extent, std::uint64_t length) {
    const auto place = [](const Extent& e) { return std::pair(e.segment, e.offset); };
    auto behind =
        std::ranges::upper_bound(sorted, std::pair(extent.segment, extent.offset + length - 1), {},
                                 [&](const DeadRange& range) { return place(range.extent); });
    if (behind == sorted.begin())
        return false;
    const DeadRange& last = *--behind;
    return last.extent.segment == extent.segment &&
           last.extent.offset + last.length > extent.offset;
}

/// Calls visit(extent, length) for the records that the index says live; a piece of a table in one
/// transaction.
Result<void> for_each_live(const Session& session,
                           const std::function<void(const Extent&, std::uint64_t)>& visit) {
    constexpr std::size_t kStep = 16384;
    for (const Table table : {Table::blocks, Table::trees, Table::doomed}) {
        Bytes from;
        for (bool more = true; more;) {
            CODEX_TRY(txn, session.store->env().read());
            CODEX_CHECK(session.job.go_on());
            std::size_t seen = 0;
            CODEX_CHECK(
                for_each(txn, table, from, [&](BytesView key, BytesView value) -> Result<bool> {
                    CODEX_CHECK(visit_live(table, key, value, visit));
                    from.assign(key.begin(), key.end());
                    from.push_back(0);
                    return ++seen < kStep;
                }));
            more = seen == kStep;
        }
    }
    return {};
}

/// What no header says: whether anything alive lies in these ranges, by looking at all that lives.
Result<std::set<std::uint32_t>> segments_with_live(const Session& session,
                                                   std::vector<DeadRange> ranges) {
    std::set<std::uint32_t> found;
    if (ranges.empty())
        return found;
    std::ranges::sort(ranges, {}, [](const DeadRange& range) {
        return std::pair(range.extent.segment, range.extent.offset);
    });
    CODEX_CHECK(for_each_live(session, [&](const Extent& extent, std::uint64_t length) {
        if (overlaps(ranges, extent, length))
            found.insert(extent.segment);
    }));
    return found;
}

/// Marks the groups in which something lives.
Result<void> leave_what_lives(const Session& session, std::span<Group> groups, Reclaimed& out) {
    std::vector<DeadRange> nameless;
    CODEX_CHECK(mark_by_headers(session, groups, nameless, out));
    CODEX_TRY(wrong, segments_with_live(session, std::move(nameless)));
    for (Group& group : groups)
        if (wrong.contains(group.segment())) {
            group.left = true;
            out.leave(session.store->segments().path(group.segment()));
        }
    return {};
}

/// Overwrites the ranges in their files and waits for the disk.
Result<void> erase_bytes(const Session& session, std::span<Group> groups) {
    const Segments& segments = session.store->segments();
    Disk& disk = session.store->around().disk;
    Fd file;
    std::uint32_t open_id = 0;
    const auto finish = [&]() -> Result<void> {
        return file ? io::sync_data(disk, file.get(), segments.path(open_id)) : Result<void>();
    };
    for (Group& group : groups) {
        if (group.left)
            continue;
        CODEX_CHECK(session.job.go_on());
        const std::string name = segments.path(group.segment());
        if (!file || open_id != group.segment()) {
            CODEX_CHECK(finish());
            file.reset();
            auto opened = segments.open_file(group.segment(), O_RDWR);
            if (!opened && opened.error().code() != Errc::not_found)
                return fail(std::move(opened).error());
            if (!opened)
                continue; // lost, or unlinked meanwhile
            file = std::move(*opened);
            open_id = group.segment();
        }
        // To the byte: of pages that are shared with live records the kernel clears the dead part.
        CODEX_TRY(possible, io::punch_hole(disk, file.get(), group.begin(),
                                           group.end() - group.begin(), name));
        group.erased = possible; // else compaction is what is left on such a file system
        session.job.advance(group.end() - group.begin());
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

Result<void> erase_dead_ranges(const Session& session, Reclaimed& out) {
    const std::size_t room = std::max(kLeastRows, kStepRows >> session.shrink);
    Bytes from;
    do {
        CODEX_CHECK(session.job.go_on());
        CODEX_TRY(groups, next_groups(session, from, room));
        if (groups.empty())
            continue;
        for (const Group& group : groups)
            session.job.expect(group.end() - group.begin());
        CODEX_CHECK(make_durable(session, out));
        CODEX_CHECK(leave_what_lives(session, groups, out));
        CODEX_CHECK(erase_bytes(session, groups));
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
        const std::uint64_t number = ledger.txn().id();
        CODEX_CHECK(ledger.commit());
        if (number == out.durable + 1) // nobody else has committed anything
            out.durable = number;
        out.bytes += bytes;
    } while (!from.empty());
    return {};
}

} // namespace codex::repo::detail
