#include "base/json_text.hpp"

#include <cstddef>
#include <fmt/format.h>

namespace codex {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

bool is_continuation(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

/// Length of the well-formed UTF-8 sequence at `at` (Unicode 15 table 3-7), or 0.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    if (!is_continuation(text, at + 1))
        return 0;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    if (first < 0xE0)
        return 2;
    const bool too_low = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool too_high = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
    if (too_low || too_high || !is_continuation(text, at + 2))
        return 0;
    if (first < 0xF0)
        return 3;
    return is_continuation(text, at + 3) ? 4 : 0;
}

} // namespace

std::string_view short_escape(char c) {
    switch (c) {
    case '\t':
        return "\\t";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\\':
        return "\\\\";
    default:
        return {};
    }
}

std::string json_quote(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        const std::size_t length = sequence_length(text, at);
        if (length == 0) {
            out += kReplacement;
            ++at;
            continue;
        }
        if (const std::string_view escape = short_escape(c); !escape.empty())
            out += escape;
        else if (c == '"')
            out += "\\\"";
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
            out += text.substr(at, length);
        at += length;
    }
    out += '"';
    return out;
}

std::string json_number(std::uint64_t value) {
    constexpr std::uint64_t kExactInDouble = std::uint64_t{1} << 53;
    return value > kExactInDouble ? fmt::format("\"{}\"", value) : fmt::format("{}", value);
}

} // namespace codex
