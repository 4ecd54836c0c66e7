// The optimal ate pairing of BN254 (Vercauteren, "Optimal pairings", 2010), which verification is
// about (codex-groth16(5), VERIFYING).
//
// Lines are evaluated in homogeneous coordinates on the twist, so this Miller loop has no
// inversions; several pairs share one loop and one final exponentiation. Many pairs are cheaper
// with shared inversions: many_pairs.hpp.
//
// The loop ends where it shows whether Q is in the subgroup of order r, which is all that a check
// has to compute (El Housni, Guillevic and Piellard, "Co-factor clearing and subgroup membership
// testing on pairing-friendly curves", 2022). With psi the q-power Frobenius carried to the twist
// and t = 6x^2 + 1 its trace, let phi = 6x + 2 + psi - psi^2 + psi^3.
// - On the subgroup psi is q, and 6x + 2 + q - q^2 + q^3 is a multiple of r: phi is zero there.
// - The twist has r h points, h = 2q - r prime to r. psi^2 = t psi - q turns phi into a + b psi
// with
//   a = 6x + 2 + q - tq and b = 1 - t + t^2 - q, an endomorphism of degree a^2 + abt + b^2 q. That
//   is prime to h, so phi takes no point of an order dividing h to zero but infinity, and a point
//   with a part outside the subgroup never.
// So Q is in the subgroup iff phi(Q) = 0; and (6x + 2) Q + psi(Q) - psi^2(Q) is where the loop
// ends.
#pragma once

#include "crypto/curve/curve.hpp"
#include "crypto/curve/detail/tower.hpp"

#include <span>
#include <vector>

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

/// The curve parameter x of BN254; q and r are polynomials in it.
constexpr std::uint64_t kBn254X = 0x44e992b44a6909f1;

/// Non-adjacent form of 6x + 2, lowest digit first.
struct AteDigits {
    signed char digit[66] = {};
    int count = 0;
    constexpr AteDigits() {
        // 6x + 2 = 2^64 + low.
        std::uint64_t low = 6 * kBn254X + 2;
        bool top = true;
        while (low != 0 || top) {
            signed char d = 0;
            bool carry = false;
            if (low & 1) {
                d = (low & 3) == 1 ? 1 : -1;
                carry = d == -1;
                low -= static_cast<std::uint64_t>(static_cast<std::int64_t>(d));
                if (carry && low == 0)
                    top = !top; // the carry ran through the low word
            }
            digit[count++] = d;
            low = low >> 1 | (top ? std::uint64_t{1} << 63 : 0);
            top = false;
        }
    }
};

struct Pairing {
    static constexpr AteDigits kDigits{};

    /// A running point on the twist, homogeneous: (x/z, y/z).
    struct Point {
        Fq2 x, y, z;
    };
    /// l0 yP + l3 xP w + l4 v w.
    struct Line {
        Fq2 l0, l3, l4;
    };

    static Line double_step(Point& p) {
        static const Fq half = Fq::from_u64(2).inverse();
        static const Fq2 twist_b = CurveConstants<Fq2>::b();
        const Fq2 a = p.x * p.y * half;
        const Fq2 b = p.y.square();
        const Fq2 c = p.z.square();
        const Fq2 e = twist_b * (c.doubled() + c);
        const Fq2 f = e.doubled() + e;
        const Fq2 g = (b + f) * half;
        const Fq2 h = (p.y + p.z).square() - (b + c);
        const Fq2 j = p.x.square();
        const Fq2 ee = e.square();
        p.x = a * (b - f);
        p.y = g.square() - (ee.doubled() + ee);
        p.z = b * h;
        return {-h, j.doubled() + j, e - b};
    }

    static Line add_step(Point& p, const G2& q) {
        const Fq2 theta = p.y - q.y * p.z;
        const Fq2 lambda = p.x - q.x * p.z;
        const Fq2 c = theta.square();
        const Fq2 d = lambda.square();
        const Fq2 e = lambda * d;
        const Fq2 f = p.z * c;
        const Fq2 g = p.x * d;
        const Fq2 h = e + f - g.doubled();
        p.x = lambda * h;
        p.y = theta * (g - h) - e * p.y;
        p.z *= e;
        return {lambda, -theta, theta * q.x - lambda * q.y};
    }

