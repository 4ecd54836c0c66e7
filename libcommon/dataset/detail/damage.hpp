// Finding what a stored dataset lacks, and giving it back: what health, repair and decode share.
#pragma once

#include "dataset/dataset.hpp"
#include "dataset/detail/column.hpp"
#include "merkle/spool.hpp"

#include <span>
#include <utility>
#include <vector>

namespace codex::dataset::detail {

/// Errors: dataset_damaged when the tree has not as many leaves as the manifest says.
[[nodiscard]] Result<void> check_leaf_count(const repo::StoredTree& tree, std::uint64_t blocks);

using repo::LeafReader;

/// All leaves of a dataset's tree as well as the repo knows them. Those that its record still gives
/// are read there when they are needed; where some have to be put together, all are spooled.
/// Memory: 8 bytes for each that may be wrong.
struct Leaves {
    std::optional<merkle::Spool>
        spooled{}; ///< zeros where nothing is known; nothing: as the record
    std::vector<std::uint64_t> untrusted{}; ///< indices that may be wrong, ascending
    bool tree_damaged = false;              ///< the tree's record, whatever else was found
    /// Reads them here, or from `tree`, which is the one they are of; both outlive the reader.
    [[nodiscard]] LeafReader reader(const repo::StoredTree& tree) const;
};
/// Checks a stored tree. Where its record is damaged or cut off, padding is filled in, and data
/// leaves are taken from find_data_tree(). Errors: io, dataset_damaged when the tree has not as
/// many leaves as the manifest says.
[[nodiscard]] Result<Leaves> best_leaves(const Job& job, const codec::Manifest& manifest,
                                         const repo::StoredTree& tree);
/// The leaves of a stored tree, zeros where its record is cut off. The tree outlives the reader.
[[nodiscard]] LeafReader reader_of(const repo::StoredTree& tree);
/// Calls use(first, leaves) for the first `count` leaves, in order, a piece at a time. Errors:
/// cancelled, the reader's, those of `use`.
[[nodiscard]] Result<void>
for_each_piece(const Job& job, const LeafReader& leaves, std::uint64_t count,
               const std::function<Result<void>(std::uint64_t, std::span<const Digest>)>& use);

/// A tree in the repo whose first `count` leaves are those of a plain dataset's tree: its own, or
/// that of a dataset that protects it. Nothing when none gives its root.
[[nodiscard]] Result<std::optional<repo::StoredTree>>
find_data_tree(const Job& job, const Cid& plain_tree, std::uint64_t count);

/// The datasets in the repo that protect the plain dataset over this tree.
[[nodiscard]] Result<std::vector<repo::DatasetInfo>> protectors(const repo::Repo& repo,
                                                                const Cid& plain_tree);

/// The error with the way to have the lost blocks of a plain dataset back.
[[nodiscard]] Error way_back_of_plain(Error error, bool has_protectors);

/// The CID of the tree over the first `count` leaves, in constant memory. Errors: merkle_empty,
/// cancelled, the reader's.
[[nodiscard]] Result<Cid> tree_cid(const Job& job, const LeafReader& leaves, std::uint64_t count);

/// Blocks that cannot be read, by tree index, ascending.
struct Damage {
    std::vector<std::uint64_t> missing;
    std::vector<std::uint64_t> damaged; ///< there, but the bytes are wrong
    /// Both, ascending.
    [[nodiscard]] std::vector<std::uint64_t> all() const;
};

/// Looks for the blocks of leaves 0 .. count-1 where the job reads them; with `data` all their
/// bytes are read and compared, else only whether they are there, and known to be damaged. The
/// empty block is never missing. Advances the progress by the bytes looked at. Memory: one batch,
/// and 8 bytes for each block that is not right.
[[nodiscard]] Result<Damage> find_damage(const Job& job, const LeafReader& leaves,
                                         std::uint64_t count, std::uint32_t block_size, bool data);

/// The columns with more than m of the `lost` blocks, ascending.
[[nodiscard]] std::vector<std::uint64_t> columns_beyond_parity(const erasure::Layout& layout,
                                                               std::span<const std::uint64_t> lost);

struct Restoration {
    std::uint64_t data = 0; ///< blocks given back
    std::uint64_t parity = 0;
    std::vector<std::uint64_t> lost; ///< that could not be computed, ascending
    /// Leaves that were not known and now are.
    std::vector<std::pair<std::uint64_t, Digest>> found_leaves;
};
/// Computes the `lost` blocks and gives them to the repo. Leaves in `untrusted` (ascending) are not
/// compared with: what they should be is part of the answer.
[[nodiscard]] Result<Restoration> restore_blocks(const Job& job, const Columns& columns,
                                                 std::span<const std::uint64_t> lost,
                                                 std::span<const std::uint64_t> untrusted);

/// Rebuilds a damaged tree record from its `count` leaves. Gives whether it was damaged. Errors:
/// dataset_damaged when `leaves` are not those of `tree`; block_not_found when it is not here.
[[nodiscard]] Result<bool> mend_tree(const Job& job, const Cid& tree, const LeafReader& leaves,
                                     std::uint64_t count);

} // namespace codex::dataset::detail
