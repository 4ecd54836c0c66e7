// Items that are accepted have one form: what is read is written in the same bytes.
#include "ethereum/rlp.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::ethereum;

namespace {

/// Items one after another, as they were; nothing, where one of them is refused. Lists are as deep
/// as there are bytes, so none is followed further than a transaction would.
std::optional<Bytes> again(rlp::Reader items, int levels) {
    Bytes written;
    while (!items.at_end()) {
        rlp::Reader as_list = items;
        if (auto inner = as_list.list()) {
            if (levels == 0)
                return std::nullopt;
            const auto content = again(*inner, levels - 1);
            if (!content)
                return std::nullopt;
            rlp::put_list(written, *content);
            items = as_list;
            continue;
        }
        rlp::Reader as_number = items;
        const auto number = as_number.number();
        const auto bytes = items.bytes();
        if (!bytes) {
            FUZZ_CHECK(bytes.error().code() == Errc::rlp_invalid && !number);
            return std::nullopt;
        }
        rlp::put_bytes(written, *bytes);
        if (number) {
            Bytes same;
            rlp::put_number(same, *number);
            Bytes wanted;
            rlp::put_bytes(wanted, *bytes);
            FUZZ_CHECK(same == wanted);
        }
    }
    return written;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    const auto written = again(rlp::Reader(bytes), 8);
    FUZZ_CHECK(!written || equal(*written, bytes));
    return 0;
}
