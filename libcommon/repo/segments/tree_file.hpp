// Nodes of a stored tree, read from its segment.
#pragma once

#include "repo/index/session.hpp"
#include "repo/segments/spool.hpp"

namespace codex::repo::detail {

/// Nodes [first, first + out.size()) of the tree record at `extent`, in wire order; as the disk
/// gives them. Errors: repo_damaged when the segment ends before; not_found, permission, io when
/// it cannot be read.
[[nodiscard]] Result<void> read_tree_at(const Session& session, const Cid& tree,
                                        const Extent& extent, std::uint64_t first,
                                        std::span<Digest> out);

/// The same of a damaged tree: nodes that its segment has not, because it is cut short, are zeros,
/// which no node is. Errors: not_found, permission, io.
[[nodiscard]] Result<void> salvage_tree_at(const Session& session, const Cid& tree,
                                           const Extent& extent, std::uint64_t first,
                                           std::span<Digest> out);

/// read_tree_at() or salvage_tree_at().
using TreeReader = decltype(&read_tree_at);

/// The same of a tree in the index. Nodes carry no checksum of their own, so after reading the
/// index is asked whether the record is still where it was. `extent` is where to look first, and
/// then where it was found. Errors: block_not_found when the tree is gone, as read_tree_at().
[[nodiscard]] Result<void> read_tree(const Session& session, const Cid& tree, Extent& extent,
                                     std::uint64_t first, std::span<Digest> out,
                                     TreeReader reader = read_tree_at);

/// Whether the header of a tree's record is what the index says: only making the index anew needs
/// it. A segment that is gone has none. Errors: permission, io when it cannot be read.
[[nodiscard]] Result<bool> tree_header_is_good(const Session& session, const Cid& tree,
                                               const Extent& extent, std::uint64_t leaf_count);

/// Whether the record of a tree has its header, and gives the nodes of `spool`, all of them. A
/// segment that is gone has none. Errors: permission, io when it cannot be read.
[[nodiscard]] Result<bool> same_tree(const Session& session, const Cid& tree, const Extent& extent,
                                     std::uint64_t leaf_count, const Spool& spool);

/// Writes a stored tree anew from `spool`, which holds all its nodes; durable on return. Errors:
/// block_not_found when the index has no such tree, no_space, io.
[[nodiscard]] Result<void> replace_tree(const Session& session, const Cid& tree,
                                        std::uint64_t leaf_count, const Spool& spool);

/// Reads nodes [first, first + out.size()) in wire order.
using NodeSource = std::function<Result<void>(std::uint64_t first, std::span<Digest> out)>;
/// The leaves below nodes that do not match their children, or the CID, ascending. O(n) hashes,
/// constant memory apart from the answer.
[[nodiscard]] Result<std::vector<std::uint64_t>>
untrusted_leaves(const Cid& tree, std::uint64_t leaf_count, const NodeSource& nodes);

} // namespace codex::repo::detail
