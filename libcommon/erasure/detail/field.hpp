// GF(2^8) and GF(2^16) in Cantor coordinates (codex-erasure(5), THE FIELD): words as the buffers
// store them, log and exp tables, and multiplication one word at a time.
#pragma once

#include <cstdint>
#include <vector>

namespace codex::erasure::detail {

class Field {
public:
    /// The field of 256 words; made on first use, thread-safe.
    [[nodiscard]] static const Field& gf8();
    /// The field of 65536 words; made on first use, thread-safe.
    [[nodiscard]] static const Field& gf16();

    [[nodiscard]] unsigned bits() const { return bits_; }
    /// Order of the multiplicative group, 2^bits - 1: logs live modulo this.
    [[nodiscard]] std::uint32_t modulus() const { return modulus_; }
    /// The discrete log of a word, base x; modulus() for the word 0, which has none.
    [[nodiscard]] std::uint32_t log(std::uint32_t word) const { return log_[word]; }
    /// The word with this log; `exponent` <= modulus(), where modulus() means 0.
    [[nodiscard]] std::uint32_t exp(std::uint32_t exponent) const { return exp_[exponent]; }

    [[nodiscard]] std::uint32_t mul(std::uint32_t a, std::uint32_t b) const {
        return a == 0 || b == 0 ? 0 : exp_[add_logs(log_[a], log_[b])];
    }
    /// a / b; b is not 0.
    [[nodiscard]] std::uint32_t div(std::uint32_t a, std::uint32_t b) const {
        return a == 0 ? 0 : exp_[sub_logs(log_[a], log_[b])];
    }
    /// (a + b) mod modulus(), for a, b <= modulus().
    [[nodiscard]] std::uint32_t add_logs(std::uint32_t a, std::uint32_t b) const {
        const std::uint32_t sum = a + b;
        return sum >= modulus_ ? sum - modulus_ : sum;
    }
    /// (a - b) mod modulus(), for a, b <= modulus().
    [[nodiscard]] std::uint32_t sub_logs(std::uint32_t a, std::uint32_t b) const {
        return a >= b ? a - b : a + modulus_ - b;
    }

private:
    Field(unsigned bits, std::uint32_t polynomial, const std::uint16_t* basis);

    unsigned bits_;
    std::uint32_t modulus_;
    std::vector<std::uint16_t> log_;
    std::vector<std::uint16_t> exp_;
};

} // namespace codex::erasure::detail
