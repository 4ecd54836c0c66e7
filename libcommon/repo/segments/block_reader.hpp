// Getting stored blocks back, verified.
#pragma once

#include "blocks/block_source.hpp"
#include "repo/index/session.hpp"

namespace codex::repo::detail {

/// Reads and verifies, each entry says how it went. A block that looks damaged, or cannot be read,
/// is looked up once more first: gc may have moved it, or given its place away, between lookup and
/// read. What is damaged is noted in the session.
/// Errors: limit_exceeded (a buffer is too small), io of the index.
[[nodiscard]] Result<void> read_blocks(const Session& session, std::span<BlockRead> batch);
/// The same of a batch that blocks::prepare() has seen.
[[nodiscard]] Result<void> read_prepared(const Session& session, std::span<BlockRead> batch);

// Of one place, without a second look. Errors: not_found, permission, io when the segment cannot be
// read; a segment that ends before is no error, but has other bytes.

/// Whether the bytes at this place are the block's.
[[nodiscard]] Result<bool> extent_is_good(const Session& session, const Cid& cid,
                                          const BlockEntry& entry);

/// The record at `entry.extent` as it is stored: the payload alone. False when the header there is
/// of another record.
[[nodiscard]] Result<bool> read_payload(const Session& session, const Cid& cid,
                                        const BlockEntry& entry, Bytes& payload);

/// Whether the record at `entry.extent` begins with the header that belongs there.
[[nodiscard]] Result<bool> header_is_good(const Session& session, const Cid& cid,
                                          const BlockEntry& entry);

} // namespace codex::repo::detail
