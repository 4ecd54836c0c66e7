// The kernels for GFNI in 512-bit registers: a product is an affine map of bits. Those of GF(2^16)
// are in a file of their own, for they are large.
#include "erasure/detail/column_transform.hpp"
#include "erasure/detail/matrix_kernel.hpp"

#if defined(__x86_64__)
#include "erasure/detail/avx512_words.hpp"

namespace codex::erasure::detail {

namespace {

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

} // namespace

constinit const KernelSet kAvx512Kernels = {
    .name = "avx512",
    .form = FactorForm::affine,
    .by_rows = false,
    .encode8 = {3.6, 0.1},
    .encode16 = {2.5, 0.15},
    .decode8 = {1.8, 1.6},
    .decode16 = {2.5, 0.15},
    .exclusive_or = [](const MatrixJob& job) { exclusive_or<Gf8>(job); },
    .matrix8 = [](const MatrixJob& job) { MatrixKernel<Gf8>::run(job, job.begin, job.end); },
    .matrix16 = avx512_matrix16,
    .transform8 =
        [](const TransformJob& job) { ColumnTransform<Gf8>::run(job, job.begin, job.end); },
    .transform16 = avx512_transform16,
};

} // namespace codex::erasure::detail
#endif
