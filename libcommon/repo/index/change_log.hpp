// The last changes of a repo, as rows of the index (codex-repo(5), CHANGES): written by the
// transaction that makes the change, so that neither a kill nor a power loss parts them.
#pragma once

#include "repo/changes.hpp"
#include "repo/index/lmdb.hpp"

namespace codex::repo::detail {

/// A row of the log; its key is the number.
struct ChangeRow {
    std::uint32_t chain = 0;
    Change change;
    friend bool operator==(const ChangeRow&, const ChangeRow&) = default;
};
[[nodiscard]] Bytes encode(const ChangeRow& row);
/// Errors: repo_damaged.
[[nodiscard]] Result<ChangeRow> decode_change(BytesView value);

/// Number and chain of the last change; zeros when there was none.
struct ChangeEnd {
    std::uint64_t number = 0;
    std::uint32_t chain = 0;
    friend bool operator==(const ChangeEnd&, const ChangeEnd&) = default;
};
[[nodiscard]] Bytes encode(const ChangeEnd& end);
/// Errors: repo_damaged.
[[nodiscard]] Result<ChangeEnd> decode_change_end(BytesView value);
[[nodiscard]] Result<ChangeEnd> last_change(const Txn& txn);

/// Appends changes and takes away those that are more than `kept` behind the last; more than a
/// quarter of `kept` at once become one row that says `everything`.
[[nodiscard]] Result<void> append_changes(Txn& txn, std::span<const Change> changes,
                                          std::uint64_t kept);

/// At most `most` changes behind `position`, which is moved behind them.
[[nodiscard]] Result<Notices> changes_after(const Txn& txn, ChangePosition& position,
                                            std::size_t most);
/// Behind all that is in the log.
[[nodiscard]] Result<ChangePosition> position_of(const Txn& txn);

} // namespace codex::repo::detail
