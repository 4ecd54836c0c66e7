#include "crypto/msm/group_ntt.hpp"

#include "base/thread_pool.hpp"
#include "crypto/msm/msm.hpp"
#include "crypto/ntt/ntt.hpp"
#include "must.hpp"
#include "vectors.hpp"

#include <random>

namespace codex::crypto {
namespace {

std::vector<G1> multiples(const std::vector<Fr>& scalars, const G1& base) {
    return multiples_g1(base, scalars);
}
std::vector<G2> multiples(const std::vector<Fr>& scalars, const G2& base) {
    return multiples_g2(base, scalars);
}

/// The transform of multiples of a point is that of the factors.
template <class Point> void expect_transformed(const Point& base, unsigned log2, Executor& pool) {
    std::mt19937_64 random(log2);
    std::vector<Fr> scalars(std::size_t{1} << log2);
    for (std::size_t i = 0; i < scalars.size(); ++i) {
        const Bytes bytes = codex::test::random_bytes(random, 32);
        // Zeros, equal and opposite ones among them.
        scalars[i] = i % 5 == 3   ? Fr::zero()
                     : i % 7 == 6 ? -scalars[i - 1]
                     : i % 3 == 2
                         ? scalars[i - 1]
                         : Fr::from_bytes_reduced(std::span<const std::uint8_t, 32>(bytes));
    }
    std::vector<Point> points = multiples(scalars, base);
    Progress progress;
    codex::test::must(inverse_transform(points, {pool, progress}));
    inverse_ntt(scalars);
    EXPECT_EQ(points, multiples(scalars, base)) << log2;
    EXPECT_EQ(progress.done_bytes, transform_bytes(log2, sizeof(Point))) << log2;
}

TEST(GroupNtt, TransformsOfPointsAreThoseOfTheirLogarithms) {
    ThreadPool pool(2);
    for (unsigned log2 = 0; log2 <= 7; ++log2) {
        expect_transformed(g1_generator(), log2, Executor::caller());
        expect_transformed(g2_generator(), log2, Executor::caller());
    }
    expect_transformed(g1_generator(), 11, pool);
    expect_transformed(g2_generator(), 8, pool);
}

TEST(GroupNtt, EachPointByItsOwnScalar) {
    std::vector<Fr> scalars;
    for (std::uint64_t i = 0; i < 3000; ++i)
        scalars.push_back(Fr::from_u64(i).square().square());
    std::vector<G1> points(scalars.size(), g1_generator());
    ThreadPool pool(2);
    multiply_each(points, scalars, pool);
    EXPECT_EQ(points, multiples(scalars, g1_generator()));
}

} // namespace
} // namespace codex::crypto
