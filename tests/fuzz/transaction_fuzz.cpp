// A transaction that is accepted has one form, and a sender or none.
#include "ethereum/transaction.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::ethereum;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    const auto transaction = decode_transaction(bytes);
    if (!transaction)
        return 0;
    FUZZ_CHECK(equal(encode(*transaction), bytes));
    const auto from = sender(*transaction);
    if (from) {
        const auto read = Address::from_text(from->text());
        FUZZ_CHECK(read && *read == *from);
    }
    return 0;
}
