// What of the blocks that were found is somebody's: by notes, by trees, and in doubt.
#include "repo/index/labels.hpp"
#include "repo/index/partial_entry.hpp"
#include "repo/upkeep/rebuild.hpp"

#include <algorithm>
#include <set>

namespace codex::repo::detail {

/// What the index that is replaced knew more, or later. Its rows have their numbers; what the file
/// alone had, and has lost, gets new ones.
Result<void> Rebuild::take_old_notes(std::uint64_t& last) {
    std::vector<Note> unnumbered;
    for (const Note& note : old_.notes) {
        last = std::max(last, note.sequence);
        Note& newest = notes_[{note.kind, note.cid}];
        const bool same = newest.present == note.present && newest.expiry == note.expiry &&
                          newest.label == note.label && newest.sequence != 0;
        if (note.sequence == 0 && !same)
            unnumbered.push_back(note);
        else if (note.sequence != 0 && note.sequence >= newest.sequence)
            newest = note;
    }
    for (Note& note : unnumbered) {
        note.sequence = ++last;
        notes_[{note.kind, note.cid}] = note;
    }
    return {};
}

/// The file without what is damaged in it, which would be found again and again. What is numbered
/// above what it had stays out until the new index is in its place: the old one, should it stay,
/// gives these numbers to others.
Result<void> Rebuild::rewrite_notes() {
    std::map<std::uint64_t, Note> in_order;
    for (const auto& [name, note] : notes_)
        if (note.sequence <= in_file_)
            in_order[note.sequence] = note;
    CODEX_CHECK(replace_notes(path_, in_order, in_file_));
    return set_last_mark(*txn_, in_file_);
}

/// The newest note of each thing.
Result<void> Rebuild::read_notes() {
    NotesState state;
    const auto recorded = recorded_age(path_);
    report_.notes_unchecked = !recorded && !old_.known;
    state.acknowledged = recorded.value_or(IndexAge{}).notes;
    CODEX_SET(state.file, scan_notes(path_, [&](const Note& note) -> Result<void> {
                  Note& newest = notes_[{note.kind, note.cid}];
                  if (note.sequence >= newest.sequence)
                      newest = note;
                  return {};
              }));
    in_file_ = state.file.last;
    notes_whole_ = recorded && !state.damaged();
    std::uint64_t last = std::max(in_file_, state.acknowledged);
    CODEX_CHECK(take_old_notes(last));
    report_.damaged_note_bytes = state.file.between + state.file.behind;
    if (state.damaged() && !old_.known)
        report_.lost.push_back(
            {ProblemKind::notes_damaged, Cid(),
             "notes are lost: what they said was removed may be back, and what "
             "they said expires may not; look at what is here, and say it again"});
    CODEX_CHECK(set_last_mark(*txn_, state.file.mark));
    if (report_.damaged_note_bytes > 0 || in_file_ < state.acknowledged)
        CODEX_CHECK(rewrite_notes());
    if (last > 0)
        CODEX_CHECK(set_last_note(*txn_, last));
    for (const auto& [name, note] : notes_)
        if (!note.present || note.sequence > in_file_) {
            // Until nothing of it is in any segment, or until it is in the file.
            CODEX_CHECK(restore_note(*txn_, note));
            CODEX_CHECK(step());
        }
    return {};
}

/// What the old index or the notes know of and the new one does not, since its manifest or its tree
/// is damaged or missing.
Result<void> Rebuild::find_lost() {
    std::set<Cid> known;
    if (old_.known || (old_.has_notes && notes_whole_))
        for (const auto& [cid, stored] : old_.datasets)
            known.insert(cid);
    for (const auto& [name, note] : notes_)
        if (note.kind == NoteKind::dataset && note.present)
            known.insert(note.cid);
    for (const Cid& cid : known) {
        CODEX_TRY(dataset, find_dataset(*txn_, cid));
        CODEX_TRY(partial, find_partial(*txn_, cid));
        if (!dataset && !partial)
            report_.lost.push_back({ProblemKind::dataset_lost, cid,
                                    "its manifest or its tree is damaged or missing in the "
                                    "segments; its blocks are kept: store or import it again"});
    }
    return {};
}

/// Whether the old index says that nobody needed what was there.
bool Rebuild::was_dead(std::uint32_t segment, const DamagedPlace& place) const {
    const auto found = old_.segments.find(segment);
    if (found == old_.segments.end())
        return false;
    const OldSegment& old = found->second;
    if (place.begin >= old.end)
        return true; // of a writer that was killed
    const std::uint64_t end = std::min(place.end, old.end);
    const auto after = std::ranges::upper_bound(old.dead, place.begin, {},
                                                &std::pair<std::uint64_t, std::uint64_t>::first);
    return after != old.dead.begin() && std::prev(after)->second >= end;
}

/// Damage of what is whole elsewhere, was removed or was never committed is none.
Result<bool> Rebuild::is_loss(std::uint32_t segment, const DamagedPlace& place) {
    if (old_.known ? was_dead(segment, place) : place.cut_off)
        return false;
    if (place.cid.is_null())
        return true;
    if (removed(NoteKind::dataset, place.cid) || removed(NoteKind::block, place.cid))
        return false;
    CODEX_TRY(entry, find_block(*txn_, place.cid));
    return !(entry && entry->present) && !trees_.contains(place.cid);
}

/// What no record could be made of, and may have been somebody's.
Result<void> Rebuild::find_damage() {
    for (const auto& [id, places] : damaged_)
        for (const DamagedPlace& place : places) {
            CODEX_TRY(loss, is_loss(id, place));
            if (!loss || ++report_.damaged_records > kMostDamageNamed)
                continue;
            report_.lost.push_back(
                {ProblemKind::record_damaged, place.cid,
                 fmt::format("segment {:08x} at {}: {}", id, place.begin,
                             place.cid.is_null()
                                 ? "no header of a record is there, up to the next whole record"
                                 : "the bytes of the record do not match its CID")});
        }
    return {};
}

/// Blocks of trees whose datasets were removed go, unless something else names them or they are
/// kept. Without its tree nobody knows whose a block was.
Result<void> Rebuild::drop_removed() {
    for (const auto& [cid, found] : trees_) {
        if (found.references > 0 || !found.removed)
            continue;
        CODEX_CHECK(for_each_leaf(cid, found, [&](const Cid& block) { return drop_loose(block); }));
    }
    return {};
}

Result<void> Rebuild::drop_loose(const Cid& block) {
    CODEX_TRY(entry, find_block(*txn_, block));
    const Note* note = note_of(NoteKind::block, block);
    if (!entry || entry->references > 0 || (note != nullptr && note->present))
        return {};
    CODEX_CHECK(txn_->erase(Table::blocks, block.bytes()));
    return step();
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
        CODEX_CHECK(for_each(*txn_, Table::blocks, from,
                             [&](BytesView key, BytesView value) -> Result<bool> {
                                 CODEX_TRY(cid, decode_cid_key(Table::blocks, key));
                                 CODEX_TRY(entry, decode_block(value));
                                 some.emplace_back(cid, entry);
                                 from.assign(key.begin(), key.end());
                                 from.push_back(0);
                                 return some.size() < kRebuildStep;
                             }));
        more = some.size() == kRebuildStep;
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
