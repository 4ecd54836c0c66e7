// What of the blocks that were found is somebody's: by notes, by trees, and in doubt.
#include "repo/index/labels.hpp"
#include "repo/upkeep/rebuild.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

/// The file without what is damaged in it, which would be found again and again.
Result<void> write_notes(const std::string& repo_path,
                         const std::map<std::pair<NoteKind, Cid>, Note>& newest) {
    std::map<std::uint64_t, const Note*> in_order;
    for (const auto& [name, note] : newest)
        in_order[note.sequence] = &note;
    CODEX_TRY(file, AtomicFile::create(notes_path(repo_path), 0600));
    Bytes all;
    for (const auto& [sequence, note] : in_order) {
        const Bytes record = encode_note(*note);
        all.insert(all.end(), record.begin(), record.end());
    }
    CODEX_CHECK(write_full(file.fd(), all, "notes"));
    return file.commit();
}

} // namespace

/// The newest note of each thing.
Result<void> Rebuild::read_notes() {
    std::uint64_t last = 0;
    const auto take = [&](const Note& note) -> Result<void> {
        last = std::max(last, note.sequence);
        Note& newest = notes_[{note.kind, note.cid}];
        if (note.sequence >= newest.sequence)
            newest = note;
        return {};
    };
    CODEX_TRY(damage, scan_notes(path_, take));
    const std::uint64_t in_file = last;
    for (const Note& note : old_notes_)
        CODEX_CHECK(take(note));
    report_.damaged_records += damage.between + damage.behind > 0 ? 1 : 0;
    if (damage.between > 0)
        CODEX_CHECK(write_notes(path_, notes_));
    if (last > 0)
        CODEX_CHECK(set_last_note(*txn_, last));
    for (const auto& [name, note] : notes_)
        if (!note.present || note.sequence > in_file) {
            // Until nothing of it is in any segment, or until it is in the file.
            CODEX_CHECK(restore_note(*txn_, note));
            CODEX_CHECK(step());
        }
    return {};
}

/// Blocks of trees whose datasets were removed go, unless something else names them or they are
/// kept. Without its tree nobody knows whose a block was.
Result<void> Rebuild::drop_removed() {
    for (const auto& [cid, found] : trees_) {
        if (found.references > 0 || !found.removed)
            continue;
        CODEX_CHECK(for_each_leaf(cid, found, [&](const Cid& block) -> Result<void> {
            CODEX_TRY(entry, find_block(*txn_, block));
            const Note* note = note_of(NoteKind::block, block);
            if (!entry || entry->references > 0 || (note != nullptr && note->present))
                return {};
            CODEX_CHECK(txn_->erase(Table::blocks, block.bytes()));
            return step();
        }));
    }
    return {};
}

/// Blocks that were put for themselves are kept, and so is what is in doubt: a block of no dataset
/// of which nobody noted that it was removed.
Result<void> Rebuild::judge_block(const Cid& cid, BlockEntry entry) {
    const Note* note = note_of(NoteKind::block, cid);
    const bool loose = entry.references == 0;
    if (loose && (removed(NoteKind::block, cid) || removed(NoteKind::dataset, cid)) &&
        (note == nullptr || !note->present)) {
        CODEX_CHECK(txn_->erase(Table::blocks, cid.bytes()));
        return step();
    }
    if (loose || (note != nullptr && note->present)) {
        entry.kept = true;
        entry.expiry = note != nullptr ? note->expiry : 0;
        CODEX_CHECK(txn_->put(Table::blocks, cid.bytes(), encode(entry)));
        if (entry.expiry != 0)
            CODEX_CHECK(txn_->put(Table::expiries,
                                  encode(ExpiryKey{entry.expiry, ExpiryKind::block, cid}), {}));
        report_.kept_blocks += loose ? 1 : 0;
    }
    if (entry.present) {
        live(entry.extent, block_record_bytes(cid, entry));
        ++totals_.blocks;
        totals_.used_bytes += entry.plain_bytes;
    }
    return step();
}

Result<void> Rebuild::judge_blocks() {
    Bytes from;
    for (bool more = true; more;) {
        std::vector<std::pair<Cid, BlockEntry>> some;
        {
            CODEX_TRY(cursor, txn_->cursor(Table::blocks));
            CODEX_SET(more, cursor.seek(from));
            for (std::size_t i = 0; more && i < kRebuildStep; ++i) {
                CODEX_TRY(cid, decode_cid_key(cursor.key()));
                CODEX_TRY(entry, decode_block(cursor.value()));
                some.emplace_back(cid, entry);
                from.assign(cursor.key().begin(), cursor.key().end());
                from.push_back(0);
                CODEX_SET(more, cursor.next());
            }
        }
        for (const auto& [cid, entry] : some)
            CODEX_CHECK(judge_block(cid, entry));
    }
    return {};
}

/// What lies between live records is dead: damaged, second copies, or of removed trees.
Result<void> Rebuild::write_segments() {
    for (const auto& [id, end] : ends_) {
        auto& ranges = live_[id];
        std::ranges::sort(ranges);
        SegmentEntry entry;
        entry.committed_end = end;
        std::uint64_t at = 0;
        const auto dead_up_to = [&](std::uint64_t to) -> Result<void> {
            if (at < to)
                CODEX_CHECK(txn_->put(Table::dead, extent_key({id, at}),
                                      dead_value({{id, at}, to - at, false})));
            return {};
        };
        for (const auto& [offset, length] : ranges) {
            CODEX_CHECK(dead_up_to(offset));
            entry.live_bytes += length;
            at = offset + length;
            CODEX_CHECK(step());
        }
        CODEX_CHECK(dead_up_to(end));
        CODEX_CHECK(txn_->put(Table::segments, segment_key(id), encode(entry)));
    }
    return {};
}

} // namespace codex::repo::detail
