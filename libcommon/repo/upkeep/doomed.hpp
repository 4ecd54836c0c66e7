// Trees nobody refers to any more: their leaves lose a reference each, in bounded transactions that
// remember how far they came. A kill in between is finished by gc, or by whoever does it first.
#pragma once

#include "repo/index/session.hpp"

namespace codex::repo::detail {

/// Moves a dataset's tree, and with it the slot trees that belong to it, out of the table of trees;
/// finish_doomed() does the rest.
[[nodiscard]] Result<void> doom_tree(Ledger& ledger, const Cid& tree, const TreeEntry& entry);
/// Leaves of one tree that lose their references in the next transaction.
struct Portion {
    DoomedTree tree;
    std::vector<Digest> leaves;
    std::vector<std::uint64_t> wrong; ///< of the whole tree: they keep theirs, ascending
};
/// Reads all of the tree that goes with a dataset, before anything changes; what a transaction may
/// release of it is kept. Nothing where no tree goes with it. O(n) hashes. Errors: not_found,
/// permission, io when it cannot be read.
[[nodiscard]] Result<std::optional<Portion>> look_through(const Session& session,
                                                          const Cid& manifest);
/// Takes the references of the portion's leaves back, when its tree is doomed and at that point;
/// the tree is forgotten with its last leaf. Gives how many blocks went.
[[nodiscard]] Result<std::uint64_t> release_portion(Ledger& ledger, const Portion& portion);
/// The leaves of a doomed tree that its nodes do not vouch for, ascending: none where all together
/// give the root. O(n) hashes. Errors: not_found, permission, io when it cannot be read.
[[nodiscard]] Result<std::vector<std::uint64_t>> wrong_leaves(const Session& session,
                                                              const DoomedTree& doomed);
/// Dereferences the leaves of the doomed trees at `extents` to the end, those of many small ones in
/// one transaction. Where the disk has no room for so many pages of the index, transactions get
/// smaller. Leaves that a tree's nodes do not vouch for name nothing: what they were keeps its
/// references until verify counts them. `known` is of a tree that was looked through. Gives the
/// blocks that went. Errors: not_found, permission, io when a tree cannot be read, no_space; what
/// is left to do is done by the next call.
[[nodiscard]] Result<std::uint64_t>
finish_doomed(const Session& session, std::span<const Extent> extents, Portion known = {});
/// All doomed trees.
[[nodiscard]] Result<std::vector<DoomedTree>> doomed_trees(const Txn& txn);

struct Erased {
    std::optional<Extent> tree; ///< doomed now, because nobody else needs it
    bool manifest_gone = false; ///< its block was nobody else's, either
};

/// One dataset less: its record, its manifest's reference, its tree's. Errors: dataset_not_found.
[[nodiscard]] Result<Erased> erase_dataset(Ledger& ledger, const Cid& manifest);

} // namespace codex::repo::detail
