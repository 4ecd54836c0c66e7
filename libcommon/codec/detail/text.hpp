// What the text codecs share: digit lookup, and one wording for a character that is not a digit.
#pragma once

#include "base/error.hpp"

#include <array>
#include <cstdint>

namespace codex::codec::detail {

using DigitTable = std::array<std::uint8_t, 256>;
constexpr std::uint8_t kNoDigit = 0xff;

/// The value of each character of `letters`, kNoDigit for all others; with `fold_case` the other
/// case of a letter counts, too.
constexpr DigitTable digit_table(std::string_view letters, bool fold_case) {
    DigitTable table{};
    for (std::uint8_t& entry : table)
        entry = kNoDigit;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const auto letter = static_cast<std::uint8_t>(letters[i]);
        table[letter] = static_cast<std::uint8_t>(i);
        const auto lower = static_cast<std::uint8_t>(letter | 0x20);
        if (fold_case && lower >= 'a' && lower <= 'z')
            table[letter ^ 0x20] = static_cast<std::uint8_t>(i);
    }
    return table;
}

/// multibase_invalid: "character 'l' at offset 7 is not base58btc".
[[nodiscard]] Error foreign_character(std::string_view text, std::size_t at,
                                      std::string_view base_name);

/// `c` in quotes for a message, or its number when it cannot be printed: "'x'", "0x07".
[[nodiscard]] std::string quoted(char c);

/// `text` for a message: unprintable bytes as \xNN, cut with "..." after 80 characters.
[[nodiscard]] std::string printable(std::string_view text);

} // namespace codex::codec::detail
