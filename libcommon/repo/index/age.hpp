// Whether index.mdb is as new as the segments: a copy of an earlier day would call what was stored
// since then a tail that nobody has committed, and its own dead records are others' by now.
//
// REPO/age says which index it was that was last committed, and the numbers of two transactions: of
// the last one that is on the disk, and of the last one at all, which a power loss may undo. An
// index of another descent, or with a number below the first, is not the one it belongs to. One
// between both may be either: what is behind the ends of segments is kept then.
//
// segments/.age says the same, and goes where the segments go: so copies of index.mdb and of
// REPO/age that are put back together are found out, too.
//
// REPO/age also says up to which number notes are on the disk: without that, a last note that is
// damaged or gone could not be told from one that nobody has come to write.
#pragma once

#include "repo/segments/segments.hpp"

namespace codex::repo::detail {

struct IndexAge {
    std::uint64_t lineage = 0;     ///< random; a new one when an index is made anew
    std::uint64_t transaction = 0; ///< number of the last one that is known to be on the disk
    std::uint64_t seen = 0;        ///< number of the last one; 0: not noted
    std::uint64_t notes = 0;       ///< highest number of a note that is on the disk; 0: not noted
    friend bool operator==(const IndexAge&, const IndexAge&) = default;
};

/// What REPO/age says about an index, and the one beside the segments where that says worse.
enum class Standing : std::uint8_t {
    current, ///< it has all that was ever committed
    unsure,  ///< all that was synced; of the rest some is missing
    older,   ///< it is a copy, or another one
    unknown, ///< there is no REPO/age, or it is damaged
};

/// The lineage of the index; 0 where there is none. Errors: repo_damaged.
[[nodiscard]] Result<std::uint64_t> find_lineage(const Txn& txn);
/// Writes the lineage of the index, one from `random` where there is none. Errors: no_space, io.
[[nodiscard]] Result<std::uint64_t> ensure_lineage(Txn& txn, Random& random);
/// Writes REPO/age, durably, and the one beside the segments. Errors: repo_damaged when one is no
/// file, permission, no_space, io.
[[nodiscard]] Result<void> write_age(const std::string& repo_path, const IndexAge& age, Disk& disk);
/// What REPO/age says; nothing when there is none, or it is damaged.
[[nodiscard]] std::optional<IndexAge> recorded_age(const std::string& repo_path);
/// Takes both away, durably: for a new index. Errors: permission, io.
[[nodiscard]] Result<void> forget_age(const std::string& repo_path);

[[nodiscard]] Result<Standing> standing_of(const Env& env, const std::string& repo_path);
/// What is noted in the file was on the disk in the index before. So one that has not come to the
/// file's last number is a copy, even where REPO/age was copied with it.
/// Errors: repo_damaged when it is one.
[[nodiscard]] Result<void> require_all_notes(const Env& env, const std::string& repo_path);
/// For who reads. Errors: repo_damaged when the index is older than the segments, or may be: then
/// nothing says that it is not, and segments have records that it does not know.
[[nodiscard]] Result<void> require_current(const Env& env, const Segments& segments,
                                           const std::string& repo_path);
/// The same for who writes: from here on REPO/age follows each commit, and each note. Where the
/// index may lack what was not synced, tails of segments are kept (tails.hpp).
[[nodiscard]] Result<void> settle_age(Env& env, const Segments& segments,
                                      const std::string& repo_path);

} // namespace codex::repo::detail
