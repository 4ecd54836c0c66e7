// Blocks as they are stored: raw, or zstd where that pays.
#pragma once

#include "repo/segments/record.hpp"

namespace codex::repo::detail {

/// The stored form of a block. Empty when compression is off or saves less than a sixteenth.
[[nodiscard]] Bytes compress_block(BytesView plain, int zstd_level);

/// The plain form of `stored` into `plain`, whose size is the block's.
/// Errors: block_corrupt when it does not decompress to exactly that many bytes.
[[nodiscard]] Result<void> decompress_block(BytesView stored, MutableBytes plain);

} // namespace codex::repo::detail
