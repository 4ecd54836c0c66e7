// Keystores are opened within bounds, or refused with words; and so are keys in hexadecimal digits.
#include "ethereum/key_file.hpp"
#include "ethereum/keystore.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::ethereum;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    const std::string_view words = "testpassword";
    const SecretBytes password(words.begin(), words.end());
    // Little enough for many a second.
    const KeystoreLimits limits{.memory_bytes = 1 << 16, .parallel = 2, .iterations = 64};
    if (const auto key = open_keystore(as_text(bytes), password, limits))
        FUZZ_CHECK(*recover({}, key->sign({})) == key->address());
    else
        FUZZ_CHECK(key.error().text().starts_with("keystore: ") ||
                   key.error().text().starts_with("a keystore "));
    if (const auto key = key_from_hex(bytes))
        FUZZ_CHECK(size >= 64 && key->scalar().size() == 32);
    return 0;
}
