// Many independent affine additions with one inversion: the inner loop of multi-scalar
// multiplication, compiled for each instruction set. Plain types only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::crypto::detail {

/// Two operands; each is 2 * index, plus 1 to take the point's negative.
struct PairTask {
    std::uint32_t left;
    std::uint32_t right;
};

/// Points are affine as a .zkey holds them: coordinates reduced, in Montgomery form (2^256),
/// infinity all zero; 8 words of 64 bits in G1, 16 in G2.
struct AddKernel {
    const char* name;
    std::size_t point_words;
    /// *out[i] = left[i] + right[i], every case handled. An operand is 2 * the address of a point,
    /// at any alignment, plus 1 to take its negative. *out[i] may be an operand of addition i
    /// alone.
    void (*add)(const std::uint64_t* left, const std::uint64_t* right, std::uint64_t* const* out,
                std::size_t count);

    /// out[i] = left_base[tasks[i].left] + right_base[tasks[i].right]. `out` may be left_base when
    /// tasks[i].left == 2 * i for all i, else it overlaps nothing.
    void add_pairs(const std::uint64_t* left_base, const std::uint64_t* right_base,
                   const PairTask* tasks, std::size_t count, std::uint64_t* out) const;
};

[[nodiscard]] const AddKernel& g1_add_portable();
[[nodiscard]] const AddKernel& g2_add_portable();
#if defined(__x86_64__)
[[nodiscard]] const AddKernel& g1_add_avx2();
[[nodiscard]] const AddKernel& g2_add_avx2();
[[nodiscard]] const AddKernel& g1_add_ifma();
[[nodiscard]] const AddKernel& g2_add_ifma();

/// Up to eight values v below 5q (q of G1's coordinates), four words each, to 2^518 / v mod q,
/// reduced; 0 to 0. For the lanes of a vector, whose Montgomery factor is 2^260. Variable time.
void invert_lanes(std::uint64_t (*values)[4], std::size_t lanes);
#endif

} // namespace codex::crypto::detail
