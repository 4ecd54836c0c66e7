#include "market/amount.hpp"

#include "base/printable.hpp"

#include <algorithm>

namespace codex::market {

using ethereum::UInt256;

namespace {

constexpr std::string_view kUnit = "tst";

bool are_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

Result<UInt256> amount_from_text(std::string_view text) {
    if (!text.ends_with(kUnit) && !text.ends_with("TST"))
        return UInt256::from_text(text);
    const auto number = text.substr(0, text.size() - kUnit.size());
    const std::size_t point = std::min(number.find('.'), number.size());
    const auto whole = number.substr(0, point);
    const auto part = number.substr(std::min(point + 1, number.size()));
    if (whole.empty() || !are_digits(whole) || !are_digits(part) ||
        (point < number.size() && part.empty()))
        return fail(Errc::amount_invalid, "\"{}\" is no number of tokens", printable(text));
    if (part.size() > kTokenDecimals)
        return fail(Errc::amount_invalid, "\"{}\" has more than {} digits behind the point",
                    printable(text), kTokenDecimals);
    return UInt256::from_text(std::string(whole) + std::string(part) +
                              std::string(kTokenDecimals - part.size(), '0'));
}

std::string tokens_text(const UInt256& amount) {
    std::string digits = amount.text();
    if (digits.size() <= kTokenDecimals)
        digits.insert(0, kTokenDecimals + 1 - digits.size(), '0');
    const std::size_t whole = digits.size() - kTokenDecimals;
    const std::size_t last = digits.find_last_not_of('0');
    if (last == digits.npos || last < whole)
        return digits.substr(0, whole);
    return fmt::format("{}.{}", digits.substr(0, whole), digits.substr(whole, last + 1 - whole));
}

} // namespace codex::market
