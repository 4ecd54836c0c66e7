// Poseidon2 over the scalar field of BN254: t = 3, S-box a^5, 8 external and 56 internal rounds,
// the network's original constants (codex-slots(5), PERMUTATION).
//
// The *_many forms are the ones for slots: they fill the lanes of vectors (eight with AVX-512
// IFMA, four with AVX2 and FMA) where the machine has them.
#pragma once

#include "base/bytes.hpp"
#include "crypto/field/field.hpp"

#include <span>
#include <vector>

namespace codex::crypto::poseidon2 {

using State = std::array<Fr, 3>;

/// The permutation, in place.
void permute(State& state);

/// The first word of permute(a, b, key) (codex-slots(5), COMPRESSION).
[[nodiscard]] Fr compress(const Fr& a, const Fr& b, std::uint64_t key);

/// The sponge over field elements with 10* padding (codex-slots(5), SPONGE); `rate` is 1 or 2.
/// Empty input is legal.
[[nodiscard]] Fr sponge(std::span<const Fr> elements, unsigned rate = 2);

/// 31-byte little-endian chunks of bytes | 01 | 00...: floor(n / 31) + 1 elements (codex-slots(5),
/// BYTES TO ELEMENTS).
[[nodiscard]] std::vector<Fr> bytes_to_elements(BytesView bytes);

/// The rate-2 sponge of bytes_to_elements(): the hash of a cell, 32 canonical bytes.
[[nodiscard]] Digest hash_bytes(BytesView bytes);

/// digests[i] = hash_bytes of the `size_bytes` bytes at messages[i]. Sizes of the spans are equal;
/// best in multiples of 16. One thread.
void hash_many(std::span<const std::uint8_t* const> messages, std::size_t size_bytes,
               std::span<Digest> digests);

/// parents[i] = compress(nodes[2i], nodes[2i+1], key) on canonical digests (a value of r or more
/// counts reduced). nodes.size() == 2 * parents.size(); in place allowed.
void pairs(std::span<const Digest> nodes, std::uint64_t key, std::span<Digest> parents);

/// The batched kernel in use: "ifma", "avx2", "adx" or "portable".
[[nodiscard]] const char* kernel();

} // namespace codex::crypto::poseidon2
