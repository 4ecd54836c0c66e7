// Records in segments that the index does not account for: behind the committed end of a segment,
// or in one that has no entry.
//
// Mostly a writer was killed before its commit, and nobody misses them. But where the index may be
// older than the segments, some commit may have put them there: then they stay, until the index is
// made anew.
#pragma once

#include "repo/segments/segments.hpp"

namespace codex::repo::detail {

struct UnknownRecords {
    std::uint32_t segment = 0;
    bool entered = false; ///< the index has an entry of the segment: they are its tail
};

/// Whose tails count: of all segments, or only of those whose tail is kept.
enum class Tails : std::uint8_t { all, kept };
/// The segments that nobody appends to with a whole record that the index does not account for.
/// Reads little where there is none. Errors: permission, io, repo_damaged.
[[nodiscard]] Result<std::vector<UnknownRecords>> unknown_records(const Segments& segments,
                                                                  const Env& env, Tails tails);

/// Whether the two accounts of a segment, live bytes and dead ranges, make up all before its end:
/// else its end may be wrong, and nothing is cut off behind it.
[[nodiscard]] Result<bool> is_accounted(const Txn& txn, std::uint32_t segment,
                                        const SegmentEntry& entry);

/// Whether the tail of a segment is kept: nobody appends to the segment, and gc leaves it alone.
[[nodiscard]] Result<bool> tail_is_kept(const Txn& txn, std::uint32_t segment);
[[nodiscard]] Result<void> keep_tail(Txn& txn, std::uint32_t segment);

} // namespace codex::repo::detail
