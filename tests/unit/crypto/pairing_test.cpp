#include "base/cpu.hpp"
#include "base/thread_pool.hpp"
#include "crypto/curve/detail/pairing_kernel.hpp"
#include "crypto/curve/detail/tower.hpp"
#include "crypto/curve/pairing.hpp"
#include "crypto/field/text.hpp"
#include "must.hpp"
#include "samples.hpp"
#include "vectors.hpp"

#include <random>

namespace codex::crypto {
namespace {

using codex::test::Json;
using codex::test::must;
using test::random_fr;

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
    const Json& key = codex::test::proofs().at("groth16_tiny").at("verification_key");
    const G1 alpha[] = {g1(key.at("vk_alpha_1"))};
    const G2 beta[] = {g2(key.at("vk_beta_2"))};
    const GtElement value = pairing_product(alpha, beta);
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j)
            for (std::size_t k = 0; k < 2; ++k)
                EXPECT_EQ(value[6 * i + 2 * j + k],
                          fq(key.at("vk_alphabeta_12").at(i).at(j).at(k)));
}

/// The kernels this machine has.
std::vector<const detail::PairingKernel*> pairing_kernels() {
    std::vector<const detail::PairingKernel*> all = {&detail::pairing_portable()};
#if defined(__x86_64__)
    if (cpu::features().adx)
        all.push_back(&detail::pairing_adx());
#endif
    return all;
}

template <class T> const std::uint64_t* words(const T* values) {
    return reinterpret_cast<const std::uint64_t*>(values);
}

struct Looped {
    GtElement product; ///< after the final exponentiation
    std::vector<unsigned char> outside;
};

Looped looped(const detail::PairingKernel& kernel, detail::PairingKernel::Miller loop,
              std::span<const G1> ps, std::span<const G2> qs) {
    Looped result;
    result.outside.resize(ps.size());
    GtElement f;
    loop(words(ps.data()), words(qs.data()), ps.size(), reinterpret_cast<std::uint64_t*>(&f),
         result.outside.data());
    kernel.finish(words(&f), 1, reinterpret_cast<std::uint64_t*>(&result.product));
    return result;
}

TEST(Pairing, LoopsAgree) {
    std::mt19937_64 random(4);
    std::vector<G1> ps;
    std::vector<G2> qs;
    const std::vector<unsigned char> none;
    for (std::size_t count = 0; count <= 19; ++count) {
        const Looped first =
            looped(detail::pairing_portable(), detail::pairing_portable().miller_few, ps, qs);
        EXPECT_EQ(first.outside, std::vector<unsigned char>(count));
        for (const detail::PairingKernel* kernel : pairing_kernels())
            for (const auto loop : {kernel->miller_few, kernel->miller_many}) {
                const Looped other = looped(*kernel, loop, ps, qs);
                EXPECT_EQ(other.product, first.product) << count;
                EXPECT_EQ(other.outside, first.outside) << count;
            }
        EXPECT_EQ(pairing_product(ps, qs), first.product) << count;
        // Infinity on either side, repeated points and negatives are among them.
        const G1 p =
            G1Sum::from_affine(g1_generator()).times(random_fr(random).to_limbs()).to_affine();
        const G2 q =
            G2Sum::from_affine(g2_generator()).times(random_fr(random).to_limbs()).to_affine();
        ps.push_back(count % 7 == 3 ? G1::infinity() : p);
        qs.push_back(count % 7 == 5   ? G2::infinity()
                     : count % 7 == 1 ? -qs.back()
                     : count % 7 == 2 ? qs.back()
                                      : q);
    }
}

TEST(Pairing, ProductOfManyIsOneWhenTheExponentsCancel) {
    std::mt19937_64 random(5);
    std::vector<G1> ps;
    std::vector<G2> qs;
    Fr sum;
    for (int i = 0; i < 40; ++i) {
        const Fr a = random_fr(random);
        const Fr b = random_fr(random);
        ps.push_back(G1Sum::from_affine(g1_generator()).times(a.to_limbs()).to_affine());
        qs.push_back(G2Sum::from_affine(g2_generator()).times(b.to_limbs()).to_affine());
        sum += a * b;
    }
    ThreadPool pool(3);
    EXPECT_FALSE(checked_pairing_product(ps, qs, pool).is_one);
    ps.push_back(-G1Sum::from_affine(g1_generator()).times(sum.to_limbs()).to_affine());
    qs.push_back(g2_generator());
    for (Executor* threads : {&Executor::caller(), static_cast<Executor*>(&pool)}) {
        const CheckedProduct product = checked_pairing_product(ps, qs, *threads);
        EXPECT_TRUE(product.is_one);
        EXPECT_TRUE(product.outside.empty());
    }
    EXPECT_TRUE(checked_pairing_product({}, {}, pool).is_one);
}

