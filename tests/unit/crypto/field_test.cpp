#include "crypto/field/field.hpp"
#include "crypto/field/inverse.hpp"
#include "crypto/field/text.hpp"
#include "must.hpp"
#include "vectors.hpp"

#include <random>

namespace codex::crypto {
namespace {

using codex::test::Json;
using codex::test::must;
using codex::test::must_fail;
using codex::test::proofs;

template <class F> F random_element(std::mt19937_64& random) {
    const Bytes bytes = codex::test::random_bytes(random, 32);
    return F::from_bytes_reduced(std::span<const std::uint8_t, 32>(bytes));
}

template <class F> class FieldTest : public testing::Test {};
using Fields = testing::Types<Fr, Fq>;
TYPED_TEST_SUITE(FieldTest, Fields);

TYPED_TEST(FieldTest, RingLawsHoldOnRandomElements) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 2000; ++i) {
        const auto a = random_element<TypeParam>(random);
        const auto b = random_element<TypeParam>(random);
        const auto c = random_element<TypeParam>(random);
        EXPECT_EQ(a + b, b + a);
        EXPECT_EQ(a * b, b * a);
        EXPECT_EQ((a + b) + c, a + (b + c));
        EXPECT_EQ((a * b) * c, a * (b * c));
        EXPECT_EQ(a * (b + c), a * b + a * c);
        EXPECT_EQ(a - b, a + (-b));
        EXPECT_EQ((a - a), TypeParam::zero());
        EXPECT_EQ(a * TypeParam::one(), a);
    }
}

template <class F> struct ParamsOf;
template <class P> struct ParamsOf<Field<P>> {
    using Params = P;
};

TYPED_TEST(FieldTest, AssemblyAndPlainProductsAreTheSame) {
    using Params = typename ParamsOf<TypeParam>::Params;
    std::mt19937_64 random(4);
    for (int i = 0; i < 20000; ++i) {
        const Limbs a = random_element<TypeParam>(random).montgomery();
        const Limbs b = random_element<TypeParam>(random).montgomery();
        Limbs product;
        Limbs plain;
        limbs::mont_mul<Params>(product.data(), a.data(), b.data());
        limbs::mont_mul_plain<Params>(plain.data(), a.data(), b.data());
        ASSERT_EQ(product, plain);
        // Any 256 bits times a reduced constant, as from_limbs() and load() of hashes have it.
        Limbs wide = {random(), random(), random(), i % 3 == 0 ? ~std::uint64_t{0} : random()};
        limbs::mont_mul_plain<Params>(plain.data(), wide.data(), Params::kSquare.data());
        limbs::mont_mul<Params>(wide.data(), wide.data(), Params::kSquare.data());
        ASSERT_EQ(wide, plain);
    }
}

/// An element, and one p above it in every other case: what the loose range allows.
template <class F> Limbs loose(std::mt19937_64& random, int i) {
    Limbs value =
        i % 5 == 0 ? (F::zero() - F::one()).montgomery() : random_element<F>(random).montgomery();
    if (i % 2 == 0)
        return value;
    limbs::Wide sum = 0;
    for (std::size_t j = 0; j < 4; ++j) {
        sum += limbs::Wide{value[j]} + ParamsOf<F>::Params::kModulus[j];
        value[j] = static_cast<std::uint64_t>(sum);
        sum >>= 64;
    }
    return value;
}

TYPED_TEST(FieldTest, SquaresAndLooseProductsAreProducts) {
    using Params = typename ParamsOf<TypeParam>::Params;
    using limbs::Range;
    std::mt19937_64 random(5);
    for (int i = 0; i < 20000; ++i) {
        const Limbs a = loose<TypeParam>(random, i);
        const Limbs b = loose<TypeParam>(random, i / 2);
        Limbs plain;
        Limbs result;
        limbs::mont_mul_plain<Params>(plain.data(), a.data(), b.data());
        limbs::mont_mul<Params, Range::loose>(result.data(), a.data(), b.data());
        limbs::reduce_once<Params>(result.data(), result[0], result[1], result[2], result[3]);
        ASSERT_EQ(result, plain);
        limbs::mont_mul_plain<Params>(plain.data(), a.data(), a.data());
        limbs::mont_square<Params>(result.data(), a.data());
        ASSERT_EQ(result, plain);
        limbs::mont_square<Params, Range::loose>(result.data(), a.data());
        limbs::reduce_once<Params>(result.data(), result[0], result[1], result[2], result[3]);
        ASSERT_EQ(result, plain);
    }
}

