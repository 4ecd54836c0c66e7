// A record that is accepted has one form; what a journal says of lengths is bounded.
#include "ledger/record.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::ledger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    const auto length = record_bytes(bytes);
    if (length && *length)
        FUZZ_CHECK(**length >= Record::kLeastBytes && **length <= Record::kMostBytes);
    const auto record = decode_record(bytes);
    if (!record)
        return 0;
    FUZZ_CHECK(length && *length == size);
    FUZZ_CHECK(equal(record->encoded(), bytes));
    (void)record->check_signature(record->hash());
    return 0;
}
