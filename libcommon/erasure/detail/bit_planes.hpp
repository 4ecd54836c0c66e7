// Buffers taken apart by bits, so that a product with a constant is sums: for processors without an
// instruction that looks bytes up.
//
// A block is 512 bytes of a buffer. Its plane b has bit b of all bytes, a bit each, in an order
// that no computation depends on. The words of GF(2^16) have planes for their low bytes in the
// first half of a block's and for their high bytes in the second, so that a factor that multiplies
// both alike treats either field in the same way.
//
// A product is eight planes, each the sum of some of the operand's: which ones, the rows of the 8x8
// bit matrix say. All sums of the lower four planes and all of the upper are made once, and each
// plane of a product is one of either. (What J. Uezato does in "Accelerating XOR-based erasure
// coding using program optimization techniques", SC 2021, without a program for each matrix.)
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace codex::erasure::detail {

/// Sixteen bytes, side by side: the compiler has registers for them, or makes them of smaller ones.
using Vector = std::uint64_t __attribute__((vector_size(16)));

inline Vector load(const std::uint8_t* from) {
    Vector x;
    std::memcpy(&x, from, sizeof x);
    return x;
}
inline void store(std::uint8_t* to, const Vector& x) {
    std::memcpy(to, &x, sizeof x);
}

constexpr std::size_t kBlockBytes = 512;
constexpr std::size_t kParts = 4; ///< Vectors of a plane

struct Block {
    Vector planes[8][kParts];
};

/// The sums of a block's lower four planes, sum i of those that the bits of i say, then 16 of the
/// upper four.
struct Sums {
    Vector of[32][kParts];
};

/// Bits 4, 2 or 1 places apart: those of `a` whose place has kPlaces change with those of `b` whose
/// place has not.
template <unsigned kPlaces> [[gnu::always_inline]] inline void exchange(Vector& a, Vector& b) {
    constexpr std::uint64_t kMask = kPlaces == 4   ? 0x0F0F0F0F0F0F0F0F
                                    : kPlaces == 2 ? 0x3333333333333333
                                                   : 0x5555555555555555;
    const Vector changed = ((a >> kPlaces) ^ b) & kMask;
    b ^= changed;
    a ^= changed << kPlaces;
}

/// Eight Vectors to the eight planes of them, or back.
[[gnu::always_inline]] inline void transpose(Vector (&v)[8]) {
    exchange<4>(v[0], v[4]);
    exchange<4>(v[1], v[5]);
    exchange<4>(v[2], v[6]);
    exchange<4>(v[3], v[7]);
    exchange<2>(v[0], v[2]);
    exchange<2>(v[1], v[3]);
    exchange<2>(v[4], v[6]);
    exchange<2>(v[5], v[7]);
    exchange<1>(v[0], v[1]);
    exchange<1>(v[2], v[3]);
    exchange<1>(v[4], v[5]);
    exchange<1>(v[6], v[7]);
}

/// Where Vector i of part `part` lies in a buffer of words of so many bytes: chunks of 64 have low
/// bytes in their first half.
template <unsigned kWordBytes> constexpr std::size_t place_of(std::size_t part, std::size_t i) {
    if constexpr (kWordBytes == 1)
        return part * 128 + i * 16;
    else
        return part % 2 * 256 + part / 2 * 32 + i / 2 * 64 + i % 2 * 16;
}

/// The planes of the kBlockBytes at `from`.
template <unsigned kWordBytes> void take_apart(const std::uint8_t* from, Block& to) {
    for (std::size_t part = 0; part < kParts; ++part) {
        Vector v[8];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i)
            v[i] = load(from + place_of<kWordBytes>(part, i));
        transpose(v);
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i)
            to.planes[i][part] = v[i];
    }
}

/// The bytes of which `from` is the planes; added to what is there if kAdded.
template <unsigned kWordBytes, bool kAdded = false>
void put_together(const Block& from, std::uint8_t* to) {
    for (std::size_t part = 0; part < kParts; ++part) {
        Vector v[8];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i)
            v[i] = from.planes[i][part];
        transpose(v);
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i) {
            std::uint8_t* place = to + place_of<kWordBytes>(part, i);
            store(place, kAdded ? v[i] ^ load(place) : v[i]);
        }
    }
}

/// The same of fewer bytes than a block has, a multiple of 64; the rest is zeros, or not written.
template <unsigned kWordBytes>
void take_apart(const std::uint8_t* from, std::size_t bytes, Block& to) {
    if (bytes >= kBlockBytes)
        return take_apart<kWordBytes>(from, to);
    alignas(Vector) std::uint8_t padded[kBlockBytes] = {};
    std::memcpy(padded, from, bytes);
    take_apart<kWordBytes>(padded, to);
}
template <unsigned kWordBytes>
void put_together(const Block& from, std::uint8_t* to, std::size_t bytes) {
    if (bytes >= kBlockBytes)
        return put_together<kWordBytes>(from, to);
    alignas(Vector) std::uint8_t whole[kBlockBytes];
    put_together<kWordBytes>(from, whole);
    std::memcpy(to, whole, bytes);
}

[[gnu::always_inline]] inline void add_up(const Block& x, Sums& sums) {
    for (std::size_t part = 0; part < kParts; ++part)
#pragma GCC unroll 2
        for (std::size_t half = 0; half < 2; ++half) {
            Vector sum[16];
            sum[0] = Vector{};
            sums.of[16 * half][part] = sum[0];
#pragma GCC unroll 16
            for (std::size_t i = 1; i < 16; ++i) { // one plane more than some sum before
                const auto bit = static_cast<std::size_t>(std::countr_zero(i));
                sum[i] = sum[i & (i - 1)] ^ x.planes[4 * half + bit][part];
                sums.of[16 * half + i][part] = sum[i];
            }
        }
}

/// Adds to the parts [kFirst, kFirst + kCount) of a plane that row of a product, of the operand's
/// parts from kFrom on.
template <std::size_t kFirst, std::size_t kFrom, std::size_t kCount>
[[gnu::always_inline]] inline void add_row(Vector* plane, const Sums& operand, std::uint8_t row) {
    const Vector* low = operand.of[row & 15U];
    const Vector* high = operand.of[16 + (row >> 4)];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < kCount; ++i)
        plane[kFirst + i] ^= low[kFrom + i] ^ high[kFrom + i];
}

/// What a factor's record (factors.hpp, affine) has for plane `bit`.
inline std::uint8_t row_of(const std::uint8_t* record, std::size_t bit) {
    return record[7 - bit];
}

/// Adds a product by a factor that multiplies all bytes alike.
[[gnu::always_inline]] inline void add_product(Vector* plane, const Sums& operand,
                                               const std::uint8_t* record, std::size_t bit) {
    add_row<0, 0, kParts>(plane, operand, row_of(record, bit));
}

/// Adds a product by any factor of GF(2^16).
[[gnu::always_inline]] inline void add_wide_product(Vector* plane, const Sums& operand,
                                                    const std::uint8_t* record, std::size_t bit) {
    add_row<0, 0, kParts / 2>(plane, operand, row_of(record, bit));
    add_row<0, 2, kParts / 2>(plane, operand, row_of(record + 8, bit));
    add_row<2, 0, kParts / 2>(plane, operand, row_of(record + 16, bit));
    add_row<2, 2, kParts / 2>(plane, operand, row_of(record + 24, bit));
}

} // namespace codex::erasure::detail
