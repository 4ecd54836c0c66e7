#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace codex::http {

namespace {

char lower_letter(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

bool same_text(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower_letter, lower_letter);
}

const std::string* find(const Fields& fields, std::string_view name) {
    const auto found = std::ranges::find_if(
        fields, [name](const Field& field) { return same_text(field.name, name); });
    return found == fields.end() ? nullptr : &found->value;
}

std::size_t count(const Fields& fields, std::string_view name) {
    return static_cast<std::size_t>(std::ranges::count_if(
        fields, [name](const Field& field) { return same_text(field.name, name); }));
}

void set(Fields& fields, std::string_view name, std::string value) {
    std::erase_if(fields, [name](const Field& field) { return same_text(field.name, name); });
    fields.push_back({std::string(name), std::move(value)});
}

std::string http_date(std::uint64_t unix_seconds) {
    constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    constexpr std::uint64_t kDay = 86400;
    const std::chrono::sys_days day{
        std::chrono::days(static_cast<std::int32_t>(unix_seconds / kDay % 10'000'000))};
    const std::chrono::year_month_day date(day);
    const std::uint64_t second = unix_seconds % kDay;
    return fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
        static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
        static_cast<int>(date.year()), second / 3600, second / 60 % 60, second % 60);
}

} // namespace codex::http
