// Sizes, durations and points in time as users write them (codex-pipes(7), OPTIONS). Unlike the
// reference, text that is left over is refused: "1h30" is a slip, not an hour.
#pragma once

#include "base/error.hpp"

#include <cstdint>

namespace codex {

/// "64KiB", "1.5GB", "20 g", "65536": a number, decimals allowed, and a unit of b, k, m, g, t, p, e
/// in either case with or without "b" or "ib"; always binary multiples, rounded to whole bytes.
/// Errors: size_invalid.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
/// The exact form with the largest whole unit: "64KiB", "20GiB", "65537B".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// "30s", "12h", "30d", "2w", "90" (seconds), "1d12h", "5 minutes": whole seconds. A unit may be
/// spelled out as far as one likes. Errors: duration_invalid.
[[nodiscard]] Result<std::uint64_t> parse_duration(std::string_view text);
/// "30s", "12h", "1d12h"; days are the largest unit.
[[nodiscard]] std::string format_duration(std::uint64_t seconds);

/// The latest point in time, Unix seconds: readers of JSON keep whole numbers up to here.
constexpr std::uint64_t kLatestTime = (std::uint64_t{1} << 53) - 1;
/// `seconds` after `now`; what would be later than kLatestTime is that.
[[nodiscard]] constexpr std::uint64_t time_after(std::uint64_t now, std::uint64_t seconds) {
    return now >= kLatestTime || seconds >= kLatestTime - now ? kLatestTime : now + seconds;
}

/// A point in time as Unix seconds, from a duration counted from `now` ("30d"), an RFC 3339 date or
/// date-time ("2027-01-31", "2027-01-31T12:00:00Z"), "@1700000000", or "never" (0), and only that
/// is 0: "0s" is now, and "@0" the second after it. At most kLatestTime. Errors: duration_invalid.
[[nodiscard]] Result<std::uint64_t> parse_expiry(std::string_view text, std::uint64_t now);
/// RFC 3339 in UTC, "never" for 0; "@N" beyond the year 9999. parse_expiry() reads all three.
[[nodiscard]] std::string format_time(std::uint64_t unix_seconds);

} // namespace codex
