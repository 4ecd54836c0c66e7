// Writing one dataset into a repo.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "codec/cid.hpp"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

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
    /// The same, of a writer of a group: the dataset is visible and durable once the group has been
    /// committed without an error of it. Nothing else is called then but new_bytes().
    [[nodiscard]] Result<Cid> prepare(BytesView manifest_bytes, std::uint64_t expiry,
                                      std::string_view label = {});

    [[nodiscard]] std::uint64_t new_bytes() const; ///< plain bytes that were not in the repo before

private:
    friend class Repo;
    friend class DatasetGroup;
    struct Impl;
    explicit DatasetWriter(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_; // shared with the group
};

/// Datasets of neighbouring inputs that are made visible in one transaction, for each costs a wait
/// for the disk. They are written one after another; a block or tree that two of them have is
/// stored once, and an error of one is no matter of the others. What is prepared and not committed
/// is simply not there. Move-only. It outlives its writers.
/// Threads: one at a time.
class DatasetGroup {
public:
    ~DatasetGroup();
    DatasetGroup(DatasetGroup&&) noexcept;
    DatasetGroup& operator=(DatasetGroup&&) = delete;

    /// Time to commit: so many are prepared, with so many bytes, or since so long (Limits::group_).
    [[nodiscard]] bool due() const;
    /// Commits what is prepared. Gives how each went that was prepared since the last call, in that
    /// order; a writer that needed the room may have committed them before. Errors of them: those
    /// of DatasetWriter::commit().
    [[nodiscard]] std::vector<Result<void>> commit();

private:
    friend class Repo;
    friend class DatasetWriter;
    struct Impl;
    explicit DatasetGroup(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::repo
