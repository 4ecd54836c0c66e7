// Each row of what a node keeps that is accepted encodes back to the same bytes. Of the input the
// first byte says which decoder and the second one how long the key is; the checksum is put right,
// so that what is behind it is reached, unless the first byte is odd.
#include "repo/node_rows.hpp"

#include "base/endian.hpp"
#include "repo/segments/crc32c.hpp"

#include "property.hpp"

using namespace codex;
using namespace codex::repo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const BytesView input(data + 2, size - 2);
    const BytesView key = input.first(std::min<std::size_t>(data[1], input.size()));
    Bytes value(input.begin() + static_cast<std::ptrdiff_t>(key.size()), input.end());
    if (data[0] % 2 == 0 && value.size() >= 4) {
        Bytes all(key.begin(), key.end());
        all.insert(all.end(), value.begin() + 4, value.end());
        store_le(value.data(), repo::detail::crc32c(all));
    }
    switch (data[0] / 2 % 4) {
    case 0:
        if (const auto row = decode_provider_row(key, value)) {
            FUZZ_CHECK(equal(provider_key(*row), key));
            FUZZ_CHECK(equal(encode(*row), value));
        }
        break;
    case 1:
        if (const auto row = decode_record_row(key, value)) {
            FUZZ_CHECK(equal(row->peer, key));
            FUZZ_CHECK(equal(encode(*row), value));
        }
        break;
    case 2:
        if (const auto row = decode_node_row(key, value)) {
            FUZZ_CHECK(equal(row->id, key));
            FUZZ_CHECK(equal(encode(*row), value));
        }
        break;
    default:
        if (const auto number = decode_number_row(key, value))
            FUZZ_CHECK(equal(encode_number_row(key, *number), value));
    }
    return 0;
}
