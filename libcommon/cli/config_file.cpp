#include "cli/detail/config_file.hpp"

#include <algorithm>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace codex::cli::detail {

namespace {

Result<std::string> text_of(const toml::node& value) {
    if (const auto* text = value.as_string())
        return text->get();
    if (const auto* number = value.as_integer())
        return fmt::format("{}", number->get());
    if (const auto* flag = value.as_boolean())
        return std::string(flag->get() ? "true" : "false");
    if (value.is_table())
        return fail(Error(Errc::config_invalid, "a table, where there are only settings")
                        .hint("settings are written 'name = value', without sections"));
    return fail(Errc::config_invalid, "neither a string nor a whole number nor true or false");
}

} // namespace

Result<std::vector<ConfigEntry>> parse_config(BytesView text, std::string_view name) {
    if (text.size() > kMaxConfigBytes)
        return fail(Errc::limit_exceeded, "{}: larger than {} bytes", name, kMaxConfigBytes);
    const toml::parse_result parsed = toml::parse(as_text(text), std::string(name));
    if (!parsed)
        return fail(Error(Errc::config_invalid,
                          fmt::format("{}:{}: {}", name, parsed.error().source().begin.line,
                                      parsed.error().description()))
                        .hint("codex-pipes(7) describes the file"));
    std::vector<ConfigEntry> entries;
    for (const auto& [key, value] : parsed.table()) {
        const std::uint64_t line = key.source().begin.line;
        auto entry = text_of(value);
        if (!entry)
            return fail(
                std::move(entry).error().context(fmt::format("{}:{}: {}", name, line, key.str())));
        entries.push_back({std::string(key.str()), std::move(*entry), line});
    }
    std::ranges::sort(entries, {}, &ConfigEntry::line);
    return entries;
}

} // namespace codex::cli::detail
