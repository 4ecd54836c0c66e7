// The shared on-disk repo (codex-repo(5)): blocks in append-only segments, everything about them
// in LMDB; many processes at once, no daemon, no recovery step.
//
// Reading needs no lock: an extent that was looked up may be freed or moved meanwhile, so a read
// whose bytes do not match its CID looks again before it calls the block damaged.
#pragma once

#include "base/job.hpp"
#include "blocks/block_source.hpp"
#include "repo/blocks.hpp"
#include "repo/changes.hpp"
#include "repo/dataset_writer.hpp"
#include "repo/maintenance.hpp"
#include "repo/partial.hpp"
#include "repo/slot_trees.hpp"
#include "repo/stored_tree.hpp"
#include "repo/types.hpp"

#include <functional>
#include <optional>

namespace codex::repo {

/// An open repo, or a further handle on one that is open.
/// Threads: all calls from any thread, at once, but set_config(), beside which there is none.
class Repo final : public BlockSource {
public:
    /// Makes a repo in `path` (0700). Errors: repo_exists, cannot_create, io.
    [[nodiscard]] static Result<Repo> init(const std::string& path, const Config& config,
                                           const OpenOptions& options = {});
    /// Errors: repo_missing (hint: init), repo_version, repo_locked (holder named), repo_config,
    /// permission; with `create` cannot_create.
    [[nodiscard]] static Result<Repo> open(const std::string& path, const OpenOptions& options);
    ~Repo() override;
    Repo(Repo&&) noexcept;
    Repo& operator=(Repo&&) noexcept;

    [[nodiscard]] const std::string& path() const;
    /// What it was opened with, for who works on it.
    [[nodiscard]] const log::Logger& log() const;
    [[nodiscard]] const Config& config() const;
    /// Errors: argument_invalid (quota below what is used), repo_read_only.
    [[nodiscard]] Result<void> set_config(const Config& config);
    /// Writes the settings of a repo that cannot be opened because they are missing or wrong.
    /// Errors: those of check_version(), permission, io.
    [[nodiscard]] static Result<void> replace_config(const std::string& path, const Config& config);

    /// The CID that `text` stands for: written whole, in any multibase (and not looked up), or the
    /// beginning of its base58 text, at least codec::kMinCidPrefixChars of it, when one thing of
    /// that kind in the repo begins so, or none of that kind and one of another. A few look-ups,
    /// however much is in the repo. Any thread. Errors: those of Cid::from_text(); cid_wrong_codec
    /// when it names no dataset where one is meant; cid_invalid when more than one begins so,
    /// naming them; dataset_not_found, block_not_found.
    [[nodiscard]] Result<Cid> named(std::string_view text, Named what) const;
    /// `error`, which came of `text` as the name of something, said better where the repo knows
    /// more: that it is the label of a dataset (labels name nothing), a part of one, or where a
    /// damaged block belongs. The remedies then name the datasets. Any other error as it is.
    /// O(labels), up to 65536 of them, or that of places_of(). Any thread.
    [[nodiscard]] Error explain(std::string_view text, Error error) const;
    /// Datasets that have the block, or the tree, plain ones first, `most` at most; one place of
    /// each. For advice: all calls of a handle together look at 2^22 leaves, and then find no more,
    /// and what cannot be read is passed over. Any thread.
    [[nodiscard]] std::vector<Place> places_of(const Cid& cid, std::size_t most) const;

    // --- blocks ---------------------------------------------------------------------------------
    // Many of them are looked for and read as from any BlockSource, over the pool. Blocks that are
    // read and damaged are marked so in the index: at once, or, on a read-only handle, when it is
    // closed, where the folder may be written. Unreadable are those whose segment cannot be opened
    // or read: not_found, permission, io.
    [[nodiscard]] Result<std::optional<BlockInfo>> stat(const Cid& cid) const;
    /// The verified bytes. Errors: block_not_found, block_corrupt; not_found, permission, io where
    /// the segment cannot be read.
    [[nodiscard]] Result<Bytes> get(const Cid& cid) const;
    /// Keeps blocks for themselves, in one transaction, durable on return; `expiry` Unix seconds,
    /// 0 = never (an existing expiry is only ever extended). A few megabytes at a time are best.
    /// Errors: quota_exceeded, no_space, repo_read_only.
    [[nodiscard]] Result<void> put(std::span<const Restored> blocks, std::uint64_t expiry);
    /// The same for one block.
    [[nodiscard]] Result<void> put(const Cid& cid, BytesView data, std::uint64_t expiry);
    /// Removes a block kept for itself; success when it is not there. Errors: those of removable().
    [[nodiscard]] Result<void> remove(const Cid& cid);
    /// Whether the bytes of a block are here and remove() would take them. Errors: block_in_use
    /// while a dataset refers to it.
    [[nodiscard]] Result<bool> removable(const Cid& cid) const;
    /// Forgets the bytes of blocks but not that datasets refer to them; they become missing.
    /// One transaction. Gives how many were present.
    [[nodiscard]] Result<std::uint64_t> drop_bytes(std::span<const Cid> cids);
    /// Gives bytes (again) to blocks that datasets refer to: repair. Blocks nobody refers to any
    /// more are skipped. Replaces bytes that are damaged, or whose segment is gone. Durable on
    /// return. Errors: permission, io when bytes that are here cannot be read: nothing is changed.
    [[nodiscard]] Result<void> restore(std::span<const Restored> blocks);
    /// All known blocks in the order of their CID bytes; `visit` returns false to stop. No
    /// transaction is held while `visit` runs.
    [[nodiscard]] Result<void>
    for_each_block(const std::function<bool(const BlockInfo&)>& visit) const;

