#include "ethereum/uint256.hpp"

#include "base/endian.hpp"

#include <algorithm>
#include <bit>

namespace codex::ethereum {

namespace {

__extension__ using Wide = unsigned __int128;
using Limbs = std::array<std::uint64_t, 4>;

/// The largest power of ten in a limb, and its digits.
constexpr std::uint64_t kTens = 10'000'000'000'000'000'000U;
constexpr std::size_t kTensDigits = 19;

/// a + b, and whether there is a carry.
bool add(Limbs& a, const Limbs& b) {
    unsigned char carry = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const Wide sum = static_cast<Wide>(a[i]) + b[i] + carry;
        a[i] = static_cast<std::uint64_t>(sum);
        carry = static_cast<unsigned char>(sum >> 64);
    }
    return carry != 0;
}

/// a - b, and whether there is a borrow.
bool subtract(Limbs& a, const Limbs& b) {
    unsigned char borrow = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const Wide difference = static_cast<Wide>(a[i]) - b[i] - borrow;
        a[i] = static_cast<std::uint64_t>(difference);
        borrow = (difference >> 64) != 0 ? 1 : 0;
    }
    return borrow != 0;
}

bool less(const Limbs& a, const Limbs& b) {
    return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

/// a = a * 2 + bit, and whether there is a carry.
bool shift_in(Limbs& a, std::uint64_t bit) {
    for (std::uint64_t& limb : a)
        bit = std::exchange(limb, limb << 1 | bit) >> 63;
    return bit != 0;
}

/// a / by, and what is left.
std::uint64_t divide_by_limb(Limbs& a, std::uint64_t by) {
    Wide left = 0;
    for (std::size_t i = a.size(); i-- > 0;) {
        left = left << 64 | a[i];
        a[i] = static_cast<std::uint64_t>(left / by);
        left %= by;
    }
    return static_cast<std::uint64_t>(left);
}

} // namespace

UInt256 UInt256::from_bytes(BytesView bytes) {
    CODEX_ASSERT(bytes.size() <= kBytes);
    std::array<std::uint8_t, kBytes> whole{};
    std::copy(bytes.begin(), bytes.end(), whole.end() - static_cast<std::ptrdiff_t>(bytes.size()));
    UInt256 number;
    for (std::size_t i = 0; i < number.limbs_.size(); ++i)
        number.limbs_[3 - i] = load_be<std::uint64_t>(whole.data() + 8 * i);
    return number;
}

Result<UInt256> UInt256::from_text(std::string_view text) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    const std::string_view digits = hexadecimal ? text.substr(2) : text;
    const UInt256 base = hexadecimal ? 16 : 10;
    UInt256 number;
    for (const char c : digits) {
        unsigned digit = 16;
        if (c >= '0' && c <= '9')
            digit = static_cast<unsigned>(c - '0');
        else if (hexadecimal && c >= 'a' && c <= 'f')
            digit = static_cast<unsigned>(c - 'a' + 10);
        else if (hexadecimal && c >= 'A' && c <= 'F')
            digit = static_cast<unsigned>(c - 'A' + 10);
        if (digit == 16)
            return fail(Errc::amount_invalid, "not a whole number");
        const auto shifted = checked_mul(number, base);
        const auto more = shifted ? checked_add(*shifted, digit) : std::nullopt;
        if (!more)
            return fail(Errc::amount_invalid, "a number of more than 256 bits");
        number = *more;
    }
    if (digits.empty())
        return fail(Errc::amount_invalid, "not a whole number");
    return number;
}

std::array<std::uint8_t, UInt256::kBytes> UInt256::bytes() const {
    std::array<std::uint8_t, kBytes> bytes{};
    for (std::size_t i = 0; i < limbs_.size(); ++i)
        store_be(bytes.data() + 8 * i, limbs_[3 - i]);
    return bytes;
}

std::string UInt256::text() const {
    std::string text;
    Limbs left = limbs_;
    while (left != Limbs{}) {
        std::uint64_t digits = divide_by_limb(left, kTens);
        for (std::size_t i = 0; i < kTensDigits && (digits != 0 || left != Limbs{}); ++i)
            text += static_cast<char>('0' + std::exchange(digits, digits / 10) % 10);
    }
    if (text.empty())
        text.push_back('0');
    std::ranges::reverse(text);
    return text;
}

unsigned UInt256::bits() const {
    for (std::size_t i = limbs_.size(); i-- > 0;)
        if (limbs_[i] != 0)
            return static_cast<unsigned>(64 * i) + static_cast<unsigned>(std::bit_width(limbs_[i]));
    return 0;
}

std::strong_ordering operator<=>(const UInt256& a, const UInt256& b) {
    if (a == b)
        return std::strong_ordering::equal;
    return less(a.limbs_, b.limbs_) ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::optional<UInt256> checked_add(const UInt256& a, const UInt256& b) {
    UInt256 sum = a;
    return add(sum.limbs_, b.limbs_) ? std::nullopt : std::optional(sum);
}

std::optional<UInt256> checked_sub(const UInt256& a, const UInt256& b) {
    UInt256 difference = a;
    return subtract(difference.limbs_, b.limbs_) ? std::nullopt : std::optional(difference);
}

std::optional<UInt256> checked_mul(const UInt256& a, const UInt256& b) {
    std::array<std::uint64_t, 8> product{};
    for (std::size_t i = 0; i < 4; ++i) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; j < 4; ++j) {
            const Wide sum = static_cast<Wide>(a.limbs_[i]) * b.limbs_[j] + product[i + j] + carry;
            product[i + j] = static_cast<std::uint64_t>(sum);
            carry = static_cast<std::uint64_t>(sum >> 64);
        }
        product[i + 4] = carry;
    }
    if (std::any_of(product.begin() + 4, product.end(), [](auto limb) { return limb != 0; }))
        return std::nullopt;
    UInt256 low;
    std::copy_n(product.begin(), low.limbs_.size(), low.limbs_.begin());
    return low;
}

UInt256 wrapping_add(const UInt256& a, const UInt256& b) {
    UInt256 sum = a;
    add(sum.limbs_, b.limbs_);
    return sum;
}

UInt256 wrapping_sub(const UInt256& a, const UInt256& b) {
    UInt256 difference = a;
    subtract(difference.limbs_, b.limbs_);
    return difference;
}

UInt256::Division divide(const UInt256& a, const UInt256& by) {
    CODEX_ASSERT(by != UInt256());
    UInt256::Division division{a, {}};
    if (by.fits_u64()) {
        division.remainder = divide_by_limb(division.quotient.limbs_, by.low());
        return division;
    }
    // Bit by bit: what is as long as this is divided by rarely.
    Limbs& quotient = division.quotient.limbs_;
    Limbs& left = division.remainder.limbs_;
    for (unsigned i = 0; i < 256; ++i) {
        const std::uint64_t top = quotient[3] >> 63;
        const bool over = shift_in(left, top);
        const bool fits = over || !less(left, by.limbs_);
        if (fits)
            subtract(left, by.limbs_);
        shift_in(quotient, fits ? 1 : 0);
    }
    return division;
}

} // namespace codex::ethereum
