// The compression functions of SHA-256 (FIPS 180-4), one set for each instruction
// set.
//
// Plain declarations only: kernel files include this and nothing else of ours, so that no inline
// function is compiled with instructions that the machine may lack.
//
// A state is the eight words a..h in that order. A "node" is the 65-byte message of a Merkle tree,
// left | right | key (codex-tree(5), KEYS): its first block is the two children, its second block
// (key, 0x80, zeros, bit length 520) is known beforehand, so its message schedule comes from a
// table and costs nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace codex::crypto::detail {

/// One word for each of the 64 rounds.
struct Sha256Words {
    alignas(64) std::uint32_t w[64];
};

/// The initial state and the round constants K.
extern const std::uint32_t kSha256Initial[8];
extern const Sha256Words kSha256Round;
/// kSha256NodeRound[key].w[t] = K[t] + W[t] of the second block of a node with this key.
constexpr unsigned kSha256NodeKeys = 4;
extern const Sha256Words kSha256NodeRound[kSha256NodeKeys];

/// Runs `blocks` consecutive 64-byte blocks from `data` into `state`.
void sha256_compress_portable(std::uint32_t* state, const std::uint8_t* data, std::size_t blocks);
void sha256_compress_shani(std::uint32_t* state, const std::uint8_t* data, std::size_t blocks);
void sha256_compress_avx2(std::uint32_t* state, const std::uint8_t* data, std::size_t blocks);

/// The same for as many messages side by side as the name says: `blocks` blocks of each data[i]
/// into states[i].
void sha256_compress2_shani(std::uint32_t* const* states, const std::uint8_t* const* data,
                            std::size_t blocks);
void sha256_compress8_avx2(std::uint32_t* const* states, const std::uint8_t* const* data,
                           std::size_t blocks);
void sha256_compress16_avx2(std::uint32_t* const* states, const std::uint8_t* const* data,
                            std::size_t blocks);
void sha256_compress16_avx512(std::uint32_t* const* states, const std::uint8_t* const* data,
                              std::size_t blocks);
void sha256_compress32_avx512(std::uint32_t* const* states, const std::uint8_t* const* data,
                              std::size_t blocks);

/// Digests of `count` nodes whose children lie one after another: parents + 32 i from
/// children + 64 i. In place is allowed (parents == children).
void sha256_nodes_portable(const std::uint8_t* children, unsigned key, std::size_t count,
                           std::uint8_t* parents);
void sha256_nodes_shani(const std::uint8_t* children, unsigned key, std::size_t count,
                        std::uint8_t* parents);
/// As above; `count` is a multiple of 8.
void sha256_nodes_avx2(const std::uint8_t* children, unsigned key, std::size_t count,
                       std::uint8_t* parents);
/// As above; `count` is a multiple of 16.
void sha256_nodes_avx512(const std::uint8_t* children, unsigned key, std::size_t count,
                         std::uint8_t* parents);

} // namespace codex::crypto::detail
