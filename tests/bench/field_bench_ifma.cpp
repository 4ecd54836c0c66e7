#include "crypto/field/detail/f8_ifma.hpp"
#include "field_kernels.hpp"

namespace codex::bench {

namespace {

using crypto::ifma::F8;
using crypto::ifma::FrLimbs52;

constexpr std::size_t kVectors = kBatch / 8;

/// Lane l of vector v holds element 8 l + v: which is which is all the same here.
void load(const std::uint64_t* words, F8 (&to)[kVectors]) {
    const __m512i index = _mm512_set_epi64(224, 192, 160, 128, 96, 64, 32, 0);
    for (std::size_t v = 0; v < kVectors; ++v) {
        __m512i w[4];
        for (std::size_t k = 0; k < 4; ++k)
            w[k] = _mm512_i64gather_epi64(index, words + 4 * v + k, 8);
        to[v] = crypto::ifma::from_words(w[0], w[1], w[2], w[3]);
    }
}

void store(const F8 (&from)[kVectors], std::uint64_t* words) {
    const __m512i index = _mm512_set_epi64(224, 192, 160, 128, 96, 64, 32, 0);
    for (std::size_t v = 0; v < kVectors; ++v) {
        __m512i w[4];
        crypto::ifma::to_words(crypto::ifma::canonical<FrLimbs52>(from[v]), w);
        for (std::size_t k = 0; k < 4; ++k)
            _mm512_i64scatter_epi64(words + 4 * v + k, index, w[k], 8);
    }
}

/// Two independent products at a time, as the kernels have them.
void batch(std::uint64_t* a, const std::uint64_t* b, std::size_t rounds) {
    F8 left[kVectors];
    F8 right[kVectors];
    load(a, left);
    load(b, right);
    for (std::size_t round = 0; round < rounds; ++round)
        for (std::size_t v = 0; v < kVectors; ++v)
            left[v] = crypto::ifma::mul<FrLimbs52>(left[v], right[v]);
    store(left, a);
}

} // namespace

const FieldKernel& ifma_field() {
    static constexpr FieldKernel kKernel = {"ifma", batch, nullptr};
    return kKernel;
}

} // namespace codex::bench
