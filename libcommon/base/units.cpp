#include "base/units.hpp"

#include "base/checked.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

namespace codex {
namespace {

__extension__ using u128 = unsigned __int128;

constexpr std::string_view kSizeUnits = "bkmgtpe";
constexpr std::string_view kSizeHint = "write bytes or a binary multiple: 65536, 64KiB, 1.5GB";
constexpr std::string_view kDurationHint = "write a number and a unit of s, m, h, d, w: 90s, 1d12h";

struct TimeUnit {
    std::string_view word;
    std::uint64_t seconds;
};
constexpr std::array kTimeUnits = {
    TimeUnit{"weeks", 7 * 86400}, TimeUnit{"days", 86400}, TimeUnit{"hours", 3600},
    TimeUnit{"minutes", 60},      TimeUnit{"seconds", 1},
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
bool is_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/// Takes characters off the front of a text.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }

    std::string_view take_while(bool (*wanted)(char)) {
        std::size_t size = 0;
        while (size < rest_.size() && wanted(rest_[size]))
            ++size;
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    bool take(char c) {
        if (rest_.empty() || lower(rest_.front()) != c)
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    void skip_blanks() {
        take_while([](char c) { return c == ' ' || c == '\t'; });
    }

private:
    std::string_view rest_;
};

std::optional<std::uint64_t> to_number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size())
        return std::nullopt;
    return value;
}

Unexpected<Error> bad_size(std::string_view text, std::string_view cause) {
    return fail(Error(Errc::size_invalid, fmt::format("size \"{}\": {}", text, cause))
                    .hint(std::string(kSizeHint)));
}

Unexpected<Error> bad_duration(std::string_view text, std::string_view cause) {
    return fail(Error(Errc::duration_invalid, fmt::format("duration \"{}\": {}", text, cause))
                    .hint(std::string(kDurationHint)));
}

Unexpected<Error> bad_time(std::string_view text, std::string_view cause) {
    return fail(Error(Errc::duration_invalid, fmt::format("time \"{}\": {}", text, cause))
                    .hint("write a duration (30d), a date (2027-01-31), a date-time "
                          "(2027-01-31T12:00:00Z), @ and Unix seconds, or never"));
}

/// Whether `word`, in either case, is the beginning of `whole`.
bool abbreviates(std::string_view word, std::string_view whole) {
    return !word.empty() && word.size() <= whole.size() &&
           std::equal(word.begin(), word.end(), whole.begin(),
                      [](char a, char b) { return lower(a) == b; });
}

/// log2 of the unit at the front, 0 when there is none.
unsigned take_size_unit(Scanner& in) {
    for (std::size_t i = 0; i < kSizeUnits.size(); ++i)
        if (in.take(kSizeUnits[i])) {
            if (i != 0) {
                Scanner before = in;
                if (in.take('i') && !in.take('b'))
                    in = before; // an "i" belongs to "ib" only
                else
                    in.take('b');
            }
            return static_cast<unsigned>(10 * i);
        }
    return 0;
}

} // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    constexpr std::size_t kMaxDecimals = 18; // 10^18 * 2^60 fits 128 bits
    Scanner in(text);
    in.skip_blanks();
    const std::string_view digits = in.take_while(is_digit);
    std::string_view decimals;
    if (in.take('.'))
        decimals = in.take_while(is_digit);
    if (digits.empty() && decimals.empty())
        return bad_size(text, "no number");
    if (decimals.size() > kMaxDecimals)
        return bad_size(text, "too many decimals");
    in.skip_blanks();
    const unsigned shift = take_size_unit(in);
    in.skip_blanks();
    if (!in.at_end())
        return bad_size(text, fmt::format("cannot read \"{}\"", in.rest()));

    const auto whole = digits.empty() ? std::optional<std::uint64_t>(0) : to_number(digits);
    const std::uint64_t fraction = decimals.empty() ? 0 : to_number(decimals).value_or(0);
    std::uint64_t scale = 1;
    for (std::size_t i = 0; i < decimals.size(); ++i)
        scale *= 10;
    const u128 part = ((static_cast<u128>(fraction) << shift) + scale / 2) / scale;
    const u128 bytes = (static_cast<u128>(whole.value_or(0)) << shift) + part;
    if (!whole || bytes >> 64 != 0)
        return bad_size(text, "over 64 bits");
    return static_cast<std::uint64_t>(bytes);
}

std::string format_size(std::uint64_t bytes) {
    std::size_t unit = 0;
    while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < kSizeUnits.size()) {
        bytes /= 1024;
        ++unit;
    }
    constexpr std::string_view kNames[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    return fmt::format("{}{}", bytes, kNames[unit]);
}

