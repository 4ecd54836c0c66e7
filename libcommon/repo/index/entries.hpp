// The values and composite keys of index.mdb (codex-repo(5), INDEX). Values are
// little-endian, keys big-endian. Every decoder bounds what it reads: the file may be damaged.
#pragma once

#include "codec/cid.hpp"
#include "repo/index/table.hpp"
#include "repo/segments/record.hpp"
#include "repo/slot_trees.hpp"

#include <vector>

namespace codex::repo::detail {

/// Where a record is.
struct Extent {
    std::uint32_t segment = 0;
    std::uint64_t offset = 0; ///< of the header
    friend bool operator==(const Extent&, const Extent&) = default;
};

struct BlockEntry {
    bool present = false; ///< has bytes; false: extent and stored size mean nothing
    bool kept = false;    ///< put for itself
    Encoding encoding = Encoding::raw;
    std::uint32_t plain_bytes = 0;
    std::uint32_t stored_bytes = 0;
    Extent extent;
    std::uint64_t references = 0;
    std::uint64_t expiry = 0; ///< of a kept block; 0 = never
    bool damaged = false;     ///< its bytes were read and are not the block's
    friend bool operator==(const BlockEntry&, const BlockEntry&) = default;
};

struct TreeEntry {
    Extent extent;
    std::uint64_t leaf_count = 0;
    std::uint64_t references = 0; ///< datasets over it
    friend bool operator==(const TreeEntry&, const TreeEntry&) = default;
};

struct DatasetEntry {
    Cid tree;
    std::uint64_t added = 0;
    std::uint64_t expiry = 0;
    std::uint8_t kind = 0; ///< DatasetKind
    Bytes manifest_bytes;
    friend bool operator==(const DatasetEntry&, const DatasetEntry&) = default;
};

struct SegmentEntry {
    std::uint64_t committed_end = 0; ///< everything before it is accounted for: live or dead
    std::uint64_t live_bytes = 0;    ///< of whole records
    std::uint64_t synced_end = 0;    ///< everything before it is known to be on the disk
    std::uint64_t punched_bytes = 0; ///< of dead ranges that gc has given back
    friend bool operator==(const SegmentEntry&, const SegmentEntry&) = default;
};

struct DeadRange {
    Extent extent;
    std::uint64_t length = 0;
    bool punched = false;
    friend bool operator==(const DeadRange&, const DeadRange&) = default;
};

/// A tree nobody refers to, whose leaves are being dereferenced in steps.
struct DoomedTree {
    Cid tree;
    Extent extent;
    std::uint64_t leaf_count = 0;
    std::uint64_t done = 0; ///< leaves dereferenced so far
    friend bool operator==(const DoomedTree&, const DoomedTree&) = default;
};

struct Totals {
    std::uint64_t blocks = 0;
    std::uint64_t used_bytes = 0;
    std::uint64_t reserved_bytes = 0;
    std::uint64_t datasets = 0;
    std::uint64_t tree_bytes = 0; ///< nodes of stored trees
    /// What counts against the quota.
    [[nodiscard]] std::uint64_t taken_bytes() const {
        return used_bytes + reserved_bytes + tree_bytes;
    }
    friend bool operator==(const Totals&, const Totals&) = default;
};

enum class ExpiryKind : std::uint8_t { dataset = 1, block = 2 };
struct ExpiryKey {
    std::uint64_t expiry = 0;
    ExpiryKind kind = ExpiryKind::dataset;
    Cid cid;
};
struct PendingKey {
    std::uint64_t writer = 0;
    std::uint32_t sequence = 0;
};

[[nodiscard]] Bytes encode(const BlockEntry& entry);
[[nodiscard]] Bytes encode(const TreeEntry& entry);
[[nodiscard]] Bytes encode(const DatasetEntry& entry);
[[nodiscard]] Bytes encode(const SegmentEntry& entry);
[[nodiscard]] Bytes encode(const Totals& totals);
[[nodiscard]] Bytes encode_pins(std::span<const Cid> cids);
/// The key of a slot; all slots of a tree begin with slot_prefix(tree).
[[nodiscard]] Bytes encode(const SlotKey& key);
[[nodiscard]] Bytes slot_prefix(const Cid& tree);
[[nodiscard]] Bytes segment_key(std::uint32_t segment);
[[nodiscard]] Bytes extent_key(const Extent& extent);
[[nodiscard]] Bytes dead_value(const DeadRange& range);
[[nodiscard]] Bytes doomed_value(const DoomedTree& doomed);
[[nodiscard]] Bytes encode(const ExpiryKey& key);
[[nodiscard]] Bytes encode(const PendingKey& key);

// All decoders: errors repo_damaged, saying which table.
[[nodiscard]] Result<BlockEntry> decode_block(BytesView value);
[[nodiscard]] Result<TreeEntry> decode_tree_entry(BytesView value);
[[nodiscard]] Result<DatasetEntry> decode_dataset(BytesView value);
[[nodiscard]] Result<SegmentEntry> decode_segment(BytesView value);
[[nodiscard]] Result<Totals> decode_totals(BytesView value);
[[nodiscard]] Result<std::vector<Cid>> decode_pins(BytesView value);
[[nodiscard]] Result<std::uint32_t> decode_segment_key(BytesView key);
[[nodiscard]] Result<DeadRange> decode_dead(BytesView key, BytesView value);
[[nodiscard]] Result<DoomedTree> decode_doomed(BytesView key, BytesView value);
[[nodiscard]] Result<ExpiryKey> decode_expiry_key(BytesView key);
[[nodiscard]] Result<PendingKey> decode_pending_key(BytesView key);
/// A key, or a value, that is a CID.
[[nodiscard]] Result<Cid> decode_cid_key(Table table, BytesView key);

/// Error of a table whose content cannot be right.
[[nodiscard]] Unexpected<Error> index_damaged(std::string_view table, std::string_view what);

} // namespace codex::repo::detail
