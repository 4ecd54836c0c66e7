// Partial datasets (codex-repo(5), PARTIAL DATASETS): some blocks of a dataset are here, others are
// yet to come, or never will. What a download makes, and serves meanwhile.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/index_set.hpp"
#include "base/job.hpp"
#include "merkle/tree.hpp"
#include "repo/stored_tree.hpp"
#include "repo/types.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace codex::repo {

/// A leaf of a dataset's tree, with its block and the proof that it belongs there.
struct VerifiedLeaf {
    Cid cid;                              ///< codex-block over SHA-256
    BytesView data;                       ///< hashed by the caller; empty for the empty block alone
    const merkle::Proof* proof = nullptr; ///< never that; it has the index, and add() checks it
};

struct PartialOptions {
    std::uint64_t expiry = 0; ///< Unix seconds, 0 = never
    std::string label{};      ///< as Repo::set_label()
};

/// A partial dataset as it is listed.
struct PartialInfo {
    DatasetInfo dataset;
    std::uint64_t blocks_held = 0; ///< of its leaves; less than all of them
};

/// The tree of a partial dataset as far as it is known: the leaves that are here, and all nodes
/// that prove them. Its file stays open, so that it goes on when the dataset becomes whole, or is
/// removed.
/// Threads: const calls from any thread, at once.
class PartialTree {
public:
    ~PartialTree();
    PartialTree(PartialTree&&) noexcept;
    PartialTree& operator=(PartialTree&&) noexcept;
    [[nodiscard]] const Cid& cid() const;      ///< of the tree
    [[nodiscard]] const Cid& manifest() const; ///< its dataset
    [[nodiscard]] std::uint64_t leaf_count() const;
    /// The leaves whose blocks were committed, by whatever process; all once the dataset is whole.
    /// It takes a bit for each leaf at most. Errors: dataset_not_found when it was removed.
    [[nodiscard]] Result<IndexSet> present() const;
    /// The digest of a leaf, not checked; it may be known although its block is not here. Errors:
    /// merkle_index, block_not_found, io.
    [[nodiscard]] Result<Digest> leaf(std::uint64_t index) const;
    /// Those of leaves first and behind it, for the reads of one; zero is one that is not known.
    /// Errors: merkle_index when there are fewer leaves, io.
    [[nodiscard]] Result<void> leaves(std::uint64_t first, std::span<Digest> out) const;
    /// The proof of a leaf, checked against the root; every leaf that is present has one. Errors:
    /// merkle_index, block_not_found when the leaf is not known, repo_damaged.
    [[nodiscard]] Result<merkle::Proof> proof(std::uint64_t index) const;
    /// Leaves [first, first + count) with their proofs, for about the reads of one; nothing for one
    /// that is not known, or cannot be proved. Errors: merkle_index, io.
    [[nodiscard]] Result<std::vector<std::optional<merkle::ProvedLeaf>>>
    proved(std::uint64_t first, std::size_t count) const;

private:
    friend class PartialDataset;
    friend class Repo;
    struct Impl;
    explicit PartialTree(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

/// A dataset that grows by leaves in any order. What is committed stays, whatever happens to the
/// process: whoever opens it again goes on from there. Several processes may add to one at a time;
/// a leaf that two of them bring is here once. With its last leaf it becomes a dataset, in the
/// transaction that commits that leaf. Move-only.
/// Threads: one at a time, but for tree().
class PartialDataset {
public:
    ~PartialDataset(); ///< what was added since the last commit is lost, as by a kill
    PartialDataset(PartialDataset&&) noexcept;
    PartialDataset& operator=(PartialDataset&&) noexcept;

    [[nodiscard]] const Cid& cid() const; ///< of the manifest
    [[nodiscard]] const codec::Manifest& manifest() const;
    [[nodiscard]] std::uint64_t leaf_count() const;
    /// The whole dataset is in the repo; nothing can be added any more, and add() takes nothing.
    [[nodiscard]] bool complete() const;
    /// As PartialTree::present().
    [[nodiscard]] Result<IndexSet> present() const;
    /// May outlive this. Not when the dataset was whole already when it was opened: then its tree
    /// is Repo::tree(), and this is nullptr.
    [[nodiscard]] const PartialTree* tree() const;

    /// Takes leaves that are not here yet, and gives how many these were. Each proof is checked
    /// against the tree's root (some microseconds); that the data has the hash of its CID is the
    /// caller's promise. Commits in the background when Limits::partial_bytes have come or the
    /// first of them is Limits::partial_ms old, and before it returns with the last leaf. Errors:
    /// merkle_index, proof_invalid, naming the leaf, cid_wrong_codec: then nothing of the batch is
    /// taken; quota_exceeded, no_space, io, also of the commit before; dataset_not_found when it
    /// was removed meanwhile.
    [[nodiscard]] Result<std::size_t> add(std::span<const VerifiedLeaf> batch);
    /// By when commit() is to be called if no add() comes before; nothing while all is committed.
    [[nodiscard]] std::optional<Clock::Instant> commit_by() const;
    /// What was added is there, durable, when this returns. Errors: as add().
    [[nodiscard]] Result<void> commit();

    /// Learns the whole tree from all its leaves, so that tree() gives the proof of any, and add()
    /// takes those that were computed. False, and nothing learnt, when they do not give its root.
    /// Constant memory, O(n) hashes. Errors: those of `leaves`; no_space, io; cancelled.
    [[nodiscard]] Result<bool> learn_tree(const LeafReader& leaves, const Job& job = {});

    /// The leaves that are said to be here and cannot be proved, because a disk has damaged their
    /// tree; add() takes these again, and that mends it. O(n) hashes. Errors: io, cancelled.
    [[nodiscard]] Result<IndexSet> recheck(const Job& job = {});

private:
    friend class Repo;
    struct Impl;
    explicit PartialDataset(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::repo
