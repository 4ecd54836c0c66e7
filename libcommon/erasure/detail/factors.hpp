// Constant multipliers in the forms the kernels read.
#pragma once

#include "erasure/detail/field.hpp"
#include "erasure/detail/kernels.hpp"

namespace codex::erasure::detail {

/// Writes factor records: multiplication by a word is linear over GF(2), and so is the record in
/// the word, which makes a record the XOR of one prepared record for each byte of the word.
///
/// nibbles: for each nibble of the operand, lowest first, the 16 low bytes of its products, then
/// (GF(2^16)) the 16 high bytes. affine: the 8x8 bit matrix as vgf2p8affineqb takes it, row of bit
/// 0 in the highest byte; GF(2^16) has four: low to low, high to low, low to high, high to high.
class Factors {
public:
    /// Made on first use, thread-safe. `field` is one of the two.
    [[nodiscard]] static const Factors& of(const Field& field, FactorForm form);
    /// The same for operands and products of GF(2^16) in the coordinates of tower.hpp, which the
    /// transforms compute in; those of GF(2^8) are no others.
    [[nodiscard]] static const Factors& of_transform(const Field& field, FactorForm form);

    [[nodiscard]] std::size_t record_bytes() const { return record_bytes_; }
    /// Writes record_bytes() bytes at `to`.
    void write(std::uint32_t word, std::uint8_t* to) const;

private:
    Factors(const Field& field, FactorForm form, bool tower);

    std::size_t record_bytes_;
    std::vector<std::uint8_t> records_; ///< 256 for the low byte, then 256 for the high byte
};

} // namespace codex::erasure::detail
