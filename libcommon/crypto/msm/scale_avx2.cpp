// Eight points times one scalar, side by side in two vectors of four lanes of doubles.
//
// Bounds, in units of p (f4_product.hpp: products of x and y are below 2.59 + xy/84): sums are not
// shrunk, differences and nine times a value are, to below 1.7. So coordinates are below 5.8, being
// sums of two products; what is multiplied is below 24 (eight times a square), what is taken off
// below 6, with limbs below 42 * 2^52, and nine times a product below 27.
#include "crypto/field/detail/f4_product.hpp"
#include "crypto/msm/detail/scale_points.hpp"

namespace codex::crypto::detail {

namespace {

using f4::F4;
using f4::Factor;
using f4::FqLimbs52;
using f4::splat;

constexpr std::size_t kVectors = 2;

/// Fq in lanes, as scale_point() wants it; limbs below 2^60.
struct Lanes {
    static constexpr std::size_t kLanes = 4 * kVectors;

    F4 v[kVectors];

    static Lanes constant(const std::uint64_t (&limbs)[5]) {
        return {{splat(limbs), splat(limbs)}};
    }
    static Lanes load(const std::uint64_t* from, std::size_t stride, std::size_t offset);
    void store(std::uint64_t* to, std::size_t stride, std::size_t lanes) const;

    friend Lanes operator+(const Lanes& a, const Lanes& b) {
        return {{f4::add(a.v[0], b.v[0]), f4::add(a.v[1], b.v[1])}};
    }
    friend Lanes operator-(const Lanes& a, const Lanes& b) {
        return {{f4::shrink<FqLimbs52>(f4::difference<FqLimbs52, 8>(a.v[0], b.v[0])),
                 f4::shrink<FqLimbs52>(f4::difference<FqLimbs52, 8>(a.v[1], b.v[1]))}};
    }
    friend Lanes operator*(const Lanes& a, const Lanes& b) {
        Lanes product;
        multiply(a, b, product);
        return product;
    }
    [[nodiscard]] Lanes times9() const {
        return {{f4::shrink<FqLimbs52>(nine_of(v[0])), f4::shrink<FqLimbs52>(nine_of(v[1]))}};
    }
    [[nodiscard]] Lanes negated() const { return Lanes{} - *this; }
    static Lanes choose(std::uint64_t bit, const Lanes& no, const Lanes& yes) {
        const __m256i mask = splat(0 - bit);
        Lanes result;
        for (std::size_t n = 0; n < kVectors; ++n)
            for (int i = 0; i < 5; ++i)
                result.v[n].limb[i] = _mm256_or_si256(_mm256_andnot_si256(mask, no.v[n].limb[i]),
                                                      _mm256_and_si256(mask, yes.v[n].limb[i]));
        return result;
    }

private:
    static F4 nine_of(const F4& a) {
        F4 nine;
        for (int i = 0; i < 5; ++i)
            nine.limb[i] = _mm256_add_epi64(_mm256_slli_epi64(a.limb[i], 3), a.limb[i]);
        return nine;
    }
    // Not inlined: a product is 7 KiB of code, and an addition has twelve.
    [[gnu::noinline]] static void multiply(const Lanes& a, const Lanes& b, Lanes& to) {
        const Factor left[kVectors] = {f4::factor(a.v[0]), f4::factor(a.v[1])};
        const Factor right[kVectors] = {f4::factor(b.v[0]), f4::factor(b.v[1])};
        f4::mul<FqLimbs52>(left, right, to.v);
    }
};

Lanes Lanes::load(const std::uint64_t* from, std::size_t stride, std::size_t offset) {
    Lanes value;
    for (std::size_t n = 0; n < kVectors; ++n) {
        __m256i r[4];
        for (std::size_t lane = 0; lane < 4; ++lane)
            r[lane] = _mm256_loadu_si256(
                reinterpret_cast<const __m256i*>(from + (4 * n + lane) * stride + offset));
        f4::transpose(r);
        value.v[n] = f4::from_words(r[0], r[1], r[2], r[3]);
    }
    return value * constant(FqLimbs52::kFrom256);
}

void Lanes::store(std::uint64_t* to, std::size_t stride, std::size_t lanes) const {
    const Lanes value = *this * constant(FqLimbs52::kTo256);
    for (std::size_t n = 0; n < kVectors; ++n) {
        __m256i r[4];
        f4::to_words(f4::canonical<FqLimbs52>(f4::carry(value.v[n])), r);
        f4::transpose(r);
        for (std::size_t lane = 4 * n; lane < lanes && lane < 4 * n + 4; ++lane)
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + lane * stride), r[lane % 4]);
    }
}

// Not inlined: what it computes is to stay behind the setting of the rounding.
[[gnu::noinline]] void scale(const std::uint64_t* from, std::size_t count, const ScalePlan& plan,
                             std::uint64_t* to) {
    scale_in_lanes(from, count, Lanes::constant(FqLimbs52::kOne), Lanes::constant(FqLimbs52::kBeta),
                   plan, to);
}

} // namespace

void scale_points_avx2(const std::uint64_t* from, std::size_t count, const ScalePlan& plan,
                       std::uint64_t* to) {
    const f4::RoundTowardZero rounding;
    scale(from, count, plan, to);
}

} // namespace codex::crypto::detail
