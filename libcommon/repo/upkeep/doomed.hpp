// Trees nobody refers to any more: their leaves lose a reference each, in bounded transactions that
// remember how far they came. A kill in between is finished by gc, or by whoever does it first.
#pragma once

#include "repo/index/session.hpp"

namespace codex::repo::detail {

/// Moves a dataset's tree, and with it the slot trees that belong to it, out of the table of trees;
/// finish_doomed() does the rest.
[[nodiscard]] Result<void> doom_tree(Ledger& ledger, const Cid& tree, const TreeEntry& entry);
/// That the tree of a dataset can be read, which removing it needs; success where there is no such
/// dataset. Errors: not_found, permission, io.
[[nodiscard]] Result<void> require_removable(const Session& session, const Cid& manifest);
/// The leaves of a doomed tree that its nodes do not vouch for, ascending: none where all together
/// give the root. O(n) hashes. Errors: not_found, permission, io when it cannot be read.
[[nodiscard]] Result<std::vector<std::uint64_t>> wrong_leaves(const Session& session,
                                                              const DoomedTree& doomed);
/// Dereferences the leaves of the doomed trees at `extents` to the end, those of many small ones in
/// one transaction. Where the disk has no room for so many pages of the index, transactions get
/// smaller. Leaves that a tree's nodes do not vouch for name nothing: what they were keeps its
/// references until verify counts them. Gives the blocks that went. Errors: not_found, permission,
/// io when a tree cannot be read, no_space; what is left to do is done by the next call.
[[nodiscard]] Result<std::uint64_t> finish_doomed(const Session& session,
                                                  std::span<const Extent> extents);
/// All doomed trees.
[[nodiscard]] Result<std::vector<DoomedTree>> doomed_trees(const Txn& txn);

struct Erased {
    std::optional<Extent> tree; ///< doomed now, because nobody else needs it
    bool manifest_gone = false; ///< its block was nobody else's, either
};

/// One dataset less: its record, its manifest's reference, its tree's. Errors: dataset_not_found.
[[nodiscard]] Result<Erased> erase_dataset(Ledger& ledger, const Cid& manifest);

} // namespace codex::repo::detail
