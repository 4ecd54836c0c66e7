// Pins of writers that have not committed: rows of the table pending, one a batch.
#pragma once

#include "repo/index/session.hpp"

namespace codex::repo::detail {

/// Records that `writer` holds one reference for each of `cids`.
[[nodiscard]] Result<void> write_pending(Ledger& ledger, const PendingKey& key,
                                         std::span<const Cid> cids);
/// The references now belong to a tree: the rows go, the references stay.
[[nodiscard]] Result<void> erase_pending(Ledger& ledger, std::uint64_t writer);
/// Takes the references of a writer back, a row a transaction. Gives the blocks that went.
[[nodiscard]] Result<std::uint64_t> undo_pending(const Session& session, std::uint64_t writer);
/// The writers that have rows.
[[nodiscard]] Result<std::vector<std::uint64_t>> pending_writers(const Txn& txn);

} // namespace codex::repo::detail
