// GF(2^16) as pairs of words of its subfield of 256, for the transforms: plain constants.
//
// The words below 256 are a subfield (codex-erasure(5), THE FIELD), and with g = word 256 every
// word is a + b g with a and b in it, where b is the high byte and a the low one but for a linear
// map of the high byte. In those coordinates a factor below 256 multiplies both bytes alike, which
// is half of what a product of 16 bits takes; and of the factors of transforms most are below 256.
#pragma once

#include <cstdint>

namespace codex::erasure::detail {

/// What each bit of the high byte adds to the low one: the low byte of (word 1 << i) * (word 256).
/// A word goes into the coordinates and out of them in the same way.
inline constexpr std::uint8_t kTowerMap[8] = {0x00, 0xCF, 0xAB, 0x21, 0x8A, 0x9D, 0x27, 0x1F};

/// That map as the kernels look it up: of each nibble, and as vgf2p8affineqb takes it.
struct TowerTables {
    alignas(16) std::uint8_t nibbles[32] = {};
    std::uint8_t matrix[8] = {};

    constexpr TowerTables() {
        for (unsigned bit = 0; bit < 8; ++bit) {
            for (unsigned value = 0; value < 16; ++value)
                if ((value >> bit % 4 & 1U) != 0)
                    nibbles[bit / 4 * 16 + value] ^= kTowerMap[bit];
            for (unsigned to = 0; to < 8; ++to)
                if ((kTowerMap[bit] >> to & 1U) != 0)
                    matrix[7 - to] = static_cast<std::uint8_t>(matrix[7 - to] | 1U << bit);
        }
    }
};
inline constexpr TowerTables kTower;

} // namespace codex::erasure::detail
