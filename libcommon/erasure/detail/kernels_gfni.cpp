// The kernels for GFNI in 256-bit registers: a product is an affine map of bits.
#include "erasure/detail/affine_words.hpp"
#include "erasure/detail/kernel_set.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace codex::erasure::detail {

namespace {

struct Gfni {
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
    static Vector matrix(const std::uint8_t* from) {
        long long matrix = 0;
        __builtin_memcpy(&matrix, from, sizeof matrix);
        return _mm256_set1_epi64x(matrix);
    }
    static void settle(Vector& x, const std::uint8_t*& p) {
        __asm__ volatile("" : "+x"(x), "+r"(p));
    }
    static Vector add(Vector a, Vector b) { return _mm256_xor_si256(a, b); }
    static Vector product(Vector x, Vector matrix) {
        return _mm256_gf2p8affine_epi64_epi8(x, matrix, 0);
    }
};

struct Gf8 : AffineGf8<Gfni> {
    static constexpr unsigned kTileRows = 5;
    static constexpr unsigned kTileColumns = 2;
    static constexpr unsigned kByteLayers = 3;
    static constexpr unsigned kByteColumns = 2;
};

/// A chunk: 32 low bytes and 32 high bytes.
struct Gf16 : AffineGf16<Gfni> {
    static constexpr std::size_t kBytes = 2 * sizeof(Vector);
    static constexpr unsigned kTileRows = 4;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kByteLayers = 3;
    static constexpr unsigned kByteColumns = 2;
    static constexpr unsigned kWordLayers = 2;

    static Unit load(const std::uint8_t* from) { return {Gfni::load(from), Gfni::load(from + 32)}; }
    static void store(std::uint8_t* to, Unit a) {
        Gfni::store(to, a.low);
        Gfni::store(to + 32, a.high);
    }
    static void stream(std::uint8_t* to, Unit a) {
        Gfni::stream(to, a.low);
        Gfni::stream(to + 32, a.high);
    }
};

} // namespace

constinit const KernelSet kGfniKernels =
    kernel_set<Gf8, Gf16>("gfni256", FactorForm::affine, {-0.55, 0.95}, {3.2, 0.1}, {1.5, 0.1});

} // namespace codex::erasure::detail
#endif
