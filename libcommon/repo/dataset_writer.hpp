// Writing one dataset into a repo.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "codec/cid.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace codex::repo {

/// One block of a dataset being written.
struct LeafInput {
    std::uint64_t index = 0; ///< in the tree; any order, each once
    Cid cid;                 ///< codex-block; the empty block is stored nowhere
    BytesView data;          ///< hashed by the caller; empty: the block must be known to the repo
};

/// Writes one dataset: leaves, then the tree, then the manifest. Nothing is visible before
/// commit(); every block it named is pinned from then on against rm and gc of other processes.
/// A writer that dies leaves pins and bytes that gc removes. Move-only.
/// Threads: one at a time; writers of one repo beside each other.
class DatasetWriter {
public:
    ~DatasetWriter(); ///< without commit(): undoes the pins, or leaves that to gc when cancelled
    DatasetWriter(DatasetWriter&&) noexcept;
    DatasetWriter& operator=(DatasetWriter&&) noexcept;

    /// Errors: quota_exceeded (before anything of the batch is written), no_space,
    /// block_not_found (no data given and the block is unknown).
    [[nodiscard]] Result<void> leaves(std::span<const LeafInput> batch);
    /// Ends the leaves 0 .. n-1 and gives the tree's CID. Errors: dataset_empty; merkle_index when
    /// an index is missing.
    [[nodiscard]] Result<Cid> finish_tree();
    /// Stores the manifest (its tree is the finished one) and makes the dataset visible; on return
    /// it is durable. `expiry` 0 = never. A dataset that is already here keeps the later expiry.
    /// `label` as Repo::set_label(); an empty one leaves what a dataset that is here has.
    /// Gives the manifest's CID. Errors: quota_exceeded (a tree that is not here counts, and is not
    /// written then), no_space, manifest_invalid, argument_invalid.
    [[nodiscard]] Result<Cid> commit(BytesView manifest_bytes, std::uint64_t expiry,
                                     std::string_view label = {});

    [[nodiscard]] std::uint64_t new_bytes() const; ///< plain bytes that were not in the repo before

private:
    friend class Repo;
    struct Impl;
    explicit DatasetWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::repo
