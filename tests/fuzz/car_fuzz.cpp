// A header that is accepted encodes back to the same roots; sections split inside their bounds.
#include "codec/car.hpp"

#include "codec/uvarint.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::codec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input(data, size);
    if (const auto roots = decode_car_header(input)) {
        FUZZ_CHECK(roots->size() <= kMaxCarRoots);
        const Bytes frame = encode_car_header(*roots);
        const auto length = read_uvarint(frame);
        FUZZ_CHECK(length && length->size + length->value == frame.size());
        FUZZ_CHECK(length->value == size);
        const auto again = decode_car_header(BytesView(frame).subspan(length->size));
        FUZZ_CHECK(again && *again == *roots);
    }
    if (const auto split = split_section(input)) {
        const auto& [cid, at] = *split;
        FUZZ_CHECK(at <= size);
        const Bytes prefix = encode_car_section_prefix(cid, size - at);
        const auto length = read_uvarint(prefix);
        FUZZ_CHECK(length && length->value == size);
        FUZZ_CHECK(equal(BytesView(prefix).subspan(length->size), input.first(at)));
    }
    return 0;
}
