// The nodes of a tree being written: random access, in memory while small, then in an unnamed file.
#pragma once

#include "repo/segments/segments.hpp"

#include <vector>

namespace codex::merkle {
class TreeHash;
}

namespace codex::repo::detail {

/// The compression that a tree is over, by its CID: Poseidon2 for slots, SHA-256 for datasets.
[[nodiscard]] const merkle::TreeHash& tree_hash(const Cid& tree);

class Spool {
public:
    /// `directory` is where the unnamed file goes when one is needed.
    explicit Spool(std::string directory) : directory_(std::move(directory)) {}

    /// Nodes never written are zero. Errors: no_space, io.
    [[nodiscard]] Result<void> write(std::uint64_t first, std::span<const Digest> nodes);
    [[nodiscard]] Result<void> read(std::uint64_t first, std::span<Digest> nodes) const;

private:
    [[nodiscard]] Result<void> spill();
    std::string directory_;
    std::vector<Digest> memory_;
    Fd file_;
};

/// Computes the layers above `leaf_count` leaves (spool nodes 0 ..) and appends them: the spool
/// then holds all nodes in wire order (codex-tree(5), ENCODINGS). Constant memory. Gives the root.
[[nodiscard]] Result<Digest> build_layers(Spool& spool, std::uint64_t leaf_count,
                                          const merkle::TreeHash& hash);

/// Appends the tree record of a spool with all its layers.
[[nodiscard]] Result<Extent> append_tree(SegmentWriter& segment, const Cid& tree,
                                         std::uint64_t leaf_count, const Spool& spool);

} // namespace codex::repo::detail
