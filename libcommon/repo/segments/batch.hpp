// The way blocks get in: appended to a segment as they come, then made known in one transaction.
//
// Between both, a block that was found to be here already may be removed by another process. Its
// bytes are therefore kept in memory until the transaction, and written after all if it is gone;
// a limit on these bytes says when a batch has to be committed.
#pragma once

#include "repo/index/session.hpp"
#include "repo/segments/spool.hpp"

#include <unordered_map>

namespace codex::repo::detail {

/// A block on its way in.
struct StagedBlock {
    Cid cid;
    BytesView data;         ///< empty: the block must be known already
    std::uint64_t pins = 1; ///< references to add
    bool keep = false;      ///< keep it for itself
    std::uint64_t expiry = 0;
    bool owned = false; ///< wanted in any case; Finish::also adds its reference
};

class Batch;

/// What is staged, and not committed, when a batch is staged.
struct Ahead {
    /// Committed first, or the batch is not.
    const Batch* in_flight = nullptr;
    /// May fail, and the batch is committed all the same.
    std::span<const Batch* const> others{};
    std::uint64_t other_bytes = 0; ///< of the others, as the quota counts
};

class Batch {
public:
    /// `lease`: a segment to go on with, or nullptr.
    Batch(const Session& session, SegmentLease lease);

    /// Looks the blocks up, and appends those that are not here. After an error the batch is as
    /// before. Errors: quota_exceeded before anything is written, block_not_found, no_space, io.
    [[nodiscard]] Result<void> stage(std::span<const StagedBlock> blocks, const Ahead& ahead = {});
    /// Appends a tree record; `also` of commit() makes it known. `apart`: into another segment,
    /// for there is a later batch that goes on in this one's.
    [[nodiscard]] Result<Extent> stage_tree(const Cid& tree, std::uint64_t leaf_count,
                                            const Spool& nodes, bool apart = false);

    struct Finish {
        /// Whether the references of this batch are wanted, asked first in the transaction: not
        /// when another process has stored the same tree.
        std::function<Result<bool>(Ledger&)> pin;
        /// More for the same transaction; false: something is missing, and nothing is committed.
        std::function<Result<bool>(Ledger&)> also;
    };
    /// Makes all appended bytes durable, then everything known in one transaction. Gives whether it
    /// is committed; when `also` said no, commit() may be called again.
    /// Errors: quota_exceeded, no_space, block_not_found, those of `finish`, io.
    [[nodiscard]] Result<bool> commit(const Finish& finish);
    struct Part {
        Batch* batch = nullptr;
        Finish finish;
    };
    /// The same for several in one transaction, one after another. Gives the first whose `also`
    /// said no, and then nothing is committed.
    [[nodiscard]] static Result<std::optional<std::size_t>>
    commit_together(std::span<const Part> parts);
    /// It will not be committed: what it appended is taken back, or dead.
    void give_up();

    /// Time to commit: enough bytes, entries, references, or copies of blocks that are here
    /// already.
    [[nodiscard]] bool full() const;
    [[nodiscard]] bool empty() const { return items_.empty(); }
    /// One CID for each reference this batch adds, for the table of pending pins.
    [[nodiscard]] std::vector<Cid> pinned() const;
    /// How many entries of the index its commit touches, and when that is enough for one
    /// transaction.
    [[nodiscard]] std::size_t items() const { return items_.size(); }
    [[nodiscard]] std::size_t most_items() const { return most_items_; }
    /// What it has written to segments, and what it holds in memory.
    [[nodiscard]] std::uint64_t appended_bytes() const { return appended_bytes_; }
    [[nodiscard]] std::uint64_t retained_bytes() const { return retained_bytes_; }
    /// Plain bytes that will be new to the repo unless somebody else is faster.
    [[nodiscard]] std::uint64_t new_bytes() const { return new_bytes_; }
    [[nodiscard]] bool contains(const Cid& cid) const { return by_cid_.contains(cid); }
    /// The segment the next batch may go on with; nullptr when there is none with room.
    [[nodiscard]] SegmentLease lease() const;

private:
    enum class Source : std::uint8_t { written, duplicate, known };
    struct Item {
        StagedBlock block; // its data is gone after stage()
        Source source = Source::known;
        NewExtent bytes;
        Bytes retained;
        std::optional<Extent> lost; ///< where the index says it is, and its segment has it not
    };
    struct Appended {
        SegmentLease lease;
        std::uint64_t begin = 0; ///< of what this batch appended
        std::uint64_t end = 0;
    };
    /// What stage() is about to do; nothing has changed yet.
    struct Plan {
        std::vector<Item> fresh;
        std::vector<std::pair<std::size_t, std::uint64_t>> more_pins; // of items staged before
        std::uint64_t new_bytes = 0;
        std::uint64_t retained_bytes = 0;
    };
    [[nodiscard]] Result<Plan> make_plan(std::span<const StagedBlock> blocks, const Ahead& ahead);
    [[nodiscard]] Result<void> find_source(Item& item, const std::optional<BlockEntry>& entry,
                                           const Ahead& ahead);
    [[nodiscard]] Result<void> check_quota(const Txn& txn, const Plan& plan,
                                           const Ahead& ahead) const;
    [[nodiscard]] Result<bool> has_record(const Cid& cid, const BlockEntry& entry);
    [[nodiscard]] Result<void> append(std::span<Item* const> items);
    [[nodiscard]] Result<void> apply(Ledger& ledger, bool pin, std::vector<Item*>& vanished);
    [[nodiscard]] Result<bool> apply_item(Ledger& ledger, Item& item, bool pin);
    [[nodiscard]] static Result<void> sync(std::span<const Part> parts);
    [[nodiscard]] Result<void> write_again(std::span<Item* const> vanished);
    [[nodiscard]] Result<void> account(Ledger& ledger) const;
    void committed() const;
    void use(SegmentLease lease);
    void log_stored() const;
    [[nodiscard]] Result<void> require_synced(Ledger& ledger, const BlockEntry& entry);
    [[nodiscard]] Result<SegmentWriter*> writer();

    Session session_;
    std::vector<Item> items_;
    std::unordered_map<Cid, std::size_t> by_cid_;
    std::vector<Appended> segments_;                // the last one is appended to
    std::map<std::uint32_t, std::uint64_t> synced_; // of segments found in the index
    std::map<std::uint32_t, std::uint64_t> sizes_;  // of their files; 0: there is none
    std::size_t most_items_;                        // fewer in a large index
    std::uint64_t appended_bytes_ = 0;
    std::uint64_t retained_bytes_ = 0;
    std::uint64_t new_bytes_ = 0;
    std::uint64_t pins_ = 0; // of all items: repeated blocks add no item, but a reference each
};

} // namespace codex::repo::detail
