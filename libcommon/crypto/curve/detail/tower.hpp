// Fq6 = Fq2[v] / (v^3 - xi) and Fq12 = Fq6[w] / (w^2 - v), xi = 9 + u: where pairings live.
#pragma once

#include "crypto/curve/fq2.hpp"

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

struct Fq6 {
    Fq2 c0;
    Fq2 c1;
    Fq2 c2;

    [[nodiscard]] static Fq6 one() { return {Fq2::one(), {}, {}}; }
    friend Fq6 operator+(const Fq6& a, const Fq6& b) {
        return {a.c0 + b.c0, a.c1 + b.c1, a.c2 + b.c2};
    }
    friend Fq6 operator-(const Fq6& a, const Fq6& b) {
        return {a.c0 - b.c0, a.c1 - b.c1, a.c2 - b.c2};
    }
    Fq6 operator-() const { return {-c0, -c1, -c2}; }
    friend Fq6 operator*(const Fq6& a, const Fq6& b) {
        const Fq2 t0 = a.c0 * b.c0;
        const Fq2 t1 = a.c1 * b.c1;
        const Fq2 t2 = a.c2 * b.c2;
        return {t0 + ((a.c1 + a.c2) * (b.c1 + b.c2) - t1 - t2).times_xi(),
                (a.c0 + a.c1) * (b.c0 + b.c1) - t0 - t1 + t2.times_xi(),
                (a.c0 + a.c2) * (b.c0 + b.c2) - t0 - t2 + t1};
    }
    friend Fq6 operator*(const Fq6& a, const Fq2& b) { return {a.c0 * b, a.c1 * b, a.c2 * b}; }
    /// Times b0 + b1 v.
    [[nodiscard]] Fq6 times_01(const Fq2& b0, const Fq2& b1) const {
        const Fq2 t0 = c0 * b0;
        const Fq2 t1 = c1 * b1;
        return {t0 + (c2 * b1).times_xi(), (c0 + c1) * (b0 + b1) - t0 - t1, c2 * b0 + t1};
    }
    /// Times v.
    [[nodiscard]] Fq6 times_v() const { return {c2.times_xi(), c0, c1}; }
    [[nodiscard]] Fq6 inverse() const {
        const Fq2 t0 = c0.square() - (c1 * c2).times_xi();
        const Fq2 t1 = c2.square().times_xi() - c0 * c1;
        const Fq2 t2 = c1.square() - c0 * c2;
        const Fq2 norm = (c0 * t0 + (c2 * t1 + c1 * t2).times_xi()).inverse();
        return {t0 * norm, t1 * norm, t2 * norm};
    }
    friend bool operator==(const Fq6&, const Fq6&) = default;
};

struct Fq12 {
    Fq6 c0;
    Fq6 c1;

    [[nodiscard]] static Fq12 one() { return {Fq6::one(), {}}; }
    friend Fq12 operator*(const Fq12& a, const Fq12& b) {
        const Fq6 t0 = a.c0 * b.c0;
        const Fq6 t1 = a.c1 * b.c1;
        return {t0 + t1.times_v(), (a.c0 + a.c1) * (b.c0 + b.c1) - t0 - t1};
    }
    Fq12& operator*=(const Fq12& b) { return *this = *this * b; }
    [[nodiscard]] Fq12 square() const {
        const Fq6 product = c0 * c1;
        return {(c0 + c1) * (c0 + c1.times_v()) - product - product.times_v(), product + product};
    }
    /// The square of an element whose order divides q^4 - q^2 + 1, by half the products of square()
    /// (Granger and Scott, "Faster squaring in the cyclotomic subgroup of sixth degree extensions",
    /// 2010).
    [[nodiscard]] Fq12 cyclotomic_square() const {
        struct Fq4 {
            Fq2 even, odd;
        };
        // (a + b s)^2 for s^2 = xi.
        const auto squared = [](const Fq2& a, const Fq2& b) {
            const Fq2 ab = a * b;
            return Fq4{(a + b) * (a + b.times_xi()) - ab - ab.times_xi(), ab.doubled()};
        };
        const auto less = [](const Fq2& t, const Fq2& z) { return (t - z).doubled() + t; };
        const auto more = [](const Fq2& t, const Fq2& z) { return (t + z).doubled() + t; };
        const Fq4 p = squared(c0.c0, c1.c1);
        const Fq4 q = squared(c1.c0, c0.c2);
        const Fq4 r = squared(c0.c1, c1.c2);
        return {{less(p.even, c0.c0), less(q.even, c0.c1), less(r.even, c0.c2)},
                {more(r.odd.times_xi(), c1.c0), more(p.odd, c1.c1), more(q.odd, c1.c2)}};
    }
    /// Times the sparse l0 + l3 w + l4 v w of a line.
    [[nodiscard]] Fq12 times_line(const Fq2& l0, const Fq2& l3, const Fq2& l4) const {
        const Fq6 t0 = c0 * l0;
        const Fq6 t1 = c1.times_01(l3, l4);
        return {t0 + t1.times_v(), (c0 + c1).times_01(l0 + l3, l4) - t0 - t1};
    }
    /// The q^6-th power; the inverse of elements of the cyclotomic subgroup.
    [[nodiscard]] Fq12 conjugate() const { return {c0, -c1}; }
    [[nodiscard]] Fq12 inverse() const {
        const Fq6 norm = (c0 * c0 - (c1 * c1).times_v()).inverse();
        return {c0 * norm, -(c1 * norm)};
    }
    /// The q^power-th power, power 1 to 3.
    [[nodiscard]] Fq12 frobenius(unsigned power) const;
    friend bool operator==(const Fq12&, const Fq12&) = default;
};

/// xi^(k (q^power - 1) / 6) for k = 0..5 and power 1..3: how the Frobenius turns the basis.
struct FrobeniusTable {
    Fq2 factor[4][6];

    FrobeniusTable() {
        // (q - 1) / 6.
        constexpr Limbs kSixth = {0x34b017592414d4e1, 0xee9591c2e6bda1c2, 0xf40d60f3c0403964,
                                  0x0810b7bdd032f006};
        const Fq2 base = Fq2{Fq::from_u64(9), Fq::one()}.pow(kSixth);
        for (int k = 0; k < 6; ++k) {
            factor[1][k] = k == 0 ? Fq2::one() : factor[1][k - 1] * base;
            // c^(q^(n+1) - 1) = (c^(q^n - 1))^q * c^(q - 1).
            factor[2][k] = factor[1][k].conjugate() * factor[1][k];
            factor[3][k] = factor[2][k].conjugate() * factor[1][k];
        }
    }
    [[nodiscard]] static const FrobeniusTable& get() {
        static const FrobeniusTable table;
        return table;
    }
};

inline Fq12 Fq12::frobenius(unsigned power) const {
    const Fq2(&factor)[6] = FrobeniusTable::get().factor[power];
    const auto turn = [&](const Fq2& a, int k) {
        return (power % 2 == 1 ? a.conjugate() : a) * factor[k];
    };
    // The basis 1, w, v = w^2, ... : coefficient of w^k turns by factor[k].
    return {{turn(c0.c0, 0), turn(c0.c1, 2), turn(c0.c2, 4)},
            {turn(c1.c0, 1), turn(c1.c1, 3), turn(c1.c2, 5)}};
}

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
