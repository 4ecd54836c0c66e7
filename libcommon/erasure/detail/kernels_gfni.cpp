// The kernels for GFNI in 256-bit registers: a product is an affine map of bits.
#include "erasure/detail/matrix_kernel.hpp"
#include "erasure/detail/transform_kernel.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace codex::erasure::detail {

namespace {

using Vector = __m256i;

inline Vector load_vector(const std::uint8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const Vector*>(from));
}
inline void store_vector(std::uint8_t* to, Vector x) {
    _mm256_storeu_si256(reinterpret_cast<Vector*>(to), x);
}
inline Vector load_matrix(const std::uint8_t* from) {
    long long matrix = 0;
    __builtin_memcpy(&matrix, from, sizeof matrix);
    return _mm256_set1_epi64x(matrix);
}
inline Vector add_vectors(Vector a, Vector b) {
    return _mm256_xor_si256(a, b);
}
inline Vector product(Vector x, Vector matrix) {
    return _mm256_gf2p8affine_epi64_epi8(x, matrix, 0);
}

/// A vector of words.
struct Gf8 {
    struct Unit {
        Vector x;
    };
    using Prepared = Unit;
    struct Factor {
        Vector matrix;
    };
    static constexpr std::size_t kBytes = sizeof(Vector);
    static constexpr std::size_t kFactorBytes = 8;
    static constexpr unsigned kTileRows = 5;
    static constexpr unsigned kTileColumns = 2;
    static constexpr unsigned kMaxLayers = 3;

    static std::size_t offset(std::size_t at) { return at; }
    static void prefetch(const std::uint8_t*) {}
    static Unit zero() { return {_mm256_setzero_si256()}; }
    static Unit load(const std::uint8_t* from) { return {load_vector(from)}; }
    static void store(std::uint8_t* to, Unit a) { store_vector(to, a.x); }
    static Unit add(Unit a, Unit b) { return {add_vectors(a.x, b.x)}; }
    static Prepared prepare(Unit a) { return a; }
    static Factor factor(const std::uint8_t* record) { return {load_matrix(record)}; }
    static Unit mul(Unit a, Factor f) { return {product(a.x, f.matrix)}; }
    static Unit mul_add(Unit sum, Prepared a, Factor f) { return add(sum, mul(a, f)); }
};

/// A chunk: 32 low bytes and 32 high bytes.
struct Gf16 {
    struct Unit {
        Vector low, high;
    };
    using Prepared = Unit;
    struct Factor {
        Vector low_low, high_low, low_high, high_high; ///< from, to
    };
    static constexpr std::size_t kBytes = 2 * sizeof(Vector);
    static constexpr std::size_t kFactorBytes = 32;
    static constexpr unsigned kTileRows = 4;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kMaxLayers = 2;

    static std::size_t offset(std::size_t at) { return at; }
    static void prefetch(const std::uint8_t*) {}
    static Unit zero() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
    static Unit load(const std::uint8_t* from) {
        return {load_vector(from), load_vector(from + 32)};
    }
    static void store(std::uint8_t* to, Unit a) {
        store_vector(to, a.low);
        store_vector(to + 32, a.high);
    }
    static Unit add(Unit a, Unit b) {
        return {add_vectors(a.low, b.low), add_vectors(a.high, b.high)};
    }
    static Prepared prepare(Unit a) { return a; }
    static Factor factor(const std::uint8_t* record) {
        return {load_matrix(record), load_matrix(record + 8), load_matrix(record + 16),
                load_matrix(record + 24)};
    }
    static Unit mul(Unit a, Factor f) {
        return {add_vectors(product(a.low, f.low_low), product(a.high, f.high_low)),
                add_vectors(product(a.low, f.low_high), product(a.high, f.high_high))};
    }
    static Unit mul_add(Unit sum, Prepared a, Factor f) { return add(sum, mul(a, f)); }
};

void run_xor(const MatrixJob& job) {
    exclusive_or<Gf8>(job);
}
void matrix8(const MatrixJob& job) {
    MatrixKernel<Gf8>::run(job, job.begin, job.end);
}
void transform8(const TransformJob& job) {
    TransformKernel<Gf8>::run(job, job.begin, job.end);
}
void matrix16(const MatrixJob& job) {
    MatrixKernel<Gf16>::run(job, job.begin, job.end);
}
void transform16(const TransformJob& job) {
    TransformKernel<Gf16>::run(job, job.begin, job.end);
}

} // namespace

const KernelSet kGfniKernels{"gfni",  FactorForm::affine, 5,          2,          run_xor,
                             matrix8, matrix16,           transform8, transform16};

} // namespace codex::erasure::detail
#endif
