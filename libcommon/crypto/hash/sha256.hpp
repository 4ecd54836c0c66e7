// SHA-256 (FIPS 180-4): one message, many equal-length messages at once, and tree nodes.
//
// The batched forms are the ones to use on hot paths: with AVX-512 sixteen or thirty-two messages
// go through the compression function side by side, with SHA-NI two, with AVX2 alone eight or
// sixteen; the figures behind the choice are in detail/sha256_dispatch.hpp.
#pragma once

#include "base/bytes.hpp"

#include <span>

namespace codex::crypto {

/// The digest of one message.
[[nodiscard]] Digest sha256(BytesView message);

/// digests[i] = SHA-256(messages[i]); any lengths, fastest when they are equal and there are a
/// multiple of 32 (16 at once: about three quarters of that speed). Sizes of both spans are equal.
/// One thread; the caller splits work over a pool.
void sha256_many(std::span<const BytesView> messages, std::span<Digest> digests);

/// parents[i] = SHA-256(nodes[2i] | nodes[2i+1] | key): pairs of one tree layer (codex-tree(5),
/// KEYS). nodes.size() == 2 * parents.size(). In place is allowed (parents == nodes.data()).
void sha256_pairs(std::span<const Digest> nodes, std::uint8_t key, std::span<Digest> parents);

/// An incremental hash for streams of unknown length.
/// Threads: one at a time.
class Sha256 {
public:
    Sha256();
    void update(BytesView bytes);
    /// The digest so far; the object is then as new.
    [[nodiscard]] Digest finish();

private:
    void compress(const std::uint8_t* blocks, std::size_t count);
    std::array<std::uint32_t, 8> state_;
    std::array<std::uint8_t, 64> tail_;
    std::uint64_t length_bytes_ = 0;
};

} // namespace codex::crypto
