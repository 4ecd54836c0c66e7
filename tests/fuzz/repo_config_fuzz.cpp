// A configuration that is accepted is written back as one that means the same.
#include "repo/index/store.hpp"

#include "property.hpp"

using namespace codex;
using namespace codex::repo;
using namespace codex::repo::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto config = decode_config(BytesView(data, size));
    if (!config)
        return 0;
    const auto again = decode_config(encode_config(*config));
    FUZZ_CHECK(again.has_value());
    FUZZ_CHECK(again->quota_bytes == config->quota_bytes);
    FUZZ_CHECK(again->zstd_level == config->zstd_level);
    FUZZ_CHECK(again->ttl_seconds == config->ttl_seconds);
    return 0;
}
