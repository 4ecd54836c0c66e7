// Single blocks as a repo shows and takes them.
#pragma once

#include "base/bytes.hpp"
#include "codec/cid.hpp"

namespace codex::repo {

struct BlockInfo {
    Cid cid;
    bool present = false;         ///< false: known (a dataset refers to it) but not here
    std::uint32_t size_bytes = 0; ///< plain; 0 when never present
    std::uint32_t stored_bytes = 0;
    std::uint64_t references = 0; ///< leaves of stored trees, and uncommitted writers' pins
    std::uint64_t expiry = 0;     ///< of a block kept for itself; 0 = never
    bool kept = false;            ///< put for itself (`block put`), not only as part of a dataset
    bool damaged = false; ///< its bytes were read and are not the block's; put replaces them
};

/// A block with its bytes; the caller knows that `data` hashes to `cid`.
struct Restored {
    Cid cid;
    BytesView data;
};

} // namespace codex::repo
