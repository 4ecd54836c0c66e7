#include "base/printable.hpp"

#include "base/json_text.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace codex {

namespace {

bool is_continuation(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

/// Length of the well-formed sequence that `text` begins with, or 0.
std::size_t sequence_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    if (!is_continuation(text, 1))
        return 0;
    const auto second = static_cast<unsigned char>(text[1]);
    if (first < 0xE0)
        return 2;
    const bool too_low = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool too_high = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
    if (too_low || too_high || !is_continuation(text, 2))
        return 0;
    if (first < 0xF0)
        return 3;
    return is_continuation(text, 3) ? 4 : 0;
}

/// Plain ASCII that no reader of ours treats in a special way.
bool is_plain(char c) {
    return c >= 0x20 && c < 0x7F && c != '\\';
}

std::string escaped(std::string_view text, bool exact) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto plain = std::ranges::find_if_not(text, is_plain);
        out.append(text.begin(), plain);
        text.remove_prefix(static_cast<std::size_t>(plain - text.begin()));
        if (text.empty())
            break;
        const Utf8Unit unit = utf8_front(text);
        const std::string_view octets = text.substr(0, unit.bytes);
        text.remove_prefix(unit.bytes);
        if (octets == "\\") {
            out += exact ? "\\\\" : "\\";
        } else if (unit.well_formed && !steers_terminal(unit.code_point)) {
            out += octets;
        } else if (const std::string_view escape = short_escape(octets.front()); !escape.empty()) {
            out += escape;
        } else {
            for (const char octet : octets)
                out += fmt::format("\\x{:02x}", static_cast<unsigned char>(octet));
        }
    }
    return out;
}

/// Means nothing to any shell, wherever in a word it stands but at its front.
bool is_bare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=@%+,").find(c) != std::string_view::npos;
}

} // namespace

Utf8Unit utf8_front(std::string_view text) {
    const std::size_t length = sequence_length(text);
    if (length == 0)
        return {};
    const auto first = static_cast<unsigned char>(text.front());
    constexpr std::uint32_t kFirstBits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    std::uint32_t code_point = first & kFirstBits[length];
    for (const char octet : text.substr(1, length - 1))
        code_point = code_point << 6 | (static_cast<unsigned char>(octet) & 0x3F);
    return {length, true, code_point};
}

bool steers_terminal(std::uint32_t code_point) {
    const auto within = [code_point](std::uint32_t first, std::uint32_t last) {
        return code_point >= first && code_point <= last;
    };
    return code_point < 0x20 || within(0x7F, 0x9F) || code_point == 0x061C ||
           within(0x200E, 0x200F) || within(0x2028, 0x202E) || within(0x2066, 0x2069);
}

std::string printable(std::string_view text) {
    return escaped(text, false);
}

std::string printable_exact(std::string_view text) {
    return escaped(text, true);
}

std::string_view whole_front(std::string_view text, std::size_t size) {
    if (text.size() <= size)
        return text;
    // Of UTF-8 there are three at most; what is no UTF-8 has no characters.
    for (int i = 0; i < 3 && size > 0 && is_continuation(text, size); ++i)
        --size;
    return text.substr(0, size);
}

std::string beginning_of(std::string_view text, std::size_t most) {
    return text.size() <= most ? std::string(text) : fmt::format("{}...", whole_front(text, most));
}

std::string without_middle(std::string_view text, std::size_t most) {
    if (text.size() <= most)
        return std::string(text);
    std::size_t end = text.size() - most / 2;
    for (int i = 0; i < 3 && is_continuation(text, end); ++i)
        ++end;
    return fmt::format("{}...{}", whole_front(text, most / 2), text.substr(end));
}

std::string shell_quoted(std::string_view word) {
    const std::string named = fmt::format("{}{}", word.starts_with('-') ? "./" : "", word);
    if (!named.empty() && named.front() != '=' && std::ranges::all_of(named, is_bare))
        return named;
    const bool shows = printable(named) == named;
    std::string out = shows ? "'" : "$'";
    // In $'...' a backslash begins an escape, whose octets end with two digits: no shell reads on.
    for (const char c : shows ? named : printable_exact(named)) {
        if (c == '\'')
            out += shows ? "'\\'" : "\\";
        out += c;
    }
    return out + "'";
}

} // namespace codex
