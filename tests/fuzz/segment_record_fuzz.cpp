// A record header that is accepted encodes back to the same bytes and has sizes that can be added
// up; a segment of any bytes is walked to its end, what is found lies within it, and all of it
// together is bounded; a note that is accepted encodes back to the same bytes.
#include "repo/segments/scan.hpp"

#include "base/endian.hpp"
#include "property.hpp"
#include "repo/segments/compression.hpp"
#include "repo/segments/crc32c.hpp"
#include "repo/upkeep/notes.hpp"

#include <sys/mman.h>
#include <unistd.h>

using namespace codex;
using namespace codex::repo;
using namespace codex::repo::detail;

namespace {

void scan(BytesView input) {
    static const Fd file(::memfd_create("segment", MFD_CLOEXEC));
    FUZZ_CHECK(::ftruncate(file.get(), 0) == 0);
    FUZZ_CHECK(pwrite_full(file.get(), input, 0, "segment").has_value());
    std::uint64_t visited = 0;
    const auto end = scan_segment(
        file, "segment", [&](std::uint64_t offset, const RecordHeader& header) -> Result<bool> {
            FUZZ_CHECK(offset % kRecordAlign == 0);
            const std::uint64_t length =
                record_bytes(header.cid.bytes().size(), header.stored_bytes);
            FUZZ_CHECK(length <= input.size() && offset <= input.size() - length);
            visited += length;
            FUZZ_CHECK(visited <= 8 * input.size() + (std::uint64_t{1} << 20));
            if (header.encoding == Encoding::zstd && header.plain <= 1 << 20) {
                Bytes plain(static_cast<std::size_t>(header.plain));
                const auto stored = input.subspan(
                    static_cast<std::size_t>(offset + header_bytes(header.cid.bytes().size())),
                    static_cast<std::size_t>(header.stored_bytes));
                return decompress_block(stored, plain).has_value();
            }
            return true;
        });
    FUZZ_CHECK(end.has_value() && *end <= input.size());
}

void check_note(BytesView input) {
    std::uint64_t length = 0;
    const auto note = decode_note(input, &length);
    if (!note)
        return;
    const std::size_t used =
        header_bytes(note->cid.bytes().size()) + kNoteFixedBytes + note->label.size();
    const Bytes again = encode_note(*note);
    FUZZ_CHECK(again.size() == length && length <= kMaxNoteBytes && used <= input.size());
    FUZZ_CHECK(equal(BytesView(again).first(used), input.first(used)));
}

/// With right checksums, so that what is behind them is reached.
void check_signed_note(Bytes bytes) {
    const std::size_t at = kRecordFixedBytes + bytes[6];
    if (bytes.size() < at + kNoteFixedBytes)
        return;
    const auto header = decode_header(bytes);
    if (!header || header->kind != RecordKind::note || header->stored_bytes > bytes.size() - at)
        return;
    const BytesView payload =
        BytesView(bytes).subspan(at, static_cast<std::size_t>(header->stored_bytes));
    store_le(bytes.data() + at, crc32c(payload.subspan(sizeof(std::uint32_t))));
    check_note(bytes);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input(data, size);
    if (const auto header = decode_header(input)) {
        const Bytes again = encode_header(*header);
        FUZZ_CHECK(again.size() <= size && equal(again, input.first(again.size())));
        FUZZ_CHECK(record_bytes(header->cid.bytes().size(), header->stored_bytes) >=
                   header->stored_bytes);
    }
    // The checksum keeps random input out; with a right one the rules behind it are reached.
    if (size >= kRecordFixedBytes) {
        Bytes signed_header(input.begin(), input.end());
        const std::size_t whole = kRecordFixedBytes + signed_header[6];
        if (whole <= size) {
            sign_header(MutableBytes(signed_header).first(whole));
            if (const auto header = decode_header(signed_header))
                FUZZ_CHECK(equal(encode_header(*header), BytesView(signed_header).first(whole)));
            check_signed_note(signed_header);
            scan(signed_header);
        }
    }
    check_note(input);
    scan(input);
    return 0;
}
