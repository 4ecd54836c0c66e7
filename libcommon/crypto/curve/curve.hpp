// The groups G1 and G2 of BN254: y^2 = x^3 + b over Fq and Fq2 (codex-groth16(5), FIELDS AND
// GROUPS).
//
// Affine points are what files and proofs hold: two Montgomery-form coordinates, infinity as all
// zero bytes (no curve point has x = y = 0, for b is not 0). Jacobian points, (X/Z^2, Y/Z^3), are
// for sums.
#pragma once

#include "crypto/curve/fq2.hpp"

namespace codex::crypto {

/// What differs between the groups: the constant b of the equation.
template <class F> struct CurveConstants;

template <class F> struct Affine {
    F x;
    F y;

    [[nodiscard]] static Affine infinity() { return {}; }
    [[nodiscard]] bool is_infinity() const { return x.is_zero() && y.is_zero(); }
    /// The curve equation holds; true for infinity. Says nothing of the subgroup.
    [[nodiscard]] bool is_on_curve() const {
        return is_infinity() || y.square() == x.square() * x + CurveConstants<F>::b();
    }
    Affine operator-() const { return {x, -y}; }
    friend bool operator==(const Affine&, const Affine&) = default;
};

template <class F> struct Jacobian {
    F x;
    F y;
    F z; ///< zero: infinity

    [[nodiscard]] static Jacobian infinity() { return {}; }
    [[nodiscard]] static Jacobian from_affine(const Affine<F>& p) {
        return p.is_infinity() ? infinity() : Jacobian{p.x, p.y, F::one()};
    }
    [[nodiscard]] bool is_infinity() const { return z.is_zero(); }
    Jacobian operator-() const { return {x, -y, z}; }

    /// 2 this (a = 0: "dbl-2009-l" of the Explicit-Formulas Database).
    [[nodiscard]] Jacobian doubled() const {
        const F a = x.square();
        const F b = y.square();
        const F c = b.square();
        const F d = ((x + b).square() - a - c).doubled();
        const F e = a.doubled() + a;
        Jacobian result;
        result.x = e.square() - d.doubled();
        result.y = e * (d - result.x) - c.doubled().doubled().doubled();
        result.z = (y * z).doubled();
        return result;
    }

    /// Mixed addition ("madd-2007-bl"), every case handled; the time depends on the case.
    friend Jacobian operator+(const Jacobian& p, const Affine<F>& q) {
        if (q.is_infinity())
            return p;
        if (p.is_infinity())
            return from_affine(q);
        const F zz = p.z.square();
        const F h = q.x * zz - p.x;
        const F r = (q.y * p.z * zz - p.y).doubled();
        if (h.is_zero())
            return r.is_zero() ? p.doubled() : infinity();
        const F hh = h.square();
        const F i = hh.doubled().doubled();
        const F j = h * i;
        const F v = p.x * i;
        Jacobian result;
        result.x = r.square() - j - v.doubled();
        result.y = r * (v - result.x) - (p.y * j).doubled();
        result.z = (p.z + h).square() - zz - hh;
        return result;
    }

    /// General addition ("add-2007-bl"), every case handled; the time depends on the case.
    friend Jacobian operator+(const Jacobian& p, const Jacobian& q) {
        if (q.is_infinity())
            return p;
        if (p.is_infinity())
            return q;
        const F pzz = p.z.square();
        const F qzz = q.z.square();
        const F u = p.x * qzz;
        const F s = p.y * q.z * qzz;
        const F h = q.x * pzz - u;
        const F r = (q.y * p.z * pzz - s).doubled();
        if (h.is_zero())
            return r.is_zero() ? p.doubled() : infinity();
        const F i = h.doubled().square();
        const F j = h * i;
        const F v = u * i;
        Jacobian result;
        result.x = r.square() - j - v.doubled();
        result.y = r * (v - result.x) - (s * j).doubled();
        result.z = ((p.z + q.z).square() - pzz - qzz) * h;
        return result;
    }
    Jacobian& operator+=(const Jacobian& q) { return *this = *this + q; }
    Jacobian& operator+=(const Affine<F>& q) { return *this = *this + q; }

    /// The same point, whatever its representation.
    friend bool operator==(const Jacobian& p, const Jacobian& q) {
        if (p.is_infinity() || q.is_infinity())
            return p.is_infinity() == q.is_infinity();
        const F pzz = p.z.square();
        const F qzz = q.z.square();
        return p.x * qzz == q.x * pzz && p.y * q.z * qzz == q.y * p.z * pzz;
    }

    /// Affine form, by one inversion.
    [[nodiscard]] Affine<F> to_affine() const {
        if (is_infinity())
            return Affine<F>::infinity();
        const F inverse = z.inverse();
        const F square = inverse.square();
        return {x * square, y * square * inverse};
    }

    /// scalar * this for a public scalar in standard form; the time depends on it.
    [[nodiscard]] Jacobian times(const Limbs& scalar) const {
        Jacobian result = infinity();
        for (std::size_t bit = 256; bit-- > 0;) {
            result = result.doubled();
            if ((scalar[bit / 64] >> (bit % 64)) & 1)
                result += *this;
        }
        return result;
    }
};

/// scalar * point in constant time, for secrets: double and always add, with the complete formulas
/// of Renes, Costello and Batina ("Complete addition formulas for prime order elliptic curves",
/// 2016, algorithms 7 and 9), which have no special cases on groups of odd order.
template <class F> [[nodiscard]] Jacobian<F> times_secret(const Affine<F>& point, const Fr& scalar);

inline namespace CODEX_FIELD_ISA {
using G1 = Affine<Fq>;
using G2 = Affine<Fq2>;
using G1Sum = Jacobian<Fq>;
using G2Sum = Jacobian<Fq2>;

/// (1, 2).
[[nodiscard]] inline G1 g1_generator() {
    return {Fq::from_u64(1), Fq::from_u64(2)};
}
/// codex-groth16(5), FIELDS AND GROUPS.
[[nodiscard]] inline G2 g2_generator() {
    return {{Fq::from_montgomery(
                 {0x8e83b5d102bc2026, 0xdceb1935497b0172, 0xfbb8264797811adf, 0x19573841af96503b}),
             Fq::from_montgomery(
                 {0xafb4737da84c6140, 0x6043dd5a5802d8c4, 0x09e950fc52a02f86, 0x14fef0833aea7b6b})},
            {Fq::from_montgomery(
                 {0x619dfa9d886be9f6, 0xfe7fd297f59e9b78, 0xff9e1a62231b7dfe, 0x28fd7eebae9e4206}),
             Fq::from_montgomery({0x64095b56c71856ee, 0xdc57f922327d3cbb, 0x55f935be33351076,
                                  0x0da4a0e693fd6482})}};
}
} // namespace CODEX_FIELD_ISA

template <> struct CurveConstants<Fq> {
    static Fq b() { return Fq::from_u64(3); }
    static Fq three_b() { return Fq::from_u64(9); }
};
/// 3 / (9 + u).
template <> struct CurveConstants<Fq2> {
    static Fq2 b() {
        return {Fq::from_montgomery({0x3bf938e377b802a8, 0x020b1b273633535d, 0x26b7edf049755260,
                                     0x2514c6324384a86d}),
                Fq::from_montgomery({0x38e7ecccd1dcff67, 0x65f0b37d93ce0d3e, 0xd749d0dd22ac00aa,
                                     0x0141b9ce4a688d4d})};
    }
    static Fq2 three_b() { return b().doubled() + b(); }
};

template <class F> Jacobian<F> times_secret(const Affine<F>& point, const Fr& scalar) {
    // Homogeneous coordinates (X/Z, Y/Z); infinity is (0, 1, 0).
    struct Homogeneous {
        F x, y, z;
    };
    const F b3 = CurveConstants<F>::three_b();
    const auto add = [&b3](const Homogeneous& p, const Homogeneous& q) {
        const F t0 = p.x * q.x;
        const F t1 = p.y * q.y;
        const F t2 = b3 * (p.z * q.z);
        const F xy = (p.x + p.y) * (q.x + q.y) - t0 - t1;
        const F yz = (p.y + p.z) * (q.y + q.z) - t1 - p.z * q.z;
        const F xz = b3 * ((p.x + p.z) * (q.x + q.z) - t0 - p.z * q.z);
        const F t0_3 = t0.doubled() + t0;
        const F sum = t1 + t2;
        const F difference = t1 - t2;
        return Homogeneous{xy * difference - yz * xz, difference * sum + xz * t0_3,
                           sum * yz + t0_3 * xy};
    };
    const auto select = [](std::uint64_t bit, const Homogeneous& no, const Homogeneous& yes) {
        Homogeneous result;
        const auto* a = reinterpret_cast<const unsigned char*>(&no);
        const auto* b = reinterpret_cast<const unsigned char*>(&yes);
        auto* to = reinterpret_cast<unsigned char*>(&result);
        const auto mask = static_cast<unsigned char>(0 - bit);
        for (std::size_t i = 0; i < sizeof result; ++i)
            to[i] = static_cast<unsigned char>(a[i] ^ ((a[i] ^ b[i]) & mask));
        return result;
    };
    const Homogeneous base = point.is_infinity() ? Homogeneous{F::zero(), F::one(), F::zero()}
                                                 : Homogeneous{point.x, point.y, F::one()};
    Homogeneous sum = {F::zero(), F::one(), F::zero()};
    const Limbs bits = scalar.to_limbs();
    for (std::size_t bit = 254; bit-- > 0;) {
        sum = add(sum, sum);
        sum = select((bits[bit / 64] >> (bit % 64)) & 1, sum, add(sum, base));
    }
    // (X/Z, Y/Z) = (XZ / Z^2, YZ^2 / Z^3).
    return {sum.x * sum.z, sum.y * sum.z.square(), sum.z};
}

} // namespace codex::crypto
