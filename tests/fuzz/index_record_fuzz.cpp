// Each value and key of the index that is accepted encodes back to the same bytes. The first byte
// of the input says which decoder; for those with a key its length is the second one.
#include "repo/index/change_log.hpp"
#include "repo/index/entries.hpp"
#include "repo/index/partial_entry.hpp"

#include "property.hpp"

using namespace codex;
using namespace codex::repo;
using namespace codex::repo::detail;

namespace {

template <class Decode> void round_trip(BytesView input, Decode decode) {
    if (const auto entry = decode(input))
        FUZZ_CHECK(equal(encode(*entry), input));
}

void with_key(std::uint8_t which, BytesView key, BytesView value) {
    if (which == 0) {
        if (const auto range = decode_dead(key, value)) {
            FUZZ_CHECK(equal(extent_key(range->extent), key));
            FUZZ_CHECK(equal(dead_value(*range), value));
            FUZZ_CHECK(range->extent.offset + range->length > range->extent.offset);
        }
    } else if (const auto doomed = decode_doomed(key, value)) {
        FUZZ_CHECK(equal(extent_key(doomed->extent), key));
        FUZZ_CHECK(equal(doomed_value(*doomed), value));
        FUZZ_CHECK(doomed->done <= doomed->leaf_count);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const BytesView input(data + 1, size - 1);
    switch (data[0] % 14) {
    case 0:
        round_trip(input, decode_block);
        break;
    case 1:
        round_trip(input, decode_tree_entry);
        break;
    case 2:
        round_trip(input, decode_dataset);
        break;
    case 3:
        round_trip(input, decode_segment);
        break;
    case 4:
        round_trip(input, decode_totals);
        break;
    case 5:
        round_trip(input, decode_expiry_key);
        break;
    case 6:
        round_trip(input, decode_pending_key);
        break;
    case 7:
        if (const auto pins = decode_pins(input))
            FUZZ_CHECK(equal(encode_pins(*pins), input));
        break;
    case 10:
        round_trip(input, decode_change);
        break;
    case 11:
        round_trip(input, decode_change_end);
        break;
    case 12:
        round_trip(input, decode_partial);
        break;
    case 13:
        if (const auto held = decode_held(input)) { // as runs, or as bits, whichever is shorter
            const auto again = decode_held(encode_held(*held));
            FUZZ_CHECK(again && *again == *held);
        }
        break;
    default: {
        const std::size_t key = std::min<std::size_t>(input[0], input.size() - 1);
        with_key(data[0] % 14 - 8, input.subspan(1, key), input.subspan(1 + key));
    }
    }
    return 0;
}
