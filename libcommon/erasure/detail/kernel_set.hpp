// The set of a kernel file's kernels, from its types of words.
#pragma once

#include "erasure/detail/matrix_kernel.hpp"
#include "erasure/detail/row_transform.hpp"

namespace codex::erasure::detail {

/// Gf8 and Gf16 are vector types as matrix_kernel.hpp says, of an anonymous namespace.
template <class Gf8, class Gf16>
constexpr KernelSet kernel_set(const char* name, FactorForm form, RowCost encode8, RowCost decode8,
                               RowCost encode16) {
    return {
        .name = name,
        .form = form,
        .by_rows = true,
        .encode8 = encode8,
        .encode16 = encode16,
        .decode8 = decode8,
        .decode16 = {1.15 * encode16.once, 1.15 * encode16.layer},
        .exclusive_or = [](const MatrixJob& job) { exclusive_or<Gf8>(job); },
        .matrix8 = [](const MatrixJob& job) { MatrixKernel<Gf8>::run(job, job.begin, job.end); },
        .matrix16 = [](const MatrixJob& job) { MatrixKernel<Gf16>::run(job, job.begin, job.end); },
        .transform8 =
            [](const TransformJob& job) { RowTransform<Gf8>::run(job, job.begin, job.end); },
        .transform16 =
            [](const TransformJob& job) { RowTransform<Gf16>::run(job, job.begin, job.end); },
    };
}

} // namespace codex::erasure::detail
