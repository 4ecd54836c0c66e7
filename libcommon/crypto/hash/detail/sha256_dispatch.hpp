// Which compression functions this process uses, and from how many messages on a wide one pays.
//
// Measured on one core of an AMD EPYC of the Zen 5 generation (4.4 GHz, gcc 12, data in cache;
// tests/bench/sha256_bench.cpp), GB/s of long messages and ns for a tree node:
//
//   portable   1 lane   0.37 GB/s   280 ns  (OpenSSL 3.0 EVP without SHA-NI: 0.77 GB/s, 220 ns)
//   avx2       1 lane   0.62 GB/s
//   avx2       8 lanes  1.9  GB/s    62 ns
//   avx2      16 lanes  2.25 GB/s
//   sha_ni     1 lane   2.2  GB/s           (OpenSSL 3.0 EVP: 2.2 GB/s, 100 ns)
//   sha_ni     2 lanes  3.2  GB/s    35 ns
//   avx512    16 lanes  5.1  GB/s    22 ns
//   avx512    32 lanes  6.9  GB/s    14 ns
//
// A wide kernel costs the same with empty lanes, so it is worth it from the number of messages on
// at which its time for one block of all lanes is below that of the next narrower kernels:
// 16 * 3.2 / 5.1 = 10 messages against pairs with SHA-NI; 32 lanes take as long as 16 and then 4
// to 5 with SHA-NI, so 21 messages, and for nodes (whose second block is cheap) 16 and 3. Without
// SHA-NI 8 lanes with AVX2 take as long as two and a half messages one by one, or two nodes, and 16
// less than 8 and then 2; 16 with AVX-512 take as long as two messages, and 32 less than 16 and 1.
//
// Not measured: other processors. Where 512-bit instructions run on two ports or as two halves
// (Intel; Zen 4), 16 messages need at least 1700 / 2 cycles a block, 0.8 cycles a byte, and a pair
// with SHA-NI about 1.1: the order stays, the distance shrinks.
#pragma once

#include "crypto/hash/detail/sha256_kernels.hpp"

namespace codex::crypto::detail {

/// `lanes` messages side by side.
struct Sha256Wide {
    std::size_t lanes;
    std::size_t worth_from; ///< messages from which it beats the narrower ones
    void (*compress)(std::uint32_t* const* states, const std::uint8_t* const* data,
                     std::size_t blocks);
};

/// Nodes in multiples of `lanes`.
struct Sha256WideNodes {
    std::size_t lanes;
    std::size_t worth_from; ///< nodes from which it beats the narrower ones, its lanes filled up
    void (*nodes)(const std::uint8_t* children, unsigned key, std::size_t count,
                  std::uint8_t* parents);
};

struct Sha256Kernels {
    const char* name; ///< "avx512+sha_ni", "avx512", "sha_ni", "avx2", "portable"
    void (*compress)(std::uint32_t* state, const std::uint8_t* data, std::size_t blocks);
    const Sha256Wide* wide; ///< widest first, ended by lanes == 0
    /// Any number of nodes.
    void (*nodes)(const std::uint8_t* children, unsigned key, std::size_t count,
                  std::uint8_t* parents);
    const Sha256WideNodes* wide_nodes; ///< widest first, ended by lanes == 0
};

constexpr std::size_t kSha256MaxLanes = 32;

/// The choice for this machine and CODEX_CPU (base/cpu.hpp).
[[nodiscard]] const Sha256Kernels& sha256_kernels();

} // namespace codex::crypto::detail
