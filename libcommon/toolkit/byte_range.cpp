#include "toolkit/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace codex::toolkit {

namespace {

Result<std::uint64_t> parse_offset(std::string_view digits, std::string_view range) {
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || stop != digits.data() + digits.size() || digits.empty())
        return fail(Error(Errc::usage, fmt::format("'{}' is no range", range))
                        .hint("A-B with both ends included, A- to the end, or -N for the last N"));
    return value;
}

} // namespace

dataset::ByteRange RangeOption::of(std::uint64_t content_bytes) const {
    dataset::ByteRange range = bytes;
    if (last)
        range.begin = content_bytes - std::min(*last, content_bytes);
    return range;
}

Result<RangeOption> parse_range(std::string_view text) {
    const std::size_t dash = std::min(text.find('-'), text.size());
    const std::string_view first = text.substr(0, dash);
    const std::string_view last =
        dash == text.size() ? std::string_view("?") : text.substr(dash + 1);
    RangeOption range;
    if (first.empty()) {
        CODEX_SET(range.last, parse_offset(last, text));
        return range;
    }
    CODEX_TRY(begin, parse_offset(first, text));
    range.bytes.begin = begin;
    if (last.empty())
        return range;
    CODEX_TRY(end, parse_offset(last, text));
    if (end < begin)
        return fail(Errc::usage, "'{}' ends before it begins", text);
    range.bytes.end = end == UINT64_MAX ? end : end + 1;
    return range;
}

} // namespace codex::toolkit
