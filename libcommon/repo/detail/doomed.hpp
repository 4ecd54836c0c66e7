// Trees nobody refers to any more: their leaves lose a reference each, in bounded transactions that
// remember how far they came. A kill in between is finished by gc, or by whoever does it first.
#pragma once

#include "repo/detail/session.hpp"

namespace codex::repo {

/// Moves a dataset's tree, and with it the slot trees that belong to it, out of the table of trees;
/// finish_doomed() does the rest.
[[nodiscard]] Result<void> doom_tree(Ledger& ledger, const Cid& tree, const TreeEntry& entry);
/// That the tree of a dataset can be read, which removing it needs; success where there is no such
/// dataset. Errors: not_found, permission, io.
[[nodiscard]] Result<void> require_removable(const Session& session, const Cid& manifest);
/// Dereferences the leaves of the doomed tree at `extent` to the end. Leaves that its nodes do not
/// vouch for name nothing: what they were keeps its references until verify counts them. Gives the
/// blocks that went. Errors: not_found, permission, io when the tree cannot be read; what is left
/// to do is done by the next call.
[[nodiscard]] Result<std::uint64_t> finish_doomed(const Session& session, const Extent& extent);
/// All doomed trees.
[[nodiscard]] Result<std::vector<DoomedTree>> doomed_trees(const Txn& txn);

/// One dataset less: its record, its manifest's reference, its tree's. Gives the place of the tree
/// if nobody needs it any more. Errors: dataset_not_found.
[[nodiscard]] Result<std::optional<Extent>> erase_dataset(Ledger& ledger, const Cid& manifest);

} // namespace codex::repo
