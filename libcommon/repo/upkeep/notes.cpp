#include "repo/upkeep/notes.hpp"

#include "base/endian.hpp"
#include "repo/index/labels.hpp"
#include "repo/segments/io.hpp"
#include "repo/segments/own_file.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

// Rows of the table `meta`, so that a repo made before notes needs no new table.
constexpr std::string_view kLastKey = "note-last"; // highest number given away
constexpr std::string_view kNotePrefix = "note:";  // kind, CID -> number, expiry, state, label
constexpr std::string_view kSequencePrefix = "noteseq:"; // number, big-endian -> kind, CID
/// The last record is found in so much of the end of the file.
constexpr std::uint64_t kTailBytes = 4096;

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

Bytes sequence_key(std::uint64_t sequence) {
    std::array<std::uint8_t, sizeof sequence> number{};
    store_be(number.data(), sequence);
    return key_of(kSequencePrefix, number);
}

bool has_prefix(BytesView key, std::string_view prefix) {
    return key.size() >= prefix.size() && equal(key.first(prefix.size()), as_bytes(prefix));
}

Result<Note> decode_row(BytesView name, BytesView value) {
    constexpr std::size_t kFixed = 17; // number, expiry, state
    if (name.empty() || name[0] < 1 || name[0] > 2 || value.size() < kFixed || value[16] > 1)
        return index_damaged("meta", "a note makes no sense");
    CODEX_TRY(cid, decode_cid_key(name.subspan(1)));
    return Note{load_le<std::uint64_t>(value.data()),
                static_cast<NoteKind>(name[0]),
                value[16] == 1,
                load_le<std::uint64_t>(value.data() + 8),
                cid,
                std::string(as_text(value.subspan(kFixed)))};
}

Result<void> put_row(Txn& txn, const Note& note) {
    const Bytes name = name_of(note.kind, note.cid);
    Bytes value(17 + note.label.size());
    store_le(value.data(), note.sequence);
    store_le(value.data() + 8, note.expiry);
    value[16] = note.present ? 1 : 0;
    std::copy(note.label.begin(), note.label.end(), value.begin() + 17);
    CODEX_CHECK(txn.put(Table::meta, key_of(kNotePrefix, name), value));
    return txn.put(Table::meta, sequence_key(note.sequence), name);
}

Result<void> erase_row(Txn& txn, const Note& note) {
    CODEX_CHECK(txn.erase(Table::meta, key_of(kNotePrefix, name_of(note.kind, note.cid))));
    CODEX_CHECK(txn.erase(Table::meta, sequence_key(note.sequence)));
    return {};
}

/// All notes in the index with a higher number than `after`, in their order.
Result<std::vector<Note>> notes_after(const Txn& txn, std::uint64_t after) {
    std::vector<Note> notes;
    if (after == UINT64_MAX)
        return notes;
    CODEX_TRY(cursor, txn.cursor(Table::meta));
    CODEX_TRY(more, cursor.seek(sequence_key(after + 1)));
    while (more && has_prefix(cursor.key(), kSequencePrefix)) {
        const Bytes name(cursor.value().begin(), cursor.value().end());
        CODEX_TRY(value, txn.get(Table::meta, key_of(kNotePrefix, name)));
        if (!value)
            return index_damaged("meta", "a note is missing");
        CODEX_TRY(note, decode_row(name, *value));
        notes.push_back(std::move(note));
        CODEX_SET(more, cursor.next());
    }
    return notes;
}

/// The end of the last whole note, and its number.
struct End {
    std::uint64_t offset = 0;
    std::uint64_t last = 0;
};

Result<End> find_end(const Fd& file, std::uint64_t size, const std::string& name) {
    for (std::uint64_t window = kTailBytes;; window = size) {
        const std::uint64_t from = (size - std::min(size, window)) / kRecordAlign * kRecordAlign;
        Bytes bytes(static_cast<std::size_t>(size - from));
        CODEX_TRY(got, pread_full(file.get(), bytes, from, name));
        bytes.resize(got);
        End end;
        bool found = false;
        for (std::uint64_t at = 0; at < bytes.size();) {
            std::uint64_t length = kRecordAlign;
            if (const auto note = decode_note(BytesView(bytes).subspan(at), &length);
                note && at + length <= bytes.size()) {
                end = {from + at + length, note->sequence};
                found = true;
            }
            at += length;
        }
        if (found || from == 0)
            return end;
    }
}

