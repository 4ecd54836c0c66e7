// The file of notes against the index, which is the truth.
#include "repo/index/age.hpp"
#include "repo/index/labels.hpp"
#include "repo/index/partial_entry.hpp"
#include "repo/upkeep/notes.hpp"

#include <algorithm>
#include <set>

namespace codex::repo::detail {

namespace {

using Newest = std::map<std::pair<NoteKind, Cid>, Note>;

class Check {
public:
    /// `last`: what has a higher number is yet to be appended.
    Check(const Txn& txn, Newest in_file, std::uint64_t last)
        : txn_(txn), in_file_(std::move(in_file)), last_(last) {}

    /// What the index has as a note: all removals, and what came since the file was written anew.
    Result<void> rows(std::vector<Note>& lost) {
        CODEX_TRY(notes, notes_after(txn_, 0));
        for (Note& note : notes) {
            const auto found = in_file_.find({note.kind, note.cid});
            const bool there = found != in_file_.end() && found->second == note;
            rows_.insert({note.kind, note.cid});
            if (there || note.sequence > last_)
                continue;
            CODEX_TRY(holds, note_holds(txn_, note));
            CODEX_TRY(gone, is_let_go(txn_, note));
            if (holds && !gone)
                lost.push_back(std::move(note));
        }
        return {};
    }

    Result<void> datasets(std::vector<Note>& lost) {
        return for_each(
            txn_, Table::datasets, {}, [&](BytesView key, BytesView value) -> Result<void> {
                CODEX_TRY(cid, decode_cid_key(Table::datasets, key));
                CODEX_TRY(entry, decode_dataset(value));
                CODEX_TRY(label, find_label(txn_, cid));
                if (entry.expiry != 0 || !label.empty())
                    want({0, NoteKind::dataset, true, entry.expiry, cid, std::move(label)}, lost);
                return {};
            });
    }

    Result<void> partials(std::vector<Note>& lost) {
        return for_each_partial(txn_, {}, [&](const Cid& cid, PartialEntry entry) -> Result<bool> {
            CODEX_TRY(label, find_label(txn_, cid));
            if (entry.expiry != 0 || !label.empty())
                want({0, NoteKind::dataset, true, entry.expiry, cid, std::move(label)}, lost);
            return true;
        });
    }

    Result<void> blocks(std::vector<Note>& lost) {
        return for_each(txn_, Table::blocks, {},
                        [&](BytesView key, BytesView value) -> Result<void> {
                            CODEX_TRY(entry, decode_block(value));
                            if (!entry.kept || (entry.expiry == 0 && entry.references == 0))
                                return {};
                            CODEX_TRY(cid, decode_cid_key(Table::blocks, key));
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
    std::uint64_t last_;
    std::set<std::pair<NoteKind, Cid>> rows_;
};

} // namespace

Result<NotesState> check_notes(const std::string& repo_path, const Txn& txn) {
    NotesState state;
    // Before the file, which never has less.
    state.acknowledged = recorded_age(repo_path).value_or(IndexAge{}).notes;
    Newest in_file;
    CODEX_SET(state.file, scan_notes(repo_path, [&](const Note& note) -> Result<void> {
                  Note& newest = in_file[{note.kind, note.cid}];
                  if (note.sequence >= newest.sequence)
                      newest = note;
                  return {};
              }));
    CODEX_TRY(given, last_note(txn));
    if (given == 0)
        return state; // nothing was ever noted here
    const std::uint64_t last = std::max(state.file.last, state.acknowledged);
    Check check(txn, std::move(in_file), state.file.cut_off ? last : UINT64_MAX);
    CODEX_CHECK(check.rows(state.lost));
    CODEX_CHECK(check.datasets(state.lost));
    CODEX_CHECK(check.partials(state.lost));
    CODEX_CHECK(check.blocks(state.lost));
    return state;
}

namespace {

/// A look at the file alone, for the tables may be large: whether it has lost anything.
Result<bool> has_lost_some(const Store& store) {
    NotesState state;
    state.acknowledged = recorded_age(store.path()).value_or(IndexAge{}).notes;
    CODEX_SET(state.file, scan_notes(store.path(), [](const Note&) { return Result<void>(); }));
    CODEX_TRY(txn, store.env().read());
    CODEX_TRY(mark, last_mark(txn));
    return state.damaged() || state.file.mark != mark;
}

} // namespace

Result<void> mend_notes(const Store& store, std::uint64_t last) {
    CODEX_TRY(mending, has_lost_some(store));
    CODEX_CHECK(flush_notes(store, last));
    if (!mending)
        return {};
    std::vector<Note> lost;
    {
        CODEX_TRY(txn, store.env().read());
        CODEX_TRY(state, check_notes(store.path(), txn));
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
