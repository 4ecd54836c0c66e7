// Giving space back to the file system: dead records erased, files that are dead as a whole.
//
// Everything here destroys bytes, so everything here syncs first, whatever a handle says of
// syncing: what replaced the bytes, and the transaction since which nobody needs them, may be
// another process's that did not.
#pragma once

#include "repo/index/session.hpp"

#include <algorithm>
#include <functional>

namespace codex::repo::detail {

struct Reclaimed {
    std::uint64_t bytes = 0; ///< of dead records that were erased, and of tails
    /// Nothing of what was dead when it began is in any segment now.
    bool complete = true;
    /// A segment is dead, but has too many dead ranges to go before they are erased.
    bool again = false;
    /// The number of the last transaction that was committed as durable_ledger() does.
    std::uint64_t durable = 0;
    /// Segment files with records that are in no index, or said to be dead and alive.
    std::vector<std::string> unaccounted;
    /// Names a segment, once, that is left as it is.
    void leave(const std::string& name) {
        complete = false;
        if (std::ranges::find(unaccounted, name) == unaccounted.end())
            unaccounted.push_back(name);
    }
};

/// A transaction before which all that the index names is on the disk: the segments (and their
/// names) of writers that do not sync, too. Its commit puts the index there. Errors: io.
[[nodiscard]] Result<Ledger> durable_ledger(const Session& session);

/// All that is committed is on the disk on return: at once, where nobody has committed anything
/// since `out.durable`. Errors: io.
[[nodiscard]] Result<void> make_durable(const Session& session, Reclaimed& out);

/// Overwrites dead ranges with nothing: their pages go back to the file system, and making the
/// index anew does not find them again. Many in one transaction. The job counts bytes. Errors:
/// cancelled.
[[nodiscard]] Result<void> erase_dead_ranges(const Session& session, Reclaimed& out);

/// Unlinks segments without a live record that nobody appends to, and cuts off what killed writers
/// left behind the committed end of others.
[[nodiscard]] Result<void> unlink_dead_segments(const Session& session, Reclaimed& out);

/// A segment that is locked because it may have to go.
struct IdleSegment {
    std::uint32_t id = 0;
    Fd lock;
};
/// Unlinks those of the segments that have no live record, and cuts off tails.
[[nodiscard]] Result<void> unlink_if_dead(const Session& session,
                                          std::span<const IdleSegment> segments, Reclaimed& out);

/// Copies the live records out of segments that are mostly dead, and unlinks those. Damaged records
/// stay where they are. A full disk ends it early, without an error. The job counts the bytes
/// of the records. Errors: cancelled.
[[nodiscard]] Result<void> compact_segments(const Session& session);

/// Whether a file that the index does not know has a record, or cannot be looked through.
[[nodiscard]] bool may_hold_records(const Fd& file, const std::string& name);
/// Bytes of the file; 0 when it is not there.
[[nodiscard]] std::uint64_t file_bytes(const Fd& file);

/// All segments of the index.
[[nodiscard]] Result<std::vector<std::pair<std::uint32_t, SegmentEntry>>>
all_segments(const Txn& txn);
/// Calls visit() for the dead ranges of one segment, by offset.
[[nodiscard]] Result<void> for_each_dead(const Txn& txn, std::uint32_t segment,
                                         const std::function<void(const DeadRange&)>& visit);
/// The same, as a list.
[[nodiscard]] Result<std::vector<DeadRange>> dead_ranges(const Txn& txn, std::uint32_t segment);

} // namespace codex::repo::detail
