// Fq2 = Fq[u] / (u^2 + 1), the field of G2's coordinates (codex-groth16(5), FIELDS AND GROUPS).
#pragma once

#include "crypto/field/field.hpp"

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

/// c0 + c1 u.
struct Fq2 {
    Fq c0;
    Fq c1;

    [[nodiscard]] static constexpr Fq2 zero() { return {}; }
    [[nodiscard]] static constexpr Fq2 one() { return {Fq::one(), Fq::zero()}; }
    [[nodiscard]] static Fq2 from_u64(std::uint64_t value) { return {Fq::from_u64(value), Fq()}; }
    [[nodiscard]] bool is_zero() const { return c0.is_zero() && c1.is_zero(); }

    friend Fq2 operator+(const Fq2& a, const Fq2& b) { return {a.c0 + b.c0, a.c1 + b.c1}; }
    friend Fq2 operator-(const Fq2& a, const Fq2& b) { return {a.c0 - b.c0, a.c1 - b.c1}; }
    Fq2 operator-() const { return {-c0, -c1}; }
    /// Karatsuba: three products.
    friend Fq2 operator*(const Fq2& a, const Fq2& b) {
        const Fq low = a.c0 * b.c0;
        const Fq high = a.c1 * b.c1;
        return {low - high, (a.c0 + a.c1) * (b.c0 + b.c1) - low - high};
    }
    friend Fq2 operator*(const Fq2& a, const Fq& b) { return {a.c0 * b, a.c1 * b}; }
    Fq2& operator+=(const Fq2& b) { return *this = *this + b; }
    Fq2& operator-=(const Fq2& b) { return *this = *this - b; }
    Fq2& operator*=(const Fq2& b) { return *this = *this * b; }
    [[nodiscard]] Fq2 square() const { return {(c0 + c1) * (c0 - c1), (c0 * c1).doubled()}; }
    [[nodiscard]] Fq2 doubled() const { return {c0.doubled(), c1.doubled()}; }
    /// c0 - c1 u, which is the q-th power.
    [[nodiscard]] Fq2 conjugate() const { return {c0, -c1}; }
    /// Times xi = 9 + u, the non-residue of the tower.
    [[nodiscard]] Fq2 times_xi() const {
        const Fq2 eight = doubled().doubled().doubled();
        return {eight.c0 + c0 - c1, eight.c1 + c1 + c0};
    }
    /// 1/this, and 0 for 0.
    [[nodiscard]] Fq2 inverse() const {
        const Fq norm = (c0.square() + c1.square()).inverse();
        return {c0 * norm, -(c1 * norm)};
    }
    [[nodiscard]] Fq2 pow(const Limbs& exponent) const {
        Fq2 result = one();
        for (std::size_t bit = 256; bit-- > 0;) {
            result = result.square();
            if ((exponent[bit / 64] >> (bit % 64)) & 1)
                result *= *this;
        }
        return result;
    }

    friend bool operator==(const Fq2&, const Fq2&) = default;
};

static_assert(sizeof(Fq2) == 64);

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
