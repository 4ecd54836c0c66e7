#include "codec/detail/text.hpp"

namespace codex::codec::detail {

std::string quoted(char c) {
    return c >= 0x20 && c < 0x7f ? fmt::format("'{}'", c)
                                 : fmt::format("0x{:02x}", static_cast<std::uint8_t>(c));
}

std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text.substr(0, 80))
        if (c >= 0x20 && c < 0x7f)
            shown.push_back(c);
        else
            shown += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(c));
    return text.size() > 80 ? shown + "..." : shown;
}

Error foreign_character(std::string_view text, std::size_t at, std::string_view base_name) {
    return {Errc::multibase_invalid,
            fmt::format("character {} at offset {} is not {}", quoted(text[at]), at, base_name)};
}

} // namespace codex::codec::detail
