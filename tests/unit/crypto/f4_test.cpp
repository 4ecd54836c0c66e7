// Four lanes of doubles beside the scalar field, at the edges of their ranges.
#if defined(__x86_64__)

#include "base/cpu.hpp"
#include "crypto/field/field.hpp"
#include "crypto/poseidon2/detail/kernels.hpp"
#include "f4_operations.hpp"

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <random>
#include <vector>

namespace codex::crypto {
namespace {

using codex::test::F4Limbs;

using Limbs52 = std::array<std::uint64_t, 5>;

constexpr std::uint64_t kFull = (std::uint64_t{1} << 52) - 1;
constexpr double kPerP = 84.66; ///< 2^260 / p, a little less

/// times * p + more, in limbs.
template <class Params> Limbs52 multiple(std::uint64_t times, std::int64_t more) {
    const Limbs& p = Params::kModulus;
    const Limbs52 limbs = {p[0] & kFull, (p[0] >> 52 | p[1] << 12) & kFull,
                           (p[1] >> 40 | p[2] << 24) & kFull, (p[2] >> 28 | p[3] << 36) & kFull,
                           p[3] >> 16};
    Limbs52 result;
    std::int64_t carry = more;
    for (std::size_t i = 0; i < 5; ++i) {
        const std::int64_t sum = static_cast<std::int64_t>(limbs[i] * times) + carry;
        result[i] = static_cast<std::uint64_t>(sum) & kFull;
        carry = sum >> 52;
    }
    return result;
}

/// What is at the borders: of the field, of a limb, of all that a factor may be.
template <class Params> std::vector<Limbs52> edges() {
    std::vector<Limbs52> all = {{0, 0, 0, 0, 0},
                                {1, 0, 0, 0, 0},
                                {kFull, kFull, kFull, kFull, kFull},
                                {kFull, 0, kFull, 0, kFull},
                                {0, kFull, 0, kFull, 0},
                                {0, 0, 0, 0, kFull},
                                {kFull - 1, kFull - 1, kFull - 1, kFull - 1, kFull - 1},
                                {kFull / 2, kFull / 2, kFull / 2, kFull / 2, kFull / 2},
                                {kFull / 2 + 1, 0, 0, 0, 0},
                                {0, 0, 0, 0, 1}};
    for (const std::uint64_t times : {1U, 2U, 7U})
        for (const std::int64_t more : {-1, 0, 1})
            all.push_back(multiple<Params>(times, more));
    std::mt19937_64 random(4);
    for (int i = 0; i < 40; ++i) {
        Limbs52 limbs;
        for (std::uint64_t& limb : limbs)
            limb = random() & kFull;
        all.push_back(limbs);
    }
    return all;
}

template <class F> F element(const Limbs52& limbs) {
    const F base = F::from_u64(std::uint64_t{1} << 52);
    F value;
    for (std::size_t i = 5; i-- > 0;)
        value = value * base + F::from_u64(limbs[i]);
    return value;
}

/// In units of p, right to a few parts in 2^52.
double size(const Limbs52& limbs) {
    double value = 0;
    for (std::size_t i = 0; i < 5; ++i)
        value = value / 0x1p52 + static_cast<double>(limbs[i]);
    return value / 0x1p52 * kPerP;
}

Limbs52 lane(const F4Limbs& limbs, std::size_t l) {
    return {limbs[0][l], limbs[1][l], limbs[2][l], limbs[3][l], limbs[4][l]};
}
void set_lane(F4Limbs& limbs, std::size_t l, const Limbs52& value) {
    for (std::size_t i = 0; i < 5; ++i)
        limbs[i][l] = value[i];
}

/// `least`: what a product of zeros is below, in units of p.
template <class F, class Params, class Multiply>
void expect_products(const Multiply& multiply, bool squares, double least) {
    const std::vector<Limbs52> all = edges<Params>();
    const F unit = F::from_u64(2).pow({260, 0, 0, 0});
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < all.size(); j += 4) {
            F4Limbs a;
            F4Limbs b;
            F4Limbs to;
            for (std::size_t l = 0; l < 4; ++l) {
                set_lane(b, l, all[(j + l) % all.size()]);
                set_lane(a, l, squares ? lane(b, l) : all[i]);
            }
            multiply(a, b, to);
            for (std::size_t l = 0; l < 4; ++l) {
                const Limbs52 product = lane(to, l);
                EXPECT_EQ(element<F>(product) * unit,
                          element<F>(lane(a, l)) * element<F>(lane(b, l)))
                    << i << " " << j << " " << l;
                EXPECT_LE(size(product),
                          (least + size(lane(a, l)) * size(lane(b, l)) / 84) * 1.0001);
                for (const std::uint64_t limb : product)
                    EXPECT_LT(limb, std::uint64_t{1} << 57);
            }
        }
}

class F4 : public testing::Test {
protected:
    void SetUp() override {
        if (!cpu::features().avx2)
            GTEST_SKIP() << "no AVX2 here, or not allowed";
    }
};

TEST_F(F4, ProductsAtTheEdges) {
    expect_products<Fr, FrParams>(codex::test::f4_multiply_fr, false, 2.24);
    expect_products<Fq, FqParams>(codex::test::f4_multiply_fq, false, 2.59);
    expect_products<Fr, FrParams>(
        [](const F4Limbs& a, const F4Limbs&, F4Limbs& to) { codex::test::f4_square_fr(a, to); },
        true, 2.24);
}

TEST_F(F4, ShrinksAndReducesAtTheEdges) {
    const std::vector<Limbs52> all = edges<FrParams>();
    for (const Limbs52& value : all) {
        F4Limbs a;
        F4Limbs to;
        for (std::size_t l = 0; l < 4; ++l)
            set_lane(a, l, value);
        codex::test::f4_shrink_fr(a, to);
        for (std::size_t l = 0; l < 4; ++l) {
            EXPECT_EQ(element<Fr>(lane(to, l)), element<Fr>(value));
            EXPECT_LT(size(lane(to, l)), 1.7);
        }
        // Sums whose limbs are not carried.
        for (std::size_t i = 0; i < 4; ++i)
            for (std::size_t l = 0; l < 4; ++l)
                a[i][l] += (std::uint64_t{l} << 60) * (a[4][l] < kFull / 2 ? 1 : 0);
        codex::test::f4_shrink_fr(a, to);
        for (std::size_t l = 0; l < 4; ++l)
            EXPECT_EQ(element<Fr>(lane(to, l)), element<Fr>(lane(a, l)));
        // From below 1.7p on, and what is below 8p as it is.
        codex::test::f4_canonical_fr(to, a);
        EXPECT_TRUE(
            Fr::below_modulus({a[0][0] | a[1][0] << 52, a[1][0] >> 12 | a[2][0] << 40,
                               a[2][0] >> 24 | a[3][0] << 28, a[3][0] >> 36 | a[4][0] << 16}));
        EXPECT_EQ(element<Fr>(lane(a, 0)), element<Fr>(value));
    }
    for (const std::uint64_t times : {1U, 2U, 3U, 4U, 5U, 7U})
        for (const std::int64_t more : {-1, 0, 1}) {
            F4Limbs a;
            F4Limbs to;
            for (std::size_t l = 0; l < 4; ++l)
                set_lane(a, l, multiple<FrParams>(times, more));
            codex::test::f4_canonical_fr(a, to);
            const Limbs52 expected = multiple<FrParams>(more < 0 ? 1 : 0, more);
            EXPECT_EQ(lane(to, 3), expected) << times << " " << more;
        }
}

/// Nothing of how the kernels round is seen by their callers, and nothing of how these do by them.
TEST_F(F4, RoundingIsTheCallersOwn) {
    namespace kernels = poseidon2::detail;
    std::vector<std::uint8_t> nodes(64 * 8);
    for (std::size_t i = 0; i < nodes.size(); ++i)
        nodes[i] = static_cast<std::uint8_t>(31 * i);
    std::vector<std::uint8_t> expected(32 * 8);
    std::vector<std::uint8_t> parents(32 * 8);
    kernels::portable_kernel().pairs(nodes.data(), 8, 1, expected.data());
    for (const int mode : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
        ASSERT_EQ(std::fesetround(mode), 0);
        std::feclearexcept(FE_ALL_EXCEPT);
        std::ranges::fill(parents, std::uint8_t{0});
        kernels::avx2_kernel().pairs(nodes.data(), 8, 1, parents.data());
        const int after = std::fegetround();
        const int raised = std::fetestexcept(FE_ALL_EXCEPT);
        std::fesetround(FE_TONEAREST);
        EXPECT_EQ(parents, expected) << mode;
        EXPECT_EQ(after, mode);
        EXPECT_EQ(raised, 0);
    }
}

} // namespace
} // namespace codex::crypto

#endif
