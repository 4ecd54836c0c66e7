#include "base/cpu.hpp"
#include "crypto/curve/detail/pairing_kernel.hpp"
#include "crypto/curve/pairing.hpp"
#include "crypto/field/text.hpp"
#include "must.hpp"
#include "vectors.hpp"

#include <random>

namespace codex::crypto {
namespace {

using test::Json;
using test::must;

Fq fq(const Json& text) {
    return must(field_from_text<Fq>(text.get<std::string>()));
}
Fr fr(const Json& text) {
    return must(field_from_text<Fr>(text.get<std::string>()));
}
G1 g1(const Json& point) {
    return {fq(point.at(0)), fq(point.at(1))};
}
G2 g2(const Json& point) {
    return {{fq(point.at(0).at(0)), fq(point.at(0).at(1))},
            {fq(point.at(1).at(0)), fq(point.at(1).at(1))}};
}

Fr random_fr(std::mt19937_64& random) {
    const Bytes bytes = test::random_bytes(random, 32);
    return Fr::from_bytes_reduced(std::span<const std::uint8_t, 32>(bytes));
}

template <class F> Affine<F> generator();
template <> Affine<Fq> generator<Fq>() {
    return g1_generator();
}
template <> Affine<Fq2> generator<Fq2>() {
    return g2_generator();
}

template <class F> class CurveTest : public testing::Test {};
using CoordinateFields = testing::Types<Fq, Fq2>;
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

TEST(Pairing, IsBilinear) {
    std::mt19937_64 random(3);
    const Fr a = random_fr(random);
    const Fr b = random_fr(random);
    const G1 p = G1Sum::from_affine(g1_generator()).times(a.to_limbs()).to_affine();
    const G2 q = G2Sum::from_affine(g2_generator()).times(b.to_limbs()).to_affine();
    const G1 pq = G1Sum::from_affine(g1_generator()).times((a * b).to_limbs()).to_affine();
    const G1 lefts[] = {p, -pq};
    const G2 rights[] = {q, g2_generator()};
    EXPECT_TRUE(pairing_product_is_one(lefts, rights));
    const G1 wrong[] = {p, pq};
    EXPECT_FALSE(pairing_product_is_one(wrong, rights));
    EXPECT_FALSE(pairing_product_is_one(std::span(lefts).first(1), std::span(rights).first(1)));
    const G1 none[] = {G1::infinity()};
    EXPECT_TRUE(pairing_product_is_one(none, std::span(rights).first(1)));
    EXPECT_TRUE(pairing_product_is_one({}, {}));
}

TEST(Pairing, ValueIsTheOneSnarkjsPrints) {
    const Json key = test::load_vectors("proofs.json").at("groth16_tiny").at("verification_key");
    const G1 alpha[] = {g1(key.at("vk_alpha_1"))};
    const G2 beta[] = {g2(key.at("vk_beta_2"))};
    const GtElement value = pairing_product(alpha, beta);
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j)
            for (std::size_t k = 0; k < 2; ++k)
                EXPECT_EQ(value[6 * i + 2 * j + k],
                          fq(key.at("vk_alphabeta_12").at(i).at(j).at(k)));
}

TEST(Pairing, KernelsAgree) {
    const G1 p = g1_generator();
    const G2 q = g2_generator();
    std::array<std::uint64_t, 48> portable;
    detail::pairing_product_portable(p.x.montgomery().data(), q.x.c0.montgomery().data(), 1,
                                     portable.data());
#if defined(__x86_64__)
    if (cpu::features().adx) {
        std::array<std::uint64_t, 48> adx;
        detail::pairing_product_adx(p.x.montgomery().data(), q.x.c0.montgomery().data(), 1,
                                    adx.data());
        EXPECT_EQ(adx, portable);
    }
#endif
    EXPECT_EQ(std::memcmp(pairing_product({&p, 1}, {&q, 1}).data(), portable.data(), 384), 0);
}

TEST(Pairing, AcceptsTheDeployedNetworksProof) {
    const Json test = test::load_vectors("proofs.json").at("groth16_verify");
    const Json& key = test.at("verification_key");
    const Json& proof = test.at("proof");
    G1Sum input = G1Sum::from_affine(g1(key.at("IC").at(0)));
    for (std::size_t i = 0; i < test.at("public").size(); ++i)
        input += G1Sum::from_affine(g1(key.at("IC").at(i + 1)))
                     .times(fr(test.at("public").at(i)).to_limbs());
    const G1 lefts[] = {-g1(proof.at("pi_a")), g1(key.at("vk_alpha_1")), input.to_affine(),
                        g1(proof.at("pi_c"))};
    const G2 rights[] = {g2(proof.at("pi_b")), g2(key.at("vk_beta_2")), g2(key.at("vk_gamma_2")),
                         g2(key.at("vk_delta_2"))};
    for (const G1& point : lefts)
        EXPECT_TRUE(is_in_group(point));
    for (const G2& point : rights)
        EXPECT_TRUE(is_in_group(point));
    EXPECT_TRUE(pairing_product_is_one(lefts, rights));
}

/// A square root, for q = 3 mod 4; nothing when there is none.
std::optional<Fq> square_root(const Fq& a) {
    Limbs exponent = FqParams::kModulus; // (q + 1) / 4
    exponent[0] += 1;
    for (std::size_t i = 0; i < 4; ++i)
        exponent[i] = exponent[i] >> 2 | (i < 3 ? exponent[i + 1] << 62 : 0);
    const Fq root = a.pow(exponent);
    return root.square() == a ? std::optional(root) : std::nullopt;
}

std::optional<Fq2> square_root(const Fq2& a) {
    const auto norm = square_root(a.c0.square() + a.c1.square());
    if (!norm)
        return std::nullopt;
    const Fq half = Fq::from_u64(2).inverse();
    auto real = square_root((a.c0 + *norm) * half);
    if (!real)
        real = square_root((a.c0 - *norm) * half);
    if (!real)
        return std::nullopt;
    const Fq2 root = {*real, a.c1 * half * real->inverse()};
    return root.square() == a ? std::optional(root) : std::nullopt;
}

TEST(Curve, PointsOfTheTwistOutsideTheSubgroupAreRefused) {
    int found = 0;
    for (std::uint64_t t = 1; found < 3; ++t) {
        const Fq2 x = {Fq::from_u64(t), Fq::one()};
        const auto y = square_root(x.square() * x + CurveConstants<Fq2>::b());
        if (!y)
            continue;
        ++found;
        const G2 point = {x, *y};
        EXPECT_TRUE(point.is_on_curve());
        EXPECT_FALSE(is_in_group(point)); // a random point is in the subgroup once in 2^254
    }
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