    // --- datasets -------------------------------------------------------------------------------
    /// A writer for one new tree, whose calls fail once the job is cancelled; see DatasetWriter.
    [[nodiscard]] Result<DatasetWriter> write_dataset(const Job& job = {});
    /// The same for one of a group, which prepares it; the one before is prepared, or has ended.
    [[nodiscard]] Result<DatasetWriter> write_dataset(const Job& job, DatasetGroup& group);
    /// A group with nothing in it.
    [[nodiscard]] DatasetGroup dataset_group();
    /// Errors: dataset_not_found; dataset_partial when only some of its blocks are here.
    [[nodiscard]] Result<DatasetInfo> dataset(const Cid& manifest) const;
    /// In order of CID, those behind `behind` only, where that is given: what is before it is not
    /// read, so a listing can go on where it was left, whether that is still here or not. `visit`
    /// returns false to stop; no transaction is held while it runs.
    [[nodiscard]] Result<void>
    for_each_dataset(const std::function<bool(const DatasetInfo&)>& visit,
                     const std::optional<Cid>& behind = {}) const;
    /// Takes the dataset away at once; blocks nobody else refers to are freed (in bounded
    /// transactions; a kill is finished by gc). Errors: dataset_not_found; not_found, permission,
    /// io when its tree cannot be read, before anything has changed; cancelled: what is left of it
    /// is gc's.
    [[nodiscard]] Result<void> remove_dataset(const Cid& manifest, const Job& job = {});
    /// The same for several, as few transactions as their limits allow. Gives how each went, in
    /// their order: what is wrong with one is no matter of the others.
    [[nodiscard]] std::vector<Result<void>> remove_datasets(std::span<const Cid> manifests,
                                                            const Job& job = {});
    /// Sets (not only extends) the expiry. Errors: dataset_not_found.
    [[nodiscard]] Result<void> set_expiry(const Cid& manifest, std::uint64_t expiry);
    /// What the dataset is called in this repo: at most 255 bytes of UTF-8; empty takes the label
    /// away. It is in no CID. Errors: dataset_not_found, argument_invalid.
    [[nodiscard]] Result<void> set_label(const Cid& manifest, std::string_view label);
    /// What a dataset that is made of `from` is to be called: as that is, but one that is here and
    /// has a label keeps its own. Errors: those of dataset().
    [[nodiscard]] Result<std::string> inherited_label(const Cid& manifest,
                                                      const DatasetInfo& from) const;
    /// Adds another manifest over a tree that is already here (a plain view of a protected dataset
    /// whose plain tree is stored, other names); `label` as set_label(), empty leaves the one that
    /// a dataset has. Errors: block_not_found when the tree is not here, argument_invalid.
    [[nodiscard]] Result<void> add_manifest(const Cid& manifest, BytesView manifest_bytes,
                                            std::uint64_t expiry, std::string_view label = {});

