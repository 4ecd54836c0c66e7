#include "crypto/field/detail/f4_product.hpp"
#include "field_kernels.hpp"

namespace codex::bench {

namespace {

using crypto::f4::F4;
using crypto::f4::Factor;
using crypto::f4::FrLimbs52;

constexpr std::size_t kVectors = kBatch / 4;

/// Lane l of vector v holds element kVectors * l + v: which is which is all the same here.
void load(const std::uint64_t* words, F4 (&to)[kVectors]) {
    for (std::size_t v = 0; v < kVectors; ++v) {
        __m256i w[4];
        for (std::size_t k = 0; k < 4; ++k) {
            const auto at = [&](std::size_t lane) {
                return static_cast<long long>(words[4 * (kVectors * lane + v) + k]);
            };
            w[k] = _mm256_set_epi64x(at(3), at(2), at(1), at(0));
        }
        to[v] = crypto::f4::from_words(w[0], w[1], w[2], w[3]);
    }
}

void store(const F4 (&from)[kVectors], std::uint64_t* words) {
    for (std::size_t v = 0; v < kVectors; ++v) {
        __m256i w[4];
        crypto::f4::to_words(crypto::f4::canonical<FrLimbs52>(crypto::f4::carry(from[v])), w);
        for (std::size_t k = 0; k < 4; ++k) {
            std::uint64_t lanes[4];
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), w[k]);
            for (std::size_t lane = 0; lane < 4; ++lane)
                words[4 * (kVectors * lane + v) + k] = lanes[lane];
        }
    }
}

/// Two independent products at a time, as the kernels have them, and what makes factors of them.
[[gnu::noinline]] void products(F4 (&left)[kVectors], const Factor (&right)[kVectors],
                                std::size_t rounds) {
    for (std::size_t round = 0; round < rounds; ++round)
        for (std::size_t v = 0; v < kVectors; v += 2) {
            const Factor a[2] = {crypto::f4::factor(left[v]), crypto::f4::factor(left[v + 1])};
            F4 product[2];
            crypto::f4::mul<FrLimbs52>(a, *reinterpret_cast<const Factor(*)[2]>(&right[v]),
                                       product);
            left[v] = product[0];
            left[v + 1] = product[1];
        }
}

void batch(std::uint64_t* a, const std::uint64_t* b, std::size_t rounds) {
    F4 left[kVectors];
    F4 right[kVectors];
    Factor factors[kVectors];
    load(a, left);
    load(b, right);
    for (std::size_t v = 0; v < kVectors; ++v)
        factors[v] = crypto::f4::factor(right[v]);
    const crypto::f4::RoundTowardZero rounding;
    products(left, factors, rounds);
    store(left, a);
}

} // namespace

const FieldKernel& avx2_field() {
    static constexpr FieldKernel kKernel = {"avx2", batch, nullptr};
    return kKernel;
}

} // namespace codex::bench
