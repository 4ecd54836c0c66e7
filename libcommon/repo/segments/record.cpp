#include "repo/segments/record.hpp"

#include "base/endian.hpp"
#include "codec/manifest.hpp"
#include "merkle/tree.hpp"
#include "repo/segments/crc32c.hpp"

namespace codex::repo::detail {

namespace {

// "CXR1"; then kind, encoding, CID length, zero; CRC; stored bytes; plain; four zero bytes keep
// eight-byte fields aligned in what may one day be mapped; then the CID.
constexpr std::array<std::uint8_t, 4> kRecordMagic = {'C', 'X', 'R', '1'};
constexpr std::size_t kKindAt = 4;
constexpr std::size_t kEncodingAt = 5;
constexpr std::size_t kCidLengthAt = 6;
constexpr std::size_t kZeroAt = 7;
constexpr std::size_t kCrcAt = 8;
constexpr std::size_t kFlagsAt = 12;
constexpr std::size_t kStoredAt = 16;
constexpr std::size_t kPlainAt = 24;
constexpr std::size_t kReservedAt = 32;

/// Over the whole header with the checksum's own field as zero.
std::uint32_t header_crc(BytesView header) {
    Bytes copy(header.begin(), header.end());
    store_le<std::uint32_t>(copy.data() + kCrcAt, 0);
    return crc32c(copy);
}

Result<void> check_sizes(const RecordHeader& header) {
    if (header.kind == RecordKind::block) {
        const bool fits = header.plain <= codec::kMaxBlockSizeBytes &&
                          header.stored_bytes <= header.plain && header.stored_bytes > 0;
        if (!fits || (header.encoding == Encoding::raw && header.stored_bytes != header.plain))
            return fail(Errc::malformed, "segment record: impossible block size");
        return {};
    }
    if (header.kind == RecordKind::note) {
        if (header.encoding != Encoding::raw || header.stored_bytes < kNoteFixedBytes ||
            header.stored_bytes > kMaxNotePayload)
            return fail(Errc::malformed, "segment record: impossible size of a note");
        return {};
    }
    const bool fits = header.encoding == Encoding::raw && header.plain > 0 &&
                      header.stored_bytes <= kMaxTreeStoredBytes &&
                      header.plain <= header.stored_bytes / sizeof(Digest);
    if (!fits || merkle::node_count(header.plain) != header.stored_bytes / sizeof(Digest) ||
        header.stored_bytes % sizeof(Digest) != 0)
        return fail(Errc::malformed, "segment record: impossible tree size");
    return {};
}

} // namespace

Bytes encode_header(const RecordHeader& header) {
    const BytesView cid = header.cid.bytes();
    Bytes out(header_bytes(cid.size()));
    std::copy(kRecordMagic.begin(), kRecordMagic.end(), out.begin());
    out[kKindAt] = static_cast<std::uint8_t>(header.kind);
    out[kEncodingAt] = static_cast<std::uint8_t>(header.encoding);
    out[kCidLengthAt] = static_cast<std::uint8_t>(cid.size());
    store_le(out.data() + kStoredAt, header.stored_bytes);
    store_le(out.data() + kPlainAt, header.plain);
    std::copy(cid.begin(), cid.end(), out.begin() + kRecordFixedBytes);
    sign_header(out);
    return out;
}

void sign_header(MutableBytes header) {
    store_le(header.data() + kCrcAt, header_crc(header));
}

Result<RecordHeader> decode_header(BytesView bytes) {
    if (bytes.size() < kRecordFixedBytes)
        return fail(Errc::truncated, "segment record: ends within the header");
    if (!equal(bytes.first(kRecordMagic.size()), kRecordMagic))
        return fail(Errc::malformed, "segment record: no record begins here");
    const std::size_t cid_bytes = bytes[kCidLengthAt];
    if (cid_bytes == 0 || cid_bytes > Cid::kMaxBytes)
        return fail(Errc::malformed, "segment record: impossible CID length {}", cid_bytes);
    if (bytes.size() < header_bytes(cid_bytes))
        return fail(Errc::truncated, "segment record: ends within the CID");
    bytes = bytes.first(header_bytes(cid_bytes));
    if (load_le<std::uint32_t>(bytes.data() + kCrcAt) != header_crc(bytes))
        return fail(Errc::malformed, "segment record: header checksum does not match");
    if (bytes[kZeroAt] != 0 || load_le<std::uint32_t>(bytes.data() + kFlagsAt) != 0 ||
        load_le<std::uint32_t>(bytes.data() + kReservedAt) != 0)
        return fail(Errc::unsupported, "segment record: uses features of a newer version");
    const std::uint8_t kind = bytes[kKindAt];
    const std::uint8_t encoding = bytes[kEncodingAt];
    if (kind < 1 || kind > 3 || encoding > 1)
        return fail(Errc::unsupported, "segment record: unknown kind {} or encoding {}", kind,
                    encoding);
    CODEX_TRY(cid, Cid::from_bytes(bytes.subspan(kRecordFixedBytes)));
    RecordHeader header{static_cast<RecordKind>(kind), static_cast<Encoding>(encoding),
                        load_le<std::uint64_t>(bytes.data() + kStoredAt),
                        load_le<std::uint64_t>(bytes.data() + kPlainAt), cid};
    CODEX_CHECK(check_sizes(header));
    return header;
}

} // namespace codex::repo::detail
