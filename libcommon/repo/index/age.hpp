// Whether index.mdb is as new as the segments: a copy of an earlier day would call what was stored
// since then a tail that nobody has committed, and its own dead records are others' by now.
//
// REPO/age says which index it was that was last committed and synced, and the number of that
// transaction; an index of another descent, or with a lower number, is not the one it belongs to.
#pragma once

#include "repo/index/lmdb.hpp"

namespace codex::repo::detail {

struct IndexAge {
    std::uint64_t lineage = 0;     ///< random; a new one when an index is made anew
    std::uint64_t transaction = 0; ///< number of the last one that is known to be on the disk
    friend bool operator==(const IndexAge&, const IndexAge&) = default;
};

/// The lineage of the index; puts a random one where there is none. Errors: no_space, io.
[[nodiscard]] Result<std::uint64_t> ensure_lineage(Txn& txn);
/// Notes that a transaction is on the disk. Not synced, and a failure is none of the caller's: the
/// worst is that an old index is not noticed.
void record_age(const std::string& repo_path, const IndexAge& age);
/// What record_age() noted; nothing when there is none, or it is damaged.
[[nodiscard]] std::optional<IndexAge> recorded_age(const std::string& repo_path);
/// Takes the note away, durably: for a new index. Errors: permission, io.
[[nodiscard]] Result<void> forget_age(const std::string& repo_path);
/// Errors: repo_damaged when the index is older than the segments.
[[nodiscard]] Result<void> require_current(const Env& env, const std::string& repo_path);

} // namespace codex::repo::detail
