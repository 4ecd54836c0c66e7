// The kernels for the x86-64-v2 baseline: products of nibbles by byte shuffle (SSSE3).
#include "erasure/detail/matrix_kernel.hpp"
#include "erasure/detail/transform_kernel.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace codex::erasure::detail {

namespace {

using Vector = __m128i;

inline Vector load_vector(const std::uint8_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const Vector*>(from));
}
inline void store_vector(std::uint8_t* to, Vector x) {
    _mm_storeu_si128(reinterpret_cast<Vector*>(to), x);
}
inline Vector load_table(const std::uint8_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const Vector*>(from));
}
inline Vector low_nibbles(Vector x) {
    return _mm_and_si128(x, _mm_set1_epi8(15));
}
inline Vector high_nibbles(Vector x) {
    return low_nibbles(_mm_srli_epi64(x, 4));
}
inline Vector add_vectors(Vector a, Vector b) {
    return _mm_xor_si128(a, b);
}
inline Vector look_up(Vector table, Vector nibbles) {
    return _mm_shuffle_epi8(table, nibbles);
}

/// A vector of words.
struct Gf8 {
    struct Unit {
        Vector x;
    };
    struct Prepared {
        Vector low, high;
    };
    struct Factor {
        Vector low, high;
    };
    static constexpr std::size_t kBytes = sizeof(Vector);
    static constexpr std::size_t kFactorBytes = 32;
    static constexpr unsigned kTileRows = 3;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kMaxLayers = 2;

    static std::size_t offset(std::size_t at) { return at; }
    static void prefetch(const std::uint8_t*) {}
    static Unit zero() { return {_mm_setzero_si128()}; }
    static Unit load(const std::uint8_t* from) { return {load_vector(from)}; }
    static void store(std::uint8_t* to, Unit a) { store_vector(to, a.x); }
    static Unit add(Unit a, Unit b) { return {add_vectors(a.x, b.x)}; }
    static Prepared prepare(Unit a) { return {low_nibbles(a.x), high_nibbles(a.x)}; }
    static Factor factor(const std::uint8_t* record) {
        return {load_table(record), load_table(record + 16)};
    }
    static Unit mul_add(Unit sum, Prepared a, Factor f) {
        return {add_vectors(sum.x, add_vectors(look_up(f.low, a.low), look_up(f.high, a.high)))};
    }
    static Unit mul(Unit a, Factor f) { return mul_add(zero(), prepare(a), f); }
};

/// The low bytes and the high bytes of as many words.
struct Gf16 {
    struct Unit {
        Vector low, high;
    };
    struct Prepared {
        Vector nibbles[4];
    };
    using Factor = const std::uint8_t*;
    static constexpr std::size_t kBytes = 2 * sizeof(Vector);
    static constexpr std::size_t kFactorBytes = 128;
    static constexpr unsigned kTileRows = 2;
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kMaxLayers = 2;

    /// A chunk has two columns: its words 0-15 and 16-31.
    static std::size_t offset(std::size_t at) { return (at & ~std::size_t{63}) | (at & 32) / 2; }
    static void prefetch(const std::uint8_t*) {}
    static Unit zero() { return {_mm_setzero_si128(), _mm_setzero_si128()}; }
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
    static Prepared prepare(Unit a) {
        return {
            {low_nibbles(a.low), high_nibbles(a.low), low_nibbles(a.high), high_nibbles(a.high)}};
    }
    static Factor factor(const std::uint8_t* record) { return record; }
    static Unit mul_add(Unit sum, Prepared a, Factor f) {
#pragma GCC unroll 4
        for (int n = 0; n < 4; ++n) {
            sum.low = add_vectors(sum.low, look_up(load_table(f + 32 * n), a.nibbles[n]));
            sum.high = add_vectors(sum.high, look_up(load_table(f + 32 * n + 16), a.nibbles[n]));
        }
        return sum;
    }
    static Unit mul(Unit a, Factor f) { return mul_add(zero(), prepare(a), f); }
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

const KernelSet kSsse3Kernels{"ssse3",  FactorForm::nibbles, 2,          1, run_xor, matrix8,
                              matrix16, transform8,          transform16};

} // namespace codex::erasure::detail
#endif
