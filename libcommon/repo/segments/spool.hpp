// Trees on their way into a segment: their nodes are spooled while they are made.
#pragma once

#include "merkle/spool.hpp"
#include "repo/segments/segments.hpp"

namespace codex::repo::detail {

using merkle::Spool;

/// The compression that a tree is over, by its CID: Poseidon2 for slots, SHA-256 for datasets.
[[nodiscard]] const merkle::TreeHash& tree_hash(const Cid& tree);

/// A spool of a repo, which has its file in that folder.
[[nodiscard]] inline Spool make_spool(const std::string& repo_path, const Limits& limits) {
    return Spool(repo_path, limits.spool_nodes);
}

/// Appends the tree record of a spool with all its layers.
[[nodiscard]] Result<Extent> append_tree(SegmentWriter& segment, const Cid& tree,
                                         std::uint64_t leaf_count, const Spool& spool);

} // namespace codex::repo::detail
