#include "crypto/msm/short_multiples.hpp"

#include "base/thread_pool.hpp"
#include "vectors.hpp"

#include <random>

namespace codex::crypto {
namespace {

TEST(ShortMultiples, ValueIsLowPlusHighTimesACubeRootOfUnity) {
    const Fr lambda = ShortScalar{0, 1}.value();
    EXPECT_EQ(lambda.square() + lambda + Fr::one(), Fr::zero());
    const ShortScalar scalar = {0x0123456789abcdef, 0xfedcba9876543210};
    EXPECT_EQ(scalar.value(), Fr::from_u64(scalar.low) + Fr::from_u64(scalar.high) * lambda);
}

TEST(ShortMultiples, AgreeWithDoubleAndAdd) {
    std::mt19937_64 random(6);
    constexpr std::uint64_t kEdges[] = {0, 1, 2, 3, std::uint64_t{1} << 63, ~std::uint64_t{0}};
    std::vector<ShortScalar> scalars;
    for (const std::uint64_t low : kEdges)
        for (const std::uint64_t high : kEdges)
            scalars.push_back({low, high});
    while (scalars.size() < 300)
        scalars.push_back({random(), random()});
    std::vector<G1> points;
    G1Sum point = G1Sum::from_affine(g1_generator()).times({random(), random(), random(), 0});
    for (std::size_t i = 0; i < scalars.size(); ++i) {
        points.push_back(i % 13 == 5   ? G1::infinity()
                         : i % 13 == 6 ? points[i - 2]
                         : i % 13 == 7 ? -points[i - 3]
                                       : point.to_affine());
        point = point.doubled() + g1_generator();
    }
    ThreadPool pool(3);
    for (const std::size_t count : {0UL, 1UL, 2UL, 7UL, 9UL, 300UL}) {
        const auto some = std::span(points).first(count);
        const auto few = std::span(scalars).first(count);
        const std::vector<G1> alone = short_multiples(some, few);
        EXPECT_EQ(short_multiples(some, few, pool), alone);
        ASSERT_EQ(alone.size(), count);
        G1Sum sum = G1Sum::infinity();
        for (std::size_t i = 0; i < count; ++i) {
            const G1Sum slow = G1Sum::from_affine(some[i]).times(few[i].value().to_limbs());
            EXPECT_EQ(alone[i], slow.to_affine()) << i;
            sum += slow;
        }
        EXPECT_EQ(short_sum(some, few), sum);
    }
}

} // namespace
} // namespace codex::crypto
