// Looking after a whole repo: collecting, checking, making the index anew.
#pragma once

#include "base/error.hpp"
#include "repo/types.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace codex::repo {

struct GcOptions {
    std::uint64_t now = 0; ///< Unix seconds
    bool dry_run = false;
    bool compact = true; ///< also rewrite segments that are mostly dead
};
struct GcReport {
    std::uint64_t expired_datasets = 0;
    std::uint64_t removed_blocks = 0; ///< expired or left behind by a killed writer
    std::uint64_t abandoned_writers = 0;
    /// Of dead records that were erased, and of what killed writers left in segments; the file
    /// system gets whole pages of it back.
    std::uint64_t freed_bytes = 0;
    /// Segment files with records that the index does not know, or says to be dead and alive: these
    /// records are left alone.
    std::vector<std::string> unaccounted{};
};

struct VerifyOptions {
    bool data = true; ///< read and hash every block, not only the index
    bool repair_counters = false;
};
/// What is wrong with a block, a tree, a manifest, or with the index about them.
enum class ProblemKind : std::uint8_t {
    block_damaged,
    block_missing,
    block_unreadable,
    block_unknown,
    header_damaged, ///< of a block's record, whose bytes are good
    manifest_damaged,
    tree_damaged,
    tree_missing,
    tree_unreadable,
    reference_wrong,
    expiry_wrong,
    counter_wrong,
    records_unknown, ///< a segment's, until the index is made anew
    notes_damaged,
    note_missing,
    dataset_lost,   ///< when the index was made anew: the one before knew it
    record_damaged, ///< when the index was made anew: what is there is in no index any more
};
/// "block-damaged": what scripts see. Names are added, never changed.
[[nodiscard]] std::string_view name_of(ProblemKind kind);

struct VerifyProblem {
    ProblemKind kind{};
    Cid cid; ///< null where the problem has none
    std::string text;
};
struct VerifyReport {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t trees = 0;
    std::uint64_t datasets = 0;
    std::uint64_t problems = 0;
    Counters counted;
    bool counters_repaired = false;
    /// The first segment that could not be read: what was in it, nobody knows.
    std::shared_ptr<const Error> unreadable{};
};

/// What the segments gave back when the index was made anew, and what they did not.
struct RebuildReport {
    std::uint64_t segments = 0;
    std::uint64_t blocks = 0; ///< whole ones
    std::uint64_t bytes = 0;  ///< their plain sizes
    std::uint64_t trees = 0;
    std::uint64_t datasets = 0;
    std::uint64_t partials = 0;       ///< partial datasets
    std::uint64_t kept_blocks = 0;    ///< part of no dataset, so kept for themselves
    std::uint64_t missing_blocks = 0; ///< leaves of stored trees that were not found
    /// Places in segments that are no whole record, and may have been somebody's: neither dead in
    /// the index that was replaced, nor removed, nor whole elsewhere.
    std::uint64_t damaged_records = 0;
    std::uint64_t damaged_note_bytes = 0; ///< of the notes, or of a write that was cut off
    bool notes_unchecked = false; ///< neither the old index nor its age said how many there were
    /// What is known to be lost: records (the first few), datasets that the index knew which was
    /// replaced, and notes.
    std::vector<VerifyProblem> lost{};
};

} // namespace codex::repo
