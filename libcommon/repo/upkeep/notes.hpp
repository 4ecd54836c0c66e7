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

namespace codex::repo::detail {

enum class NoteKind : std::uint8_t { dataset = 1, block = 2 };

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

/// Puts the note into the index, with the next sequence number, which it gives, in place of an
/// earlier one of the same thing. The ledger's commit appends it to the file.
[[nodiscard]] Result<std::uint64_t> put_note(Txn& txn, Note note);
/// The note of a thing that the index holds, or nothing.
[[nodiscard]] Result<std::optional<Note>> find_note(const Txn& txn, NoteKind kind, const Cid& cid);
/// All notes in the index, in their order.
[[nodiscard]] Result<std::vector<Note>> all_notes(const Txn& txn);
/// Those of them that say `removed`.
[[nodiscard]] Result<std::vector<Note>> removed_notes(const Txn& txn);

/// Whether the index still says what the note says.
[[nodiscard]] Result<bool> note_holds(const Txn& txn, const Note& note);

/// The number of the last note that was put into the index; 0 when there is none.
[[nodiscard]] Result<std::uint64_t> last_note(const Txn& txn);
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

/// Bytes of the file that are no note.
struct NoNotes {
    std::uint64_t between = 0; ///< before some note: damage
    std::uint64_t behind = 0;  ///< behind all notes: damage, or a write that was cut off
};
/// Calls visit(note) for each whole note of the file, in its order; nothing when there is no file.
/// Gives what is no note. Errors: io, those of `visit`.
using VisitNote = std::function<Result<void>(const Note& note)>;
[[nodiscard]] Result<NoNotes> scan_notes(const std::string& repo_path, const VisitNote& visit);

/// How the file is, seen from the index.
struct NotesState {
    NoNotes damage;
    std::vector<Note> lost; ///< what the index knows, and the file should; without numbers
};
/// Reads the file, and all tables that notes are about. Memory in proportion to the file. Errors:
/// io.
[[nodiscard]] Result<NotesState> check_notes(const Store& store, const Txn& txn);
/// Notes again what the file has lost by damage, which the index knows; does nothing where the file
/// is whole. Errors: as flush_notes().
[[nodiscard]] Result<void> mend_notes(const Store& store);
/// Where the notes are.
[[nodiscard]] std::string notes_path(const std::string& repo_path);
/// Puts notes that were read from the file into a new index; `last` is the highest number of all.
[[nodiscard]] Result<void> restore_note(Txn& txn, const Note& note);
[[nodiscard]] Result<void> set_last_note(Txn& txn, std::uint64_t last);

} // namespace codex::repo::detail
