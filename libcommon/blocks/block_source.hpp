// Where blocks come from: a repo, other nodes, memory. Who works on blocks reads them through this,
// many at a time, and never gets bytes that are not the block's.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "codec/cid.hpp"

#include <memory>
#include <span>

namespace codex::blocks {

/// A place in a tree: what others who have the tree know a block by (codex-tree(5), NAMES).
struct Leaf {
    const Cid* tree = nullptr; ///< outlives the call; nullptr: not known, or none
    std::uint64_t index = 0;
};

/// One block of a batch.
struct BlockRead {
    enum class State : std::uint8_t {
        unread,
        unverified, ///< between a source and BlockSource: the bytes are not yet compared
        ok,
        missing,
        damaged,    ///< what there is of it was read, and is not the block
        unreadable, ///< could not be read, which says nothing about the bytes
    };
    Cid cid;              ///< in
    MutableBytes buffer;  ///< in: at least as large as the block; of find(): not used
    std::size_t size = 0; ///< out: bytes of the block; the empty block gives 0
    State state = State::unread;
    std::shared_ptr<const Error> cause{}; ///< out: of an unreadable block
    Leaf leaf{};                          ///< in: a help for sources that ask others
};
/// Why a block is unreadable, with the block's name.
[[nodiscard]] Error unreadable(const BlockRead& block);
/// The error of the first unreadable block, if there is one.
[[nodiscard]] Result<void> require_readable(std::span<const BlockRead> batch);

/// Whether bytes can be compared with this CID: SHA-256, 32 bytes. No source has others.
[[nodiscard]] bool verifiable(const Cid& cid);
/// As a batch is before a source sees it: the empty block is `ok` with no bytes, what is not
/// verifiable is `missing`, all others `unread`.
void prepare(std::span<BlockRead> batch);

/// Blocks by their CIDs. What a derived class has to give is in its private part.
/// Threads: const calls from any thread, at once.
class BlockSource {
public:
    virtual ~BlockSource() = default;

    /// Whether the block is here, and not known to be damaged; the empty block is everywhere.
    /// Errors: those of a block of which that cannot be told.
    [[nodiscard]] Result<bool> has(const Cid& cid) const;
    /// The same for a batch: each entry is `ok`, `missing`, `damaged` where that is known already,
    /// or `unreadable` where it cannot be told. Reads no bytes.
    [[nodiscard]] Result<void> find(std::span<BlockRead> batch) const;

    /// Reads a batch (best: 16 or more of one size) and compares it with its CIDs; each entry says
    /// how it went. Errors: limit_exceeded (a buffer is too small); those of the first block that
    /// is unreadable.
    [[nodiscard]] Result<void> read(std::span<BlockRead> batch) const;
    /// The same, but an unreadable block is no error: for those who have other ways to its bytes.
    [[nodiscard]] Result<void> try_read(std::span<BlockRead> batch) const;

protected:
    BlockSource() = default;
    BlockSource(const BlockSource&) = default;
    BlockSource& operator=(const BlockSource&) = default;
    BlockSource(BlockSource&&) = default;
    BlockSource& operator=(BlockSource&&) = default;

private:
    // For each entry that is `unread`; the others are left as they are. An error is one of the
    // source as a whole; of a block it is `unreadable`, with its cause. A source that waits for
    // others is made for one job, and gives `cancelled` when that is.

    /// Makes each `ok`, `missing`, `damaged` or `unreadable`.
    [[nodiscard]] virtual Result<void> find_blocks(std::span<BlockRead> batch) const = 0;
    /// Makes each `missing`, `damaged`, `unreadable`, or fills the first `size` bytes of its buffer
    /// and makes it `unverified`; `ok` is for a source that has compared them with the CID itself.
    [[nodiscard]] virtual Result<void> read_blocks(std::span<BlockRead> batch) const = 0;
};

} // namespace codex::blocks

namespace codex {
using blocks::BlockRead;
using blocks::BlockSource;
} // namespace codex
