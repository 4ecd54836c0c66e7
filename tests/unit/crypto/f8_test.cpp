// Eight lanes of 52-bit multiply-adds beside the scalar field, at the edges of their ranges.
#if defined(__x86_64__)

#include "base/cpu.hpp"
#include "f8_operations.hpp"
#include "lane_edges.hpp"

#include <gtest/gtest.h>

namespace codex::crypto {
namespace {

using codex::test::edges;
using codex::test::element;
using codex::test::F8Limbs;
using codex::test::is_reduced;
using codex::test::kFullLimb;
using codex::test::lane;
using codex::test::Limbs52;
using codex::test::multiple_of_p;
using codex::test::set_lane;
using codex::test::size_in_p;

constexpr std::uint64_t kTight = std::uint64_t{1} << 52;
constexpr std::uint64_t kLimbsOfAProduct = std::uint64_t{1} << 56;

void set_all(F8Limbs& limbs, const Limbs52& value) {
    for (std::size_t l = 0; l < 8; ++l)
        set_lane(limbs, l, value);
}

/// The same number with limbs that are not carried: each gives 2^11 of its units to the one below.
Limbs52 uncarried(Limbs52 limbs) {
    for (std::size_t i = 4; i > 0; --i) {
        const std::uint64_t given = std::min<std::uint64_t>(limbs[i], 2047);
        limbs[i] -= given;
        limbs[i - 1] += given << 52;
    }
    return limbs;
}

/// Each edge with each, eight in a vector: `check` sees a, b and what `multiply` made of them. With
/// `squares` a is b.
template <class Params, class Multiply, class Check>
void for_all_pairs(const Multiply& multiply, bool squares, const Check& check) {
    const std::vector<Limbs52> all = edges<Params>();
    for (std::size_t i = 0; i < (squares ? 1 : all.size()); ++i)
        for (std::size_t j = 0; j < all.size(); j += 8) {
            F8Limbs a, b, to;
            for (std::size_t l = 0; l < 8; ++l) {
                set_lane(b, l, all[(j + l) % all.size()]);
                set_lane(a, l, squares ? lane(b, l) : all[i]);
            }
            multiply(a, b, to);
            for (std::size_t l = 0; l < 8; ++l)
                check(lane(a, l), lane(b, l), lane(to, l));
        }
}

/// That `to` is a * b / 2^260 and below (1 + ab/84p^2) * p.
template <class F> void expect_product(const Limbs52& a, const Limbs52& b, const Limbs52& to) {
    static const F unit = F::from_u64(2).pow({260, 0, 0, 0});
    EXPECT_EQ(element<F>(to) * unit, element<F>(a) * element<F>(b));
    EXPECT_LE(size_in_p(to), (1 + size_in_p(a) * size_in_p(b) / 84) * 1.0001);
}

/// The same with limbs below 2^52, the highest alone above where the number is.
template <class F>
void expect_tight_product(const Limbs52& a, const Limbs52& b, const Limbs52& to) {
    expect_product<F>(a, b, to);
    const bool room = 1 + size_in_p(a) * size_in_p(b) / 84 < 84;
    for (std::size_t i = 0; i < (room ? 5 : 4); ++i)
        EXPECT_LT(to[i], kTight) << i;
}

void expect_limbs_of_product(const Limbs52& a, const Limbs52& b, const Limbs52& to) {
    expect_product<Fr>(a, b, to);
    for (const std::uint64_t limb : to)
        EXPECT_LT(limb, kLimbsOfAProduct);
}

class F8 : public testing::Test {
protected:
    void SetUp() override {
        if (!cpu::features().avx512_ifma)
            GTEST_SKIP() << "no IFMA here, or not allowed";
    }
};

TEST_F(F8, ProductsAtTheEdges) {
    for_all_pairs<FrParams>(codex::test::f8_multiply_fr, false, expect_tight_product<Fr>);
    for_all_pairs<FqParams>(codex::test::f8_multiply_fq, false, expect_tight_product<Fq>);
    for_all_pairs<FrParams>(codex::test::f8_multiply_limbs_fr, false, expect_limbs_of_product);
}

TEST_F(F8, SquaresAtTheEdges) {
    for_all_pairs<FrParams>(
        [](const F8Limbs& a, const F8Limbs&, F8Limbs& to) { codex::test::f8_square_fr(a, to); },
        true, expect_tight_product<Fr>);
    for_all_pairs<FrParams>([](const F8Limbs& a, const F8Limbs&,
                               F8Limbs& to) { codex::test::f8_square_limbs_fr(a, to); },
                            true, expect_limbs_of_product);
}

TEST_F(F8, FactorsNeedNotBeCarried) {
    const std::vector<Limbs52> all = edges<FrParams>();
    for (const Limbs52& value : all) {
        F8Limbs a, b, as_it_is, carried;
        set_all(a, value);
        for (std::size_t l = 0; l < 8; ++l)
            set_lane(b, l, all[(l * 7) % all.size()]);
        codex::test::f8_multiply_limbs_fr(a, b, carried);
        set_all(a, uncarried(value));
        codex::test::f8_multiply_limbs_fr(a, b, as_it_is);
        for (std::size_t l = 0; l < 8; ++l)
            EXPECT_EQ(lane(as_it_is, l), lane(carried, l));
    }
}

TEST_F(F8, ShrinksAndReducesAtTheEdges) {
    for (const Limbs52& value : edges<FrParams>())
        for (const Limbs52& limbs : {value, uncarried(value)}) {
            F8Limbs a, shrunk, canonical;
            set_all(a, limbs);
            codex::test::f8_shrink_fr(a, shrunk);
            codex::test::f8_canonical_fr(shrunk, canonical);
            for (std::size_t l = 0; l < 8; ++l) {
                EXPECT_EQ(element<Fr>(lane(shrunk, l)), element<Fr>(value));
                EXPECT_LT(size_in_p(lane(shrunk, l)), 1.7);
                for (const std::uint64_t limb : lane(shrunk, l))
                    EXPECT_LT(limb, kTight);
                EXPECT_EQ(element<Fr>(lane(canonical, l)), element<Fr>(value));
                EXPECT_TRUE(is_reduced<Fr>(lane(canonical, l)));
            }
        }
}

/// Around all multiples of p below 8p, each reduction gives what is left.
template <class Params, class Reduce> void expect_rests(const Reduce& reduce, bool tight) {
    for (const std::uint64_t times : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U})
        for (const std::int64_t more : {-2, -1, 0, 1, 2}) {
            if ((times == 0 && more < 0) || (times == 8 && more >= 0))
                continue; // from 0 to below 8p
            const Limbs52 value = multiple_of_p<Params>(times, more);
            const Limbs52 expected = multiple_of_p<Params>(more < 0 ? 1 : 0, more);
            F8Limbs a, to;
            for (std::size_t l = 0; l < 8; ++l)
                set_lane(a, l, value);
            if (!tight) { // each limb in turn lends to the one below, or borrows of it
                for (std::size_t l = 0; l < 4; ++l) {
                    a[l + 1][l] -= 31;
                    a[l][l] += std::uint64_t{31} << 52;
                    a[l + 1][l + 4] += 31;
                    a[l][l + 4] -= std::uint64_t{31} << 52;
                }
            }
            reduce(a, to);
            for (std::size_t l = 0; l < 8; ++l)
                EXPECT_EQ(lane(to, l), expected) << times << " " << more << " " << l;
        }
}

TEST_F(F8, RestsOfAllMultiples) {
    expect_rests<FrParams>(codex::test::f8_canonical_fr, true);
    for (const bool tight : {true, false}) {
        expect_rests<FrParams>(codex::test::f8_reduce_small_fr, tight);
        expect_rests<FqParams>(codex::test::f8_reduce_small_fq, tight);
    }
}

TEST_F(F8, DifferencesAreReducedAtTheEdges) {
    std::vector<Limbs52> below; // p
    for (const Limbs52& value : edges<FqParams>())
        if (is_reduced<Fq>(value))
            below.push_back(value);
    for (std::uint64_t i = 1; i < 49; ++i) // around what the quotient is estimated by
        below.push_back({kFullLimb, kFullLimb, kFullLimb, kFullLimb, i << 40});
    const Limbs52 p = multiple_of_p<FqParams>(1, 0);
    for (std::size_t i = 0; i < below.size(); ++i)
        for (std::size_t j = 0; j < below.size(); j += 8) {
            F8Limbs a, reduced;
            Limbs52 b[8];
            for (std::size_t l = 0; l < 8; ++l) {
                b[l] = below[(j + l) % below.size()];
                for (std::size_t limb = 0; limb < 5; ++limb)
                    a[limb][l] = below[i][limb] - b[l][limb] + p[limb];
            }
            codex::test::f8_reduce_small_fq(a, reduced);
            for (std::size_t l = 0; l < 8; ++l) {
                EXPECT_EQ(element<Fq>(lane(reduced, l)), element<Fq>(below[i]) - element<Fq>(b[l]))
                    << i << " " << j << " " << l;
                EXPECT_TRUE(is_reduced<Fq>(lane(reduced, l)));
            }
        }
}

TEST_F(F8, WordsAreTheSameNumbers) {
    for (Limbs52 value : edges<FrParams>()) {
        value[4] &= kFullLimb >> 4; // below 2^256
        F8Limbs a, to;
        set_all(a, value);
        codex::test::f8_through_words(a, to);
        for (std::size_t l = 0; l < 8; ++l)
            EXPECT_EQ(lane(to, l), value);
    }
}

} // namespace
} // namespace codex::crypto

#endif
