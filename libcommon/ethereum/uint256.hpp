// Numbers of 256 bits, as contracts count: every overflow is an answer, not a wrap.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <compare>
#include <optional>

namespace codex::ethereum {

/// An unsigned number below 2^256. Threads: as a number.
class UInt256 {
public:
    static constexpr std::size_t kBytes = 32;

    constexpr UInt256() = default;
    constexpr UInt256(std::uint64_t number) : limbs_{number, 0, 0, 0} {} // each is such a number
    [[nodiscard]] static constexpr UInt256 max() {
        UInt256 most;
        most.limbs_.fill(UINT64_MAX);
        return most;
    }
    /// From at most 32 bytes, the highest first.
    [[nodiscard]] static UInt256 from_bytes(BytesView bytes);
    /// From decimal digits, or "0x" and hexadecimal ones. Errors: amount_invalid (neither, or
    /// 2^256 and more).
    [[nodiscard]] static Result<UInt256> from_text(std::string_view text);

    /// The highest byte first.
    [[nodiscard]] std::array<std::uint8_t, kBytes> bytes() const;
    /// In decimal digits, without zeros in front.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] constexpr bool fits_u64() const {
        return (limbs_[1] | limbs_[2] | limbs_[3]) == 0;
    }
    /// Nothing, when it is 2^64 or more.
    [[nodiscard]] constexpr std::optional<std::uint64_t> as_u64() const {
        return fits_u64() ? std::optional(limbs_[0]) : std::nullopt;
    }
    /// Its lowest 64 bits.
    [[nodiscard]] constexpr std::uint64_t low() const { return limbs_[0]; }
    /// As many as are wanted to write it; 0 for 0.
    [[nodiscard]] unsigned bits() const;

    friend bool operator==(const UInt256&, const UInt256&) = default;
    friend std::strong_ordering operator<=>(const UInt256& a, const UInt256& b);

    friend std::optional<UInt256> checked_add(const UInt256& a, const UInt256& b);
    friend std::optional<UInt256> checked_sub(const UInt256& a, const UInt256& b);
    friend std::optional<UInt256> checked_mul(const UInt256& a, const UInt256& b);
    friend UInt256 wrapping_add(const UInt256& a, const UInt256& b);
    friend UInt256 wrapping_sub(const UInt256& a, const UInt256& b);
    struct Division;
    friend Division divide(const UInt256& a, const UInt256& by);

private:
    /// The lowest first.
    std::array<std::uint64_t, 4> limbs_{};
};

/// What goes into it whole, and what is left.
struct UInt256::Division {
    UInt256 quotient;
    UInt256 remainder;
};

/// Nothing, when the sum is 2^256 or more.
[[nodiscard]] std::optional<UInt256> checked_add(const UInt256& a, const UInt256& b);
/// Nothing, when b is more than a.
[[nodiscard]] std::optional<UInt256> checked_sub(const UInt256& a, const UInt256& b);
/// Nothing, when the product is 2^256 or more.
[[nodiscard]] std::optional<UInt256> checked_mul(const UInt256& a, const UInt256& b);
/// Modulo 2^256.
[[nodiscard]] UInt256 wrapping_add(const UInt256& a, const UInt256& b);
/// Modulo 2^256.
[[nodiscard]] UInt256 wrapping_sub(const UInt256& a, const UInt256& b);
/// `by` is not 0.
[[nodiscard]] UInt256::Division divide(const UInt256& a, const UInt256& by);

} // namespace codex::ethereum
