#include "crypto/field/text.hpp"

#include "base/checked.hpp"

#include <algorithm>

namespace codex::crypto {

namespace {

__extension__ using Wide = unsigned __int128;

/// value * factor + digit; false when it leaves 256 bits.
bool multiply_add(Limbs& value, std::uint64_t factor, std::uint64_t digit) {
    Wide carry = digit;
    for (std::uint64_t& limb : value) {
        const Wide product = Wide{limb} * factor + carry;
        limb = static_cast<std::uint64_t>(product);
        carry = product >> 64;
    }
    return carry == 0;
}

std::uint64_t divide(Limbs& value, std::uint64_t divisor) {
    Wide remainder = 0;
    for (std::size_t i = 4; i-- > 0;) {
        const Wide part = remainder << 64 | value[i];
        value[i] = static_cast<std::uint64_t>(part / divisor);
        remainder = part % divisor;
    }
    return static_cast<std::uint64_t>(remainder);
}

int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

} // namespace

template <class F> Result<F> field_from_text(std::string_view text) {
    const bool hex = text.starts_with("0x");
    const std::string_view digits = hex ? text.substr(2) : text;
    const int base = hex ? 16 : 10;
    if (digits.empty())
        return fail(Errc::malformed, "a field element has no digits");
    Limbs value{};
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const int digit = digit_value(digits[i]);
        if (digit >= base)
            return fail(Errc::malformed, "field element: not a digit at offset {}", i);
        if (!multiply_add(value, static_cast<std::uint64_t>(base),
                          static_cast<std::uint64_t>(digit)))
            return fail(Errc::malformed, "field element is larger than 256 bits");
    }
    if (!F::below_modulus(value))
        return fail(Errc::malformed, "field element is not below the modulus");
    return F::from_limbs(value);
}

template <class F> std::string field_to_text(const F& value) {
    Limbs limbs = value.to_limbs();
    std::string text;
    do {
        text += static_cast<char>('0' + divide(limbs, 10));
    } while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0);
    std::reverse(text.begin(), text.end());
    return text;
}

template Result<Fr> field_from_text<Fr>(std::string_view);
template Result<Fq> field_from_text<Fq>(std::string_view);
template std::string field_to_text<Fr>(const Fr&);
template std::string field_to_text<Fq>(const Fq&);

} // namespace codex::crypto
