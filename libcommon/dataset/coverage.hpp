// What the parity of a dataset covers in one repo, where blocks with the same bytes are stored
// once, however many slots they stand in (codex-ec(1), BLOCKS THAT ARE EQUAL).
#pragma once

#include "dataset/dataset.hpp"

namespace codex::dataset {

/// Of a whole protected dataset: a matter of its leaves alone, not of what is missing just now.
struct Coverage {
    /// Blocks (tree indices, padding excepted) whose bytes stand in another slot, too.
    std::uint64_t shared_blocks = 0;
    /// Whichever so many slots are lost, with every block that stands in one of them: each column
    /// keeps k blocks or more. Never too large; at most m, and m where shared_blocks is 0.
    std::uint32_t any_slots = 0;
    /// There are any_slots + 1 slots whose loss takes more than m blocks of a column. Where it is
    /// false, any_slots may be too small: to know it exactly is a covering problem, and what would
    /// take too long or more memory is bounded from below.
    bool exact = true;
};

/// Reads the leaves once, and once for each half a million of them, and once more where blocks are
/// shared; memory does not grow with the dataset (about 40 MiB at most). `manifest` is that of a
/// protected dataset in job.repo. Errors: block_not_found, repo_damaged when the tree is cut off.
[[nodiscard]] Result<Coverage> coverage(const Job& job, const codec::Manifest& manifest);

/// Blocks that go with others because they have the same bytes.
struct SharedLoss {
    std::uint64_t blocks = 0;         ///< beside those that were named
    std::vector<std::uint64_t> slots; ///< where they stand, ascending; 0 for a plain dataset
};
/// What is lost beside the blocks `indices` (ascending tree indices) when those are erased. Memory:
/// 16 bytes for each of `indices`. Errors: as coverage(), merkle_index.
[[nodiscard]] Result<SharedLoss> lost_beside(const Job& job, const codec::Manifest& manifest,
                                             std::span<const std::uint64_t> indices);

} // namespace codex::dataset