TYPED_TEST(FieldTest, EdgesOfTheRange) {
    const TypeParam minus_one = -TypeParam::one();
    EXPECT_EQ(minus_one * minus_one, TypeParam::one());
    EXPECT_EQ(minus_one + TypeParam::one(), TypeParam::zero());
    EXPECT_EQ(TypeParam::zero() - TypeParam::one(), minus_one);
    EXPECT_EQ(-TypeParam::zero(), TypeParam::zero());
    EXPECT_EQ(TypeParam::zero().inverse(), TypeParam::zero());
    EXPECT_EQ(TypeParam::from_bytes(minus_one.to_bytes()), minus_one);
}

TYPED_TEST(FieldTest, InversesOneByOneAndInBatch) {
    std::mt19937_64 random(2);
    std::vector<TypeParam> values;
    for (int i = 0; i < 50; ++i)
        values.push_back(i % 7 == 3 ? TypeParam::zero() : random_element<TypeParam>(random));
    std::vector<TypeParam> inverses = values;
    std::vector<TypeParam> scratch(values.size());
    batch_inverse<TypeParam>(inverses, scratch);
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(inverses[i], values[i].inverse());
        EXPECT_EQ(inverses[i] * values[i],
                  values[i].is_zero() ? TypeParam::zero() : TypeParam::one());
    }
}

TYPED_TEST(FieldTest, TheFastInverseIsTheSlowOne) {
    std::mt19937_64 random(6);
    EXPECT_EQ(inverse_variable_time(TypeParam::zero()), TypeParam::zero());
    for (std::uint64_t i = 1; i < 3000; ++i) {
        const auto small = TypeParam::from_u64(i);
        // Small and large in standard form as well, and powers of two.
        for (const TypeParam& a :
             {small, -small, TypeParam::from_montgomery({i, 0, 0, 0}),
              random_element<TypeParam>(random), TypeParam::from_u64(2).pow({i, 0, 0, 0})})
            ASSERT_EQ(inverse_variable_time(a) * a, TypeParam::one());
    }
    EXPECT_EQ(inverse_variable_time({2, 0, 0, 0}, {7, 0, 0, 0}), (Limbs{4, 0, 0, 0}));
}

TYPED_TEST(FieldTest, TextRoundTrip) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 200; ++i) {
        const auto a = random_element<TypeParam>(random);
        EXPECT_EQ(must(field_from_text<TypeParam>(field_to_text(a))), a);
    }
    EXPECT_EQ(field_to_text(TypeParam::zero()), "0");
    EXPECT_EQ(must(field_from_text<TypeParam>("0x1f")), TypeParam::from_u64(31));
    for (const char* bad : {"", "0x", "-1", "12a", "0xg", " 1"})
        EXPECT_EQ(must_fail(field_from_text<TypeParam>(bad)).code(), Errc::malformed) << bad;
    EXPECT_EQ(must_fail(field_from_text<TypeParam>(std::string(100, '9'))).code(), Errc::malformed);
}

TEST(Field, ModulusIsRefusedAndReduced) {
    const Json& field = proofs().at("field");
    EXPECT_FALSE(field_from_text<Fr>(field.at("r").get<std::string>()));
    EXPECT_FALSE(field_from_text<Fq>(field.at("q").get<std::string>()));
    std::array<std::uint8_t, 32> modulus;
    for (std::size_t i = 0; i < 4; ++i)
        store_le(modulus.data() + 8 * i, FrParams::kModulus[i]);
    EXPECT_FALSE(Fr::from_bytes(modulus));
    EXPECT_EQ(Fr::from_bytes_reduced(modulus), Fr::zero());
    std::array<std::uint8_t, 32> ones;
    ones.fill(0xff);
    EXPECT_EQ(Fr::from_bytes_reduced(ones) + Fr::one(), Fr::from_u64(2).pow({256, 0, 0, 0}));
}

TEST(Field, ConstantsOfTheVectors) {
    const Json& field = proofs().at("field");
    const auto hex_of = [&](const char* name) {
        return must(field_from_text<Fr>(field.at(name).get<std::string>()));
    };
    EXPECT_EQ(Fr::from_limbs(FrParams::kOne), hex_of("R_mont_r_hex"));
    EXPECT_EQ(Fr::from_limbs(FrParams::kSquare), hex_of("R2_mont_r_hex"));
    const Fr root = hex_of("root_2_28_hex");
    EXPECT_EQ(root.pow({std::uint64_t{1} << 27, 0, 0, 0}), -Fr::one());
    EXPECT_EQ(to_hex(Fr::one().to_bytes()),
              "0100000000000000000000000000000000000000000000000000000000000000");
}

} // namespace
} // namespace codex::crypto
