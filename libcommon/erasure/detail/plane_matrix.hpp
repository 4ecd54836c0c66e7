// The matrix product on planes of bits (bit_planes.hpp).
#pragma once

#include "erasure/detail/bit_planes.hpp"
#include "erasure/detail/kernels.hpp"

namespace codex::erasure::detail {

/// A block of every input is taken apart and added up, then read by all outputs. So many inputs at
/// a time as fit the nearest cache; what more there are is added to what the outputs have.
template <unsigned kWordBytes> class PlaneMatrix {
public:
    static void run(const MatrixJob& job) {
        const std::size_t fitting = job.strip_bytes / sizeof(Sums);
        const std::size_t most = fitting < 1 ? 1 : fitting > kMost ? kMost : fitting;
        const std::size_t turns = (job.input_count + most - 1) / most;
        for (std::size_t at = job.begin; at < job.end; at += kBlockBytes) {
            const std::size_t bytes = job.end - at < kBlockBytes ? job.end - at : kBlockBytes;
            for (std::size_t turn = 0; turn < turns; ++turn)
                some(job, job.input_count * turn / turns, job.input_count * (turn + 1) / turns, at,
                     bytes);
        }
    }

private:
    static constexpr std::size_t kMost = 16;
    static constexpr std::size_t kFactorBytes = 8 * kWordBytes * kWordBytes;

    /// Inputs [first, last) of the block at byte `at`.
    static void some(const MatrixJob& job, std::size_t first, std::size_t last, std::size_t at,
                     std::size_t bytes) {
        Sums operands[kMost];
        for (std::size_t j = first; j < last; ++j) {
            Block x;
            take_apart<kWordBytes>(job.inputs[j].bytes + at, bytes, x);
            add_up(x, operands[j - first]);
        }
        for (std::size_t r = 0; r < job.output_count; ++r) {
            Block sum;
            for (std::size_t bit = 0; bit < 8; ++bit) {
                Vector plane[kParts] = {};
                for (std::size_t j = first; j < last; ++j) {
                    const std::uint8_t* record = job.inputs[j].factors + r * kFactorBytes;
                    if constexpr (kWordBytes == 1)
                        add_product(plane, operands[j - first], record, bit);
                    else
                        add_wide_product(plane, operands[j - first], record, bit);
                }
#pragma GCC unroll 4
                for (std::size_t part = 0; part < kParts; ++part)
                    sum.planes[bit][part] = plane[part];
            }
            std::uint8_t* to = job.outputs[r] + at;
            if (first == 0)
                put_together<kWordBytes>(sum, to, bytes);
            else if (bytes == kBlockBytes)
                put_together<kWordBytes, true>(sum, to);
            else {
                alignas(Vector) std::uint8_t before[kBlockBytes];
                std::memcpy(before, to, bytes);
                put_together<kWordBytes, true>(sum, before);
                std::memcpy(to, before, bytes);
            }
        }
    }
};

} // namespace codex::erasure::detail
