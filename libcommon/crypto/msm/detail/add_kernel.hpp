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

/// Points are affine, coordinates reduced in the kernel's own Montgomery form, infinity all zero:
/// 8 words of 64 bits in G1, 16 in G2.
struct AddKernel {
    const char* name;
    /// File form (Montgomery with 2^256), at any alignment, to the kernel's; nullptr when they are
    /// the same.
    void (*import_points)(const std::uint8_t* from, std::size_t count, std::uint64_t* to);
    /// The inverse; nullptr when the forms are the same.
    void (*export_points)(const std::uint64_t* from, std::size_t count, std::uint64_t* to);
    /// out[i] = left_base[tasks[i].left] + right_base[tasks[i].right], every case handled. `out`
    /// may be left_base when tasks[i].left == 2 * i for all i, else it overlaps nothing.
    void (*add_pairs)(const std::uint64_t* left_base, const std::uint64_t* right_base,
                      const PairTask* tasks, std::size_t count, std::uint64_t* out);
};

[[nodiscard]] const AddKernel& g1_add_portable();
[[nodiscard]] const AddKernel& g2_add_portable();
#if defined(__x86_64__)
[[nodiscard]] const AddKernel& g1_add_adx();
[[nodiscard]] const AddKernel& g2_add_adx();
[[nodiscard]] const AddKernel& g1_add_ifma();
[[nodiscard]] const AddKernel& g2_add_ifma();
#endif

} // namespace codex::crypto::detail
