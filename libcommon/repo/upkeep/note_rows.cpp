// Notes as rows of the index.
#include "base/endian.hpp"
#include "repo/index/labels.hpp"
#include "repo/index/partial_entry.hpp"
#include "repo/upkeep/notes.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

// Rows of the table `meta`, so that a repo made before notes needs no new table.
constexpr std::string_view kLastKey = "note-last"; // highest number given away
constexpr std::string_view kMarkKey = "note-mark"; // that of the file's mark
constexpr std::string_view kNotePrefix = "note:";  // kind, CID -> number, expiry, state, label
constexpr std::string_view kSequencePrefix = "noteseq:"; // number, big-endian -> kind, CID
constexpr std::string_view kLetGoPrefix = "notegone:";   // number, big-endian -> nothing

Bytes key_of(std::string_view prefix, BytesView rest) {
    Bytes key(prefix.size() + rest.size());
    std::copy(prefix.begin(), prefix.end(), key.begin());
    std::copy(rest.begin(), rest.end(), key.begin() + static_cast<std::ptrdiff_t>(prefix.size()));
    return key;
}

/// Kind and CID.
Bytes name_of(NoteKind kind, const Cid& cid) {
    const BytesView bytes = cid.bytes();
    Bytes name(1 + bytes.size());
    name[0] = static_cast<std::uint8_t>(kind);
    std::copy(bytes.begin(), bytes.end(), name.begin() + 1);
    return name;
}

Bytes number_key(std::string_view prefix, std::uint64_t sequence) {
    std::array<std::uint8_t, sizeof sequence> number{};
    store_be(number.data(), sequence);
    return key_of(prefix, number);
}

Bytes sequence_key(std::uint64_t sequence) {
    return number_key(kSequencePrefix, sequence);
}

Result<std::uint64_t> find_number(const Txn& txn, std::string_view key) {
    CODEX_TRY(value, txn.get(Table::meta, as_bytes(key)));
    if (!value)
        return std::uint64_t{0};
    if (value->size() != sizeof(std::uint64_t))
        return index_damaged("meta", fmt::format("{} makes no sense", key));
    return load_le<std::uint64_t>(value->data());
}

Result<void> set_number(Txn& txn, std::string_view key, std::uint64_t number) {
    std::array<std::uint8_t, sizeof number> value{};
    store_le(value.data(), number);
    return txn.put(Table::meta, as_bytes(key), value);
}

Result<Note> decode_row(BytesView name, BytesView value) {
    constexpr std::size_t kFixed = 17; // number, expiry, state
    if (name.empty() || name[0] < 1 || name[0] > 2 || value.size() < kFixed || value[16] > 1)
        return index_damaged("meta", "a note makes no sense");
    CODEX_TRY(cid, decode_cid_key(Table::meta, name.subspan(1)));
    return Note{load_le<std::uint64_t>(value.data()),
                static_cast<NoteKind>(name[0]),
                value[16] == 1,
                load_le<std::uint64_t>(value.data() + 8),
                cid,
                std::string(as_text(value.subspan(kFixed)))};
}

} // namespace

Result<void> restore_note(Txn& txn, const Note& note) {
    const Bytes name = name_of(note.kind, note.cid);
    Bytes value(17 + note.label.size());
    store_le(value.data(), note.sequence);
    store_le(value.data() + 8, note.expiry);
    value[16] = note.present ? 1 : 0;
    std::copy(note.label.begin(), note.label.end(), value.begin() + 17);
    CODEX_CHECK(txn.put(Table::meta, key_of(kNotePrefix, name), value));
    return txn.put(Table::meta, sequence_key(note.sequence), name);
}

Result<void> erase_note(Txn& txn, const Note& note) {
    CODEX_CHECK(txn.erase(Table::meta, key_of(kNotePrefix, name_of(note.kind, note.cid))));
    CODEX_CHECK(txn.erase(Table::meta, sequence_key(note.sequence)));
    if (!note.present)
        CODEX_CHECK(txn.erase(Table::meta, number_key(kLetGoPrefix, note.sequence)));
    return {};
}

Result<std::vector<Note>> notes_after(const Txn& txn, std::uint64_t after) {
    std::vector<Note> notes;
    if (after == UINT64_MAX)
        return notes;
    const auto visit = [&](BytesView key, BytesView value) -> Result<bool> {
        if (!has_prefix(key, as_bytes(kSequencePrefix)))
            return false;
        const Bytes name(value.begin(), value.end());
        CODEX_TRY(row, txn.get(Table::meta, key_of(kNotePrefix, name)));
        if (!row)
            return index_damaged("meta", "a note is missing");
        CODEX_TRY(note, decode_row(name, *row));
        notes.push_back(std::move(note));
        return true;
    };
    CODEX_CHECK(for_each(txn, Table::meta, sequence_key(after + 1), visit));
    return notes;
}

Result<bool> note_holds(const Txn& txn, const Note& note) {
    if (!note.present) {
        CODEX_TRY(row, find_note(txn, note.kind, note.cid));
        return row && row->sequence == note.sequence;
    }
    if (note.kind == NoteKind::block) {
        CODEX_TRY(entry, find_block(txn, note.cid));
        return entry && entry->kept && entry->expiry == note.expiry;
    }
    CODEX_TRY(entry, find_dataset(txn, note.cid));
    CODEX_TRY(partial, find_partial(txn, note.cid));
    if (!(entry && entry->expiry == note.expiry) && !(partial && partial->expiry == note.expiry))
        return false;
    CODEX_TRY(label, find_label(txn, note.cid));
    return label == note.label;
}

Result<void> let_go(Txn& txn, const Note& note) {
    return txn.put(Table::meta, number_key(kLetGoPrefix, note.sequence), {});
}

Result<bool> is_let_go(const Txn& txn, const Note& note) {
    CODEX_TRY(value, txn.get(Table::meta, number_key(kLetGoPrefix, note.sequence)));
    return value.has_value();
}

Result<std::uint64_t> last_note(const Txn& txn) {
    return find_number(txn, kLastKey);
}
Result<void> set_last_note(Txn& txn, std::uint64_t last) {
    return set_number(txn, kLastKey, last);
}
Result<std::uint64_t> last_mark(const Txn& txn) {
    return find_number(txn, kMarkKey);
}
Result<void> set_last_mark(Txn& txn, std::uint64_t mark) {
    return set_number(txn, kMarkKey, mark);
}

Result<std::optional<Note>> find_note(const Txn& txn, NoteKind kind, const Cid& cid) {
    const Bytes name = name_of(kind, cid);
    CODEX_TRY(value, txn.get(Table::meta, key_of(kNotePrefix, name)));
    if (!value)
        return std::nullopt;
    CODEX_TRY(note, decode_row(name, *value));
    return std::optional<Note>(std::move(note));
}

Result<std::uint64_t> put_note(Txn& txn, Note note) {
    CODEX_TRY(before, find_note(txn, note.kind, note.cid));
    if (before)
        CODEX_CHECK(erase_note(txn, *before));
    CODEX_TRY(last, last_note(txn));
    note.sequence = last + 1;
    CODEX_CHECK(set_last_note(txn, note.sequence));
    CODEX_CHECK(restore_note(txn, note));
    return note.sequence;
}

Result<std::vector<Note>> removed_notes(const Txn& txn) {
    CODEX_TRY(notes, notes_after(txn, 0));
    std::erase_if(notes, [](const Note& note) { return note.present; });
    return notes;
}

} // namespace codex::repo::detail
