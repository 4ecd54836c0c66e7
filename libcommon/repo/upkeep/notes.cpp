// The file of notes.
#include "repo/upkeep/notes.hpp"

#include "repo/segments/io.hpp"
#include "repo/segments/own_file.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::repo::detail {

namespace {

/// The last record is found in so much of the end of the file.
constexpr std::uint64_t kTailBytes = 4096;
/// A file that is written anew is written in pieces of about this size.
constexpr std::size_t kPiece = std::size_t{1} << 16;

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

struct OpenNotes {
    Fd file;
    End end;
};

Result<OpenNotes> open_notes(const std::string& name, int flags) {
    CODEX_TRY(file, open_own_file(name, flags));
    struct stat st{};
    if (::fstat(file.get(), &st) != 0)
        return fail(system_error(errno, "stat " + name));
    CODEX_TRY(end, find_end(file, static_cast<std::uint64_t>(st.st_size), name));
    return OpenNotes{std::move(file), end};
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

std::string notes_path(const std::string& repo_path) {
    return repo_path + "/notes";
}

std::uint64_t newest_note(const std::string& repo_path) {
    const auto opened = open_notes(notes_path(repo_path), O_RDONLY);
    return opened ? opened->end.last : 0;
}

Result<void> flush_notes(const Store& store, std::uint64_t last) {
    if (last == 0)
        return {};
    const std::string name = notes_path(store.path());
    // The turn to write is the right to append.
    CODEX_TRY(turn, store.env().write(false));
    CODEX_TRY(opened, open_notes(name, O_RDWR | O_CREAT));
    const auto& [file, end] = opened;
    CODEX_TRY(notes, notes_after(turn, end.last));
    std::erase_if(notes, [last](const Note& note) { return note.sequence > last; });
    if (!notes.empty())
        CODEX_CHECK(append_notes(store.around().disk, file, notes, end.offset, name));
    if (auto synced = io::sync_data(store.around().disk, file.get(), name); !synced) {
        // So that the next one writes them again: what the disk has of them nobody knows.
        (void)!::ftruncate(file.get(), static_cast<off_t>(end.offset));
        return synced;
    }
    if (end.offset == 0)
        CODEX_CHECK(sync_directory(store.path()));
    store.env().tell_notes(notes.empty() ? end.last : notes.back().sequence);
    return {};
}

namespace {

/// A file that takes the place of the one that is there.
class NewNotes {
public:
    [[nodiscard]] static Result<NewNotes> create(const std::string& repo_path) {
        CODEX_TRY(file, AtomicFile::create(notes_path(repo_path), 0600));
        return NewNotes(std::move(file));
    }
    [[nodiscard]] Result<void> add(const Note& note) {
        const Bytes record = encode_note(note);
        buffer_.insert(buffer_.end(), record.begin(), record.end());
        return buffer_.size() < kPiece ? Result<void>() : write();
    }
    /// The highest number stays in the file, whatever goes: what it has lost can be told by that.
    [[nodiscard]] Result<void> commit(std::uint64_t last) {
        if (last > 0)
            CODEX_CHECK(add({last, NoteKind::mark, false, 0, Cid::empty_block(), {}}));
        CODEX_CHECK(write());
        return file_.commit();
    }

private:
    explicit NewNotes(AtomicFile file) : file_(std::move(file)) {}
    [[nodiscard]] Result<void> write() {
        CODEX_CHECK(write_full(file_.fd(), buffer_, "notes"));
        buffer_.clear();
        return {};
    }
    AtomicFile file_;
    Bytes buffer_;
};

/// In one transaction whose beginning is on the disk. The file comes first: of what it forgets the
/// index says on the disk that it may, and of what the transaction forgets the file has it.
Result<void> merge_in(Ledger& ledger, const std::string& repo_path, std::span<const Note> removed) {
    Txn& txn = ledger.txn();
    for (const Note& note : removed) {
        CODEX_TRY(now, find_note(txn, note.kind, note.cid));
        if (now && now->sequence == note.sequence) // else: back, and perhaps removed again
            CODEX_CHECK(erase_note(txn, note));
    }
    CODEX_TRY(file, NewNotes::create(repo_path));
    CODEX_TRY(old, scan_notes(repo_path, [&](const Note& note) -> Result<void> {
                  CODEX_TRY(wanted, note_holds(txn, note));
                  return wanted ? file.add(note) : Result<void>();
              }));
    // What the file has, the index need not hold twice; removals it holds until they are forgotten.
    CODEX_TRY(all, notes_after(txn, 0));
    for (const Note& note : all)
        if (note.present && note.sequence <= old.last)
            CODEX_CHECK(erase_note(txn, note));
    CODEX_CHECK(set_last_mark(txn, old.last));
    CODEX_CHECK(file.commit(old.last));
    return ledger.commit();
}

/// A transaction that is on the disk, in which `removed` are let go; gives its number.
Result<std::uint64_t> prepare_merge(const Store& store, std::span<const Note> removed) {
    std::uint64_t last = 0;
    std::uint64_t number = 0;
    {
        CODEX_TRY(ledger, Ledger::begin(store, true));
        for (const Note& note : removed) {
            CODEX_TRY(now, find_note(ledger.txn(), note.kind, note.cid));
            if (now && now->sequence == note.sequence)
                CODEX_CHECK(let_go(ledger.txn(), note));
        }
        CODEX_SET(last, last_note(ledger.txn()));
        number = ledger.txn().id();
        CODEX_CHECK(ledger.commit());
    }
    CODEX_CHECK(flush_notes(store, last));
    return number;
}

} // namespace

Result<void> merge_notes(const Store& store, std::span<const Note> removed, std::uint64_t durable) {
    constexpr int kAttempts = 3;
    if (durable != 0 && removed.empty()) {
        CODEX_TRY(ledger, Ledger::begin(store, true));
        if (ledger.txn().id() == durable + 1)
            return merge_in(ledger, store.path(), removed);
    }
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        CODEX_TRY(prepared, prepare_merge(store, removed));
        CODEX_TRY(ledger, Ledger::begin(store, true));
        // A commit in between may be one that a power loss undoes, while the file stays.
        if (ledger.txn().id() == prepared + 1)
            return merge_in(ledger, store.path(), removed);
    }
    return {};
}

Result<void> replace_notes(const std::string& repo_path, const std::map<std::uint64_t, Note>& notes,
                           std::uint64_t last) {
    CODEX_TRY(file, NewNotes::create(repo_path));
    for (const auto& [sequence, note] : notes)
        CODEX_CHECK(file.add(note));
    return file.commit(last);
}

namespace {

/// Whether a write that was cut off may have left this behind the last note: less than a record, as
/// a kill does, or zeros in it where bytes never arrived, as a power loss does. A record that is
/// all there, and wrong, is damaged.
bool looks_cut_off(BytesView tail) {
    constexpr std::uint64_t kLeast = 2 * kRecordAlign; // of a record whose header cannot be read
    const auto header = decode_header(tail);
    const std::uint64_t whole =
        header ? record_bytes(header->cid.bytes().size(), header->stored_bytes) : kLeast;
    if (tail.size() < whole)
        return true;
    for (std::uint64_t at = 0; at < whole; at += kRecordAlign)
        if (std::ranges::all_of(tail.subspan(at, kRecordAlign),
                                [](std::uint8_t byte) { return byte == 0; }))
            return true;
    return false;
}

/// One pass through the file, and what it found.
class NotesScan {
public:
    NotesScan(const Fd& file, std::string name, const VisitNote& visit)
        : file_(file), name_(std::move(name)), visit_(visit) {}

