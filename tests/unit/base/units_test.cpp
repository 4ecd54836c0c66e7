#include "base/units.hpp"

#include "must.hpp"

#include <random>

namespace codex {
namespace {

using test::must;
using test::must_fail;
using testing::HasSubstr;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

TEST(Size, Grammar) {
    const std::pair<const char*, std::uint64_t> cases[] = {
        {"0", 0},
        {"65536", 65536},
        {"1b", 1},
        {"64k", 65536},
        {"64K", 65536},
        {"64kb", 65536},
        {"64KiB", 65536},
        {"64kib", 65536},
        {"18gb", 18 * kGiB}, // the specification's own example
        {"20 g", 20 * kGiB},
        {"20 GiB", 20 * kGiB},
        {"1.5GB", 3 * kGiB / 2},
        {".5k", 512},
        {"2.k", 2048},
        {"1.3k", 1331}, // 1331.2
        {"1.6b", 2},
        {" 7m ", 7 << 20},
        {"3T", std::uint64_t{3} << 40},
        {"3PiB", std::uint64_t{3} << 50},
        {"15E", std::uint64_t{15} << 60},
        {"18446744073709551615", UINT64_MAX},
        {"0.000000000000000001e", 1},
    };
    for (const auto& [text, bytes] : cases)
        EXPECT_EQ(must(parse_size(text)), bytes) << text;
}

TEST(Size, Refusals) {
    for (const char* text : {"", " ", ".", "k", "-1", "+1", "1x", "1ki", "1kbb", "1bb", "1bib",
                             "1,5k", "1e6", "0x10", "1 k b", "1.5.5", "1_000", "1kib2"}) {
        const Error error = must_fail(parse_size(text));
        EXPECT_EQ(error.code(), Errc::size_invalid) << text;
        EXPECT_FALSE(error.hint().empty());
    }
    for (const char* text : {"18446744073709551616", "16E", "16384PiB", "99999999999999999999k"})
        EXPECT_THAT(must_fail(parse_size(text)).text(), HasSubstr("over 64 bits")) << text;
    EXPECT_THAT(must_fail(parse_size("1.1234567890123456789")).text(), HasSubstr("decimals"));
    EXPECT_THAT(must_fail(parse_size("12 parsecs")).text(), HasSubstr("cannot read \"arsecs\""));
}

TEST(Size, FormatIsExactAndParsesBack) {
    EXPECT_EQ(format_size(0), "0B");
    EXPECT_EQ(format_size(1023), "1023B");
    EXPECT_EQ(format_size(65536), "64KiB");
    EXPECT_EQ(format_size(65537), "65537B");
    EXPECT_EQ(format_size(20 * kGiB), "20GiB");
    EXPECT_EQ(format_size(std::uint64_t{1} << 63), "8EiB");
    std::mt19937_64 random(5);
    for (int round = 0; round < 2000; ++round) {
        const std::uint64_t bytes = random() >> (random() % 64) << (random() % 64);
        EXPECT_EQ(must(parse_size(format_size(bytes))), bytes);
    }
}

TEST(Duration, Grammar) {
    const std::pair<const char*, std::uint64_t> cases[] = {
        {"0", 0},
        {"90", 90},
        {"30s", 30},
        {"5m", 300},
        {"12h", 43200},
        {"30d", 2592000},
        {"2w", 1209600},
        {"1d12h", 129600},
        {"1d 12h", 129600},
        {"90 minutes", 5400},
        {"5min", 300},
        {"1 Hour", 3600},
        {"30D", 2592000},
        {" 7 s ", 7},
        {"18446744073709551615", UINT64_MAX},
    };
    for (const auto& [text, seconds] : cases)
        EXPECT_EQ(must(parse_duration(text)), seconds) << text;
}

TEST(Duration, Refusals) {
    for (const char* text : {"", "s", "-5", "5x", "1h30", "1.5h", "5 mm", "1y", "1hs", "5s;"}) {
        const Error error = must_fail(parse_duration(text));
        EXPECT_EQ(error.code(), Errc::duration_invalid) << text;
        EXPECT_THAT(error.hint(), HasSubstr("unit"));
    }
    for (const char* text : {"18446744073709551616", "18446744073709551615m",
                             "18446744073709551615s1s", "30500568904944w"})
        EXPECT_THAT(must_fail(parse_duration(text)).text(), HasSubstr("over 64 bits")) << text;
    EXPECT_THAT(must_fail(parse_duration("-5")).text(), HasSubstr("negative"));
    EXPECT_THAT(must_fail(parse_duration("1h30")).text(), HasSubstr("\"30\" lacks a unit"));
    for (const char* text : {"0.1s", "1.5s", "1.5h", "2s0.5s", "1,5s"})
        EXPECT_THAT(must_fail(parse_duration(text)).text(), HasSubstr("no fractions")) << text;
    for (const char* text : {"500ms", "20us", "1s500ms", "7NS"})
        EXPECT_THAT(must_fail(parse_duration(text)).text(), HasSubstr("seconds at least")) << text;
}

TEST(Duration, FormatParsesBack) {
    EXPECT_EQ(format_duration(0), "0s");
    EXPECT_EQ(format_duration(30), "30s");
    EXPECT_EQ(format_duration(43200), "12h");
    EXPECT_EQ(format_duration(129600), "1d12h");
    EXPECT_EQ(format_duration(1209661), "14d1m1s");
    std::mt19937_64 random(6);
    for (int round = 0; round < 2000; ++round) {
        const std::uint64_t seconds = random() >> (random() % 64);
        EXPECT_EQ(must(parse_duration(format_duration(seconds))), seconds);
    }
}

TEST(Expiry, Forms) {
    constexpr std::uint64_t kNow = 1'700'000'000;
    const std::pair<const char*, std::uint64_t> cases[] = {
        {"never", 0},
        {"0", kNow}, // now, not never
        {"@0", 1},
        {"@1700000001", 1'700'000'001},
        {"30d", kNow + 2'592'000},
        {"10", kNow + 10},
        {"2027-01-31", 1'801'353'600},
        {"2027-01-31T12:00:00Z", 1'801'396'800},
        {"2027-01-31t12:00:00z", 1'801'396'800},
        {"2027-01-31 12:00:00Z", 1'801'396'800},
        {"2027-01-31T12:00:00.999Z", 1'801'396'800},
        {"2027-01-31T12:00:00+02:00", 1'801'389'600},
        {"2027-01-31T12:00:00-02:30", 1'801'405'800},
        {"2024-02-29", 1'709'164'800},
        {"1970-01-01T00:00:01Z", 1},
        {"2016-12-31T23:59:60Z", 1'483'228'800},
        {"9999-12-31T23:59:59Z", 253'402'300'799},
    };
    for (const auto& [text, seconds] : cases)
        EXPECT_EQ(must(parse_expiry(text, kNow)), seconds) << text;
}

TEST(Expiry, Refusals) {
    for (const char* text : {"",
                             "Never!",
                             "@",
                             "@-1",
                             "@1x",
                             "2027-13-01",
                             "2027-02-29",
                             "2027-00-10",
                             "2027-1-31",
                             "2027-01-31T",
                             "2027-01-31T12:00",
                             "2027-01-31T12:00:00",
                             "2027-01-31T24:00:00Z",
                             "2027-01-31T12:60:00Z",
                             "2027-01-31T12:00:61Z",
                             "2027-01-31T12:00:00.Z",
                             "2027-01-31T12:00:00ZZ",
                             "2027-01-31T12:00:00+2:00",
                             "2027-01-31x",
                             "1970-01-01",
                             "1969-12-31",
                             "1970-01-01T00:30:00+01:00",
                             "tomorrow",
                             "-5"})
        EXPECT_EQ(must_fail(parse_expiry(text, 1)).code(), Errc::duration_invalid) << text;
    EXPECT_THAT(must_fail(parse_expiry("18446744073709551616", 1)).text(),
                HasSubstr("over 64 bits"));
    EXPECT_THAT(must_fail(parse_expiry("2027-01-31T12:00:00", 1)).text(), HasSubstr("offset"));
}

TEST(Expiry, IsNeverByThatWordAlone) {
    EXPECT_EQ(must(parse_expiry("never", 1000)), 0U);
    EXPECT_EQ(must(parse_expiry("0s", 1000)), 1000U);
    EXPECT_EQ(must(parse_expiry("0", 0)), 1U);
    EXPECT_EQ(must(parse_expiry("@0", 1000)), 1U);
}

TEST(Expiry, NeverWraps) {
    for (const std::uint64_t now : {std::uint64_t{0}, std::uint64_t{1'800'000'000}, kLatestTime - 1,
                                    kLatestTime, kLatestTime + 1, UINT64_MAX})
        for (const std::uint64_t seconds :
             {kLatestTime - 1, kLatestTime, kLatestTime + 1, UINT64_MAX}) {
            EXPECT_LE(time_after(now, seconds), kLatestTime);
            EXPECT_GE(time_after(now, seconds), kLatestTime - 1);
            EXPECT_EQ(must(parse_expiry(fmt::format("{}s", seconds), now)),
                      time_after(now, seconds));
        }
    EXPECT_EQ(time_after(5, 7), 12U);
    EXPECT_EQ(must(parse_expiry("@18446744073709551615", 1)), kLatestTime);
    EXPECT_EQ(static_cast<std::uint64_t>(static_cast<double>(kLatestTime)), kLatestTime);
}

TEST(Time, FormatParsesBack) {
    EXPECT_EQ(format_time(0), "never");
    EXPECT_EQ(format_time(1), "1970-01-01T00:00:01Z");
    EXPECT_EQ(format_time(1'709'164'800), "2024-02-29T00:00:00Z");
    EXPECT_EQ(format_time(253'402'300'799), "9999-12-31T23:59:59Z");
    EXPECT_EQ(format_time(253'402'300'800), "@253402300800");
    EXPECT_EQ(format_time(UINT64_MAX), "@18446744073709551615");
    std::mt19937_64 random(7);
    for (int round = 0; round < 2000; ++round) {
        const std::uint64_t seconds = random() >> (random() % 64);
        EXPECT_EQ(must(parse_expiry(format_time(seconds), 12345)), std::min(seconds, kLatestTime));
    }
}

} // namespace
} // namespace codex
