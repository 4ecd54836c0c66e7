// A genesis that is accepted is written as it was read, and can be begun with.
#include "ledger/genesis.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::ledger;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = as_text(BytesView(data, size));
    const auto genesis = Genesis::from_text(text);
    if (!genesis)
        return 0;
    FUZZ_CHECK(genesis->text() == text);
    FUZZ_CHECK(genesis->check().has_value());
    FUZZ_CHECK(genesis->time_of(genesis->block_at(genesis->start)) == genesis->start);
    return 0;
}
