#include "crypto/msm/combine.hpp"

#include "vectors.hpp"

#include <random>

namespace codex::crypto {
namespace {

Fr random_coefficient(std::mt19937_64& random) {
    switch (random() % 6) {
    case 0:
        return Fr::one();
    case 1:
        return -Fr::from_u64(random() % 40);
    case 2:
        return Fr::zero();
    case 3:
        return Fr::from_u64(random());
    default:
        const Bytes bytes = codex::test::random_bytes(random, 32);
        return Fr::from_bytes_reduced(std::span<const std::uint8_t, 32>(bytes));
    }
}

template <class F> std::vector<Affine<F>> some_points(const Affine<F>& generator) {
    std::vector<Affine<F>> points = {Affine<F>::infinity()};
    Jacobian<F> sum = Jacobian<F>::from_affine(generator);
    for (int i = 0; i < 20; ++i) {
        points.push_back(sum.to_affine());
        sum = sum.doubled() + generator;
    }
    points.push_back(-points.back()); // so that lists cancel
    points.push_back(points[1]);
    return points;
}

template <class F, class Combine>
void expect_combined(const Affine<F>& generator, Combine combine,
                     const std::vector<std::size_t>& lengths) {
    std::mt19937_64 random(lengths.size());
    const std::vector<Affine<F>> points = some_points(generator);
    std::vector<PointTerm> terms;
    std::vector<std::uint32_t> ends;
    for (const std::size_t length : lengths) {
        for (std::size_t i = 0; i < length; ++i)
            terms.push_back(
                {static_cast<std::uint32_t>(random() % points.size()), random_coefficient(random)});
        ends.push_back(static_cast<std::uint32_t>(terms.size()));
    }
    const std::vector<Affine<F>> results = combine(points, terms, ends);
    ASSERT_EQ(results.size(), lengths.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        // The same by one coefficient a point.
        std::vector<Fr> totals(points.size());
        for (; at < ends[i]; ++at)
            totals[terms[at].point] += terms[at].coefficient;
        Jacobian<F> sum = Jacobian<F>::infinity();
        for (std::size_t p = 0; p < points.size(); ++p)
            sum += Jacobian<F>::from_affine(points[p]).times(totals[p].to_limbs());
        EXPECT_EQ(results[i], sum.to_affine()) << i;
    }
}

const std::vector<std::size_t> kLengths = {0, 1, 1, 1, 2, 2, 3, 0, 0, 30, 5000, 7, 0};

TEST(Combine, G1ListsOfEveryLength) {
    expect_combined<Fq>(g1_generator(), combinations_g1, kLengths);
    expect_combined<Fq>(g1_generator(), combinations_g1, {});
    expect_combined<Fq>(g1_generator(), combinations_g1, {0});
    expect_combined<Fq>(g1_generator(), combinations_g1, std::vector<std::size_t>(100, 4));
}

TEST(Combine, G2ListsOfEveryLength) {
    expect_combined<Fq2>(g2_generator(), combinations_g2, kLengths);
    expect_combined<Fq2>(g2_generator(), combinations_g2, std::vector<std::size_t>(40, 3));
}

TEST(Combine, SmallCoefficientsAndEdges) {
    const std::vector<G1> points = some_points(g1_generator());
    std::vector<PointTerm> terms;
    std::vector<std::uint32_t> ends;
    const Fr half = Fr::from_u64(2).inverse();
    std::vector<Fr> values = {Fr::one(), -Fr::one(), half, -half, half + Fr::one()};
    for (std::uint64_t i = 7; i < 10; ++i)
        for (std::uint64_t shift = 0; shift < 64; shift += 4)
            values.push_back(Fr::from_u64(i << shift));
    for (const Fr& value : values) {
        terms.push_back({5, value});
        ends.push_back(static_cast<std::uint32_t>(terms.size()));
    }
    const std::vector<G1> results = combinations_g1(points, terms, ends);
    for (std::size_t i = 0; i < values.size(); ++i)
        EXPECT_EQ(results[i],
                  G1Sum::from_affine(points[5]).times(values[i].to_limbs()).to_affine());
}

} // namespace
} // namespace codex::crypto
