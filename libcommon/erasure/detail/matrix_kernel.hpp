// The matrix product as a template over a vector type, for the kernel files.
//
// Instantiate with a type of an anonymous namespace only: the code then stays in its file. A vector
// type V has a Unit (one column of a buffer, in registers) with zero, load, store, stream (a store
// past the caches, ended by order_streams), add, mul, mul_add, and mul_add_two where adding two
// products is one instruction; prepare (what all products of one Unit share); factor (a record in
// registers); offset (where the column at a byte lies); and the constants used below.
#pragma once

#include "erasure/detail/kernels.hpp"

namespace codex::erasure::detail {

template <class V> class MatrixKernel {
public:
    static void run(const MatrixJob& job, std::size_t begin, std::size_t end) {
        // Strips short enough for the inputs to be in cache when the next rows read them again.
        const std::size_t rows = job.output_count;
        const std::size_t tiles = (rows + V::kTileRows - 1) / V::kTileRows;
        std::size_t strip = end - begin;
        if (tiles > 1) {
            strip = job.strip_bytes / job.input_count / 256 * 256;
            if (strip < 256)
                strip = 256;
        }
        for (std::size_t at = begin; at < end; at += strip) {
            const std::size_t stop = end - at < strip ? end : at + strip;
            for (std::size_t tile = 0; tile < tiles; ++tile) {
                const std::size_t first = rows * tile / tiles;
                any_rows<V::kTileRows>(job, first, rows * (tile + 1) / tiles - first, at, stop);
            }
        }
    }

private:
    using Unit = typename V::Unit;

    template <unsigned kRows>
    static void any_rows(const MatrixJob& job, std::size_t first, std::size_t rows,
                         std::size_t begin, std::size_t end) {
        if constexpr (kRows > 0) {
            if (rows < kRows) {
                any_rows<kRows - 1>(job, first, rows, begin, end);
                return;
            }
            constexpr std::size_t kStep = V::kTileColumns * V::kBytes;
            std::size_t at = begin;
            for (; at + kStep <= end; at += kStep)
                tile<kRows, V::kTileColumns>(job, first, at);
            for (; at < end; at += V::kBytes)
                tile<kRows, 1>(job, first, at);
        }
    }

    /// kRows outputs from `first` on, kColumns Units at byte `at`.
    template <unsigned kRows, unsigned kColumns>
    static void tile(const MatrixJob& job, std::size_t first, std::size_t at) {
        Unit sums[kRows][kColumns];
#pragma GCC unroll 16
        for (unsigned r = 0; r < kRows; ++r)
#pragma GCC unroll 16
            for (unsigned c = 0; c < kColumns; ++c)
                sums[r][c] = V::zero();
        const MatrixInput* const end = job.inputs + job.input_count;
        const MatrixInput* input = job.inputs;
        if constexpr (requires { &V::mul_add_two; })
            for (; end - input >= 2; input += 2)
                add_two(sums, input, first * V::kFactorBytes, at);
        for (; input != end; ++input)
            add_one(sums, input, first * V::kFactorBytes, at);
#pragma GCC unroll 16
        for (unsigned r = 0; r < kRows; ++r)
#pragma GCC unroll 16
            for (unsigned c = 0; c < kColumns; ++c)
                V::store(job.outputs[first + r] + V::offset(at + c * V::kBytes), sums[r][c]);
    }

    /// Adds an input's products to `sums`; its first factor is at byte `first`.
    template <unsigned kRows, unsigned kColumns>
    [[gnu::always_inline]] static void add_one(Unit (&sums)[kRows][kColumns],
                                               const MatrixInput* input, std::size_t first,
                                               std::size_t at) {
        typename V::Prepared x[kColumns];
#pragma GCC unroll 16
        for (unsigned c = 0; c < kColumns; ++c)
            x[c] = V::prepare(V::load(input->bytes + V::offset(at + c * V::kBytes)));
#pragma GCC unroll 16
        for (unsigned r = 0; r < kRows; ++r) {
            const auto factor = V::factor(input->factors + first + r * V::kFactorBytes);
#pragma GCC unroll 16
            for (unsigned c = 0; c < kColumns; ++c)
                sums[r][c] = V::mul_add(sums[r][c], x[c], factor);
        }
    }

    /// The same for two inputs.
    template <unsigned kRows, unsigned kColumns>
    [[gnu::always_inline]] static void add_two(Unit (&sums)[kRows][kColumns],
                                               const MatrixInput* inputs, std::size_t first,
                                               std::size_t at) {
        typename V::Prepared x[kColumns];
        typename V::Prepared y[kColumns];
#pragma GCC unroll 16
        for (unsigned c = 0; c < kColumns; ++c) {
            const std::size_t offset = V::offset(at + c * V::kBytes);
            x[c] = V::prepare(V::load(inputs[0].bytes + offset));
            y[c] = V::prepare(V::load(inputs[1].bytes + offset));
        }
#pragma GCC unroll 16
        for (unsigned r = 0; r < kRows; ++r) {
            const auto f = V::factor(inputs[0].factors + first + r * V::kFactorBytes);
            const auto g = V::factor(inputs[1].factors + first + r * V::kFactorBytes);
#pragma GCC unroll 16
            for (unsigned c = 0; c < kColumns; ++c)
                sums[r][c] = V::mul_add_two(sums[r][c], x[c], f, y[c], g);
        }
    }
};

/// The XOR of all inputs, 256 bytes at a time.
template <class V> void exclusive_or(const MatrixJob& job) {
    constexpr std::size_t kColumns = 256 / V::kBytes;
    std::size_t at = job.begin;
    for (; at + 256 <= job.end; at += 256) {
        typename V::Unit sums[kColumns];
#pragma GCC unroll 16
        for (std::size_t c = 0; c < kColumns; ++c)
            sums[c] = V::load(job.inputs[0].bytes + at + c * V::kBytes);
        for (std::size_t j = 1; j < job.input_count; ++j) {
            const std::uint8_t* from = job.inputs[j].bytes + at;
#pragma GCC unroll 16
            for (std::size_t c = 0; c < kColumns; ++c)
                sums[c] = V::add(sums[c], V::load(from + c * V::kBytes));
        }
#pragma GCC unroll 16
        for (std::size_t c = 0; c < kColumns; ++c)
            V::store(job.outputs[0] + at + c * V::kBytes, sums[c]);
    }
    for (; at < job.end; at += V::kBytes) {
        typename V::Unit sum = V::load(job.inputs[0].bytes + at);
        for (std::size_t j = 1; j < job.input_count; ++j)
            sum = V::add(sum, V::load(job.inputs[j].bytes + at));
        V::store(job.outputs[0] + at, sum);
    }
}

} // namespace codex::erasure::detail
