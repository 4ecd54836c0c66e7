#include "base/detail/log_format.hpp"

#include "base/json_writer.hpp"
#include "base/printable.hpp"

#include <array>

namespace codex::log {

namespace {

constexpr std::size_t kMessageWidth = 42;

/// Year, month, day of a day number (days from 1970-01-01 in the proleptic Gregorian calendar);
/// cheaper and safer across threads than the C library's time zone machinery.
struct Date {
    std::int64_t year;
    unsigned month;
    unsigned day;
};

Date civil_date(std::int64_t days) {
    // Count from 0000-03-01, so that the leap day is the last of its year.
    const std::int64_t shifted = days + 719468;
    const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    const auto day_of_era = static_cast<unsigned>(shifted - era * 146097);
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned march_month = (5 * day_of_year + 2) / 153;
    const unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;
    return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
            day_of_year - (153 * march_month + 2) / 5 + 1};
}

/// "2026-11-21 04:44:40.123+01:00"
std::string timestamp(const detail::Record& record) {
    constexpr std::int64_t kDayMs = 86'400'000;
    const std::int64_t local = record.unix_ms + std::int64_t{record.zone_minutes} * 60'000;
    const std::int64_t days = (local >= 0 ? local : local - (kDayMs - 1)) / kDayMs;
    const std::int64_t ms = local - days * kDayMs;
    const Date date = civil_date(days);
    const int zone = record.zone_minutes < 0 ? -record.zone_minutes : record.zone_minutes;
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}{}{:02}:{:02}", date.year,
                       date.month, date.day, ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                       ms % 1000, record.zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}

bool needs_escape(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet >= 0x7F || c == '"' || c == '\\';
}

void append_escaped(std::string& to, char c) {
    switch (c) {
    case '"':
        to += "\\\"";
        break;
    case '\\':
        to += "\\\\";
        break;
    case '\r':
        to += "\\r";
        break;
    case '\n':
        to += "\\n";
        break;
    case '\t':
        to += "\\t";
        break;
    default:
        if (needs_escape(c))
            to += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            to += c;
    }
}

std::string_view level_color(Level level) {
    switch (level) {
    case Level::trace:
    case Level::debug:
        return "\x1b[2m";
    case Level::info:
        return "\x1b[32m";
    case Level::notice:
        return "\x1b[36m";
    case Level::warn:
        return "\x1b[33m";
    case Level::error:
    case Level::fatal:
        return "\x1b[31m";
    }
    return "";
}

void append_fields(std::string& to, std::span<const detail::RenderedField> fields) {
    for (const detail::RenderedField& field : fields)
        to += fmt::format(" {}={}", field.name, detail::quote_text_value(field.value.text));
}

} // namespace

namespace detail {

std::string_view level_letters(Level level) {
    constexpr std::array<std::string_view, 7> kLetters = {"TRC", "DBG", "INF", "NTC",
                                                          "WRN", "ERR", "FAT"};
    return kLetters.at(static_cast<std::size_t>(level));
}

std::string quote_text_value(std::string_view value) {
    bool quoted = false;
    bool escaped = false;
    for (const char c : value) {
        quoted = quoted || c == ' ' || c == '=';
        escaped = escaped || needs_escape(c);
    }
    if (!quoted && !escaped)
        return std::string(value);
    std::string out = "\"";
    for (const char c : value)
        append_escaped(out, c);
    return out + "\"";
}

std::string format_text(const Record& record, bool color) {
    std::string out;
    if (color)
        out += level_color(record.level);
    out += level_letters(record.level);
    if (color)
        out += "\x1b[0m";
    out += fmt::format(" {} {:<{}}", timestamp(record), printable(record.message), kMessageWidth);
    if (!record.topics.empty())
        out += fmt::format(" topics=\"{}\"", record.topics);
    out += fmt::format(" tid={}", record.thread);
    append_fields(out, record.fields);
    return out;
}

std::string format_words(const Record& record) {
    std::string out = printable(record.message);
    append_fields(out, record.fields);
    return out;
}

std::string format_json(const Record& record) {
    JsonWriter json;
    json.begin_object()
        .member("lvl", level_letters(record.level))
        .member("ts", timestamp(record))
        .member("msg", record.message);
    if (!record.topics.empty())
        json.member("topics", record.topics);
    json.member("tid", record.thread);
    for (const RenderedField& field : record.fields)
        json.key(field.name).raw(field.value.json);
    return std::move(json.end_object()).text();
}

} // namespace detail

} // namespace codex::log
