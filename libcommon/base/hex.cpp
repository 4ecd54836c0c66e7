#include "base/hex.hpp"

namespace codex {

namespace {

int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

} // namespace

std::string to_hex(BytesView bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (std::uint8_t byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

Result<Bytes> from_hex(std::string_view text) {
    const std::size_t skip = text.starts_with("0x") || text.starts_with("0X") ? 2 : 0;
    if ((text.size() - skip) % 2 != 0)
        return fail(Errc::hex_invalid, "hex text has an odd number of digits ({})",
                    text.size() - skip);
    Bytes bytes;
    bytes.reserve((text.size() - skip) / 2);
    for (std::size_t i = skip; i < text.size(); i += 2) {
        const int high = digit_value(text[i]);
        const int low = digit_value(text[i + 1]);
        if (high < 0 || low < 0)
            return fail(Errc::hex_invalid, "not a hex digit at offset {}", high < 0 ? i : i + 1);
        bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
    }
    return bytes;
}

} // namespace codex
