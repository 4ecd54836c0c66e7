// The code by its definition (codex-erasure(5), THE CODE), slow and obvious: what every kernel is
// compared with. It shares nothing with the library: products are made in the polynomial basis, bit
// by bit.
#pragma once

#include "base/bytes.hpp"

#include <vector>

namespace codex::erasure::test {

class ReferenceField {
public:
    explicit ReferenceField(unsigned bits) : bits_(bits), word_of_(std::size_t{1} << bits) {
        for (std::uint32_t word = 0; word < word_of_.size(); ++word)
            word_of_[element(word)] = word;
    }

    [[nodiscard]] std::uint32_t mul(std::uint32_t a, std::uint32_t b) const {
        const std::uint32_t x = element(a);
        std::uint32_t y = element(b);
        std::uint32_t product = 0;
        for (unsigned bit = 0; bit < bits_; ++bit) {
            if ((x >> bit & 1U) != 0)
                product ^= y;
            y <<= 1;
            if ((y >> bits_) != 0)
                y ^= bits_ == 8 ? 0x11DU : 0x1002DU;
        }
        return word_of_[product];
    }

    /// a^(order - 2), the inverse of a word that is not 0.
    [[nodiscard]] std::uint32_t inverse(std::uint32_t a) const {
        std::uint32_t result = 1;
        for (unsigned bit = 1; bit < bits_; ++bit) {
            a = mul(a, a);
            result = mul(result, a);
        }
        return result;
    }

private:
    [[nodiscard]] std::uint32_t element(std::uint32_t word) const {
        static constexpr std::uint32_t kBasis8[] = {1, 214, 152, 146, 86, 200, 88, 230};
        static constexpr std::uint32_t kBasis16[] = {0x0001, 0xACCA, 0x3C0E, 0x163E, 0xC582, 0xED2E,
                                                     0x914C, 0x4012, 0x6C98, 0x10D8, 0x6A72, 0xB900,
                                                     0xFDB8, 0xFB34, 0xFF38, 0x991E};
        std::uint32_t sum = 0;
        for (unsigned bit = 0; bit < bits_; ++bit)
            if ((word >> bit & 1U) != 0)
                sum ^= bits_ == 8 ? kBasis8[bit] : kBasis16[bit];
        return sum;
    }

    unsigned bits_;
    std::vector<std::uint32_t> word_of_;
};

/// The parity of `data` (equal sizes, multiples of 64).
inline std::vector<Bytes> reference_parity(const std::vector<Bytes>& data, std::uint32_t m) {
    static const ReferenceField small(8);
    static const ReferenceField large(16);
    std::uint32_t log_size = 0;
    while ((1U << log_size) < m)
        ++log_size;
    const std::uint32_t size = 1U << log_size;
    const bool wide = size + data.size() > 256;
    const ReferenceField& field = wide ? large : small;

    std::vector<Bytes> parity(m, Bytes(data[0].size()));
    for (std::uint32_t i = 0; i < m; ++i)
        for (std::uint32_t j = 0; j < data.size(); ++j) {
            const std::uint32_t factor =
                field.mul((size + j) >> log_size, field.inverse(i ^ (size + j)));
            for (std::size_t at = 0; at < data[j].size(); ++at) {
                if (!wide) {
                    parity[i][at] ^= static_cast<std::uint8_t>(field.mul(factor, data[j][at]));
                } else if (at % 64 < 32) {
                    const std::uint32_t word =
                        data[j][at] | static_cast<std::uint32_t>(data[j][at + 32]) << 8;
                    const std::uint32_t product = field.mul(factor, word);
                    parity[i][at] ^= static_cast<std::uint8_t>(product);
                    parity[i][at + 32] ^= static_cast<std::uint8_t>(product >> 8);
                }
            }
        }
    return parity;
}

} // namespace codex::erasure::test
