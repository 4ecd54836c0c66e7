// Addresses of accounts and contracts (codex-market(7), ADDRESSES).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace codex::ethereum {

/// 20 bytes. Threads: as a number.
struct Address {
    static constexpr std::size_t kBytes = 20;
    std::array<std::uint8_t, kBytes> bytes{};

    /// From exactly 20 bytes.
    [[nodiscard]] static Address from_bytes(BytesView bytes);
    /// From 40 hexadecimal digits, with "0x" or without: all of one case, or of both cases as
    /// EIP-55 says. Errors: address_invalid.
    [[nodiscard]] static Result<Address> from_text(std::string_view text);
    /// Of the point of a public key: x and y, 32 bytes each, the highest first.
    [[nodiscard]] static Address of_point(std::span<const std::uint8_t, 64> point);

    /// "0x" and 40 digits, the cases of which are a checksum (EIP-55).
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_zero() const { return *this == Address(); }

    friend auto operator<=>(const Address&, const Address&) = default;
};

} // namespace codex::ethereum
