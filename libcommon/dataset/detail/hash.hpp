// SHA-256 of many blocks over the pool.
#pragma once

#include "base/executor.hpp"
#include "crypto/hash/sha256.hpp"

#include <span>

namespace codex::dataset::detail {

/// digests[i] = SHA-256(blocks[i]); the work is split in whole groups of hash lanes.
/// Sizes of both spans are equal.
void hash_blocks(Executor& pool, std::span<const BytesView> blocks, std::span<Digest> digests);

} // namespace codex::dataset::detail