    Result<NotesFile> run() {
        Bytes window(kPiece);
        for (std::uint64_t from = 0;;) {
            CODEX_TRY(got, pread_full(file_.get(), window, from, name_));
            const bool last = got < window.size();
            std::uint64_t at = 0;
            // A record that may go on behind the window is read again at its beginning.
            while (at < got && (last || at + kMaxNoteBytes <= got)) {
                CODEX_TRY(length, one(BytesView(window).subspan(at, got - at), from + at));
                at += length;
            }
            if (last)
                break;
            from += at;
        }
        if (found_.behind > 0) {
            Bytes tail(kMaxNoteBytes);
            CODEX_TRY(got, pread_full(file_.get(), tail, behind_at_, name_));
            found_.cut_off = looks_cut_off(BytesView(tail).first(got));
        }
        return found_;
    }

private:
    /// What begins at `offset`; gives where the next begins.
    Result<std::uint64_t> one(BytesView bytes, std::uint64_t offset) {
        std::uint64_t length = kRecordAlign;
        const auto note = decode_note(bytes, &length);
        if (!note) {
            if (found_.behind == 0)
                behind_at_ = offset;
            found_.behind += std::min<std::uint64_t>(length, bytes.size());
            return length;
        }
        found_.between += std::exchange(found_.behind, 0);
        found_.last = std::max(found_.last, note->sequence);
        if (note->kind == NoteKind::mark)
            found_.mark = std::max(found_.mark, note->sequence);
        else
            CODEX_CHECK(visit_(*note));
        return length;
    }

    const Fd& file_;
    std::string name_;
    const VisitNote& visit_;
    NotesFile found_;
    std::uint64_t behind_at_ = 0;
};

} // namespace

Result<NotesFile> scan_notes(const std::string& repo_path, const VisitNote& visit) {
    const std::string name = notes_path(repo_path);
    auto file = open_own_file(name, O_RDONLY);
    if (!file && file.error().code() == Errc::not_found)
        return NotesFile{};
    if (!file)
        return fail(std::move(file).error());
    return NotesScan(*file, name, visit).run();
}

} // namespace codex::repo::detail
