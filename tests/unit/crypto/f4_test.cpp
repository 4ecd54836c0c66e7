// Four lanes of doubles beside the scalar field, at the edges of their ranges.
#if defined(__x86_64__)

#include "base/cpu.hpp"
#include "crypto/curve/curve.hpp"
#include "crypto/field/field.hpp"
#include "crypto/msm/detail/add_kernel.hpp"
#include "crypto/msm/detail/scale_kernel.hpp"
#include "crypto/ntt/detail/ntt_kernel.hpp"
#include "crypto/poseidon2/detail/kernels.hpp"
#include "f4_operations.hpp"
#include "lane_edges.hpp"

#include <algorithm>
#include <immintrin.h>
#include <vector>

namespace codex::crypto {
namespace {

using codex::test::F4Limbs;

using codex::test::edges;
using codex::test::element;
using codex::test::is_reduced;
using codex::test::kFullLimb;
using codex::test::lane;
using codex::test::Limbs52;
using codex::test::multiple_of_p;
using codex::test::set_lane;
using codex::test::size_in_p;

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
                EXPECT_LE(size_in_p(product),
                          (least + size_in_p(lane(a, l)) * size_in_p(lane(b, l)) / 84) * 1.0001);
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

TEST_F(F4, SumsOfProductsAtTheEdges) {
    const std::vector<Limbs52> all = edges<FqParams>();
    const Fq unit = Fq::from_u64(2).pow({260, 0, 0, 0});
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < all.size(); j += 4) {
            F4Limbs a, b, c, d, to;
            for (std::size_t l = 0; l < 4; ++l) {
                set_lane(a, l, all[i]);
                set_lane(b, l, all[(j + l) % all.size()]);
                set_lane(c, l, all[(i + l) % all.size()]);
                set_lane(d, l, all[(i + j) % all.size()]);
            }
            codex::test::f4_multiply_sum_fq(a, b, c, d, to);
            for (std::size_t l = 0; l < 4; ++l) {
                EXPECT_EQ(element<Fq>(lane(to, l)) * unit,
                          element<Fq>(lane(a, l)) * element<Fq>(lane(b, l)) +
                              element<Fq>(lane(c, l)) * element<Fq>(lane(d, l)))
                    << i << " " << j << " " << l;
                const double products = size_in_p(lane(a, l)) * size_in_p(lane(b, l)) +
                                        size_in_p(lane(c, l)) * size_in_p(lane(d, l));
                EXPECT_LE(size_in_p(lane(to, l)), (2.59 + products / 84) * 1.0001);
                for (const std::uint64_t limb : lane(to, l))
                    EXPECT_LT(limb, std::uint64_t{1} << 57);
            }
        }
}

TEST_F(F4, DifferencesAreReducedAtTheEdges) {
    std::vector<Limbs52> below; // p
    for (const Limbs52& value : edges<FqParams>())
        if (size_in_p(value) < 0.999 || value == multiple_of_p<FqParams>(1, -1))
            below.push_back(value);
    for (std::uint64_t i = 1; i < 60; ++i) // around what the quotient is estimated by
        below.push_back({kFullLimb, kFullLimb, kFullLimb, kFullLimb, i << 40});
    for (std::size_t i = 0; i < below.size(); ++i)
        for (std::size_t j = 0; j < below.size(); j += 4) {
            F4Limbs a, b, difference, reduced;
            for (std::size_t l = 0; l < 4; ++l) {
                set_lane(a, l, below[i]);
                set_lane(b, l, below[(j + l) % below.size()]);
            }
            codex::test::f4_difference_fq(a, b, difference, reduced);
            for (std::size_t l = 0; l < 4; ++l) {
                const Fq expected = element<Fq>(lane(a, l)) - element<Fq>(lane(b, l));
                const Limbs52 r = lane(reduced, l);
                EXPECT_EQ(element<Fq>(r), expected) << i << " " << j << " " << l;
                EXPECT_TRUE(is_reduced<Fq>(r));
                for (const std::uint64_t limb : lane(difference, l))
                    EXPECT_LT(limb, std::uint64_t{1} << 59);
            }
        }
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
            EXPECT_LT(size_in_p(lane(to, l)), 1.7);
        }
        // Sums whose limbs are not carried.
        for (std::size_t i = 0; i < 4; ++i)
            for (std::size_t l = 0; l < 4; ++l)
                a[i][l] += (std::uint64_t{l} << 60) * (a[4][l] < kFullLimb / 2 ? 1 : 0);
        codex::test::f4_shrink_fr(a, to);
        for (std::size_t l = 0; l < 4; ++l)
            EXPECT_EQ(element<Fr>(lane(to, l)), element<Fr>(lane(a, l)));
        // From below 1.7p on, and what is below 8p as it is.
        codex::test::f4_canonical_fr(to, a);
        EXPECT_TRUE(is_reduced<Fr>(lane(a, 0)));
        EXPECT_EQ(element<Fr>(lane(a, 0)), element<Fr>(value));
    }
    for (const std::uint64_t times : {1U, 2U, 3U, 4U, 5U, 7U})
        for (const std::int64_t more : {-1, 0, 1}) {
            F4Limbs a;
            F4Limbs to;
            for (std::size_t l = 0; l < 4; ++l)
                set_lane(a, l, multiple_of_p<FrParams>(times, more));
            codex::test::f4_canonical_fr(a, to);
            const Limbs52 expected = multiple_of_p<FrParams>(more < 0 ? 1 : 0, more);
            EXPECT_EQ(lane(to, 3), expected) << times << " " << more;
        }
}

