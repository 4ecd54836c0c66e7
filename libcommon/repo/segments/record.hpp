// One record of a segment file (codex-repo(5), SEGMENTS): a header that names its
// content by CID, then the stored bytes. Segments alone are enough to make the index again.
#pragma once

#include "codec/cid.hpp"

namespace codex::repo::detail {

/// Records begin at multiples of this; what is between is zero.
constexpr std::uint64_t kRecordAlign = 64;
/// Header bytes before the CID.
constexpr std::size_t kRecordFixedBytes = 36;
constexpr std::size_t kMaxHeaderBytes = kRecordFixedBytes + Cid::kMaxBytes;
/// Largest stored size of a tree, bytes: 2^32 leaves and their layers.
constexpr std::uint64_t kMaxTreeStoredBytes = std::uint64_t{1} << 39;
/// The payload of a note before its label, and with the longest one.
constexpr std::size_t kNoteFixedBytes = 24;
constexpr std::size_t kMaxNotePayload = kNoteFixedBytes + 255;

enum class RecordKind : std::uint8_t { block = 1, tree = 2, note = 3 };
enum class Encoding : std::uint8_t { raw = 0, zstd = 1 };

struct RecordHeader {
    RecordKind kind = RecordKind::block;
    Encoding encoding = Encoding::raw;
    std::uint64_t stored_bytes = 0; ///< of the payload
    std::uint64_t plain = 0;        ///< of a block: its size; of a tree: its leaf count; of a note:
                                    ///< its sequence number
    Cid cid;

    friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

[[nodiscard]] constexpr std::uint64_t header_bytes(std::size_t cid_bytes) {
    return kRecordFixedBytes + cid_bytes;
}
/// What a record takes of its segment, padding included. No overflow for sizes within the limits.
[[nodiscard]] constexpr std::uint64_t record_bytes(std::size_t cid_bytes,
                                                   std::uint64_t stored_bytes) {
    return (header_bytes(cid_bytes) + stored_bytes + kRecordAlign - 1) / kRecordAlign *
           kRecordAlign;
}

/// Most that the record of a note takes.
constexpr std::uint64_t kMaxNoteBytes = record_bytes(Cid::kMaxBytes, kMaxNotePayload);

/// The header bytes, CID included.
[[nodiscard]] Bytes encode_header(const RecordHeader& header);

/// Writes the right checksum into a whole header.
void sign_header(MutableBytes header);

/// Parses the header at the start of `bytes` (kMaxHeaderBytes of them, or what the file has).
/// Errors: truncated; malformed with the reason (magic, checksum, sizes beyond the limits).
[[nodiscard]] Result<RecordHeader> decode_header(BytesView bytes);

} // namespace codex::repo::detail
