// Hex text that is accepted is the text of its bytes up to case and prefix; all bytes come back.
#include "base/hex.hpp"
#include "property.hpp"

using namespace codex;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input(data, size);
    const auto back = from_hex(to_hex(input));
    FUZZ_CHECK(back && equal(*back, input));
    const auto bytes = from_hex(as_text(input));
    if (!bytes) {
        FUZZ_CHECK(bytes.error().code() == Errc::hex_invalid);
        return 0;
    }
    std::string text(as_text(input));
    if (text.starts_with("0x") || text.starts_with("0X"))
        text.erase(0, 2);
    for (char& c : text)
        if (c >= 'A' && c <= 'F')
            c = static_cast<char>(c + ('a' - 'A'));
    FUZZ_CHECK(to_hex(*bytes) == text);
    return 0;
}
