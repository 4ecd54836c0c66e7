// What encoding in vectors of 32 bytes could give at most on this machine: the vector instructions
// that its arithmetic takes, none of them loads or stores, at the rate at which a loop of the same
// instructions on registers runs. For the kernel sets avx2 and gfni256.
#pragma once

#include "erasure/detail/kernels.hpp"
#include "erasure/shape.hpp"

#include <bit>
#include <chrono>
#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace codex::bench {

/// What is done with vectors, for 32 bytes of every buffer.
struct VectorWork {
    double products = 0; ///< by a factor, with the sum that takes it
    double splits = 0;   ///< into nibbles, once for all products of a vector
    double sums = 0;     ///< others

    /// Instructions: a product is two lookups and two sums, or one GFNI instruction and a sum; a
    /// split is three where there are nibbles.
    [[nodiscard]] double instructions(erasure::detail::FactorForm form) const {
        return form == erasure::detail::FactorForm::nibbles ? 4 * products + 3 * splits + sums
                                                            : 2 * products + sums;
    }
};

/// Of encoding by the transforms of row_transform.hpp, without what multiplies by zero.
inline VectorWork encoding_work(const erasure::Shape& shape) {
    const std::size_t size = shape.parity_positions();
    const auto log_size = static_cast<unsigned>(std::countr_zero(size));
    const unsigned turn = erasure::detail::turn_layers(log_size);
    const unsigned low = log_size - turn;
    const std::size_t block = std::size_t{1} << low;
    const bool words = shape.positions() > 256;
    VectorWork work;
    const auto butterflies = [&](std::size_t position, std::size_t rows) {
        for (unsigned layer = 0; layer < low; ++layer)
            for (std::size_t row = 0; row < (rows + block - 1) / block * block;
                 row += std::size_t{2} << layer) {
                const auto all = static_cast<double>(std::size_t{1} << layer);
                const std::size_t factor = (position + row) >> (layer + 1) << 1;
                work.sums += all;
                work.splits += factor == 0 ? 0 : all;
                work.products += factor == 0 ? 0 : words && factor >= 256 ? 2 * all : all;
            }
    };
    const auto all_blocks = static_cast<double>(block);
    for (std::size_t first = 0; first < shape.k(); first += size) {
        const std::size_t rows = shape.k() - first < size ? shape.k() - first : size;
        butterflies(size + first, rows);
        unsigned used = 0;
        while (block << used < rows)
            ++used;
        double products = 1;
        for (unsigned i = 0; i < turn; ++i)
            products *= i < used ? 3 : 2;
        const auto sets = static_cast<double>(1U << used);
        work.products += all_blocks * (products - sets);
        work.splits += all_blocks * (sets - (used == turn ? 1 : 0));
        work.sums += all_blocks * (used * sets / 2 + (first > 0 ? sets : 0));
    }
    work.sums += all_blocks * turn * (1U << turn) / 2;
    butterflies(0, shape.m());
    const double turned =
        words ? 0.5 * (shape.k() + shape.m()) : 0; // into the coordinates, and out
    work.products += turned;
    work.splits += turned;
    return work;
}

#if defined(__x86_64__)
/// Many times the instructions of eight butterflies that wait for nothing; gives how many.
__attribute__((target("avx2"))) inline double run_nibbles() {
    __m256i x = _mm256_set1_epi8(0x35);
    __m256i sums[8] = {x, x, x, x, x, x, x, x};
    const __m256i mask = _mm256_set1_epi8(15);
    __m256i table = _mm256_set1_epi8(0x53);
    for (int i = 0; i < 10000; ++i)
#pragma GCC unroll 8
        for (__m256i& sum : sums) {
            __asm__ volatile("" : "+x"(x), "+x"(table));
            const __m256i low = _mm256_and_si256(x, mask);
            const __m256i high = _mm256_and_si256(_mm256_srli_epi64(x, 4), mask);
            sum = _mm256_xor_si256(sum, _mm256_shuffle_epi8(table, low));
            sum = _mm256_xor_si256(sum, _mm256_shuffle_epi8(table, high));
            sum = _mm256_xor_si256(sum, x);
            __asm__ volatile("" : "+x"(sum));
        }
    return 10000.0 * 8 * 8;
}
__attribute__((target("avx2,gfni"))) inline double run_affine() {
    __m256i x = _mm256_set1_epi8(0x35);
    __m256i sums[8] = {x, x, x, x, x, x, x, x};
    __m256i matrix = _mm256_set1_epi8(0x53);
    for (int i = 0; i < 10000; ++i)
#pragma GCC unroll 8
        for (__m256i& sum : sums) {
            __asm__ volatile("" : "+x"(x), "+x"(matrix));
            sum = _mm256_xor_si256(sum, _mm256_gf2p8affine_epi64_epi8(x, matrix, 0));
            sum = _mm256_xor_si256(sum, x);
            __asm__ volatile("" : "+x"(sum));
        }
    return 10000.0 * 8 * 3;
}
#endif

/// Instructions a second of such a loop, the fastest of many runs; 0 where there is none.
inline double instruction_rate(erasure::detail::FactorForm form) {
    double rate = 0;
#if defined(__x86_64__)
    for (int i = 0; i < 100; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const double count =
            form == erasure::detail::FactorForm::nibbles ? run_nibbles() : run_affine();
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
        rate = count / taken.count() > rate ? count / taken.count() : rate;
    }
#endif
    return rate;
}

} // namespace codex::bench
