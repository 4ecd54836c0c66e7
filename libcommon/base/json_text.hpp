// Writing JSON text (RFC 8259) where a whole library is not needed: log lines and output records.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace codex {

/// `text` as a JSON string with its quotes. Characters that steers_terminal() names are escaped;
/// octets that are not UTF-8 become U+FFFD, since JSON has no other way to carry them.
[[nodiscard]] std::string json_quote(std::string_view text);

/// How JSON strings and text records alike write a TAB, line feed, carriage return or backslash: a
/// backslash and one character. Empty for other characters.
[[nodiscard]] std::string_view short_escape(char c);

/// A JSON number, or above 2^53, where readers with doubles would round, a decimal string
/// (codex-pipes(7), STREAMS).
[[nodiscard]] std::string json_number(std::uint64_t value);

} // namespace codex
