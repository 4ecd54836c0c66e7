// Lost blocks of a protected dataset, computed from the other blocks of their columns
// (codex-erasure(5), PROTECTED DATASETS). The one place where damage is turned into bytes: repair,
// decode and get.
#pragma once

#include "dataset/dataset.hpp"
#include "dataset/detail/buffer.hpp"
#include "erasure/code.hpp"
#include "erasure/layout.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

namespace codex::dataset::detail {

/// One block to be computed.
struct LostBlock {
    std::uint64_t index = 0; ///< in the tree: data or parity, never padding
    MutableBytes buffer;     ///< block size bytes; holds the block when `restored`
    bool digest_known =
        true;              ///< false: the tree's leaf is not to be trusted, do not compare with it
    Digest digest{};       ///< out, when `restored`: the SHA-256 of the block
    bool restored = false; ///< out
};

/// Block buffers that a job over columns may hold at a time, bytes.
constexpr std::size_t kColumnMemoryBytes = std::size_t{20} << 20;

/// Columns of `rows` blocks that such a job may hold at a time: as many as kColumnMemoryBytes gives
/// room for, fewer where blocks are so small that what is noted of each would be larger. At
/// least 1.
[[nodiscard]] constexpr std::size_t columns_at_a_time(std::size_t rows, std::size_t block_size) {
    constexpr std::size_t kMostBlocks = 3 * kMaxBatchBlocks;
    return std::max<std::size_t>(
        1, std::min(kColumnMemoryBytes / (rows * block_size), kMostBlocks / rows));
}

/// A protected dataset, opened for work by columns.
class Columns {
public:
    /// `manifest` is that of a dataset in job.repo. Errors: manifest_invalid when it is plain;
    /// unsupported for the linear strategy; erasure_parameters (also: a block size that is no
    /// multiple of 64); block_not_found when the tree is not here.
    [[nodiscard]] static Result<Columns> open(const Job& job, const codec::Manifest& manifest);
    /// The same of a dataset whose tree need not be in the repo, for `leaves` gives it: zeros where
    /// a leaf is not known, which is then lost. It has no tree().
    [[nodiscard]] static Result<Columns> open(const Job& job, const codec::Manifest& manifest,
                                              repo::LeafReader leaves);

    [[nodiscard]] const erasure::Layout& layout() const { return layout_; }
    [[nodiscard]] const erasure::Code& code() const { return code_; }
    [[nodiscard]] const repo::StoredTree& tree() const { return *tree_; }
    [[nodiscard]] std::uint32_t block_size_bytes() const { return block_size_; }

    /// Takes the leaves from here instead of the stored tree, which is damaged.
    void use_leaves(repo::LeafReader leaves) { leaves_ = std::move(leaves); }

    /// Computes the `lost` blocks, each once, in any order and of any columns; best when all lost
    /// blocks of a column come in one call, since each call reads k blocks a column. Blocks in
    /// `lost` are not read; padding is known to be zeros; other blocks of the column that turn out
    /// missing, damaged or unreadable count as lost, too. What is computed is compared with its
    /// leaf. An entry stays unrestored when fewer than k blocks of its column are there, or when
    /// the comparison fails. Memory: kColumnMemoryBytes, or one column (k + m blocks) where that is
    /// more. Errors: merkle_index; not_found, permission, io when blocks that cannot be read would
    /// be needed.
    [[nodiscard]] Result<void> reconstruct(std::span<LostBlock> lost) const;

private:
    Columns(const Job& job, const codec::Manifest& manifest, erasure::Layout layout,
            std::optional<repo::StoredTree> tree, repo::LeafReader leaves);
    [[nodiscard]] static Result<erasure::Layout> layout_of(const codec::Manifest& manifest);

    class Group;
    [[nodiscard]] Result<Digest> leaf(std::uint64_t index) const;

    Job job_;
    std::uint32_t block_size_;
    erasure::Layout layout_;
    erasure::Code code_;
    Cid tree_cid_;
    std::optional<repo::StoredTree> tree_;
    repo::LeafReader leaves_; ///< instead of the tree, where it is given
};

} // namespace codex::dataset::detail
