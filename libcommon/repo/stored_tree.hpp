// Trees that a repo has stored.
#pragma once

#include "base/error.hpp"
#include "base/job.hpp"
#include "codec/cid.hpp"
#include "merkle/tree.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace codex::repo {

/// Gives leaves [first, first + out.size()) of a tree.
using LeafReader = std::function<Result<void>(std::uint64_t first, std::span<Digest> out)>;

/// A stored tree: random access to its nodes without loading it. Bytes are as the disk gives them;
/// check() recomputes all of it.
/// Threads: const calls from any thread, at once.
class StoredTree {
public:
    ~StoredTree();
    StoredTree(StoredTree&&) noexcept;
    StoredTree& operator=(StoredTree&&) noexcept;
    [[nodiscard]] const Cid& cid() const;
    [[nodiscard]] std::uint64_t leaf_count() const;
    /// Leaves [first, first + out.size()). Errors: merkle_index, repo_damaged when the record is
    /// cut off, io.
    [[nodiscard]] Result<void> leaves(std::uint64_t first, std::span<Digest> out) const;
    /// The same of a damaged tree: leaves that are cut off are zeros, which no block's digest is.
    /// Errors: merkle_index, not_found, permission, io.
    [[nodiscard]] Result<void> salvage(std::uint64_t first, std::span<Digest> out) const;
    /// Errors: merkle_index, io.
    [[nodiscard]] Result<Digest> node(std::size_t layer, std::uint64_t index) const;
    /// The proof of one leaf, checked against the root. Errors: merkle_index, repo_damaged.
    [[nodiscard]] Result<merkle::Proof> proof(std::uint64_t index) const;
    /// Leaves [first, first + count) with their proofs, for about the reads of one; nothing for one
    /// that has none in a tree that is damaged. Errors: merkle_index, repo_damaged, io.
    [[nodiscard]] Result<std::vector<std::optional<merkle::ProvedLeaf>>>
    proved(std::uint64_t first, std::size_t count) const;
    /// Recomputes the tree. Gives the indices of leaves that cannot be trusted (those below a node
    /// that is cut off or does not match its children); empty when the tree is whole. O(n) hashes.
    /// Errors: io, cancelled.
    [[nodiscard]] Result<std::vector<std::uint64_t>> check(const Job& job = {}) const;
    /// Whether the header of its record is as it was written, which only making the index anew
    /// needs. Errors: permission, io.
    [[nodiscard]] Result<bool> header_is_good() const;

private:
    friend class Repo;
    struct Impl;
    explicit StoredTree(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::repo
