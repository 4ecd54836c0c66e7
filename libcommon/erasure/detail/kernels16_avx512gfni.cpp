// The kernels of GF(2^16) for GFNI in 512-bit registers.
#include "erasure/detail/column_transform.hpp"
#include "erasure/detail/matrix_kernel.hpp"

#if defined(__x86_64__)
#include "erasure/detail/avx512_words.hpp"

namespace codex::erasure::detail {

namespace {

/// The lower and the upper halves of two registers.
inline Vector low_halves(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
}
inline Vector high_halves(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}

/// What both forms of GF(2^16) share.
struct Gf16Words : AffineGf16<Avx512> {
    static constexpr unsigned kTileRows = 5;
    static constexpr unsigned kTileColumns = 2;
    static constexpr unsigned kMaxLayers = 3;

    using AffineGf16<Avx512>::mul_add;
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

/// One chunk, in the lower halves: the odd one at the end of a buffer. Its kernels run once a
/// buffer, so they are small: a column, and few layers a pass.
struct Gf16Chunk : Gf16Words {
    static constexpr unsigned kTileColumns = 1;
    static constexpr unsigned kMaxLayers = 2;
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
} // namespace

void avx512_matrix16(const MatrixJob& job) {
    const std::size_t middle = pairs_end(job.begin, job.end);
    MatrixKernel<Gf16>::run(job, job.begin, middle);
    MatrixKernel<Gf16Chunk>::run(job, middle, job.end);
}
void avx512_transform16(const TransformJob& job) {
    const std::size_t middle = pairs_end(job.begin, job.end);
    ColumnTransform<Gf16>::run(job, job.begin, middle);
    ColumnTransform<Gf16Chunk>::run(job, middle, job.end);
}

} // namespace codex::erasure::detail
#endif
