#include "cli/detail/config_file.hpp"

#include <algorithm>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace codex::cli::detail {

namespace {

constexpr std::string_view kNoSetting =
    "neither a string nor a whole number nor true or false nor a list of these on one line";

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
constexpr bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}
constexpr bool is_word(char c) {
    return is_name(c) || c == '+' || c == ':';
}

constexpr bool is_text_char(char c) {
    return is_word(c) || c == '/' || c == '~' || c == '@' || c == '*' || c == ';' || c == ',';
}

/// A line without its end is nothing, a comment, or NAME = VALUE and perhaps a comment, where VALUE
/// is a word or a string that ends on its line, or [VALUE, VALUE...] of such.
///
/// Settings need no more of TOML, and the library gets no more to read: its parser runs into
/// assertions on sections without a name and on letters behind a string.
class Line {
public:
    explicit Line(std::string_view text) : rest_(text) {}

    Result<void> check() {
        // TOML has none of them, and some readers take NUL for the end.
        if (std::ranges::any_of(
                rest_, [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; }))
            return fail(Errc::config_invalid, "a control character");
        skip(is_blank);
        if (at_end())
            return {};
        if (rest_.front() == '[')
            return fail(Error(Errc::config_invalid, "a section, where there are only settings")
                            .hint("settings are written 'name = value', without sections"));
        const std::string name(skip(is_name));
        skip(is_blank);
        if (name.empty() || !take('='))
            return fail(Errc::config_invalid, "not of the form 'name = value'");
        skip(is_blank);
        CODEX_CHECK(refuse_bare_text(name));
        if (!(take('[') ? skip_list() : skip_value()))
            return fail(Errc::config_invalid, "{}: {}", name, kNoSetting);
        skip(is_blank);
        if (!at_end())
            return fail(Errc::config_invalid, "{}: more than a value", name);
        return {};
    }

private:
    [[nodiscard]] bool at_end() const { return rest_.empty() || rest_.front() == '#'; }

    /// A word that is no number, and neither true nor false: of it the library says that it should
    /// be a number of some kind.
    [[nodiscard]] Result<void> refuse_bare_text(std::string_view name) const {
        const auto end =
            std::ranges::find_if(rest_, [](char c) { return is_blank(c) || c == '#'; });
        const std::string_view word(rest_.begin(), end);
        const bool is_text = std::ranges::all_of(word, is_text_char) && !word.empty() &&
                             (word.front() < '0' || word.front() > '9') && word.front() != '-' &&
                             word.front() != '+' && word != "true" && word != "false";
        if (!is_text)
            return {};
        return fail(
            Error(Errc::config_invalid, fmt::format("{}: {}: a text stands in quotes", name, word))
                .hint(fmt::format("for example: {} = \"{}\"", name, word)));
    }

    bool take(char c) {
        if (!rest_.starts_with(c))
            return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view skip(bool (*belongs)(char)) {
        const auto end = std::ranges::find_if_not(rest_, belongs);
        const std::string_view skipped(rest_.begin(), end);
        rest_.remove_prefix(skipped.size());
        return skipped;
    }
    bool skip_value() {
        return take('"')    ? skip_string('"')
               : take('\'') ? skip_string('\'')
                            : !skip(is_word).empty();
    }
    /// To behind the closing bracket; a comma may stand before it.
    bool skip_list() {
        for (;;) {
            skip(is_blank);
            if (take(']'))
                return true;
            if (!skip_value())
                return false;
            skip(is_blank);
            if (!take(',') && !rest_.starts_with(']'))
                return false;
        }
    }
    /// To behind the closing quote; false when there is none.
    bool skip_string(char quote) {
        for (std::size_t at = 0; at < rest_.size(); ++at) {
            if (rest_[at] == quote) {
                rest_.remove_prefix(at + 1);
                return true;
            }
            at += quote == '"' && rest_[at] == '\\' ? 1 : 0;
        }
        return false;
    }

    std::string_view rest_;
};

Result<void> check_lines(std::string_view text, std::string_view name) {
    if (text.starts_with("\xef\xbb\xbf"))
        text.remove_prefix(3);
    for (std::uint64_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (auto checked = Line(line).check(); !checked) {
            Error error = std::move(checked).error().context(fmt::format("{}:{}", name, number));
            return fail(error.has_way_out()
                            ? std::move(error)
                            : std::move(error).hint("codex-pipes(7) describes the file"));
        }
    }
    return {};
}

Result<std::string> text_of(const toml::node& value) {
    if (const auto* text = value.as_string())
        return text->get();
    if (const auto* number = value.as_integer())
        return fmt::format("{}", number->get());
    if (const auto* flag = value.as_boolean())
        return std::string(flag->get() ? "true" : "false");
    if (value.is_table())
        return fail(Error(Errc::config_invalid, "a table, where there are only settings")
                        .hint("settings are written 'name = value'"));
    return fail(Errc::config_invalid, kNoSetting);
}

Result<ConfigEntry> entry_of(const toml::node& value) {
    ConfigEntry entry;
    const auto* const list = value.as_array();
    if (list == nullptr) {
        CODEX_SET(entry.value, text_of(value));
        return entry;
    }
    entry.is_list = true;
    for (const toml::node& one : *list) {
        CODEX_TRY(text, text_of(one));
        if (text.find('\n') != std::string::npos)
            return fail(Errc::config_invalid, "a line end in a list");
        if (text.empty())
            return fail(Errc::config_invalid, "an entry of the list is empty");
        entry.value += entry.value.empty() ? text : "\n" + text;
    }
    return entry;
}

} // namespace

Result<std::vector<ConfigEntry>> parse_config(BytesView text, std::string_view name) {
    if (text.size() > kMaxConfigBytes)
        return fail(Errc::limit_exceeded, "{}: larger than {} bytes", name, kMaxConfigBytes);
    CODEX_CHECK(check_lines(as_text(text), name));
    const toml::parse_result parsed = toml::parse(as_text(text), std::string(name));
    if (!parsed)
        return fail(Error(Errc::config_invalid,
                          fmt::format("{}:{}: {}", name, parsed.error().source().begin.line,
                                      parsed.error().description()))
                        .hint("codex-pipes(7) describes the file"));
    std::vector<ConfigEntry> entries;
    for (const auto& [key, value] : parsed.table()) {
        const std::uint64_t line = key.source().begin.line;
        auto entry = entry_of(value);
        if (!entry)
            return fail(
                std::move(entry).error().context(fmt::format("{}:{}: {}", name, line, key.str())));
        entry->key = key.str();
        entry->line = line;
        entries.push_back(std::move(*entry));
    }
    std::ranges::sort(entries, {}, &ConfigEntry::line);
    return entries;
}

} // namespace codex::cli::detail