/// Behind `end`, where a write that was cut off may have left something.
Result<void> append_notes(Disk& disk, const Fd& file, std::span<const Note> notes,
                          std::uint64_t end, const std::string& name) {
    Bytes all;
    for (const Note& note : notes) {
        const Bytes record = encode_note(note);
        all.insert(all.end(), record.begin(), record.end());
    }
    std::array<iovec, 1> part{iovec{all.data(), all.size()}};
    if (::ftruncate(file.get(), static_cast<off_t>(end)) != 0)
        return fail(system_error(errno, "truncate " + name));
    auto written = io::write_parts(disk, file.get(), part, end, name);
    if (!written)
        (void)!::ftruncate(file.get(), static_cast<off_t>(end));
    return written;
}

} // namespace

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
    if (!entry || entry->expiry != note.expiry)
        return false;
    CODEX_TRY(label, find_label(txn, note.cid));
    return label == note.label;
}

Result<std::uint64_t> last_note(const Txn& txn) {
    CODEX_TRY(value, txn.get(Table::meta, as_bytes(kLastKey)));
    if (!value)
        return std::uint64_t{0};
    if (value->size() != sizeof(std::uint64_t))
        return index_damaged("meta", "the number of the last note makes no sense");
    return load_le<std::uint64_t>(value->data());
}

std::string notes_path(const std::string& repo_path) {
    return repo_path + "/notes";
}

Result<std::optional<Note>> find_note(const Txn& txn, NoteKind kind, const Cid& cid) {
    const Bytes name = name_of(kind, cid);
    CODEX_TRY(value, txn.get(Table::meta, key_of(kNotePrefix, name)));
    if (!value)
        return std::nullopt;
    CODEX_TRY(note, decode_row(name, *value));
    return std::optional<Note>(std::move(note));
}

Result<void> set_last_note(Txn& txn, std::uint64_t last) {
    std::array<std::uint8_t, sizeof last> value{};
    store_le(value.data(), last);
    return txn.put(Table::meta, as_bytes(kLastKey), value);
}

Result<void> restore_note(Txn& txn, const Note& note) {
    return put_row(txn, note);
}

Result<std::uint64_t> put_note(Txn& txn, Note note) {
    CODEX_TRY(before, find_note(txn, note.kind, note.cid));
    if (before)
        CODEX_CHECK(erase_row(txn, *before));
    CODEX_TRY(last, last_note(txn));
    note.sequence = last + 1;
    CODEX_CHECK(set_last_note(txn, note.sequence));
    CODEX_CHECK(put_row(txn, note));
    return note.sequence;
}

Result<std::vector<Note>> all_notes(const Txn& txn) {
    return notes_after(txn, 0);
}

Result<std::vector<Note>> removed_notes(const Txn& txn) {
    CODEX_TRY(notes, all_notes(txn));
    std::erase_if(notes, [](const Note& note) { return note.present; });
    return notes;
}

Result<void> flush_notes(const Store& store, std::uint64_t last) {
    if (last == 0)
        return {};
    const std::string name = notes_path(store.path());
    // The turn to write is the right to append.
    CODEX_TRY(turn, store.env().write(false));
    CODEX_TRY(file, open_own_file(name, O_RDWR | O_CREAT));
    struct stat st{};
    if (::fstat(file.get(), &st) != 0)
        return fail(system_error(errno, "stat " + name));
    CODEX_TRY(end, find_end(file, static_cast<std::uint64_t>(st.st_size), name));
    CODEX_TRY(notes, notes_after(turn, end.last));
    std::erase_if(notes, [last](const Note& note) { return note.sequence > last; });
    if (!notes.empty())
        CODEX_CHECK(append_notes(store.around().disk, file, notes, end.offset, name));
    if (auto synced = io::sync_data(store.around().disk, file.get(), name); !synced) {
        // So that the next one writes them again: what the disk has of them nobody knows.
        (void)!::ftruncate(file.get(), static_cast<off_t>(end.offset));
        return synced;
    }
    return end.offset == 0 ? sync_directory(store.path()) : Result<void>();
}

