// The kernels for the x86-64-v2 baseline: products of nibbles by byte shuffle (SSSE3).
#include "erasure/detail/kernel_set.hpp"
#include "erasure/detail/nibble_words.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace codex::erasure::detail {

namespace {

struct Ssse3 {
    using Vector = __m128i;

    static Vector zero() { return _mm_setzero_si128(); }
    static Vector load(const std::uint8_t* from) {
        return _mm_loadu_si128(reinterpret_cast<const Vector*>(from));
    }
    static void store(std::uint8_t* to, Vector x) {
        _mm_storeu_si128(reinterpret_cast<Vector*>(to), x);
    }
    static void stream(std::uint8_t* to, Vector x) {
        _mm_stream_si128(reinterpret_cast<Vector*>(to), x);
    }
    static void order_streams() { _mm_sfence(); }
    static Vector table(const std::uint8_t* from) { return load(from); }
    static Vector low(Vector x) { return _mm_and_si128(x, _mm_set1_epi8(15)); }
    static Vector high(Vector x) { return low(_mm_srli_epi64(x, 4)); }
    static void settle(Vector& x, const std::uint8_t*& p) {
        __asm__ volatile("" : "+x"(x), "+r"(p));
    }
    static Vector add(Vector a, Vector b) { return _mm_xor_si128(a, b); }
    static Vector look_up(Vector table, Vector nibbles) { return _mm_shuffle_epi8(table, nibbles); }
};

struct Gf8 : NibbleGf8<Ssse3> {
    static constexpr unsigned kTileRows = 3;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kByteLayers = 3;
    static constexpr unsigned kByteColumns = 2;
};

struct Gf16 : NibbleGf16<Ssse3> {
    static constexpr unsigned kTileRows = 2;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kByteLayers = 3;
    static constexpr unsigned kByteColumns = 2;
    static constexpr unsigned kWordLayers = 2;
};

} // namespace

constinit const KernelSet kSsse3Kernels =
    kernel_set<Gf8, Gf16>("ssse3", FactorForm::nibbles, {0, 0.6}, {1.15, 0.25}, {0.8, 0.1});

} // namespace codex::erasure::detail
#endif
