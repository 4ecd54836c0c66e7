#include "node/rest/headers.hpp"

#include "codec/media_type.hpp"
#include "codec/multibase.hpp"
#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace codex::node::rest {

namespace {

std::string_view trim(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// What stands before the next `mark`, trimmed; it is taken away with the mark.
std::string_view take_word(std::string_view& text, char mark) {
    const std::size_t at = text.find(mark);
    const std::string_view before = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return trim(before);
}

/// A weight in thousandths; nothing for one that is none.
std::optional<unsigned> weight(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') ||
        (text.size() > 1 && text[1] != '.'))
        return std::nullopt;
    unsigned thousandths = text[0] == '1' ? 1000 : 0;
    unsigned place = 100;
    for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (digit < '0' || digit > '9')
            return std::nullopt;
        thousandths += static_cast<unsigned>(digit - '0') * place;
        place /= 10;
    }
    return thousandths <= 1000 ? std::optional<unsigned>(thousandths) : std::nullopt;
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::nullopt;
    return value;
}

Error no_part() {
    return {Errc::argument_invalid, "there is no such part"};
}

bool is_plain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
}

/// As RFC 8187 has it.
std::string percent_encode(std::string_view text) {
    constexpr std::string_view kMarks = "!#$&+-.^_`|~";
    std::string encoded;
    for (const char c : text) {
        const bool keeps = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || kMarks.find(c) != std::string_view::npos;
        if (keeps)
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

} // namespace

bool prefers_text(std::string_view accept) {
    std::string_view best;
    unsigned best_weight = 0;
    while (!accept.empty()) {
        std::string_view entry = take_word(accept, ',');
        const std::string_view type = take_word(entry, ';');
        unsigned of_entry = 1000;
        while (!entry.empty()) {
            const std::string_view parameter = take_word(entry, ';');
            if (!parameter.starts_with("q=") && !parameter.starts_with("Q="))
                continue;
            const auto given = weight(parameter.substr(2));
            if (!given)
                return false;
            of_entry = *given;
        }
        if (of_entry > best_weight) {
            best = type;
            best_weight = of_entry;
        }
    }
    return http::same_text(best, "text/plain");
}

Result<std::optional<Part>> read_range(std::string_view range, std::uint64_t size) {
    constexpr std::string_view kUnit = "bytes=";
    if (!range.starts_with(kUnit) || range.find(',') != std::string_view::npos)
        return std::nullopt;
    std::string_view last = trim(range.substr(kUnit.size()));
    const bool has_dash = last.find('-') != std::string_view::npos;
    const std::string_view first = take_word(last, '-');
    last = trim(last);
    if (!has_dash || (first.empty() && last.empty()) || (!first.empty() && !number(first)) ||
        (!last.empty() && !number(last)))
        return std::nullopt;
    if (first.empty()) { // the last so many
        const std::uint64_t count = std::min(*number(last), size);
        if (count == 0)
            return fail(no_part());
        return Part{size - count, size};
    }
    const std::uint64_t begin = *number(first);
    const std::uint64_t until = last.empty() ? UINT64_MAX : *number(last);
    if (until < begin)
        return std::nullopt; // of no form that means anything
    if (begin >= size)
        return fail(no_part());
    return Part{begin, until >= size ? size : until + 1};
}

bool has_tag(std::string_view list, std::string_view tag) {
    if (trim(list) == "*")
        return true;
    while (!list.empty()) {
        std::string_view one = take_word(list, ',');
        if (one.starts_with("W/"))
            one.remove_prefix(2);
        if (one == tag)
            return true;
    }
    return false;
}

Result<std::optional<std::string>> uploaded_name(std::string_view disposition) {
    constexpr std::string_view kBefore = "filename=\"";
    const std::size_t at = disposition.find(kBefore);
    if (at == std::string_view::npos)
        return std::nullopt;
    const std::string_view rest = disposition.substr(at + kBefore.size());
    const std::size_t end = rest.find('"');
    if (end == std::string_view::npos)
        return fail(Errc::argument_invalid, "a file name without an end");
    const std::string name(trim(rest.substr(0, end)));
    CODEX_CHECK(codec::check_filename(name));
    return name;
}

bool is_type(std::string_view type) {
    constexpr std::string_view kNever = " \t\"(),/:<=>?@[\\]{}";
    std::string_view subtype = take_word(type, ';');
    const bool has_slash = subtype.find('/') != std::string_view::npos;
    const std::string_view kind = take_word(subtype, '/');
    return has_slash && !kind.empty() && !subtype.empty() &&
           kind.find_first_of(kNever) == std::string_view::npos &&
           subtype.find_first_of(kNever) == std::string_view::npos;
}

Result<std::optional<std::string>> uploaded_type(std::string_view type) {
    const std::string_view bare = take_word(type, ';');
    if (bare.empty())
        return std::nullopt;
    for (const std::string_view form : std::array<std::string_view, 2>{
             "multipart/form-data", "application/x-www-form-urlencoded"})
        if (http::same_text(bare, form))
            return fail(Errc::argument_invalid, "the type of a form, not of a file");
    CODEX_CHECK(codec::check_media_type(bare));
    return std::string(bare);
}

std::string attachment(const std::optional<std::string>& name) {
    if (!name || name->empty())
        return "attachment";
    std::string plain;
    bool same = true;
    for (const char c : *name) {
        same = same && is_plain(c);
        if (is_plain(c))
            plain += c;
        else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)
            plain += '_';
    }
    if (plain.empty())
        plain = "_";
    if (same)
        return fmt::format("attachment; filename=\"{}\"", plain);
    return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", plain,
                       percent_encode(*name));
}

std::string content_type(const std::optional<std::string>& type) {
    return type && codec::check_media_type(*type) ? *type : "application/octet-stream";
}

Result<Cid> path_cid(std::string_view text) {
    const auto cid = Cid::from_text(text);
    if (cid)
        return *cid;
    const auto bytes = codec::multibase_decode(text);
    if (!bytes || bytes->empty())
        return fail(Errc::cid_invalid, "Incorrect Cid");
    const auto front = Cid::from_prefix(*bytes);
    return fail(Errc::cid_invalid, "{}", front.has_value() ? "Overrun Cid" : "Unsupported Cid");
}

} // namespace codex::node::rest
