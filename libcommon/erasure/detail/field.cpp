#include "erasure/detail/field.hpp"

#include <bit>

namespace codex::erasure::detail {

namespace {

constexpr std::uint16_t kBasis8[8] = {1, 214, 152, 146, 86, 200, 88, 230};
constexpr std::uint16_t kBasis16[16] = {0x0001, 0xACCA, 0x3C0E, 0x163E, 0xC582, 0xED2E,
                                        0x914C, 0x4012, 0x6C98, 0x10D8, 0x6A72, 0xB900,
                                        0xFDB8, 0xFB34, 0xFF38, 0x991E};

} // namespace

Field::Field(unsigned bits, std::uint32_t polynomial, const std::uint16_t* basis)
    : bits_(bits), modulus_((1U << bits) - 1), log_(modulus_ + 1), exp_(modulus_ + 1) {
    // Logs of the polynomial field: powers of x by shift and reduction.
    std::vector<std::uint16_t> polynomial_log(modulus_ + 1);
    std::uint32_t power = 1;
    for (std::uint32_t exponent = 0; exponent < modulus_; ++exponent) {
        polynomial_log[power] = static_cast<std::uint16_t>(exponent);
        power <<= 1;
        if (power > modulus_)
            power ^= polynomial;
    }
    log_[0] = static_cast<std::uint16_t>(modulus_);
    // What a word stands for is what it stands for without its lowest bit, and that bit.
    std::vector<std::uint16_t> element(modulus_ + 1);
    for (std::uint32_t word = 1; word <= modulus_; ++word) {
        element[word] = element[word & (word - 1)] ^ basis[std::countr_zero(word)];
        log_[word] = polynomial_log[element[word]];
        exp_[log_[word]] = static_cast<std::uint16_t>(word);
    }
    exp_[modulus_] = exp_[0];
}

const Field& Field::gf8() {
    static const Field field(8, 0x11D, kBasis8);
    return field;
}

const Field& Field::gf16() {
    static const Field field(16, 0x1002D, kBasis16);
    return field;
}

} // namespace codex::erasure::detail
