// One writing transaction, and the bookkeeping that every change of a block or extent entails:
// totals, live bytes of segments, dead ranges, the expiry index. All or nothing.
#pragma once

#include "repo/changes.hpp"
#include "repo/index/store.hpp"

namespace codex::repo::detail {

/// A record that was appended, and the block it holds.
struct NewExtent {
    Extent extent;
    Encoding encoding = Encoding::raw;
    std::uint32_t plain_bytes = 0;
    std::uint32_t stored_bytes = 0;
};

class Ledger {
public:
    [[nodiscard]] static Result<Ledger> begin(const Store& store, bool sync);

    [[nodiscard]] Txn& txn() { return txn_; }
    [[nodiscard]] const Totals& totals() const { return totals_; }
    [[nodiscard]] Totals& totals() { return totals_; }

    [[nodiscard]] Result<std::optional<BlockEntry>> block(const Cid& cid) const;
    [[nodiscard]] Result<void> put_block(const Cid& cid, const BlockEntry& entry);
    [[nodiscard]] Result<std::optional<TreeEntry>> tree(const Cid& cid) const;
    /// A tree that is new is counted.
    [[nodiscard]] Result<void> put_tree(const Cid& cid, const TreeEntry& entry);
    /// Takes a tree out of the table; its record is the caller's matter.
    [[nodiscard]] Result<void> erase_tree(const Cid& cid, const TreeEntry& entry);
    [[nodiscard]] Result<std::optional<DatasetEntry>> dataset(const Cid& cid) const;

    /// Gives an entry (new, or without bytes) its bytes; the caller puts the entry.
    void set_bytes(const Cid& cid, BlockEntry& entry, const NewExtent& bytes);
    /// Takes the bytes away; the caller puts or erases the entry.
    [[nodiscard]] Result<void> clear_bytes(const Cid& cid, BlockEntry& entry);
    /// One reference less; the block goes when it was the last and the block is not kept. Unknown
    /// blocks and blocks without references are left alone (codex-repo(5), R9).
    /// Gives whether the block went.
    [[nodiscard]] Result<bool> release(const Cid& cid);
    /// Erases the entry when nothing needs it any more; otherwise puts it. Gives whether it went.
    [[nodiscard]] Result<bool> put_or_erase(const Cid& cid, BlockEntry entry);

    /// An appended record nobody needs (another process was first).
    [[nodiscard]] Result<void> add_dead(const Extent& extent, std::uint64_t length);
    /// The record of `cid` counts as live from now on, or no longer.
    void add_live(const Extent& extent, std::uint64_t length);
    [[nodiscard]] Result<void> end_live(const Extent& extent, std::uint64_t length);
    /// Everything of the segment before `end` is accounted for; on the disk, too, if `synced`.
    void commit_segment(std::uint32_t segment, std::uint64_t end, bool synced);
    /// Only raises how much is known to be on the disk.
    void mark_synced(std::uint32_t segment, std::uint64_t end);

    /// Moves an entry of the expiry index; 0 = never, in no index.
    [[nodiscard]] Result<void> change_expiry(ExpiryKind kind, const Cid& cid, std::uint64_t from,
                                             std::uint64_t to);

    /// Notes what making the index anew could not find out: that a dataset is here and until when,
    /// or that it was removed; that a block is kept, or is not any more.
    [[nodiscard]] Result<void> note_dataset(const Cid& manifest, bool present, std::uint64_t expiry,
                                            std::string_view label);
    [[nodiscard]] Result<void> note_block(const Cid& cid, bool kept, std::uint64_t expiry);

    /// For who has subscribed to changes (repo/changes.hpp).
    void note_change(ChangeKind kind, const Cid& cid) { changes_.push_back({kind, cid}); }

    /// Errors: quota_exceeded when what counts grew and is now above the quota, no_space, io.
    /// Nothing has changed then.
    [[nodiscard]] Result<void> commit();

private:
    Ledger(const Store& store, Txn txn, const Totals& totals, bool sync)
        : store_(&store), txn_(std::move(txn)), totals_(totals), before_(totals), sync_(sync) {}
    struct SegmentChange {
        std::int64_t live = 0;
        std::uint64_t committed_end = 0;
        std::uint64_t synced_end = 0;
    };
    [[nodiscard]] Result<void> write_segments();
    const Store* store_;
    Txn txn_;
    Totals totals_;
    Totals before_;
    bool sync_;
    std::uint64_t noted_ = 0; // the number of its last note
    std::map<std::uint32_t, SegmentChange> segments_;
    std::vector<Change> changes_;
};

[[nodiscard]] Result<Totals> read_totals(const Txn& txn);
[[nodiscard]] Result<std::optional<BlockEntry>> find_block(const Txn& txn, const Cid& cid);
[[nodiscard]] Result<std::optional<TreeEntry>> find_tree(const Txn& txn, const Cid& cid);
[[nodiscard]] Result<std::optional<DatasetEntry>> find_dataset(const Txn& txn, const Cid& cid);
[[nodiscard]] Result<void> write_totals(Txn& txn, const Totals& totals);

/// What a tree counts against the quota.
[[nodiscard]] std::uint64_t tree_node_bytes(std::uint64_t leaf_count);
/// What a tree's record takes of its segment.
[[nodiscard]] std::uint64_t tree_record_bytes(const Cid& tree, std::uint64_t leaf_count);
/// What a present block's record takes of its segment.
[[nodiscard]] std::uint64_t block_record_bytes(const Cid& cid, const BlockEntry& entry);

/// The error of `needed` more bytes where only some are free.
[[nodiscard]] Unexpected<Error> quota_error(std::uint64_t needed, const Totals& totals,
                                            std::uint64_t quota_bytes);
/// The later of two expiries, where 0 is the latest of all.
[[nodiscard]] constexpr std::uint64_t later_expiry(std::uint64_t a, std::uint64_t b) {
    return a == 0 || b == 0 ? 0 : std::max(a, b);
}

} // namespace codex::repo::detail
