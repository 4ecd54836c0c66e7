// The file of notes against the index, which is the truth.
#include "repo/index/labels.hpp"
#include "repo/upkeep/notes.hpp"

#include <map>
#include <set>

namespace codex::repo::detail {

namespace {

using Newest = std::map<std::pair<NoteKind, Cid>, Note>;

/// Calls visit(cid, value) for each pair of a table of CIDs.
template <class Visit> Result<void> for_each_cid(const Txn& txn, Table table, Visit visit) {
    CODEX_TRY(cursor, txn.cursor(table));
    CODEX_TRY(more, cursor.seek({}));
    while (more) {
        CODEX_TRY(cid, decode_cid_key(cursor.key()));
        CODEX_CHECK(visit(cid, cursor.value()));
        CODEX_TRY(next, cursor.next());
        more = next;
    }
    return {};
}

class Check {
public:
    Check(const Txn& txn, Newest in_file, std::uint64_t last, bool damaged)
        : txn_(txn), in_file_(std::move(in_file)), last_(last), damaged_(damaged) {}

    /// What the index has as a note: all removals, and what came since the file was written anew.
    Result<void> rows(std::vector<Note>& lost) {
        CODEX_TRY(notes, all_notes(txn_));
        for (Note& note : notes) {
            const auto found = in_file_.find({note.kind, note.cid});
            const bool there = found != in_file_.end() && found->second == note;
            rows_.insert({note.kind, note.cid});
            // Else it is yet to be appended; or a merge of the file that a kill cut off has
            // forgotten a removal already, of which nothing is left in any segment.
            if (!there && note.sequence <= last_ && (note.present || damaged_))
                lost.push_back(std::move(note));
        }
        return {};
    }

    Result<void> datasets(std::vector<Note>& lost) {
        return for_each_cid(
            txn_, Table::datasets, [&](const Cid& cid, BytesView value) -> Result<void> {
                CODEX_TRY(entry, decode_dataset(value));
                CODEX_TRY(label, find_label(txn_, cid));
                if (entry.expiry != 0 || !label.empty())
                    want({0, NoteKind::dataset, true, entry.expiry, cid, std::move(label)}, lost);
                return {};
            });
    }

    Result<void> blocks(std::vector<Note>& lost) {
        return for_each_cid(txn_, Table::blocks,
                            [&](const Cid& cid, BytesView value) -> Result<void> {
                                CODEX_TRY(entry, decode_block(value));
                                if (entry.kept && (entry.expiry != 0 || entry.references > 0))
                                    want({0, NoteKind::block, true, entry.expiry, cid, {}}, lost);
                                return {};
                            });
    }

private:
    void want(Note note, std::vector<Note>& lost) const {
        if (rows_.contains({note.kind, note.cid}))
            return;
        const auto found = in_file_.find({note.kind, note.cid});
        if (found != in_file_.end())
            note.sequence = found->second.sequence;
        if (found == in_file_.end() || found->second != note)
            lost.push_back(std::move(note));
    }

    const Txn& txn_;
    Newest in_file_;
    std::uint64_t last_; // number in the file
    bool damaged_;       // the file has bytes that are no notes
    std::set<std::pair<NoteKind, Cid>> rows_;
};

} // namespace

Result<NotesState> check_notes(const Store& store, const Txn& txn) {
    NotesState state;
    Newest in_file;
    std::uint64_t last = 0;
    CODEX_TRY(damage, scan_notes(store.path(), [&](const Note& note) -> Result<void> {
                  last = std::max(last, note.sequence);
                  Note& newest = in_file[{note.kind, note.cid}];
                  if (note.sequence >= newest.sequence)
                      newest = note;
                  return {};
              }));
    state.damage = damage;
    CODEX_TRY(given, last_note(txn));
    if (given == 0)
        return state; // nothing was ever noted here
    Check check(txn, std::move(in_file), last, damage.between + damage.behind > 0);
    CODEX_CHECK(check.rows(state.lost));
    CODEX_CHECK(check.datasets(state.lost));
    CODEX_CHECK(check.blocks(state.lost));
    return state;
}

Result<void> mend_notes(const Store& store) {
    // A look at the file alone; the tables may be large.
    CODEX_TRY(damage, scan_notes(store.path(), [](const Note&) { return Result<void>(); }));
    if (damage.between + damage.behind == 0)
        return {};
    std::vector<Note> lost;
    {
        CODEX_TRY(txn, store.env().read());
        CODEX_TRY(state, check_notes(store, txn));
        lost = std::move(state.lost);
    }
    if (!lost.empty()) {
        CODEX_TRY(ledger, Ledger::begin(store, true));
        for (const Note& note : lost) {
            CODEX_TRY(still, note_holds(ledger.txn(), note));
            if (still && note.kind == NoteKind::dataset)
                CODEX_CHECK(ledger.note_dataset(note.cid, note.present, note.expiry, note.label));
            else if (still)
                CODEX_CHECK(ledger.note_block(note.cid, note.present, note.expiry));
        }
        CODEX_CHECK(ledger.commit());
    }
    return merge_notes(store, {});
}

} // namespace codex::repo::detail