namespace {

/// Into a new file what still holds; gives the highest number of the old one.
Result<std::uint64_t> copy_notes(const std::string& repo_path, const Txn& txn, int to) {
    constexpr std::size_t kPiece = std::size_t{1} << 16;
    std::uint64_t seen = 0;
    Bytes buffer;
    CODEX_CHECK(scan_notes(repo_path, [&](const Note& note) -> Result<void> {
        seen = std::max(seen, note.sequence);
        CODEX_TRY(wanted, note_holds(txn, note));
        if (!wanted)
            return {};
        const Bytes record = encode_note(note);
        buffer.insert(buffer.end(), record.begin(), record.end());
        if (buffer.size() < kPiece)
            return {};
        CODEX_CHECK(write_full(to, buffer, "notes"));
        buffer.clear();
        return {};
    }));
    CODEX_CHECK(write_full(to, buffer, "notes"));
    return seen;
}

/// In one transaction whose beginning is on the disk.
Result<void> merge_in(Ledger& ledger, const std::string& repo_path, std::span<const Note> removed) {
    Txn& txn = ledger.txn();
    for (const Note& note : removed) {
        CODEX_TRY(now, find_note(txn, note.kind, note.cid));
        if (now && now->sequence == note.sequence) // else: back, and perhaps removed again
            CODEX_CHECK(erase_row(txn, note));
    }
    CODEX_TRY(file, AtomicFile::create(notes_path(repo_path), 0600));
    CODEX_TRY(seen, copy_notes(repo_path, txn, file.fd()));
    // What the file has, the index need not hold twice; removals it holds until they are forgotten.
    CODEX_TRY(all, notes_after(txn, 0));
    for (const Note& note : all)
        if (note.present && note.sequence <= seen)
            CODEX_CHECK(erase_row(txn, note));
    CODEX_CHECK(file.commit());
    return ledger.commit();
}

} // namespace

Result<void> merge_notes(const Store& store, std::span<const Note> removed, std::uint64_t durable) {
    constexpr int kAttempts = 3;
    if (durable != 0) {
        CODEX_TRY(ledger, Ledger::begin(store, true));
        if (ledger.txn().id() == durable + 1)
            return merge_in(ledger, store.path(), removed);
    }
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        std::uint64_t last = 0;
        {
            CODEX_TRY(ledger, Ledger::begin(store, true));
            CODEX_SET(last, last_note(ledger.txn()));
            durable = ledger.txn().id();
            CODEX_CHECK(ledger.commit());
        }
        CODEX_CHECK(flush_notes(store, last));
        CODEX_TRY(ledger, Ledger::begin(store, true));
        // A commit in between may be one that a power loss undoes, while the file stays.
        if (ledger.txn().id() == durable + 1)
            return merge_in(ledger, store.path(), removed);
    }
    return {};
}

Result<NoNotes> scan_notes(const std::string& repo_path, const VisitNote& visit) {
    constexpr std::size_t kWindow = std::size_t{1} << 16;
    const std::string name = notes_path(repo_path);
    auto file = open_own_file(name, O_RDONLY);
    if (!file && file.error().code() == Errc::not_found)
        return NoNotes{};
    if (!file)
        return fail(std::move(file).error());
    NoNotes damage;
    Bytes window(kWindow);
    for (std::uint64_t from = 0;;) {
        CODEX_TRY(got, pread_full(file->get(), window, from, name));
        const bool last = got < window.size();
        std::uint64_t at = 0;
        // A record that may go on behind the window is read again at its beginning.
        while (at < got && (last || at + kMaxNoteBytes <= got)) {
            std::uint64_t length = kRecordAlign;
            if (const auto note = decode_note(BytesView(window).subspan(at, got - at), &length)) {
                CODEX_CHECK(visit(*note));
                damage.between += std::exchange(damage.behind, 0);
            } else {
                damage.behind += std::min<std::uint64_t>(length, got - at);
            }
            at += length;
        }
        if (last)
            return damage;
        from += at;
    }
}

} // namespace codex::repo::detail
