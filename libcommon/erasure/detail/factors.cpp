#include "erasure/detail/factors.hpp"

#include "erasure/detail/tower.hpp"

#include <cstring>

namespace codex::erasure::detail {

namespace {

std::uint8_t byte_of(std::uint32_t word, unsigned byte) {
    return static_cast<std::uint8_t>(word >> (8 * byte));
}

/// A word in the coordinates of tower.hpp, and one in these as a word.
std::uint32_t turned(std::uint32_t word) {
    for (unsigned bit = 0; bit < 8; ++bit)
        if ((word >> (8 + bit) & 1U) != 0)
            word ^= kTowerMap[bit];
    return word;
}

std::uint32_t product_of(const Field& field, std::uint32_t word, std::uint32_t operand,
                         bool tower) {
    return tower ? turned(field.mul(word, turned(operand))) : field.mul(word, operand);
}

void write_nibbles(const Field& field, std::uint32_t word, bool tower, std::uint8_t* to) {
    const unsigned bytes = field.bits() / 8;
    for (unsigned nibble = 0; nibble < 2 * bytes; ++nibble)
        for (std::uint32_t value = 0; value < 16; ++value) {
            const std::uint32_t product = product_of(field, word, value << (4 * nibble), tower);
            for (unsigned byte = 0; byte < bytes; ++byte)
                to[(nibble * bytes + byte) * 16 + value] = byte_of(product, byte);
        }
}

void write_affine(const Field& field, std::uint32_t word, bool tower, std::uint8_t* to) {
    const unsigned bytes = field.bits() / 8;
    std::memset(to, 0, std::size_t{bytes} * bytes * 8);
    for (unsigned from_bit = 0; from_bit < field.bits(); ++from_bit) {
        const std::uint32_t product = product_of(field, word, 1U << from_bit, tower);
        for (unsigned to_bit = 0; to_bit < field.bits(); ++to_bit) {
            const unsigned matrix = to_bit / 8 * bytes + from_bit / 8;
            if ((product >> to_bit & 1U) != 0)
                to[matrix * 8 + 7 - to_bit % 8] |= static_cast<std::uint8_t>(1U << from_bit % 8);
        }
    }
}

std::size_t record_size(const Field& field, FactorForm form) {
    if (form == FactorForm::nibbles)
        return field.bits() == 8 ? 32 : 128;
    return field.bits() == 8 ? 8 : 32;
}

} // namespace

Factors::Factors(const Field& field, FactorForm form, bool tower)
    : record_bytes_(record_size(field, form)), records_(record_bytes_ * 32 * field.bits()) {
    for (unsigned byte = 0; byte < field.bits() / 8; ++byte)
        for (std::uint32_t value = 0; value < 256; ++value) {
            std::uint8_t* to = records_.data() + (byte * 256 + value) * record_bytes_;
            const std::uint32_t word = value << (8 * byte);
            if (form == FactorForm::nibbles)
                write_nibbles(field, word, tower, to);
            else
                write_affine(field, word, tower, to);
        }
}

const Factors& Factors::of(const Field& field, FactorForm form) {
    // Each is made when it is asked for: those of the large field take a process longer than its
    // start.
    if (field.bits() == 8) {
        if (form == FactorForm::nibbles) {
            static const Factors nibbles8(Field::gf8(), FactorForm::nibbles, false);
            return nibbles8;
        }
        static const Factors affine8(Field::gf8(), FactorForm::affine, false);
        return affine8;
    }
    if (form == FactorForm::nibbles) {
        static const Factors nibbles16(Field::gf16(), FactorForm::nibbles, false);
        return nibbles16;
    }
    static const Factors affine16(Field::gf16(), FactorForm::affine, false);
    return affine16;
}

const Factors& Factors::of_transform(const Field& field, FactorForm form) {
    static const Factors nibbles16(Field::gf16(), FactorForm::nibbles, true);
    static const Factors affine16(Field::gf16(), FactorForm::affine, true);
    if (field.bits() == 8)
        return of(field, form);
    return form == FactorForm::nibbles ? nibbles16 : affine16;
}

void Factors::write(std::uint32_t word, std::uint8_t* to) const {
    const std::uint8_t* low = records_.data() + (word & 255U) * record_bytes_;
    std::memcpy(to, low, record_bytes_);
    if (word < 256)
        return;
    const std::uint8_t* high = records_.data() + (256 + (word >> 8)) * record_bytes_;
    for (std::size_t i = 0; i < record_bytes_; ++i)
        to[i] ^= high[i];
}

} // namespace codex::erasure::detail
