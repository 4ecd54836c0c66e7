// The kernels for GFNI in 512-bit registers: a product is an affine map of bits.
#include "erasure/detail/matrix_kernel.hpp"
#include "erasure/detail/transform_kernel.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace codex::erasure::detail {

namespace {

using Vector = __m512i;

inline Vector load_matrix(const std::uint8_t* from) {
    long long matrix = 0;
    __builtin_memcpy(&matrix, from, sizeof matrix);
    Vector broadcast = _mm512_set1_epi64(matrix);
#if defined(__clang__) && __clang_major__ < 20
    // These encode vgf2p8affineqb with a broadcast operand at a wrong address
    // (llvm-project pull request 120340): keep the broadcast an instruction of its own.
    __asm__("" : "+v"(broadcast));
#endif
    return broadcast;
}
inline Vector add_vectors(Vector a, Vector b) {
    return _mm512_xor_si512(a, b);
}
inline Vector add_three(Vector a, Vector b, Vector c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}
inline Vector product(Vector x, Vector matrix) {
    return _mm512_gf2p8affine_epi64_epi8(x, matrix, 0);
}

/// The lower and the upper halves of two registers.
inline Vector low_halves(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
}
inline Vector high_halves(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
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
    static constexpr unsigned kTileRows = 6;
    static constexpr unsigned kTileColumns = 4;
    static constexpr unsigned kMaxLayers = 4;

    static std::size_t offset(std::size_t at) { return at; }
    static Unit zero() { return {_mm512_setzero_si512()}; }
    static void prefetch(const std::uint8_t* from) { _mm_prefetch(from, _MM_HINT_T0); }
    static Unit load(const std::uint8_t* from) { return {_mm512_loadu_si512(from)}; }
    static void store(std::uint8_t* to, Unit a) { _mm512_storeu_si512(to, a.x); }
    static Unit add(Unit a, Unit b) { return {add_vectors(a.x, b.x)}; }
    static Prepared prepare(Unit a) { return a; }
    static Factor factor(const std::uint8_t* record) { return {load_matrix(record)}; }
    static Unit mul(Unit a, Factor f) { return {product(a.x, f.matrix)}; }
    static Unit mul_add(Unit sum, Prepared a, Factor f) { return add(sum, mul(a, f)); }
};

/// What both forms of GF(2^16) share: the products of low and high bytes, in registers of 64.
struct Gf16Base {
    struct Unit {
        Vector low, high;
    };
    using Prepared = Unit;
    struct Factor {
        Vector low_low, high_low, low_high, high_high; ///< from, to
    };
    static constexpr std::size_t kFactorBytes = 32;
    static constexpr unsigned kTileRows = 5;
    static constexpr unsigned kTileColumns = 2;
    static constexpr unsigned kMaxLayers = 3;

    static std::size_t offset(std::size_t at) { return at; }
    static Unit zero() { return {_mm512_setzero_si512(), _mm512_setzero_si512()}; }
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
    static Unit mul_add(Unit sum, Prepared a, Factor f) {
        return {add_three(sum.low, product(a.low, f.low_low), product(a.high, f.high_low)),
                add_three(sum.high, product(a.low, f.low_high), product(a.high, f.high_high))};
    }
};

/// Two chunks: 64 low bytes and 64 high bytes.
struct Gf16 : Gf16Base {
    static constexpr std::size_t kBytes = 2 * sizeof(Vector);
    static void prefetch(const std::uint8_t* from) {
        _mm_prefetch(from, _MM_HINT_T0);
        _mm_prefetch(from + 64, _MM_HINT_T0);
    }
    static Unit load(const std::uint8_t* from) {
        const Vector first = _mm512_loadu_si512(from);
        const Vector second = _mm512_loadu_si512(from + 64);
        return {low_halves(first, second), high_halves(first, second)};
    }
    static void store(std::uint8_t* to, Unit a) {
        _mm512_storeu_si512(to, low_halves(a.low, a.high));
        _mm512_storeu_si512(to + 64, high_halves(a.low, a.high));
    }
};

/// One chunk, in the lower halves: the odd one at the end of a buffer.
struct Gf16Chunk : Gf16Base {
    static constexpr std::size_t kBytes = sizeof(Vector);
    static void prefetch(const std::uint8_t* from) { _mm_prefetch(from, _MM_HINT_T0); }
    static Unit load(const std::uint8_t* from) {
        const Vector chunk = _mm512_loadu_si512(from);
        return {chunk, high_halves(chunk, chunk)};
    }
    static void store(std::uint8_t* to, Unit a) {
        _mm512_storeu_si512(to, low_halves(a.low, a.high));
    }
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

/// The end of the part in whole pairs of chunks; one chunk may be left.
std::size_t pairs_end(std::size_t begin, std::size_t end) {
    return begin + (end - begin) / Gf16::kBytes * Gf16::kBytes;
}
void matrix16(const MatrixJob& job) {
    const std::size_t middle = pairs_end(job.begin, job.end);
    MatrixKernel<Gf16>::run(job, job.begin, middle);
    MatrixKernel<Gf16Chunk>::run(job, middle, job.end);
}
void transform16(const TransformJob& job) {
    const std::size_t middle = pairs_end(job.begin, job.end);
    TransformKernel<Gf16>::run(job, job.begin, middle);
    TransformKernel<Gf16Chunk>::run(job, middle, job.end);
}

} // namespace

const KernelSet kAvx512Kernels{"avx512", FactorForm::affine, 5,          4,          run_xor,
                               matrix8,  matrix16,           transform8, transform16};

} // namespace codex::erasure::detail
#endif