/// Calls `kernel`, which fills `to`, in each rounding mode, with denormals as zeros, with traps for
/// every exception, and with exceptions that were raised before: neither sees anything of how the
/// other computes.
template <class Kernel>
void expect_own_rounding(std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& expected,
                         const Kernel& kernel) {
    constexpr unsigned kDefault = 0x1f80; // no traps, to nearest
    constexpr unsigned kZeroDenormals = _MM_FLUSH_ZERO_ON | 0x40;
    for (const unsigned mode :
         {kDefault, kDefault | _MM_ROUND_UP, kDefault | _MM_ROUND_DOWN,
          kDefault | _MM_ROUND_TOWARD_ZERO, kDefault | kZeroDenormals, unsigned{_MM_ROUND_NEAREST},
          _MM_ROUND_UP | kZeroDenormals, kDefault | _MM_EXCEPT_MASK}) {
        std::ranges::fill(to, 0);
        const unsigned before = _mm_getcsr();
        _mm_setcsr(mode);
        kernel();
        const unsigned after = _mm_getcsr();
        _mm_setcsr(before);
        EXPECT_EQ(to, expected) << mode;
        EXPECT_EQ(after, mode);
    }
}

TEST_F(F4, RoundingIsTheCallersOwn) {
    namespace kernels = poseidon2::detail;
    std::vector<std::uint8_t> nodes(64 * 8);
    for (std::size_t i = 0; i < nodes.size(); ++i)
        nodes[i] = static_cast<std::uint8_t>(31 * i);
    std::vector<std::uint64_t> to(4 * 8);
    std::vector<std::uint64_t> expected(to.size());
    const auto bytes = [](auto& words) { return reinterpret_cast<std::uint8_t*>(words.data()); };
    kernels::portable_kernel().pairs(nodes.data(), 8, 1, bytes(expected));
    expect_own_rounding(to, expected,
                        [&] { kernels::avx2_kernel().pairs(nodes.data(), 8, 1, bytes(to)); });
}

TEST_F(F4, RoundingIsTheCallersOwnInSumsAndTransforms) {
    G1Sum sum = G1Sum::from_affine(g1_generator());
    std::vector<G1> points;
    std::vector<Fr> elements;
    for (std::uint64_t i = 0; i < 64; ++i) {
        points.push_back(sum.to_affine());
        sum = sum.doubled() + g1_generator();
        elements.push_back(Fr::from_u64(i + 3).inverse());
    }
    std::vector<std::uint64_t> to(8 * 32);
    std::vector<std::uint64_t> expected(to.size());
    std::vector<detail::PairTask> tasks;
    for (std::uint32_t i = 0; i < 32; ++i)
        tasks.push_back({2 * i, 2 * (i + 32) + 1});
    const auto* from = reinterpret_cast<const std::uint64_t*>(points.data());
    detail::g1_add_portable().add_pairs(from, from, tasks.data(), 32, expected.data());
    expect_own_rounding(to, expected, [&] {
        detail::g1_add_avx2().add_pairs(from, from, tasks.data(), 32, to.data());
    });
    to.resize(4 * 64);
    expected.resize(to.size());
    const auto* words = reinterpret_cast<const std::uint64_t*>(elements.data());
    const auto dif = [&](const detail::NttKernel& kernel, std::vector<std::uint64_t>& values) {
        std::copy_n(words, values.size(), values.data());
        kernel.dif_eights(values.data(), words, 64);
    };
    dif(detail::ntt_portable(), expected);
    expect_own_rounding(to, expected, [&] { dif(detail::ntt_avx2(), to); });
    const detail::ScalePlan plan{};
    to.resize(12 * 8);
    expected.resize(to.size());
    const auto ratio = [](const std::vector<std::uint64_t>& products) {
        std::vector<Fq> x;
        for (std::size_t i = 0; i < products.size(); i += 12) {
            const auto* f = reinterpret_cast<const Fq*>(products.data() + i);
            x.push_back(f[0] * f[2].inverse());
        }
        return x;
    };
    detail::scale_points_portable(from, 8, plan, expected.data());
    const std::vector<Fq> right = ratio(expected);
    detail::scale_points_avx2(from, 8, plan, expected.data());
    EXPECT_EQ(ratio(expected), right);
    expect_own_rounding(to, expected, [&] { detail::scale_points_avx2(from, 8, plan, to.data()); });
}

} // namespace
} // namespace codex::crypto

#endif
