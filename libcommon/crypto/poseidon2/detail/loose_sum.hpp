// Sums of field elements in five words, not reduced as they grow: in the linear layers of the
// permutation a reduced addition costs a third of a product, and there are two for each product.
#pragma once

#include "crypto/field/field.hpp"

namespace codex::crypto::poseidon2 {
inline namespace CODEX_FIELD_ISA {

/// A factor of products: four words in Montgomery form, below 2p.
using Loose = Limbs;

struct LooseSum {
    std::uint64_t word[5];

    LooseSum() = default;
    explicit LooseSum(const Loose& a) : word{a[0], a[1], a[2], a[3], 0} {}

    LooseSum& operator+=(const LooseSum& a) {
#if defined(__x86_64__)
        __asm__("addq %[a0], %[t0]\n\t"
                "adcq %[a1], %[t1]\n\t"
                "adcq %[a2], %[t2]\n\t"
                "adcq %[a3], %[t3]\n\t"
                "adcq %[a4], %[t4]\n\t"
                : [t0] "+&r"(word[0]), [t1] "+&r"(word[1]), [t2] "+&r"(word[2]),
                  [t3] "+&r"(word[3]), [t4] "+&r"(word[4])
                : [a0] "rm"(a.word[0]), [a1] "rm"(a.word[1]), [a2] "rm"(a.word[2]),
                  [a3] "rm"(a.word[3]), [a4] "rm"(a.word[4])
                : "cc");
#else
        std::uint64_t carry = 0;
        for (int i = 0; i < 5; ++i)
            word[i] = limbs::add_carry(word[i], a.word[i], carry);
#endif
        return *this;
    }

    LooseSum& operator+=(const Loose& a) {
#if defined(__x86_64__)
        __asm__("addq %[a0], %[t0]\n\t"
                "adcq %[a1], %[t1]\n\t"
                "adcq %[a2], %[t2]\n\t"
                "adcq %[a3], %[t3]\n\t"
                "adcq $0, %[t4]\n\t"
                : [t0] "+&r"(word[0]), [t1] "+&r"(word[1]), [t2] "+&r"(word[2]),
                  [t3] "+&r"(word[3]), [t4] "+&r"(word[4])
                : [a0] "rm"(a[0]), [a1] "rm"(a[1]), [a2] "rm"(a[2]), [a3] "rm"(a[3])
                : "cc");
        return *this;
#else
        return *this += LooseSum(a);
#endif
    }

    /// A sum below kLimit * p modulo p, below 1.01 p.
    ///
    /// The quotient is estimated as q = floor(h R / 2^64), where h is the sum without its low 246
    /// bits and R = floor(2^310 / p). It is short of sum / p by less than 1 for the floor, 2^246 /
    /// p < 0.006 for h, and h / 2^64 < 2^-16 for R.
    [[nodiscard]] Loose reduced() const {
        using limbs::Wide;
        constexpr auto& kP = FrParams::kModulus;
        const std::uint64_t high = word[4] << 10 | word[3] >> 54;
        const auto q = static_cast<std::uint64_t>(Wide{high} * kReciprocal >> 64);
        // What is left is below 2^256, so nothing above is needed.
        const Wide m0 = Wide{q} * kP[0];
        const Wide m1 = Wide{q} * kP[1];
        const Wide m2 = Wide{q} * kP[2];
        const std::uint64_t m3 = q * kP[3];
        const auto low = [](Wide m) { return static_cast<std::uint64_t>(m); };
        const auto top = [](Wide m) { return static_cast<std::uint64_t>(m >> 64); };
        Loose rest = {word[0], word[1], word[2], word[3]};
#if defined(__x86_64__)
        __asm__("subq %[l0], %[t0]\n\t"
                "sbbq %[l1], %[t1]\n\t"
                "sbbq %[l2], %[t2]\n\t"
                "sbbq %[l3], %[t3]\n\t"
                "subq %[h0], %[t1]\n\t"
                "sbbq %[h1], %[t2]\n\t"
                "sbbq %[h2], %[t3]\n\t"
                : [t0] "+&r"(rest[0]), [t1] "+&r"(rest[1]), [t2] "+&r"(rest[2]), [t3] "+&r"(rest[3])
                : [l0] "rm"(low(m0)), [l1] "rm"(low(m1)), [l2] "rm"(low(m2)), [l3] "rm"(m3),
                  [h0] "rm"(top(m0)), [h1] "rm"(top(m1)), [h2] "rm"(top(m2))
                : "cc");
#else
        std::uint64_t borrow = 0;
        rest[0] = limbs::sub_borrow(rest[0], low(m0), borrow);
        rest[1] = limbs::sub_borrow(rest[1], low(m1), borrow);
        rest[2] = limbs::sub_borrow(rest[2], low(m2), borrow);
        rest[3] = limbs::sub_borrow(rest[3], m3, borrow);
        borrow = 0;
        rest[1] = limbs::sub_borrow(rest[1], top(m0), borrow);
        rest[2] = limbs::sub_borrow(rest[2], top(m1), borrow);
        rest[3] = limbs::sub_borrow(rest[3], top(m2), borrow);
#endif
        return rest;
    }

    static constexpr std::uint64_t kLimit = std::uint64_t{1} << 40;

private:
    static constexpr std::uint64_t kReciprocal = 0x15291d18988e812; ///< floor(2^310 / p)
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto::poseidon2