    static void apply(Fq12& f, const Line& line, const G1& p) {
        f = f.times_line(line.l0 * p.y, line.l3 * p.x, line.l4);
    }

    /// The q-power Frobenius carried to the twist.
    static G2 frobenius(const G2& q) {
        const auto& factor = FrobeniusTable::get().factor[1];
        return {q.x.conjugate() * factor[2], q.y.conjugate() * factor[3]};
    }

    /// phi(q) = 0, for a point on the twist.
    static bool in_subgroup(const G2& q) {
        G2Sum sum = G2Sum::from_affine(q);
        for (int bit = kDigits.count - 1; bit-- > 0;) {
            sum = sum.doubled();
            if (kDigits.digit[bit] != 0)
                sum += kDigits.digit[bit] > 0 ? q : -q;
        }
        const G2 q1 = frobenius(q);
        const G2 q2 = frobenius(q1);
        sum += q1;
        sum += -q2;
        sum += frobenius(q2);
        return sum.is_infinity();
    }

    /// The product of Miller functions; pairs with infinity count as one. outside[i] is set for the
    /// other pairs whose second point, on the twist, is not in the subgroup: then the product means
    /// nothing.
    ///
    /// For the points in it no step is exceptional, for the multiples that are added are different
    /// from each other and none is infinity. Where one is, z is zero, and stays so.
    static Fq12 miller(std::span<const G1> ps, std::span<const G2> qs, unsigned char* outside) {
        std::vector<std::size_t> live;
        std::vector<Point> points;
        for (std::size_t i = 0; i < ps.size(); ++i) {
            if (ps[i].is_infinity() || qs[i].is_infinity())
                continue;
            live.push_back(i);
            points.push_back({qs[i].x, qs[i].y, Fq2::one()});
        }
        Fq12 f = Fq12::one();
        for (int bit = kDigits.count - 1; bit-- > 0;) {
            f = f.square();
            for (std::size_t k = 0; k < live.size(); ++k) {
                apply(f, double_step(points[k]), ps[live[k]]);
                const int digit = kDigits.digit[bit];
                if (digit != 0)
                    apply(f, add_step(points[k], digit > 0 ? qs[live[k]] : -qs[live[k]]),
                          ps[live[k]]);
            }
        }
        for (std::size_t k = 0; k < live.size(); ++k) {
            const G2 q1 = frobenius(qs[live[k]]);
            const G2 q2 = -frobenius(q1);
            apply(f, add_step(points[k], q1), ps[live[k]]);
            apply(f, add_step(points[k], q2), ps[live[k]]);
            const G2 end = frobenius(q2);
            const Point& p = points[k];
            if (p.z.is_zero() || p.x != end.x * p.z || p.y != end.y * p.z)
                outside[live[k]] = 1;
        }
        return f;
    }

    /// f^x in the cyclotomic subgroup.
    static Fq12 power_x(const Fq12& f) {
        Fq12 result = f;
        for (int bit = 62; bit-- > 0;) {
            result = result.cyclotomic_square();
            if ((kBn254X >> bit) & 1)
                result *= f;
        }
        return result;
    }

    /// f^(c (q^12 - 1) / r) with c = 2x(6x^2 + 3x + 1), by Fuentes-Castaneda, Knapp and
    /// Rodriguez-Henriquez ("Faster hashing to G2", 2011): three powers of x instead of the
    /// exponent itself. c is prime to r, and other implementations (snarkjs) print this multiple.
    static Fq12 final_exponentiation(const Fq12& f) {
        Fq12 m = f.conjugate() * f.inverse(); // q^6 - 1
        m = m.frobenius(2) * m;               // q^2 + 1
        const Fq12 m2x = power_x(m).cyclotomic_square();
        const Fq12 m6x = m2x.cyclotomic_square() * m2x;
        const Fq12 m6xx = power_x(m6x);
        const Fq12 m12xxx = power_x(m6xx.cyclotomic_square());
        const Fq12 a = m12xxx * m6xx * m6x;
        const Fq12 b = a * m2x.conjugate();
        return a * m6xx * m * b.frobenius(1) * a.frobenius(2) * (b * m.conjugate()).frobenius(3);
    }
};

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
