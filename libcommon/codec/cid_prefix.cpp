#include "codec/cid_prefix.hpp"

#include "codec/base58.hpp"

#include <algorithm>

namespace codex::codec {

namespace {

constexpr std::string_view kLetters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// A CIDv1 over 32 bytes with one-byte codecs has 48 digits; the longest is all of Cid::kMaxBytes.
constexpr std::size_t kMinDigits = 48;
constexpr std::size_t kMaxDigits = 104;

/// The smallest and the largest number that is written with `digits` digits and begins so.
Result<CidRange> numbers(std::string_view prefix, std::size_t digits) {
    std::string text(prefix);
    text.resize(digits, kLetters.front());
    CODEX_TRY(first, base58_decode(text));
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(prefix.size()), text.end(),
              kLetters.back());
    CODEX_TRY(last, base58_decode(text));
    return CidRange{std::move(first), std::move(last)};
}

/// The part of `range` that is `size` bytes long and begins with the version 1.
std::vector<CidRange> of_version_1(const CidRange& range, std::size_t size) {
    CidRange part{Bytes(size, 0x00), Bytes(size, 0xFF)};
    part.first.front() = part.last.front() = 1;
    if (range.first.size() == size)
        part.first = std::max(part.first, range.first);
    if (range.last.size() == size)
        part.last = std::min(part.last, range.last);
    if (range.first.size() > size || range.last.size() < size || part.last < part.first)
        return {};
    return {std::move(part)};
}

} // namespace

bool looks_like_cid_prefix(std::string_view text) {
    return text.size() > 1 && text.front() == 'z' && text.size() <= kMinDigits &&
           text.find_first_not_of(kLetters, 1) == std::string_view::npos && text[1] != '1';
}

std::vector<CidRange> cid_ranges(std::string_view prefix) {
    CODEX_ASSERT(looks_like_cid_prefix(prefix));
    std::vector<CidRange> ranges;
    for (std::size_t digits = kMinDigits; digits <= kMaxDigits; ++digits) {
        const auto range = numbers(prefix.substr(1), digits);
        CODEX_ASSERT(range.has_value()); // its letters are right, and it is short
        for (std::size_t size = range->first.size(); size <= range->last.size(); ++size)
            for (CidRange& part : of_version_1(*range, size))
                ranges.push_back(std::move(part));
    }
    std::sort(ranges.begin(), ranges.end(),
              [](const CidRange& a, const CidRange& b) { return a.first < b.first; });
    return ranges;
}

} // namespace codex::codec
