#include "ethereum/address.hpp"

#include "base/hex.hpp"
#include "crypto/hash/keccak256.hpp"

#include <algorithm>

namespace codex::ethereum {

namespace {

/// 40 digits in lower case, with each letter made a capital where the digest of them has a high
/// digit.
std::string with_checksum(std::string digits) {
    const Digest digest = crypto::keccak256(as_bytes(digits));
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const unsigned nibble = i % 2 == 0 ? digest[i / 2] >> 4U : digest[i / 2] & 0xFU;
        if (digits[i] >= 'a' && nibble >= 8)
            digits[i] = static_cast<char>(digits[i] - 'a' + 'A');
    }
    return digits;
}

} // namespace

Address Address::from_bytes(BytesView bytes) {
    CODEX_ASSERT(bytes.size() == kBytes);
    Address address;
    std::ranges::copy(bytes, address.bytes.begin());
    return address;
}

Result<Address> Address::from_text(std::string_view text) {
    const std::string_view digits = text.starts_with("0x") ? text.substr(2) : text;
    const auto bytes = digits.size() == 2 * kBytes ? from_hex(digits) : fail(Errc::hex_invalid);
    if (!bytes || bytes->size() != kBytes)
        return fail(Errc::address_invalid, "an address is 0x and 40 hexadecimal digits");
    Address address = from_bytes(*bytes);
    const bool has_small = std::ranges::any_of(digits, [](char c) { return c >= 'a' && c <= 'f'; });
    const bool has_great = std::ranges::any_of(digits, [](char c) { return c >= 'A' && c <= 'F'; });
    if (has_small && has_great && address.text().substr(2) != digits)
        return fail(
            Error(Errc::address_invalid, "the checksum in the cases of its letters is wrong")
                .hint("a character of it was mistyped; in small letters alone it has no checksum"));
    return address;
}

Address Address::of_point(std::span<const std::uint8_t, 64> point) {
    const Digest digest = crypto::keccak256(point);
    return from_bytes(BytesView(digest).subspan(digest.size() - kBytes));
}

std::string Address::text() const {
    return "0x" + with_checksum(to_hex(bytes));
}

} // namespace codex::ethereum
