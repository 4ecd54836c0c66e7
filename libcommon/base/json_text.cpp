#include "base/json_text.hpp"

#include "base/printable.hpp"

#include <fmt/format.h>

namespace codex {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD"; // U+FFFD

/// Readers of JSON are many, and some of them show what they read as it is.
std::string unit_escape(std::uint32_t code_point) {
    return fmt::format("\\u{:04x}", code_point); // none of them is above U+FFFF
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
        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') { // nearly all of all text
            out += c;
            ++at;
            continue;
        }
        const Utf8Unit unit = utf8_front(text.substr(at));
        if (!unit.well_formed)
            out += kReplacement;
        else if (const std::string_view escape = short_escape(c); !escape.empty())
            out += escape;
        else if (c == '"')
            out += "\\\"";
        else if (steers_terminal(unit.code_point))
            out += unit_escape(unit.code_point);
        else
            out += text.substr(at, unit.bytes);
        at += unit.bytes;
    }
    out += '"';
    return out;
}

std::string json_number(std::uint64_t value) {
    constexpr std::uint64_t kExactInDouble = std::uint64_t{1} << 53;
    return value > kExactInDouble ? fmt::format("\"{}\"", value) : fmt::format("{}", value);
}

} // namespace codex
