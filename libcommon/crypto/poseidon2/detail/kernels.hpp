// What a Poseidon2 kernel offers; one table for each instruction set, chosen in poseidon2.cpp.
// Only plain types: this header is seen by files compiled for other machines.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::crypto::poseidon2::detail {

struct Kernel {
    const char* name;
    /// Permutations that go side by side; `worth` of them already pay for all.
    std::size_t lanes;
    std::size_t worth;
    /// Three elements in Montgomery form (2^256), 12 limbs. nullptr where lanes are
    /// more than one: a single permutation gains nothing from them.
    void (*permute)(std::uint64_t* state);
    /// `count` messages of `size` bytes to 32-byte digests.
    void (*hash_many)(const std::uint8_t* const* messages, std::size_t count, std::size_t size,
                      std::uint8_t* digests);
    /// 2 * count digests to count parents.
    void (*pairs)(const std::uint8_t* nodes, std::size_t count, std::uint64_t key,
                  std::uint8_t* parents);
};

[[nodiscard]] const Kernel& portable_kernel();
#if defined(__x86_64__)
[[nodiscard]] const Kernel& adx_kernel();
[[nodiscard]] const Kernel& avx2_kernel();
[[nodiscard]] const Kernel& ifma_kernel();
#endif

/// Round constants as the kernels want them, made once: external (24) then internal (56), each in
/// Montgomery form: 4 words with 2^256, or 5 words of 52 bits with 2^260.
struct ConstantTables {
    std::uint64_t words64[80][4];
    std::uint64_t words52[80][5];
};
[[nodiscard]] const ConstantTables& constant_tables();

} // namespace codex::crypto::poseidon2::detail
