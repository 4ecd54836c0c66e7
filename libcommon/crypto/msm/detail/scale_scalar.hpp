// Points times a scalar one after another.
#pragma once

#include "crypto/curve/curve.hpp"
#include "crypto/msm/detail/scale_points.hpp"

namespace codex::crypto {
inline namespace CODEX_FIELD_ISA {

/// Fq as scale_point() wants it.
struct ScaleElement {
    Fq value;

    friend ScaleElement operator+(const ScaleElement& a, const ScaleElement& b) {
        return {a.value + b.value};
    }
    friend ScaleElement operator-(const ScaleElement& a, const ScaleElement& b) {
        return {a.value - b.value};
    }
    friend ScaleElement operator*(const ScaleElement& a, const ScaleElement& b) {
        return {a.value * b.value};
    }
    [[nodiscard]] ScaleElement times9() const {
        return {value.doubled().doubled().doubled() + value};
    }
    [[nodiscard]] ScaleElement negated() const { return {-value}; }
    static ScaleElement choose(std::uint64_t bit, const ScaleElement& no, const ScaleElement& yes) {
        const std::uint64_t mask = 0 - bit;
        const Limbs& a = no.value.montgomery();
        const Limbs& b = yes.value.montgomery();
        Limbs chosen;
        for (std::size_t i = 0; i < chosen.size(); ++i)
            chosen[i] = a[i] ^ ((a[i] ^ b[i]) & mask);
        return {Fq::from_montgomery(chosen)};
    }
};

inline void scale_points(const std::uint64_t* from, std::size_t count,
                         const detail::ScalePlan& plan, std::uint64_t* to) {
    const ScaleElement one = {Fq::one()};
    const ScaleElement beta = {Fq::from_montgomery(
        {0x71930c11d782e155, 0xa6bb947cffbe3323, 0xaa303344d4741444, 0x2c3b3f0d26594943})};
    const auto* points = reinterpret_cast<const Affine<Fq>*>(from);
    auto* products = reinterpret_cast<ProjectivePoint<ScaleElement>*>(to);
    for (std::size_t i = 0; i < count; ++i)
        products[i] = scale_point<ScaleElement>({points[i].x}, {points[i].y}, one, beta, plan);
}

} // namespace CODEX_FIELD_ISA
} // namespace codex::crypto
