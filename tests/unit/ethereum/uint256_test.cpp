#include "ethereum/uint256.hpp"

#include "must.hpp"
#include "vectors.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <gtest/gtest.h>

namespace codex::ethereum {
namespace {

using boost::multiprecision::cpp_int;
using test::must;
using test::must_fail;

cpp_int whole(const UInt256& number) {
    return cpp_int(number.text());
}

const cpp_int& bound() {
    static const cpp_int value = cpp_int(1) << 256;
    return value;
}

/// Numbers of all lengths, and those next to where a limb ends.
std::vector<UInt256> samples() {
    std::vector<UInt256> all = {0, 1, 2, 9, 10, UINT64_MAX, UInt256::max()};
    for (const unsigned bytes : {8U, 16U, 24U, 32U})
        for (const int around : {-1, 0, 1}) {
            Bytes digits(bytes, 0);
            digits[0] = 0x80;
            digits.back() = static_cast<std::uint8_t>(digits.back() + around);
            all.push_back(UInt256::from_bytes(digits));
            std::fill(digits.begin(), digits.end(), std::uint8_t{0xff});
            digits.back() = static_cast<std::uint8_t>(digits.back() + around);
            all.push_back(UInt256::from_bytes(digits));
        }
    std::mt19937_64 random(20261128);
    for (std::size_t i = 0; i < 60; ++i)
        all.push_back(UInt256::from_bytes(test::random_bytes(random, i % 33)));
    return all;
}

TEST(UInt256, CountsAsWholeNumbersDo) {
    const auto numbers = samples();
    for (const UInt256& a : numbers) {
        for (const UInt256& b : numbers) {
            const cpp_int x = whole(a);
            const cpp_int y = whole(b);
            const auto sum = checked_add(a, b);
            EXPECT_EQ(sum.has_value(), x + y < bound());
            if (sum) {
                EXPECT_EQ(whole(*sum), x + y);
            }
            EXPECT_EQ(whole(wrapping_add(a, b)), (x + y) % bound());
            const auto difference = checked_sub(a, b);
            EXPECT_EQ(difference.has_value(), x >= y);
            if (difference) {
                EXPECT_EQ(whole(*difference), x - y);
            }
            EXPECT_EQ(whole(wrapping_sub(a, b)), (x + bound() - y) % bound());
            const auto product = checked_mul(a, b);
            EXPECT_EQ(product.has_value(), x * y < bound());
            if (product) {
                EXPECT_EQ(whole(*product), x * y);
            }
            EXPECT_EQ(a < b, x < y);
            EXPECT_EQ(a == b, x == y);
            if (y != 0) {
                const auto parts = divide(a, b);
                EXPECT_EQ(whole(parts.quotient), x / y);
                EXPECT_EQ(whole(parts.remainder), x % y);
            }
        }
    }
}

TEST(UInt256, IsReadAsItIsWritten) {
    for (const UInt256& number : samples()) {
        EXPECT_EQ(must(UInt256::from_text(number.text())), number);
        EXPECT_EQ(must(UInt256::from_text("0x" + to_hex(number.bytes()))), number);
        EXPECT_EQ(UInt256::from_bytes(number.bytes()), number);
        const auto bits = number.bits();
        EXPECT_EQ(cpp_int(1) << bits > whole(number), true);
        EXPECT_EQ(bits == 0 || whole(number) >= cpp_int(1) << (bits - 1), true);
        EXPECT_EQ(number.as_u64().has_value(), whole(number) <= UINT64_MAX);
    }
    EXPECT_EQ(must(UInt256::from_text("007")), UInt256(7));
}

TEST(UInt256, RefusesWhatIsNoNumber) {
    for (const std::string_view text : {"", "0x", "-1", "+1", "1.5", " 1", "1 ", "1e3", "0xg", "a"})
        EXPECT_EQ(must_fail(UInt256::from_text(text)).code(), Errc::amount_invalid) << text;
    const std::string most = UInt256::max().text();
    EXPECT_EQ(must(UInt256::from_text(most)), UInt256::max());
    EXPECT_EQ(must_fail(UInt256::from_text((whole(UInt256::max()) + 1).str())).code(),
              Errc::amount_invalid);
    EXPECT_EQ(must_fail(UInt256::from_text("0x1" + std::string(64, '0'))).code(),
              Errc::amount_invalid);
}

} // namespace
} // namespace codex::ethereum
