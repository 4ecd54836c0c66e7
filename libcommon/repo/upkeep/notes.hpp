// Notes: what cannot be told from blocks and trees alone, kept beside the segments for making the
// index anew (codex-repo(5), NOTES): that a dataset was removed, when it expires, what
// it is called, that a block is kept.
//
// The index is the truth. The transaction that changes something puts a note into the index, too;
// once its commit is on the disk the note is appended to REPO/notes, and whoever comes next does
// that for one who was killed in between, or does not sync. So the file never says what a power
// loss may undo.
#pragma once

#include "repo/upkeep/ledger.hpp"

#include <map>

namespace codex::repo::detail {

/// A mark is about nothing: it ends what was written anew, and says how far that goes.
enum class NoteKind : std::uint8_t { dataset = 1, block = 2, mark = 3 };

/// What is known of a dataset, or of a block that is kept, or no longer.
struct Note {
    std::uint64_t sequence = 0; ///< only grows; of two notes of one thing the higher one holds
    NoteKind kind = NoteKind::dataset;
    bool present = false; ///< false: removed; of a block: not kept
    std::uint64_t expiry = 0;
    Cid cid;
    std::string label;
    friend bool operator==(const Note&, const Note&) = default;
};

/// The record of a note: header, payload, padding.
[[nodiscard]] Bytes encode_note(const Note& note);
/// The note at the start of `bytes`; `length` (may be nullptr) is what its record takes.
/// Errors: malformed, truncated, unsupported.
[[nodiscard]] Result<Note> decode_note(BytesView bytes, std::uint64_t* length = nullptr);

// --- in the index (note_rows.cpp)
// -----------------------------------------------------------------

/// Puts the note into the index, with the next sequence number, which it gives, in place of an
/// earlier one of the same thing. The ledger's commit appends it to the file.
[[nodiscard]] Result<std::uint64_t> put_note(Txn& txn, Note note);
/// Puts a note into the index that has its number already.
[[nodiscard]] Result<void> restore_note(Txn& txn, const Note& note);
[[nodiscard]] Result<void> erase_note(Txn& txn, const Note& note);
/// The note of a thing that the index holds, or nothing.
[[nodiscard]] Result<std::optional<Note>> find_note(const Txn& txn, NoteKind kind, const Cid& cid);
/// All notes in the index with a higher number than `after`, in their order.
[[nodiscard]] Result<std::vector<Note>> notes_after(const Txn& txn, std::uint64_t after);
/// Those of all that say `removed`.
[[nodiscard]] Result<std::vector<Note>> removed_notes(const Txn& txn);

/// Says of a removal in the index that the file need not have it any more: nothing of what it is
/// about is in any segment. It goes with the note, or when its thing is noted anew.
[[nodiscard]] Result<void> let_go(Txn& txn, const Note& note);
[[nodiscard]] Result<bool> is_let_go(const Txn& txn, const Note& note);

/// Whether the index still says what the note says.
[[nodiscard]] Result<bool> note_holds(const Txn& txn, const Note& note);

/// The number of the last note that was put into the index; 0 when there is none.
[[nodiscard]] Result<std::uint64_t> last_note(const Txn& txn);
[[nodiscard]] Result<void> set_last_note(Txn& txn, std::uint64_t last);
/// The number of the mark of the file; 0: it was never written anew, and needs none.
[[nodiscard]] Result<std::uint64_t> last_mark(const Txn& txn);
[[nodiscard]] Result<void> set_last_mark(Txn& txn, std::uint64_t mark);

// --- in the file (notes.cpp)
// ----------------------------------------------------------------------

/// Where the notes are.
[[nodiscard]] std::string notes_path(const std::string& repo_path);

/// Appends those notes of the index up to the number `last` that the file does not have, and syncs.
/// They are in transactions that are on the disk. Waits for writers. Errors: no_space, permission,
/// io.
[[nodiscard]] Result<void> flush_notes(const Store& store, std::uint64_t last);

/// Writes the file anew without what no longer holds, and forgets those of `removed` (as they were
/// when nothing of what they are about was left in any segment); where others keep committing it is
/// left to the next time. `durable`: the number of a transaction before which all is on the disk,
/// with its notes in the file; 0: none is known. Errors: as flush_notes().
[[nodiscard]] Result<void> merge_notes(const Store& store, std::span<const Note> removed,
                                       std::uint64_t durable = 0);

/// Puts a file in its place that has these notes and, when there was one, a mark of number `last`.
[[nodiscard]] Result<void> replace_notes(const std::string& repo_path,
                                         const std::map<std::uint64_t, Note>& notes,
                                         std::uint64_t last);

/// How far a file of notes goes, and what in it is no note.
struct NotesFile {
    std::uint64_t between = 0; ///< bytes before some note that are no note: damage
    std::uint64_t behind = 0;  ///< behind all notes: damage, or a write that was cut off
    bool cut_off = true;       ///< what is behind is no record that is all there, and wrong
    std::uint64_t last = 0;    ///< the highest number
    std::uint64_t mark = 0;    ///< that of its mark; 0: there is none
};
/// The number of the last whole note of the file; 0 when it has none, or cannot be read: then
/// nothing is known of it. An index of today never has a lower one (last_note()), when that is read
/// later.
[[nodiscard]] std::uint64_t newest_note(const std::string& repo_path);
/// Calls visit(note) for each whole note of the file that is no mark, in its order; nothing when
/// there is no file. Errors: io, those of `visit`.
using VisitNote = std::function<Result<void>(const Note& note)>;
[[nodiscard]] Result<NotesFile> scan_notes(const std::string& repo_path, const VisitNote& visit);

// --- one against the other (notes_check.cpp)
// ------------------------------------------------------

/// How the file is, seen from the index.
struct NotesState {
    NotesFile file;
    std::uint64_t acknowledged = 0; ///< it had notes up to this number; 0: nothing says so
    std::vector<Note> lost;         ///< what the index knows, and the file should
    [[nodiscard]] bool damaged() const {
        return file.between > 0 || !file.cut_off || file.last < acknowledged;
    }
};
/// Reads the file, and all tables that notes are about. Memory in proportion to the file. Errors:
/// io.
[[nodiscard]] Result<NotesState> check_notes(const std::string& repo_path, const Txn& txn);
/// Appends to the file as flush_notes() does, and notes again what it has lost by damage, which the
/// index knows. Errors: as flush_notes().
[[nodiscard]] Result<void> mend_notes(const Store& store, std::uint64_t last);

} // namespace codex::repo::detail
