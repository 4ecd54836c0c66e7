// Getting stored blocks back, verified.
#pragma once

#include "repo/detail/session.hpp"

namespace codex::repo {

/// Reads and verifies, each entry says how it went. A block that looks damaged is looked up once
/// more first: gc may have moved it, or given its place away, between lookup and read.
/// Errors: limit_exceeded (a buffer is too small), io of the index.
[[nodiscard]] Result<void> read_blocks(const Session& session, std::span<BlockRead> batch);

/// Whether the bytes at this place are the block's; no second look.
[[nodiscard]] bool extent_is_good(const Session& session, const Cid& cid, const BlockEntry& entry);

/// The record at `entry.extent` as it is stored: the payload alone. False when it cannot be read,
/// or the header there is of another record.
[[nodiscard]] bool read_payload(const Session& session, const Cid& cid, const BlockEntry& entry,
                                Bytes& payload);

/// Whether the record at `entry.extent` begins with the header that belongs there; no second look.
[[nodiscard]] bool header_is_good(const Session& session, const Cid& cid, const BlockEntry& entry);

/// Whether this repo can verify such a block: SHA-256, 32 bytes.
[[nodiscard]] bool verifiable(const Cid& cid);

} // namespace codex::repo
