// The bytes of a note.
#include "repo/upkeep/notes.hpp"

#include "base/endian.hpp"
#include "repo/index/labels.hpp"
#include "repo/segments/crc32c.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

// CRC-32C of the rest, kind, state, label length, zero; sequence, expiry; the label.
constexpr std::size_t kKindAt = 4;
constexpr std::size_t kStateAt = 5;
constexpr std::size_t kLabelBytesAt = 6;
constexpr std::size_t kZeroAt = 7;
constexpr std::size_t kSequenceAt = 8;
constexpr std::size_t kExpiryAt = 16;

std::uint32_t payload_crc(BytesView payload) {
    return crc32c(payload.subspan(kKindAt));
}

} // namespace

Bytes encode_note(const Note& note) {
    Bytes payload(kNoteFixedBytes + note.label.size());
    payload[kKindAt] = static_cast<std::uint8_t>(note.kind);
    payload[kStateAt] = note.present ? 1 : 0;
    payload[kLabelBytesAt] = static_cast<std::uint8_t>(note.label.size());
    store_le(payload.data() + kSequenceAt, note.sequence);
    store_le(payload.data() + kExpiryAt, note.expiry);
    std::copy(note.label.begin(), note.label.end(), payload.begin() + kNoteFixedBytes);
    store_le(payload.data(), payload_crc(payload));
    const Bytes header =
        encode_header({RecordKind::note, Encoding::raw, payload.size(), note.sequence, note.cid});
    Bytes record(static_cast<std::size_t>(record_bytes(note.cid.bytes().size(), payload.size())));
    std::copy(header.begin(), header.end(), record.begin());
    std::copy(payload.begin(), payload.end(),
              record.begin() + static_cast<std::ptrdiff_t>(header.size()));
    return record;
}

Result<Note> decode_note(BytesView bytes, std::uint64_t* length) {
    CODEX_TRY(header, decode_header(bytes));
    if (header.kind != RecordKind::note)
        return fail(Errc::malformed, "note: a record of another kind");
    const std::size_t at = header_bytes(header.cid.bytes().size());
    if (bytes.size() - at < header.stored_bytes)
        return fail(Errc::truncated, "note: ends within its payload");
    const BytesView payload = bytes.subspan(at, static_cast<std::size_t>(header.stored_bytes));
    if (load_le<std::uint32_t>(payload.data()) != payload_crc(payload))
        return fail(Errc::malformed, "note: checksum does not match");
    Note note;
    const std::uint8_t kind = payload[kKindAt];
    const std::uint8_t state = payload[kStateAt];
    note.kind = static_cast<NoteKind>(kind);
    note.present = state == 1;
    note.sequence = load_le<std::uint64_t>(payload.data() + kSequenceAt);
    note.expiry = load_le<std::uint64_t>(payload.data() + kExpiryAt);
    note.cid = header.cid;
    note.label = as_text(payload.subspan(kNoteFixedBytes));
    const bool mark = kind == static_cast<std::uint8_t>(NoteKind::mark);
    if (kind < 1 || kind > 3 || state > 1 || payload[kZeroAt] != 0 ||
        payload[kLabelBytesAt] != note.label.size() || note.sequence != header.plain ||
        !check_label(note.label) ||
        (mark &&
         (note.present || note.expiry != 0 || !note.label.empty() || !note.cid.is_empty_block())))
        return fail(Errc::malformed, "note: makes no sense");
    if (length != nullptr)
        *length = record_bytes(header.cid.bytes().size(), header.stored_bytes);
    return note;
}

} // namespace codex::repo::detail
