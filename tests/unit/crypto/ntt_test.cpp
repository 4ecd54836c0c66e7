#include "crypto/ntt/ntt.hpp"

#include "base/cpu.hpp"
#include "base/thread_pool.hpp"
#include "crypto/field/text.hpp"
#include "crypto/ntt/detail/ntt_kernel.hpp"
#include "must.hpp"
#include "vectors.hpp"

#include <random>

namespace codex::crypto {
namespace {

std::vector<Fr> random_elements(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Fr> values(count);
    for (Fr& value : values) {
        const Bytes bytes = codex::test::random_bytes(random, 32);
        value = Fr::from_bytes_reduced(std::span<const std::uint8_t, 32>(bytes));
    }
    return values;
}

/// sum_j coefficients[j] * x^j.
Fr evaluate(const std::vector<Fr>& coefficients, const Fr& x) {
    Fr sum;
    for (std::size_t i = coefficients.size(); i-- > 0;)
        sum = sum * x + coefficients[i];
    return sum;
}

TEST(Ntt, RootsAreTheOnesOfTheKeys) {
    const auto& field = codex::test::proofs().at("field");
    EXPECT_EQ(root_of_unity(28),
              codex::test::must(field_from_text<Fr>(field.at("root_2_28").get<std::string>())));
    EXPECT_EQ(root_of_unity(0), Fr::one());
    EXPECT_EQ(root_of_unity(1), -Fr::one());
    EXPECT_EQ(root_of_unity(5).square(), root_of_unity(4));
}

TEST(Ntt, IsEvaluationAtTheRoots) {
    for (unsigned log2 = 0; log2 <= 8; ++log2) {
        const std::vector<Fr> coefficients = random_elements(std::size_t{1} << log2, log2);
        std::vector<Fr> values = coefficients;
        ntt(values);
        Fr x = Fr::one();
        for (const Fr& value : values) {
            EXPECT_EQ(value, evaluate(coefficients, x)) << log2;
            x *= root_of_unity(log2);
        }
        inverse_ntt(values);
        EXPECT_EQ(values, coefficients);
    }
}

TEST(Ntt, LargeSizesRoundTripAndThreadsChangeNothing) {
    ThreadPool pool(3);
    for (const unsigned log2 : {12U, 13U, 15U}) {
        const std::vector<Fr> original = random_elements(std::size_t{1} << log2, log2);
        std::vector<Fr> alone = original;
        std::vector<Fr> together = original;
        ntt(alone);
        ntt(together, pool);
        EXPECT_EQ(alone, together);
        EXPECT_EQ(alone[3], evaluate(original, root_of_unity(log2).pow({3, 0, 0, 0})));
        inverse_ntt(alone);
        EXPECT_EQ(alone, original);
        inverse_ntt(together, pool);
        EXPECT_EQ(together, original);
    }
}

TEST(Ntt, OddCoset) {
    ThreadPool pool(2);
    for (const unsigned log2 : {0U, 1U, 2U, 3U, 6U, 12U, 13U, 15U}) {
        const std::vector<Fr> coefficients = random_elements(std::size_t{1} << log2, 100 + log2);
        std::vector<Fr> values = coefficients;
        ntt(values);
        shift_to_odd_coset(values, pool);
        const Fr shift = root_of_unity(log2 + 1);
        const Fr ratio = root_of_unity(log2).inverse();
        for (std::size_t i = 0; i < values.size(); i += 1 + values.size() / 8)
            EXPECT_EQ(values[i], evaluate(coefficients, shift * ratio.pow({i, 0, 0, 0})));
    }
}

TEST(Ntt, MultiplySubtract) {
    for (const std::size_t count : {1UL, 8UL, 13UL, 5000UL}) {
        std::vector<Fr> a = random_elements(count, 1);
        const std::vector<Fr> b = random_elements(count, 2);
        const std::vector<Fr> c = random_elements(count, 3);
        std::vector<Fr> expected;
        for (std::size_t i = 0; i < count; ++i)
            expected.push_back(a[i] * b[i] - c[i]);
        multiply_subtract(a, b, c);
        EXPECT_EQ(a, expected);
    }
}

TEST(Ntt, KernelsAgree) {
    std::vector<const detail::NttKernel*> kernels = {&detail::ntt_portable()};
#if defined(__x86_64__)
    if (cpu::features().adx)
        kernels.push_back(&detail::ntt_adx());
    if (cpu::features().avx2)
        kernels.push_back(&detail::ntt_avx2());
    if (cpu::features().avx512_ifma)
        kernels.push_back(&detail::ntt_ifma());
#endif
    const std::size_t count = 64;
    std::vector<Fr> a = random_elements(count, 4);
    std::vector<Fr> b = random_elements(count, 5);
    a[0] = -Fr::one();
    b[0] = -Fr::one();
    a[1] = b[1] = Fr();
    for (std::size_t i = 0; i < 8; ++i) { // whole blocks of eight at the borders, and across them
        a[8 + i] = Fr();
        a[16 + i] = -Fr::one();
        a[24 + i] = i % 2 == 0 ? Fr() : -Fr::one();
        a[32 + i] = i < 4 ? -Fr::one() : Fr();
        b[8 + i] = i % 3 == 0 ? Fr::one() : -Fr::one();
        b[16 + i] = -Fr::one();
        b[24 + i] = -a[24 + i];
    }
    const std::vector<Fr> roots = random_elements(2 * count, 6);
    const auto words = [](auto& values) {
        return reinterpret_cast<std::uint64_t*>(const_cast<Fr*>(values.data()));
    };
    std::optional<std::vector<std::vector<Fr>>> first;
    for (const detail::NttKernel* kernel : kernels) {
        std::vector<std::uint64_t> twiddles(count * kernel->twiddle_words);
        kernel->make_twiddles(words(roots), count, twiddles.data());
        std::vector<std::vector<Fr>> results = {a, b, a, b, a, a, a, a};
        kernel->dif_run(words(results[0]), words(results[1]), twiddles.data(), count);
        kernel->dit_run(words(results[2]), words(results[3]), twiddles.data(), count);
        kernel->multiply(words(results[4]), words(b), roots[7].montgomery().data(), count);
        kernel->multiply_subtract(words(results[5]), words(b), words(roots), count);
        kernel->dif_eights(words(results[6]), words(roots), count);
        kernel->dit_eights(words(results[7]), words(roots), count);
        if (!first)
            first = results;
        EXPECT_EQ(results, *first) << kernel->name;
    }
    EXPECT_EQ((*first)[0][0], -Fr::from_u64(2));
    EXPECT_EQ((*first)[4][0], roots[7]);
}

} // namespace
} // namespace codex::crypto
