// A manifest that is accepted is valid, safe to compute with, and survives encoding.
#include "codec/manifest.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::codec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto manifest = decode_manifest({data, size});
    if (!manifest) {
        const Errc code = manifest.error().code();
        FUZZ_CHECK(code == Errc::manifest_invalid || code == Errc::protobuf_invalid);
        return 0;
    }
    FUZZ_CHECK(validate(*manifest).has_value());
    FUZZ_CHECK(manifest->blocks_count() >= manifest->original_blocks_count());
    if (manifest->is_protected())
        FUZZ_CHECK(manifest->steps() * (manifest->erasure->k + manifest->erasure->m) ==
                   manifest->blocks_count());
    FUZZ_CHECK(validate(manifest->plain()).has_value());

    const auto bytes = encode_manifest(*manifest);
    FUZZ_CHECK(bytes.has_value());
    const auto again = decode_manifest(*bytes);
    FUZZ_CHECK(again && *again == *manifest);
    FUZZ_CHECK(encode_manifest(*again).value_or(Bytes()) == *bytes);
    return 0;
}
