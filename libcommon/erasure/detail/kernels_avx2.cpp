// The kernels for AVX2: products of nibbles by byte shuffle.
#include "erasure/detail/kernel_set.hpp"
#include "erasure/detail/nibble_words.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace codex::erasure::detail {

namespace {

struct Avx2 {
    using Vector = __m256i;

    static Vector zero() { return _mm256_setzero_si256(); }
    static Vector load(const std::uint8_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const Vector*>(from));
    }
    static void store(std::uint8_t* to, Vector x) {
        _mm256_storeu_si256(reinterpret_cast<Vector*>(to), x);
    }
    static void stream(std::uint8_t* to, Vector x) {
        _mm256_stream_si256(reinterpret_cast<Vector*>(to), x);
    }
    static void order_streams() { _mm_sfence(); }
    static Vector table(const std::uint8_t* from) {
        return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    }
    static Vector low(Vector x) { return _mm256_and_si256(x, _mm256_set1_epi8(15)); }
    static Vector high(Vector x) { return low(_mm256_srli_epi64(x, 4)); }
    static void settle(Vector& x, const std::uint8_t*& p) {
        __asm__ volatile("" : "+x"(x), "+r"(p));
    }
    static Vector add(Vector a, Vector b) { return _mm256_xor_si256(a, b); }
    static Vector look_up(Vector table, Vector nibbles) {
        return _mm256_shuffle_epi8(table, nibbles);
    }
};

struct Gf8 : NibbleGf8<Avx2> {
    static constexpr unsigned kTileRows = 4;
    static constexpr unsigned kTileColumns = 2;
    static constexpr unsigned kByteLayers = 3;
    static constexpr unsigned kByteColumns = 2;
};

struct Gf16 : NibbleGf16<Avx2> {
    static constexpr unsigned kTileRows = 4;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kByteLayers = 3;
    static constexpr unsigned kByteColumns = 2;
    static constexpr unsigned kWordLayers = 2;
};

} // namespace

constinit const KernelSet kAvx2Kernels =
    kernel_set<Gf8, Gf16>("avx2", FactorForm::nibbles, {0, 0.6}, {0.2, 0.85}, {0.8, 0.1});

} // namespace codex::erasure::detail
#endif
