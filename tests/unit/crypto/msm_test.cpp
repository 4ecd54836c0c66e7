#include "crypto/msm/msm.hpp"

#include "base/cpu.hpp"
#include "base/thread_pool.hpp"
#include "crypto/msm/detail/bucket_sums.hpp"
#include "samples.hpp"

#include <random>

namespace codex::crypto {
namespace {

using test::CoordinateFields;
using test::generator;
using test::random_fr;

template <class F> std::vector<const detail::AddKernel*> add_kernels();
template <> std::vector<const detail::AddKernel*> add_kernels<Fq>() {
    std::vector<const detail::AddKernel*> all = {&detail::g1_add_portable()};
#if defined(__x86_64__)
    if (cpu::features().avx2)
        all.push_back(&detail::g1_add_avx2());
    if (cpu::features().avx512_ifma)
        all.push_back(&detail::g1_add_ifma());
#endif
    return all;
}
template <> std::vector<const detail::AddKernel*> add_kernels<Fq2>() {
    std::vector<const detail::AddKernel*> all = {&detail::g2_add_portable()};
#if defined(__x86_64__)
    if (cpu::features().avx2)
        all.push_back(&detail::g2_add_avx2());
    if (cpu::features().avx512_ifma)
        all.push_back(&detail::g2_add_ifma());
#endif
    return all;
}

Digest random_scalar(std::mt19937_64& random) {
    return random_fr(random).to_bytes();
}

/// Distinct points with infinities, repetitions and negatives among them.
template <class F> std::vector<Affine<F>> awkward_points(std::size_t count) {
    std::vector<Affine<F>> points;
    Jacobian<F> sum = Jacobian<F>::from_affine(generator<F>());
    for (std::size_t i = 0; i < count; ++i) {
        if (i % 11 == 5)
            points.push_back(Affine<F>::infinity());
        else if (i % 11 == 7 && i > 0)
            points.push_back(points[i - 1]);
        else if (i % 11 == 9)
            points.push_back(-points[i - 3]);
        else
            points.push_back(sum.to_affine());
        sum += generator<F>();
    }
    return points;
}

template <class F> BytesView bytes_of(const std::vector<Affine<F>>& points) {
    return {reinterpret_cast<const std::uint8_t*>(points.data()), points.size() * sizeof points[0]};
}

template <class F> class MsmTest : public testing::Test {};
TYPED_TEST_SUITE(MsmTest, CoordinateFields);

TYPED_TEST(MsmTest, KernelsAddPairsOfEveryKind) {
    const auto points = awkward_points<TypeParam>(200);
    std::mt19937_64 random(1);
    for (const std::size_t count : {1UL, 7UL, 8UL, 9UL, 100UL, 2000UL}) {
        std::vector<detail::PairTask> tasks;
        std::vector<Affine<TypeParam>> expected;
        for (std::size_t i = 0; i < count; ++i) {
            detail::PairTask task = {static_cast<std::uint32_t>(random() % 400),
                                     static_cast<std::uint32_t>(random() % 400)};
            if (i % 5 == 3)
                task.right = task.left; // a doubling
            if (i % 5 == 4)
                task.right = task.left ^ 1; // opposite points
            const auto operand = [&points](std::uint32_t reference) {
                const auto& point = points[reference / 2];
                return Jacobian<TypeParam>::from_affine(reference & 1 ? -point : point);
            };
            expected.push_back((operand(task.left) + operand(task.right)).to_affine());
            tasks.push_back(task);
        }
        for (const detail::AddKernel* kernel : add_kernels<TypeParam>()) {
            std::vector<Affine<TypeParam>> out(count);
            kernel->add_pairs(detail::words_of(points.data()), detail::words_of(points.data()),
                              tasks.data(), count, detail::words_of(out.data()));
            EXPECT_EQ(out, expected) << kernel->name << " " << count;
        }
    }
}

TYPED_TEST(MsmTest, AgreesWithTheSumOfProducts) {
    std::mt19937_64 random(2);
    ThreadPool pool(3);
    for (const std::size_t count : {0UL, 1UL, 2UL, 3UL, 10UL, 33UL, 150UL}) {
        const auto points = awkward_points<TypeParam>(count);
        std::vector<Digest> scalars;
        auto expected = Jacobian<TypeParam>::infinity();
        for (std::size_t i = 0; i < count; ++i) {
            Fr scalar = *Fr::from_bytes(random_scalar(random));
            if (i % 4 == 1)
                scalar = Fr::from_u64(i % 3); // witnesses are full of bits
            if (i % 16 == 2)
                scalar = -Fr::one();
            scalars.push_back(scalar.to_bytes());
            expected += Jacobian<TypeParam>::from_affine(points[i]).times(scalar.to_limbs());
        }
        EXPECT_EQ(msm(scalars, std::span<const Affine<TypeParam>>(points)), expected) << count;
        EXPECT_EQ(msm(scalars, std::span<const Affine<TypeParam>>(points), pool), expected);
    }
}

TYPED_TEST(MsmTest, ManyEqualPointsAndScalars) {
    const std::vector<Affine<TypeParam>> points(5000, generator<TypeParam>());
    const std::vector<Digest> scalars(5000, (-Fr::from_u64(3)).to_bytes());
    EXPECT_EQ(msm(scalars, std::span<const Affine<TypeParam>>(points)),
              Jacobian<TypeParam>::from_affine(generator<TypeParam>())
                  .times((-Fr::from_u64(15000)).to_limbs()));
}

TYPED_TEST(MsmTest, PointsMayLieAnywhere) {
    const auto points = awkward_points<TypeParam>(40);
    std::mt19937_64 random(4);
    std::vector<Digest> scalars;
    for (std::size_t i = 0; i < points.size(); ++i)
        scalars.push_back(random_scalar(random));
    const auto expected = msm(scalars, std::span<const Affine<TypeParam>>(points));
    Bytes shifted(1);
    append(shifted, bytes_of(points));
    const BytesView view = BytesView(shifted).subspan(1);
    if constexpr (std::is_same_v<TypeParam, Fq>)
        EXPECT_EQ(msm_g1(scalars, view), expected);
    else
        EXPECT_EQ(msm_g2(scalars, view), expected);
}

TYPED_TEST(MsmTest, MultiplesOfOneBase) {
    std::mt19937_64 random(5);
    std::vector<Fr> scalars = {Fr::zero(), Fr::one(), -Fr::one(), Fr::from_u64(256)};
    for (int i = 0; i < 200; ++i)
        scalars.push_back(*Fr::from_bytes(random_scalar(random)));
    ThreadPool pool(2);
    const auto base = generator<TypeParam>();
    std::vector<Affine<TypeParam>> expected;
    for (const Fr& scalar : scalars)
        expected.push_back(
            Jacobian<TypeParam>::from_affine(base).times(scalar.to_limbs()).to_affine());
    if constexpr (std::is_same_v<TypeParam, Fq>)
        EXPECT_EQ(multiples_g1(base, scalars, pool), expected);
    else
        EXPECT_EQ(multiples_g2(base, scalars, pool), expected);
}

TYPED_TEST(MsmTest, IsLinearInItsScalars) {
    // Large enough for the widths that proofs use; the sum is known because the points are.
    std::mt19937_64 random(3);
    const std::size_t count = 3000;
    std::vector<Affine<TypeParam>> points;
    std::vector<Digest> scalars;
    Fr total;
    const auto g = Jacobian<TypeParam>::from_affine(generator<TypeParam>());
    auto sum = g;
    for (std::size_t i = 0; i < count; ++i) {
        points.push_back(sum.to_affine());
        sum += generator<TypeParam>();
        scalars.push_back(random_scalar(random));
        total += *Fr::from_bytes(scalars.back()) * Fr::from_u64(i + 1);
    }
    EXPECT_EQ(msm(scalars, std::span<const Affine<TypeParam>>(points)), g.times(total.to_limbs()));
}

} // namespace
} // namespace codex::crypto
