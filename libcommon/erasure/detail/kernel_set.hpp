// The set of a kernel file's kernels, from its types of words.
#pragma once

#include "erasure/detail/matrix_kernel.hpp"
#include "erasure/detail/row_transform.hpp"

namespace codex::erasure::detail {

/// Gf8 and Gf16 are vector types as matrix_kernel.hpp says, of an anonymous namespace.
template <class Gf8, class Gf16>
constexpr KernelSet kernel_set(const char* name, FactorForm form, double pass_cost,
                               double row_cost16) {
    return {
        .name = name,
        .form = form,
        .by_rows = true,
        .pass_cost = pass_cost,
        .layers8 = 1,
        .row_cost16 = row_cost16,
        .layer_cost16 = 0.1,
        .decode_cost = 1.15, // no rows of two groups are turned in one pass
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