namespace {

using Refusal = Unexpected<Error> (*)(std::string_view text, std::string_view cause);

/// A duration; what is none is refused by `refuse`.
Result<std::uint64_t> duration_or(std::string_view text, Refusal refuse) {
    Scanner in(text);
    in.skip_blanks();
    std::uint64_t total = 0;
    bool first = true;
    do {
        const std::string_view digits = in.take_while(is_digit);
        if (digits.empty())
            return refuse(text, in.rest().starts_with('-') ? "negative" : "no number");
        in.skip_blanks();
        std::string_view word = in.take_while(is_letter);
        in.skip_blanks();
        if (word.empty() && first && in.at_end())
            word = "s";
        if (in.rest().starts_with('.') || in.rest().starts_with(','))
            return refuse(text, "no fractions: whole numbers, and seconds at least");
        if (word.size() == 2 && lower(word.back()) == 's' && lower(word.front()) != 's')
            return refuse(text,
                          fmt::format("nothing is as short as \"{}\": seconds at least", word));
        const auto* unit = std::find_if(kTimeUnits.begin(), kTimeUnits.end(),
                                        [&](const auto& u) { return abbreviates(word, u.word); });
        if (unit == kTimeUnits.end())
            return refuse(text, word.empty() ? fmt::format("\"{}\" lacks a unit", digits)
                                             : fmt::format("unknown unit \"{}\"", word));
        const auto number = to_number(digits);
        const auto part = number ? checked_mul(*number, unit->seconds) : number;
        const auto sum = part ? checked_add(total, *part) : part;
        if (!sum)
            return refuse(text, "over 64 bits");
        total = *sum;
        first = false;
    } while (!in.at_end());
    return total;
}

} // namespace

Result<std::uint64_t> parse_duration(std::string_view text) {
    return duration_or(text, bad_duration);
}

std::string format_duration(std::uint64_t seconds) {
    if (seconds == 0)
        return "0s";
    std::string text;
    for (const TimeUnit& unit : kTimeUnits) {
        if (unit.word == "weeks")
            continue;
        if (const std::uint64_t count = seconds / unit.seconds; count != 0)
            text += fmt::format("{}{}", count, unit.word.front());
        seconds %= unit.seconds;
    }
    return text;
}

namespace {

/// Exactly `count` digits off the front.
std::optional<unsigned> take_digits(Scanner& in, std::size_t count) {
    const std::string_view digits = in.rest().substr(0, count);
    if (digits.size() != count || !std::all_of(digits.begin(), digits.end(), is_digit))
        return std::nullopt;
    unsigned value = 0;
    for (const char c : digits) {
        in.take(c);
        value = 10 * value + static_cast<unsigned>(c - '0');
    }
    return value;
}

/// "2027-01-31" as days since 1970.
std::optional<std::int64_t> take_date(Scanner& in) {
    const auto year = take_digits(in, 4);
    if (!year || !in.take('-'))
        return std::nullopt;
    const auto month = take_digits(in, 2);
    if (!month || !in.take('-'))
        return std::nullopt;
    const auto day = take_digits(in, 2);
    if (!day)
        return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month), std::chrono::day(*day));
    if (!date.ok())
        return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch().count();
}

/// "12:00" as seconds; hours up to 23.
std::optional<std::int64_t> take_hours_minutes(Scanner& in) {
    const auto hours = take_digits(in, 2);
    if (!hours || *hours > 23 || !in.take(':'))
        return std::nullopt;
    const auto minutes = take_digits(in, 2);
    if (!minutes || *minutes > 59)
        return std::nullopt;
    return *hours * 3600 + *minutes * 60;
}

/// "12:00:00.5Z" or "12:00:00+02:00" as seconds after midnight UTC; fractions are cut off.
std::optional<std::int64_t> take_time_of_day(Scanner& in) {
    const auto minutes = take_hours_minutes(in);
    if (!minutes || !in.take(':'))
        return std::nullopt;
    const auto seconds = take_digits(in, 2);
    if (!seconds || *seconds > 60) // 60: a leap second
        return std::nullopt;
    if (in.take('.') && in.take_while(is_digit).empty())
        return std::nullopt;
    const std::int64_t local = *minutes + *seconds;
    if (in.take('z'))
        return local;
    const bool east = in.take('+');
    if (!east && !in.take('-'))
        return std::nullopt;
    const auto offset = take_hours_minutes(in);
    if (!offset)
        return std::nullopt;
    return east ? local - *offset : local + *offset;
}

Result<std::uint64_t> parse_date_time(std::string_view text) {
    Scanner in(text);
    const auto days = take_date(in);
    if (!days)
        return bad_time(text, "no such date");
    std::int64_t seconds = *days * 86400;
    if (!in.at_end()) {
        if (!in.take('t') && !in.take(' '))
            return bad_time(text, fmt::format("cannot read \"{}\" after the date", in.rest()));
        const auto time = take_time_of_day(in);
        if (!time || !in.at_end())
            return bad_time(text, "the time of day is not HH:MM:SS with Z or an offset (+02:00)");
        seconds += *time;
    }
    if (seconds <= 0)
        return bad_time(text, "not after 1970");
    return static_cast<std::uint64_t>(seconds);
}

} // namespace

Result<std::uint64_t> parse_expiry(std::string_view text, std::uint64_t now) {
    if (text == "never")
        return 0;
    if (text.starts_with('@')) {
        if (const auto seconds = to_number(text.substr(1)))
            return std::clamp(*seconds, std::uint64_t{1}, kLatestTime);
        return bad_time(text, "no Unix seconds after @");
    }
    if (text.size() > 4 && text[4] == '-')
        return parse_date_time(text);
    CODEX_TRY(duration, duration_or(text, bad_time));
    return std::max(std::uint64_t{1}, time_after(now, duration));
}

std::string format_time(std::uint64_t unix_seconds) {
    constexpr std::uint64_t kEndOf9999 = 253402300799;
    if (unix_seconds == 0)
        return "never";
    if (unix_seconds > kEndOf9999)
        return fmt::format("@{}", unix_seconds);
    const auto days = static_cast<int>(unix_seconds / 86400);
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
    const std::uint64_t second = unix_seconds % 86400;
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       second / 3600, second / 60 % 60, second % 60);
}

} // namespace codex