    // --- partial datasets -----------------------------------------------------------------------
    // They are no datasets: dataset() gives dataset_partial, saying what is missing, and
    // for_each_dataset() passes them over. remove_dataset(), set_expiry() and set_label() take
    // them, gc() takes those that have expired.
    /// Begins a partial dataset, or goes on with the one that is here; the later expiry holds, and
    /// a label that is not empty. Where all leaves are here already, or their tree is, it becomes a
    /// dataset at once. What it holds counts against the quota, and so does its whole tree from
    /// now on. Durable on return. Errors: those of codec::decode_manifest(), dataset_empty,
    /// limit_exceeded, quota_exceeded, no_space, io, repo_read_only, argument_invalid.
    [[nodiscard]] Result<PartialDataset>
    open_partial(BytesView manifest_bytes, const PartialOptions& options = {}, const Job& job = {});
    /// Errors: dataset_not_found when there is none, or the dataset is whole.
    [[nodiscard]] Result<PartialInfo> partial(const Cid& manifest) const;
    /// In order of CID; no transaction is held while `visit` runs.
    [[nodiscard]] Result<void>
    for_each_partial(const std::function<bool(const PartialInfo&)>& visit) const;
    /// The tree of a partial dataset, by the CID of its manifest or of the tree; to serve from.
    /// Errors: block_not_found when there is none; repo_damaged when its file is missing.
    [[nodiscard]] Result<PartialTree> partial_tree(const Cid& cid) const;

    // --- trees ----------------------------------------------------------------------------------
    /// Errors: block_not_found.
    [[nodiscard]] Result<StoredTree> tree(const Cid& tree) const;
    /// Writes a damaged tree anew; its leaves, which `read` gives a piece at a time, must give the
    /// tree's root. Memory is bounded. Errors: merkle_invalid, those of `read`, no_space, io,
    /// cancelled.
    [[nodiscard]] Result<void> restore_tree(const Cid& tree, std::uint64_t leaf_count,
                                            const LeafReader& read, const Job& job = {});
    /// The same with leaves in memory.
    [[nodiscard]] Result<void> restore_tree(const Cid& tree, std::span<const Digest> leaves,
                                            const Job& job = {});
    /// Stores Poseidon2 trees of slots, durable on return; tree() opens them by their CID. Their
    /// leaves are no references to blocks. They belong to the dataset tree they were computed from:
    /// when the last dataset over it goes, they go. Slots that are known already stay as they are.
    /// Errors: merkle_invalid when leaves do not give the CID, block_not_found when the dataset
    /// tree is not here, quota_exceeded before anything is written, no_space, repo_read_only,
    /// cancelled.
    [[nodiscard]] Result<void> put_slot_trees(std::span<const SlotTree> trees, const Job& job = {});
    /// The CID of a stored slot tree, or nothing.
    [[nodiscard]] Result<std::optional<Cid>> find_slot_tree(const SlotKey& key) const;

    // --- changes ---------------------------------------------------------------------------------
    /// A subscriber to what is stored and removed from `from` on, as its position() once was, or
    /// from now on: take it before looking at what is there. Errors: repo_damaged, io.
    [[nodiscard]] Result<Changes> changes(std::optional<ChangePosition> from = {}) const;

    // --- the whole ------------------------------------------------------------------------------
    [[nodiscard]] Result<Space> space() const;
    /// Removes what has expired or was left behind, and gives space back; synced whatever
    /// OpenOptions::sync says, because what goes may be what others synced. A dry run needs no
    /// right to write, and reports what the same call without it would. The job counts bytes of
    /// dead ranges and of records that move. Errors: repo_read_only, io, cancelled.
    [[nodiscard]] Result<GcReport> gc(const GcOptions& options, const Job& job = {});
    /// Calls `report` for each problem as it is found, and goes on after what cannot be read.
    /// Marks the blocks that are damaged, as read() does.
    /// Other writers wait while the index is counted, not while data is read. The job counts plain
    /// bytes of the blocks read. Errors: io, cancelled.
    [[nodiscard]] Result<VerifyReport>
    verify(const VerifyOptions& options, const std::function<void(const VerifyProblem&)>& report,
           const Job& job = {});

    /// Makes index.mdb anew from the segments alone, when it is lost or damaged; the old one is
    /// replaced when the new one is whole. Every record is verified. The notes beside the segments
    /// say what was removed, when what expires, and labels; in doubt nothing is lost: blocks of no
    /// dataset of which nothing is noted are kept for themselves. Nobody may have the repo open:
    /// waits so long for that. The job counts bytes of segment files. Errors: repo_missing,
    /// repo_locked, no_space, io, cancelled: the old index stays.
    [[nodiscard]] static Result<RebuildReport>
    rebuild_index(const std::string& path, const OpenOptions& options = {}, const Job& job = {});

private:
    friend class DatasetGroup;
    friend class DatasetWriter;
    friend class PartialDataset;
    friend class PartialTree;
    friend class StoredTree;
    struct Impl;
    explicit Repo(std::shared_ptr<Impl> impl);
    [[nodiscard]] Result<void> find_blocks(std::span<BlockRead> batch) const override;
    [[nodiscard]] Result<void> read_blocks(std::span<BlockRead> batch) const override;
    std::shared_ptr<Impl> impl_;
};

} // namespace codex::repo
