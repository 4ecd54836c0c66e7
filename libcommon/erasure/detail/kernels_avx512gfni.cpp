// The kernels for GFNI in 512-bit registers: a product is an affine map of bits.
#include "erasure/detail/affine_words.hpp"
#include "erasure/detail/kernel_set.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

namespace codex::erasure::detail {

namespace {

struct Avx512 {
    using Vector = __m512i;

    static Vector zero() { return _mm512_setzero_si512(); }
    static Vector load(const std::uint8_t* from) { return _mm512_loadu_si512(from); }
    static void store(std::uint8_t* to, Vector x) { _mm512_storeu_si512(to, x); }
    static void stream(std::uint8_t* to, Vector x) {
        _mm512_stream_si512(reinterpret_cast<Vector*>(to), x);
    }
    static void order_streams() { _mm_sfence(); }
    static Vector matrix(const std::uint8_t* from) {
        Vector broadcast = _mm512_broadcastq_epi64(_mm_loadu_si64(from));
#if defined(__clang__) && __clang_major__ < 20
        // These encode vgf2p8affineqb with a broadcast operand at a wrong address
        // (llvm-project pull request 120340): keep the broadcast an instruction of its own.
        __asm__("" : "+v"(broadcast));
#endif
        return broadcast;
    }
    static Vector add(Vector a, Vector b) { return _mm512_xor_si512(a, b); }
    static Vector product(Vector x, Vector matrix) {
        return _mm512_gf2p8affine_epi64_epi8(x, matrix, 0);
    }
};

using Vector = Avx512::Vector;

inline Vector add_three(Vector a, Vector b, Vector c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

/// The lower and the upper halves of two registers.
inline Vector low_halves(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
}
inline Vector high_halves(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}

struct Gf8 : AffineGf8<Avx512> {
    static constexpr unsigned kTileRows = 5;
    static constexpr unsigned kTileColumns = 4;
    static constexpr unsigned kMaxLayers = 4;

    /// Products start in half of the pipes that additions start in: an addition for two leaves them
    /// free.
    static Unit mul_add_two(Unit sum, Prepared a, Factor f, Prepared b, Factor g) {
        return {add_three(sum.x, Avx512::product(a.x, f.matrix), Avx512::product(b.x, g.matrix))};
    }
};

/// What both forms of GF(2^16) share.
struct Gf16Words : AffineGf16<Avx512> {
    static constexpr unsigned kTileRows = 5;
    static constexpr unsigned kTileColumns = 2;
    static constexpr unsigned kMaxLayers = 3;

    static Unit mul_add(Unit sum, Prepared a, Factor f) {
        using V = Avx512;
        return {
            add_three(sum.low, V::product(a.low, f.low_low), V::product(a.high, f.high_low)),
            add_three(sum.high, V::product(a.low, f.low_high), V::product(a.high, f.high_high))};
    }
};

/// Two chunks: 64 low bytes and 64 high bytes.
struct Gf16 : Gf16Words {
    static constexpr std::size_t kBytes = 2 * sizeof(Vector);
    static Unit load(const std::uint8_t* from) {
        const Vector first = Avx512::load(from);
        const Vector second = Avx512::load(from + 64);
        return {low_halves(first, second), high_halves(first, second)};
    }
    static void store(std::uint8_t* to, Unit a) {
        Avx512::store(to, low_halves(a.low, a.high));
        Avx512::store(to + 64, high_halves(a.low, a.high));
    }
    static void stream(std::uint8_t* to, Unit a) {
        Avx512::stream(to, low_halves(a.low, a.high));
        Avx512::stream(to + 64, high_halves(a.low, a.high));
    }
};

/// One chunk, in the lower halves: the odd one at the end of a buffer.
struct Gf16Chunk : Gf16Words {
    static constexpr std::size_t kBytes = sizeof(Vector);
    static Unit load(const std::uint8_t* from) {
        const Vector chunk = Avx512::load(from);
        return {chunk, high_halves(chunk, chunk)};
    }
    static void store(std::uint8_t* to, Unit a) { Avx512::store(to, low_halves(a.low, a.high)); }
    static void stream(std::uint8_t* to, Unit a) { Avx512::stream(to, low_halves(a.low, a.high)); }
};

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

constinit const KernelSet kAvx512Kernels = [] {
    KernelSet set = kernel_set<Gf8, Gf16>("avx512", FactorForm::affine, 2);
    set.matrix16 = matrix16;
    set.transform16 = transform16;
    return set;
}();

} // namespace codex::erasure::detail
#endif
