// The kernels in plain C++, for processors without a file of their own.
#include "erasure/detail/pair_encode.hpp"
#include "erasure/detail/plane_matrix.hpp"
#include "erasure/detail/plane_transform.hpp"

namespace codex::erasure::detail {

namespace {

/// The XOR of all inputs.
void add_inputs(const MatrixJob& job) {
    constexpr std::size_t kStep = 128;
    std::size_t at = job.begin;
    for (; at + kStep <= job.end; at += kStep) {
        Vector sum[8];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i)
            sum[i] = load(job.inputs[0].bytes + at + 16 * i);
        for (std::size_t j = 1; j < job.input_count; ++j) {
            const std::uint8_t* from = job.inputs[j].bytes + at;
#pragma GCC unroll 8
            for (std::size_t i = 0; i < 8; ++i)
                sum[i] ^= load(from + 16 * i);
        }
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i)
            store(job.outputs[0] + at + 16 * i, sum[i]);
    }
    for (; at < job.end; ++at) {
        std::uint8_t sum = 0;
        for (std::size_t j = 0; j < job.input_count; ++j)
            sum ^= job.inputs[j].bytes[at];
        job.outputs[0][at] = sum;
    }
}

void transform8(const TransformJob& job) {
    if (job.log_size == 1 && job.known == nullptr)
        PairEncode::run(job);
    else
        PlaneTransform<1>::run(job);
}

} // namespace

constinit const KernelSet kScalarKernels = {
    .name = "portable",
    .form = FactorForm::affine,
    .by_rows = true,
    .by_planes = true,
    .encode8 = {-0.6, 1.5},
    .encode16 = {0.8, 0.6},
    .decode8 = {0.25, 1.75},
    .decode16 = {0.8, 0.6},
    .shortest_row = kBlockBytes,
    .exclusive_or = add_inputs,
    .matrix8 = PlaneMatrix<1>::run,
    .matrix16 = PlaneMatrix<2>::run,
    .transform8 = transform8,
    .transform16 = PlaneTransform<2>::run,
};

} // namespace codex::erasure::detail
