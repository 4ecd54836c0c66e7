// The index against itself: everything that is stored twice in it, or can be counted, must agree.
#pragma once

#include "base/endian.hpp"
#include "repo/index/partial_entry.hpp"
#include "repo/index/session.hpp"
#include "repo/maintenance.hpp"

#include <unordered_map>

namespace codex::repo::detail {

using ReportProblem =
    std::function<void(ProblemKind kind, const Cid& cid, const std::string& text)>;

/// Looks at the index as one transaction sees it. Trees are read from their segments and
/// recomputed.
class Audit {
public:
    Audit(const Session& session, Txn& txn, ReportProblem report)
        : session_(session), txn_(txn), report_(std::move(report)) {}

    [[nodiscard]] Result<void> run();
    /// Writes what was counted where it differs: totals, live bytes, references, the expiry index.
    /// Only after run(), in a writing transaction, which the caller commits.
    [[nodiscard]] Result<void> repair();

    [[nodiscard]] const Totals& counted() const { return totals_; }
    [[nodiscard]] std::uint64_t trees() const { return trees_; }
    [[nodiscard]] bool repairable() const { return repairable_; }
    /// The first segment that could not be read, if any. With one, references stay as they are.
    [[nodiscard]] std::shared_ptr<const Error> unreadable() const { return unreadable_; }

private:
    [[nodiscard]] Result<void> count_datasets();
    [[nodiscard]] Result<void> check_partials();
    [[nodiscard]] Result<void> check_partial(const Cid& cid, const PartialEntry& entry);
    [[nodiscard]] Result<void> check_trees();
    [[nodiscard]] Result<void> check_tree(const Cid& cid, const TreeEntry& entry);
    [[nodiscard]] Result<void> check_nodes(const Cid& cid, const Extent& extent,
                                           std::uint64_t leaf_count);
    [[nodiscard]] Result<void> collect_leaf_sources();
    [[nodiscard]] Result<void> check_blocks();
    [[nodiscard]] Result<void> check_slice(unsigned slice, unsigned slices);
    [[nodiscard]] Result<void> count_leaves(unsigned slice, unsigned slices);
    [[nodiscard]] Result<void> check_block(const Cid& cid, const BlockEntry& entry,
                                           std::uint64_t references);
    [[nodiscard]] Result<void> repair_block(const Cid& cid, const BlockEntry& entry);
    [[nodiscard]] Result<void> check_extent(ProblemKind kind, const Cid& cid, const Extent& extent,
                                            std::uint64_t length);
    [[nodiscard]] Result<void> check_expiries();
    [[nodiscard]] Result<void> check_segments();
    [[nodiscard]] Result<void> check_totals();

    /// Leaves of a tree record that hold a reference each.
    struct LeafSource {
        Cid tree;
        Extent extent;
        std::uint64_t first = 0;
        std::uint64_t end = 0;
    };
    Session session_;
    Txn& txn_;
    ReportProblem report_;
    Totals totals_;
    std::uint64_t trees_ = 0;
    bool repairable_ = false;
    bool leaves_known_ = true; // no tree is damaged, all could be read
    std::shared_ptr<const Error> unreadable_;
    std::map<Cid, std::uint64_t> tree_references_; // by datasets
    std::map<Cid, std::uint64_t> manifests_;       // references to manifest blocks, by datasets
    std::map<std::uint32_t, std::uint64_t> live_;  // bytes, by segment
    std::vector<LeafSource> sources_;
    struct DigestHash {
        std::size_t operator()(const Digest& digest) const {
            return load_le<std::size_t>(digest.data());
        }
    };
    std::unordered_map<Digest, std::uint64_t, DigestHash> slice_references_; // by leaves and pins
    std::vector<std::pair<Cid, BlockEntry>> block_fixes_;
    std::vector<std::pair<Cid, TreeEntry>> tree_fixes_;
    std::vector<ExpiryKey> missing_expiries_;
    std::vector<Bytes> surplus_expiries_;
};

} // namespace codex::repo::detail
