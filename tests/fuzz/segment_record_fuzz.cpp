// A record header that is accepted encodes back to the same bytes and has sizes that can be added
// up; a segment of any bytes is walked to its end, and what is found lies within it.
#include "repo/detail/segment_scan.hpp"

#include "property.hpp"
#include "repo/detail/codec.hpp"

#include <sys/mman.h>
#include <unistd.h>

using namespace codex;
using namespace codex::repo;

namespace {

void scan(BytesView input) {
    static const Fd file(::memfd_create("segment", MFD_CLOEXEC));
    FUZZ_CHECK(::ftruncate(file.get(), 0) == 0);
    FUZZ_CHECK(pwrite_full(file.get(), input, 0, "segment").has_value());
    std::uint64_t last = 0;
    const auto end = scan_segment(
        file, "segment", [&](std::uint64_t offset, const RecordHeader& header) -> Result<bool> {
            FUZZ_CHECK(offset % kRecordAlign == 0 && offset >= last);
            const std::uint64_t length =
                record_bytes(header.cid.bytes().size(), header.stored_bytes);
            FUZZ_CHECK(length <= input.size() && offset <= input.size() - length);
            last = offset + kRecordAlign;
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
            scan(signed_header);
        }
    }
    scan(input);
    return 0;
}
