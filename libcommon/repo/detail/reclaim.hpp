// Giving space back to the file system: holes where records died, files that are dead as a whole.
#pragma once

#include "repo/detail/session.hpp"

namespace codex::repo {

/// Merges neighbouring dead ranges and punches the pages within them; `progress` (may be nullptr)
/// counts their bytes. Gives the bytes freed.
[[nodiscard]] Result<std::uint64_t> punch_dead_ranges(const Session& session, Progress* progress);

/// Unlinks segments without a live record that nobody appends to, and segment files the index does
/// not know (their maker died before its first commit). Gives the bytes freed.
[[nodiscard]] Result<std::uint64_t> unlink_dead_segments(const Session& session);

/// Copies the live records out of segments that are mostly dead, and unlinks those. Damaged records
/// stay where they are. Gives the bytes freed, those of the copies subtracted. A full disk ends it
/// early, without an error. `progress` (may be nullptr) counts the bytes of the records.
[[nodiscard]] Result<std::uint64_t> compact_segments(const Session& session, Progress* progress);

/// Removes a segment that has no live record; `lock` is held on it. Gives the bytes freed, 0 when
/// it has one after all.
[[nodiscard]] Result<std::uint64_t> unlink_if_dead(const Session& session, std::uint32_t segment,
                                                   const Fd& lock);

/// All segments of the index.
[[nodiscard]] Result<std::vector<std::pair<std::uint32_t, SegmentEntry>>>
all_segments(const Txn& txn);
/// The dead ranges of one segment, by offset.
[[nodiscard]] Result<std::vector<DeadRange>> dead_ranges(const Txn& txn, std::uint32_t segment);

} // namespace codex::repo
