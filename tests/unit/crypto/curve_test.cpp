#include "crypto/curve/pairing.hpp"
#include "samples.hpp"

#include <random>

namespace codex::crypto {
namespace {

using test::CoordinateFields;
using test::generator;
using test::random_fr;

template <class F> class CurveTest : public testing::Test {};
TYPED_TEST_SUITE(CurveTest, CoordinateFields);

TYPED_TEST(CurveTest, GeneratorIsOfOrderR) {
    const auto g = generator<TypeParam>();
    EXPECT_TRUE(g.is_on_curve());
    EXPECT_TRUE(is_in_group(g));
    EXPECT_TRUE(Jacobian<TypeParam>::from_affine(g).times(FrParams::kModulus).is_infinity());
}

TYPED_TEST(CurveTest, GroupLaws) {
    using Sum = Jacobian<TypeParam>;
    std::mt19937_64 random(1);
    const Sum g = Sum::from_affine(generator<TypeParam>());
    for (int i = 0; i < 20; ++i) {
        const Fr a = random_fr(random);
        const Fr b = random_fr(random);
        const Sum p = g.times(a.to_limbs());
        const Sum q = g.times(b.to_limbs());
        EXPECT_TRUE(p.to_affine().is_on_curve());
        EXPECT_EQ(p + q, g.times((a + b).to_limbs()));
        EXPECT_EQ(p + q.to_affine(), p + q);
        EXPECT_EQ(p + p, p.doubled());
        EXPECT_EQ(p + p.to_affine(), p.doubled());
        EXPECT_TRUE((p + (-p)).is_infinity());
        EXPECT_TRUE((p + (-p.to_affine())).is_infinity());
        EXPECT_EQ(p + Sum::infinity(), p);
        EXPECT_EQ(Sum::infinity() + p.to_affine(), p);
        EXPECT_EQ(q.times(a.to_limbs()), p.times(b.to_limbs()));
    }
}

TYPED_TEST(CurveTest, SecretMultiplicationAgrees) {
    using Sum = Jacobian<TypeParam>;
    std::mt19937_64 random(2);
    const auto g = generator<TypeParam>();
    for (const Fr& scalar :
         {Fr::zero(), Fr::one(), -Fr::one(), Fr::from_u64(2), random_fr(random), random_fr(random)})
        EXPECT_EQ(times_secret(g, scalar), Sum::from_affine(g).times(scalar.to_limbs()));
    EXPECT_TRUE(times_secret(Affine<TypeParam>::infinity(), Fr::from_u64(5)).is_infinity());
}

TEST(Curve, PointsOffTheCurveAreRefused) {
    G1 p = g1_generator();
    p.y += Fq::one();
    EXPECT_FALSE(is_in_group(p));
    G2 q = g2_generator();
    q.x += Fq2::one();
    EXPECT_FALSE(is_in_group(q));
    EXPECT_TRUE(is_in_group(G1::infinity()));
    EXPECT_TRUE(is_in_group(G2::infinity()));
}

} // namespace
} // namespace codex::crypto
