// Single blocks as a repo shows and takes them.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "codec/cid.hpp"

#include <memory>

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

/// One block of a batch read.
struct BlockRead {
    /// damaged: read in full, or the segment ends before, and it is not the block. unreadable: its
    /// segment could not be opened or read, which says nothing about the bytes.
    enum class State : std::uint8_t { unread, ok, missing, damaged, unreadable };
    Cid cid;              ///< in
    MutableBytes buffer;  ///< in: at least as large as the block
    std::size_t size = 0; ///< out: bytes of the block; the empty block gives 0
    State state = State::unread;
    std::shared_ptr<const Error> cause{}; ///< out: of an unreadable block
};
/// Why a block is unreadable, with the block's name.
[[nodiscard]] Error unreadable(const BlockRead& block);

/// A block with its bytes; the caller knows that `data` hashes to `cid`.
struct Restored {
    Cid cid;
    BytesView data;
};

} // namespace codex::repo
