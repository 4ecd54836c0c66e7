#include "crypto/msm/scale.hpp"

#include "base/cpu.hpp"
#include "base/thread_pool.hpp"
#include "crypto/msm/detail/scale_kernel.hpp"
#include "samples.hpp"

#include <random>

namespace codex::crypto {
namespace {

using test::random_fr;

std::vector<G1> multiples_of_generator(std::size_t count) {
    std::vector<G1> points;
    G1Sum sum = G1Sum::from_affine(g1_generator());
    for (std::size_t i = 0; i < count; ++i) {
        points.push_back(i % 7 == 3 ? G1::infinity() : sum.to_affine());
        sum = sum.doubled() + g1_generator();
    }
    return points;
}

void expect_scaled(const Fr& scalar, std::size_t count, Executor& pool) {
    const std::vector<G1> points = multiples_of_generator(count);
    std::vector<G1> scaled = points;
    scale_secret(scaled, scalar, pool);
    for (std::size_t i = 0; i < count; ++i)
        EXPECT_EQ(scaled[i], G1Sum::from_affine(points[i]).times(scalar.to_limbs()).to_affine())
            << i << " of " << count;
}

TEST(ScaleSecret, GivesWhatDoubleAndAddGives) {
    std::mt19937_64 random(1);
    ThreadPool pool(2);
    for (const std::size_t count : {0UL, 1UL, 7UL, 8UL, 9UL, 100UL})
        expect_scaled(random_fr(random), count, Executor::caller());
    expect_scaled(random_fr(random), 3000, pool);
}

TEST(ScaleSecret, HoldsAtTheEdgesOfTheDecomposition) {
    // lambda and the lattice's short vectors, where halves are zero, small or negative.
    const Fr lambda =
        Fr::from_limbs({0x8b17ea66b99c90dd, 0x5bfc41088d8daaa7, 0xb3c4d79d41a91758, 0});
    std::vector<Fr> edges = {Fr::zero(), Fr::one(), lambda, lambda.square(),
                             Fr::from_u64(2).inverse()};
    for (unsigned bit = 1; bit < 254; bit += 9)
        edges.push_back(Fr::from_u64(2).pow({bit, 0, 0, 0}));
    for (std::uint64_t i = 2; i < 20; ++i) {
        edges.push_back(Fr::from_u64(i));
        edges.push_back(lambda * Fr::from_u64(i) + Fr::one());
    }
    for (const Fr& edge : edges)
        for (const Fr& scalar : {edge, -edge})
            expect_scaled(scalar, 3, Executor::caller());
}

std::vector<G1> scaled_by(detail::ScalePoints kernel, const std::vector<G1>& points,
                          const detail::ScalePlan& plan) {
    std::vector<Fq> products(3 * points.size());
    kernel(reinterpret_cast<const std::uint64_t*>(points.data()), points.size(), plan,
           reinterpret_cast<std::uint64_t*>(products.data()));
    std::vector<G1> results;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const Fq inverse = products[3 * i + 2].inverse();
        results.push_back({products[3 * i] * inverse, products[3 * i + 1] * inverse});
    }
    return results;
}

TEST(ScaleSecret, EveryKernelDoesAsThePortableOne) {
    std::vector<detail::ScalePoints> kernels;
#if defined(__x86_64__)
    if (cpu::features().avx2)
        kernels.push_back(detail::scale_points_avx2);
    if (cpu::features().avx512_ifma)
        kernels.push_back(detail::scale_points_ifma);
#endif
    std::mt19937_64 random(2);
    std::vector<G1> points = multiples_of_generator(30);
    std::erase_if(points, [](const G1& point) { return point.is_infinity(); });
    for (int i = 0; i < 20; ++i) {
        detail::ScalePlan plan;
        for (detail::ScalePlan::Half& half : plan.half) {
            for (std::size_t round = 0; round < detail::kScaleRounds; ++round) {
                half.index[round] = random() % 8;
                half.negative[round] = random() % 2;
            }
            half.minus = random() % 2;
            half.even = random() % 2;
        }
        const std::vector<G1> expected = scaled_by(detail::scale_points_portable, points, plan);
        for (const detail::ScalePoints kernel : kernels)
            EXPECT_EQ(scaled_by(kernel, points, plan), expected);
    }
}

} // namespace
} // namespace codex::crypto