TEST(Pairing, AcceptsTheDeployedNetworksProof) {
    const Json& test = codex::test::proofs().at("groth16_verify");
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

TEST(Pairing, CyclotomicSquaresAreSquares) {
    std::mt19937_64 random(7);
    const auto fq2 = [&] {
        const auto coordinate = [&] {
            return Fq::from_limbs({random(), random(), random(), random() >> 3});
        };
        return Fq2{coordinate(), coordinate()};
    };
    const auto fq6 = [&] { return Fq6{fq2(), fq2(), fq2()}; };
    for (int i = 0; i < 10; ++i) {
        const Fq12 any = {fq6(), fq6()};
        const Fq12 part = any.conjugate() * any.inverse(); // to the q^6 - 1
        const Fq12 element = part.frobenius(2) * part;     // to the q^2 + 1
        EXPECT_EQ(element.cyclotomic_square(), element.square());
        EXPECT_EQ(element * element.conjugate(), Fq12::one());
        EXPECT_NE(any.cyclotomic_square(), any.square());
    }
    EXPECT_EQ(Fq12::one().cyclotomic_square(), Fq12::one());
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

/// Any point of the twist; in the subgroup once in 2^254.
G2 twist_point(std::uint64_t& t) {
    for (;; ++t) {
        const Fq2 x = {Fq::from_u64(t), Fq::one()};
        if (const auto y = square_root(x.square() * x + CurveConstants<Fq2>::b())) {
            ++t;
            return {x, *y};
        }
    }
}

G2 times(const G2& point, const Limbs& scalar) {
    return G2Sum::from_affine(point).times(scalar).to_affine();
}

/// The twist has r h points; 10069 and 5864401 are the small factors of h.
constexpr Limbs kCofactor = {0x345f2299c0f9fa8d, 0x06ceecda572a2489, 0xb85045b68181585e,
                             0x30644e72e131a029};
constexpr Limbs kCofactorBy10069 = {0x6c3cd334915f1659, 0x207142f7671af448, 0x9e28bcf65b5681da,
                                    0x00013af7a58fce69};
constexpr Limbs kCofactorBy5864401 = {0xd3865bed56710dfd, 0xd47f2c69679e3e75, 0x67a5f8660434f091,
                                      0x0000008a712e2645};

/// Points of the twist of many orders: with and without a part in the subgroup.
std::vector<G2> points_of_many_orders() {
    std::vector<G2> points = {g2_generator(), -g2_generator()};
    std::uint64_t t = 1;
    for (int i = 0; i < 6; ++i) {
        const G2 point = twist_point(t);
        const G2 inside = times(point, kCofactor);
        points.push_back(inside);
        points.push_back(point);
        for (const Limbs& factor : {kCofactorBy10069, kCofactorBy5864401}) {
            const G2 small = times(times(point, FrParams::kModulus), factor);
            EXPECT_FALSE(small.is_infinity());
            points.push_back(small);
            points.push_back((G2Sum::from_affine(inside) + small).to_affine());
        }
        points.push_back(times(point, FrParams::kModulus));
    }
    return points;
}

/// By definition.
bool of_order_r(const G2& point) {
    return G2Sum::from_affine(point).times(FrParams::kModulus).is_infinity();
}

TEST(Pairing, SubgroupCheckAgreesWithTheDefinition) {
    const std::vector<G2> points = points_of_many_orders();
    std::vector<unsigned char> outside;
    for (const G2& point : points) {
        EXPECT_TRUE(point.is_on_curve());
        outside.push_back(of_order_r(point) ? 0 : 1);
        EXPECT_EQ(is_in_group(point), outside.back() == 0);
        for (const detail::PairingKernel* kernel : pairing_kernels())
            EXPECT_EQ(kernel->in_subgroup(words(&point)), outside.back() == 0);
    }
    EXPECT_EQ(std::count(outside.begin(), outside.end(), 0), 2 + 6);
    const std::vector<G1> ps(points.size(), g1_generator());
    for (const detail::PairingKernel* kernel : pairing_kernels())
        for (const auto loop : {kernel->miller_few, kernel->miller_many})
            EXPECT_EQ(looped(*kernel, loop, ps, points).outside, outside);
}

TEST(Pairing, EveryPointOfASmallOrderIsOutside) {
    // Of order 10069: on its multiples the loop meets every exceptional step.
    std::uint64_t t = 1;
    const G2 base = times(times(twist_point(t), FrParams::kModulus), kCofactorBy10069);
    G2Sum sum = G2Sum::from_affine(base);
    std::vector<G2> points;
    for (int i = 1; i < 10069; ++i, sum += base)
        if (i % 37 == 1)
            points.push_back(sum.to_affine());
    EXPECT_TRUE(sum.is_infinity());
    const std::vector<G1> ps(points.size(), g1_generator());
    const std::vector<unsigned char> all(points.size(), 1);
    for (const detail::PairingKernel* kernel : pairing_kernels())
        for (const auto loop : {kernel->miller_few, kernel->miller_many})
            EXPECT_EQ(looped(*kernel, loop, ps, points).outside, all);
}

TEST(Pairing, CheckedProductNamesThePointsOutside) {
    const std::vector<G2> points = points_of_many_orders();
    std::vector<G1> ps(points.size(), g1_generator());
    ps[3] = G1::infinity(); // and its point is outside all the same
    std::vector<std::size_t> outside;
    for (std::size_t i = 0; i < points.size(); ++i)
        if (!of_order_r(points[i]))
            outside.push_back(i);
    ASSERT_EQ(outside.at(0), 3U);
    ThreadPool pool(2);
    for (Executor* threads : {&Executor::caller(), static_cast<Executor*>(&pool)}) {
        const CheckedProduct product = checked_pairing_product(ps, points, *threads);
        EXPECT_FALSE(product.is_one);
        EXPECT_EQ(product.outside, outside);
    }
    const G1 p[] = {G1::infinity()};
    EXPECT_FALSE(checked_pairing_product(p, std::span(points).subspan(3, 1)).is_one);
}

} // namespace
} // namespace codex::crypto
