// The moduli of BN254 in five 52-bit limbs, for lanes whose Montgomery form is a * 2^260 mod p.
// Plain numbers: files compiled for any machine may include it.
#pragma once

#include <cstdint>

namespace codex::crypto::limbs52 {

struct FrLimbs52 {
    static constexpr std::uint64_t kModulus[5] = {0x1f593f0000001, 0x4879b9709143e, 0x181585d2833e8,
                                                  0xa029b85045b68, 0x030644e72e131};
    static constexpr std::uint64_t kNegInverse = 0x1f593efffffff; ///< -1/p mod 2^52
    static constexpr std::uint64_t kSquare[5] = {0x0b852d16da6f5, 0xc621620cddce3, 0xaf1b95343ffb6,
                                                 0xc3c15e103e7c2, 0x00281528fa122}; ///< 2^520 mod p
    static constexpr std::uint64_t kFrom256[5] = {0x31f8c9ffffab6, 0xac31329faef6e, 0x9e2a3495d7570,
                                                  0xe357276f48b70,
                                                  0x00d791464ef86}; ///< 2^264 mod p
    static constexpr std::uint64_t kTo256[5] = {0x6341c4ffffffb, 0x959f60cd29ac9, 0x879462e36fc76,
                                                0xdf2f666ea36f7, 0x00e0a77c19a07}; ///< 2^256 mod p
    static constexpr std::uint64_t kOne[5] = {0xb6b753fffffac, 0x380f271055b9d, 0x18f016ecef7c8,
                                              0x724f85a9201d8, 0x01f16424e1bb7}; ///< 2^260 mod p
};
struct FqLimbs52 {
    static constexpr std::uint64_t kModulus[5] = {0x08c16d87cfd47, 0x916871ca8d3c2, 0x181585d97816a,
                                                  0xa029b85045b68, 0x030644e72e131};
    static constexpr std::uint64_t kNegInverse = 0x20782e4866389;
    static constexpr std::uint64_t kSquare[5] = {0x8a81d1966eb04, 0x6195018016b86, 0xb4f898c98e615,
                                                 0x9969bfd531600, 0x00a8469a30d3a};
    static constexpr std::uint64_t kFrom256[5] = {0xb0f2afaec667a, 0xed9626b0fffbd, 0x9e2a0fcad825a,
                                                  0xe357276f48b70, 0x00d791464ef86};
    static constexpr std::uint64_t kTo256[5] = {0xd438dc58f0d9d, 0x28f5c70b3dd35, 0x879462c0a78eb,
                                                0xdf2f666ea36f7, 0x00e0a77c19a07};
    static constexpr std::uint64_t kOne[5] = {0x20880f6fce4b4, 0x49baa989a8455, 0x18f014a498908,
                                              0x724f85a9201d8, 0x01f16424e1bb7};
    /// beta * 2^260 mod p: (beta x, y) is lambda times the point (x, y).
    static constexpr std::uint64_t kBeta[5] = {0x917dda1583b6e, 0xdc45aa1e7dcf6, 0x22e6f2c22a573,
                                               0xd1f28e9f64523, 0x01e37a68a14dd};
};

} // namespace codex::crypto::limbs52
