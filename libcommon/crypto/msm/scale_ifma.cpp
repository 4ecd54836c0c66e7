// Eight points times one scalar, side by side.
#include "crypto/field/detail/f8_ifma.hpp"
#include "crypto/msm/detail/scale_points.hpp"

namespace codex::crypto::detail {

namespace {

using ifma::F8;
using ifma::FqLimbs52;
using ifma::splat;

/// 4p with every limb but the last above 2^52, so that limbs of values below 2p can be taken off.
constexpr std::uint64_t spread(int limb) {
    constexpr std::uint64_t kTwo53 = std::uint64_t{1} << 53;
    return 4 * FqLimbs52::kModulus[limb] + (limb < 4 ? kTwo53 : 0) - (limb > 0 ? 2 : 0);
}

/// Fq in lanes, as scale_point() wants it: tight and below 1.7p, which products are, too.
struct Lanes {
    static constexpr std::size_t kLanes = 8;

    F8 value;

    static Lanes load(const std::uint64_t* from, std::size_t stride, std::size_t offset);
    void store(std::uint64_t* to, std::size_t stride, std::size_t lanes) const;

    friend Lanes operator+(const Lanes& a, const Lanes& b) {
        return {ifma::shrink<FqLimbs52>(ifma::add(a.value, b.value))};
    }
    friend Lanes operator-(const Lanes& a, const Lanes& b) {
        const F8 multiple = {{splat(spread(0)), splat(spread(1)), splat(spread(2)),
                              splat(spread(3)), splat(spread(4))}};
        return {ifma::shrink<FqLimbs52>(ifma::sub(a.value, b.value, multiple))};
    }
    friend Lanes operator*(const Lanes& a, const Lanes& b) {
        return {ifma::mul<FqLimbs52>(a.value, b.value)};
    }
    [[nodiscard]] Lanes times9() const {
        F8 product;
        for (int i = 0; i < 5; ++i)
            product.limb[i] = _mm512_add_epi64(_mm512_slli_epi64(value.limb[i], 3), value.limb[i]);
        return {ifma::shrink<FqLimbs52>(ifma::carry(product))};
    }
    [[nodiscard]] Lanes negated() const { return Lanes{} - *this; }
    static Lanes choose(std::uint64_t bit, const Lanes& no, const Lanes& yes) {
        const auto mask = static_cast<__mmask8>(0 - bit);
        Lanes result;
        for (int i = 0; i < 5; ++i)
            result.value.limb[i] =
                _mm512_mask_blend_epi64(mask, no.value.limb[i], yes.value.limb[i]);
        return result;
    }
};

Lanes Lanes::load(const std::uint64_t* from, std::size_t stride, std::size_t offset) {
    alignas(64) std::uint64_t words[4][kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane)
        for (std::size_t i = 0; i < 4; ++i)
            words[i][lane] = from[lane * stride + offset + i];
    const F8 value = ifma::from_words(_mm512_load_si512(words[0]), _mm512_load_si512(words[1]),
                                      _mm512_load_si512(words[2]), _mm512_load_si512(words[3]));
    return {ifma::mul<FqLimbs52>(value, splat(FqLimbs52::kFrom256))};
}

void Lanes::store(std::uint64_t* to, std::size_t stride, std::size_t lanes) const {
    __m512i rows[4];
    ifma::to_words(
        ifma::canonical<FqLimbs52>(ifma::mul<FqLimbs52>(value, splat(FqLimbs52::kTo256))), rows);
    alignas(64) std::uint64_t words[4][kLanes];
    for (int i = 0; i < 4; ++i)
        _mm512_store_si512(words[i], rows[i]);
    for (std::size_t lane = 0; lane < lanes; ++lane)
        for (std::size_t i = 0; i < 4; ++i)
            to[lane * stride + i] = words[i][lane];
}

} // namespace

void scale_points_ifma(const std::uint64_t* from, std::size_t count, const ScalePlan& plan,
                       std::uint64_t* to) {
    scale_in_lanes(from, count, Lanes{splat(FqLimbs52::kOne)}, Lanes{splat(FqLimbs52::kBeta)}, plan,
                   to);
}

} // namespace codex::crypto::detail
