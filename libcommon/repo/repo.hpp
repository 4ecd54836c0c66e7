// The shared on-disk repo (man/codex-repo.5): blocks in append-only segments, everything about them
// in LMDB; many processes at once, no daemon, no recovery step.
//
// Reading needs no lock: an extent that was looked up may be freed or moved meanwhile, so a read
// whose bytes do not match its CID looks again before it calls the block damaged.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"
#include "codec/cid.hpp"
#include "codec/manifest.hpp"
#include "merkle/tree.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace codex::repo {

/// 20 GiB, the reference's default.
constexpr std::uint64_t kDefaultQuotaBytes = std::uint64_t{20} << 30;

/// What `init` fixes and `codex-chunk init --set` may change later; in REPO/config.json.
struct Config {
    std::uint64_t quota_bytes = kDefaultQuotaBytes;
    int zstd_level = 0;            ///< 0: blocks are stored as they are
    std::uint64_t ttl_seconds = 0; ///< expiry of new datasets that name none; 0 = never
};

struct OpenOptions {
    bool create = false;    ///< make the repo when there is none
    bool read_only = false; ///< refuse writes; only a slot in the reader table is written, and
                            ///< not even that where the folder cannot be written
    bool sync = true;       ///< false: acknowledged writes survive kill -9 but not power loss
    std::uint64_t lock_timeout_seconds = 10;
    std::optional<int> zstd_level{}; ///< for what this handle stores, instead of the repo's own
    ThreadPool* pool = nullptr; ///< for hashing and compression; nullptr: the caller's thread only
};

struct Counters {
    std::uint64_t blocks = 0;     ///< present blocks, manifests included
    std::uint64_t used_bytes = 0; ///< their plain sizes
    std::uint64_t reserved_bytes = 0;
    std::uint64_t datasets = 0;
    std::uint64_t tree_bytes = 0; ///< nodes of stored trees; counts against the quota, as do
                                  ///< used and reserved bytes
    friend bool operator==(const Counters&, const Counters&) = default;
};

/// What `codex-chunk space` shows.
struct Space {
    Counters counters;
    std::uint64_t quota_bytes = 0;
    std::uint64_t stored_bytes = 0; ///< after compression, trees included
    std::uint64_t dead_bytes = 0;   ///< freed by gc when it runs
    std::uint64_t disk_bytes = 0;   ///< what the repo's files occupy (st_blocks)
};

struct BlockInfo {
    Cid cid;
    bool present = false;         ///< false: known (a dataset refers to it) but not here
    std::uint32_t size_bytes = 0; ///< plain; 0 when never present
    std::uint32_t stored_bytes = 0;
    std::uint64_t references = 0; ///< leaves of stored trees, and uncommitted writers' pins
    std::uint64_t expiry = 0;     ///< of a block kept for itself; 0 = never
    bool kept = false;            ///< put for itself (`block put`), not only as part of a dataset
    bool damaged = false; ///< its bytes were read and are not the block's; put replaces them
};

/// The longest label of a dataset.
constexpr std::size_t kMaxLabelBytes = 255;
/// Whether a dataset may be called so. Errors: usage, longer than kMaxLabelBytes or no UTF-8.
[[nodiscard]] Result<void> check_label(std::string_view label);

/// What a text is to be the CID of.
enum class Named : std::uint8_t { dataset, dataset_or_tree, block, anything };

enum class DatasetKind : std::uint8_t { plain, erasure_coded, verifiable };

struct DatasetInfo {
    Cid cid;              ///< of the manifest
    Bytes manifest_bytes; ///< as they were received, never re-encoded
    codec::Manifest manifest;
    std::uint64_t added = 0;  ///< Unix seconds
    std::uint64_t expiry = 0; ///< Unix seconds, 0 = never
    std::string label{};      ///< what its owner calls it; UTF-8, empty: nothing
};

/// One block of a batch read.
struct BlockRead {
    /// damaged: read in full, or the segment ends before, and it is not the block. unreadable: its
    /// segment could not be opened or read, which says nothing about the bytes.
    enum class State : std::uint8_t { unread, ok, missing, damaged, unreadable };
    Cid cid;              ///< in
    MutableBytes buffer;  ///< in: at least as large as the block
    std::size_t size = 0; ///< out: bytes of the block; the empty block gives 0
    State state = State::unread;
    std::shared_ptr<const Error> cause{}; ///< out: of an unreadable block
};
/// Why a block is unreadable, with the block's name.
[[nodiscard]] Error unreadable(const BlockRead& block);

/// A stored tree: random access to its nodes without loading it. Bytes are as the disk gives them;
/// check() recomputes all of it.
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
    /// All leaves, those that are cut off as zeros, which no block's digest is. Errors: not_found,
    /// permission, io.
    [[nodiscard]] Result<std::vector<Digest>> salvaged_leaves() const;
    /// Errors: merkle_index, io.
    [[nodiscard]] Result<Digest> node(std::size_t layer, std::uint64_t index) const;
    /// The proof of one leaf, checked against the root. Errors: merkle_index, repo_damaged.
    [[nodiscard]] Result<merkle::Proof> proof(std::uint64_t index) const;
    /// Recomputes the tree. Gives the indices of leaves that cannot be trusted (those below a node
    /// that is cut off or does not match its children); empty when the tree is whole. O(n) hashes.
    [[nodiscard]] Result<std::vector<std::uint64_t>> check() const;
    /// Whether the header of its record is as it was written, which only making the index anew
    /// needs. Errors: permission, io.
    [[nodiscard]] Result<bool> header_is_good() const;

private:
    friend class Repo;
    struct Impl;
    explicit StoredTree(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// What a slot tree was computed from: one slot of the dataset over a tree, under one way to cut it
/// (codex-slots(5), SLOTS).
struct SlotKey {
    Cid tree; ///< of the protected dataset
    std::uint32_t block_size_bytes = 0;
    std::uint32_t cell_size_bytes = 0;
    std::uint32_t slots = 0; ///< k + m
    codec::Strategy strategy = codec::Strategy::linear;
    std::uint32_t slot = 0;
    friend bool operator==(const SlotKey&, const SlotKey&) = default;
};

/// A slot tree to be stored.
struct SlotTree {
    SlotKey key;
    Cid cid;                    ///< codex-slot-root
    std::vector<Digest> leaves; ///< block digests
};

class DatasetWriter;

struct GcOptions {
    std::uint64_t now = 0; ///< Unix seconds
    bool dry_run = false;
    bool compact = true;  ///< also rewrite segments that are mostly dead
    Progress* progress{}; ///< bytes of dead ranges and of records that move; may be nullptr
};
struct GcReport {
    std::uint64_t expired_datasets = 0;
    std::uint64_t removed_blocks = 0; ///< expired or left behind by a killed writer
    std::uint64_t abandoned_writers = 0;
    /// Of dead records that were erased, and of what killed writers left in segments; the file
    /// system gets whole pages of it back.
    std::uint64_t freed_bytes = 0;
    /// Segment files with records, but without an entry in the index: left alone.
    std::vector<std::string> unaccounted{};
};

struct VerifyOptions {
    bool data = true; ///< read and hash every block, not only the index
    bool repair_counters = false;
    Progress* progress{}; ///< plain bytes of the blocks read; may be nullptr
};
struct VerifyProblem {
    /// "block-damaged", "block-missing", "block-unreadable", "tree-damaged", "counter-wrong" ...
    std::string kind;
    Cid cid; ///< null where the problem has none
    std::string text;
};
struct VerifyReport {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t trees = 0;
    std::uint64_t datasets = 0;
    std::uint64_t problems = 0;
    Counters counted;
    bool counters_repaired = false;
    /// The first segment that could not be read: what was in it, nobody knows.
    std::shared_ptr<const Error> unreadable{};
};

/// What the segments gave back when the index was made anew.
struct RebuildReport {
    std::uint64_t segments = 0;
    std::uint64_t blocks = 0; ///< whole ones
    std::uint64_t bytes = 0;  ///< their plain sizes
    std::uint64_t trees = 0;
    std::uint64_t datasets = 0;
    std::uint64_t kept_blocks = 0;    ///< part of no dataset, so kept for themselves
    std::uint64_t missing_blocks = 0; ///< leaves of stored trees that were not found
    std::uint64_t damaged_records = 0;
};

class Repo {
public:
    /// Makes a repo in `path` (0700). Errors: repo_exists, io.
    [[nodiscard]] static Result<Repo> init(const std::string& path, const Config& config);
    /// Errors: repo_missing (hint: init), repo_version, repo_locked (holder named), permission.
    [[nodiscard]] static Result<Repo> open(const std::string& path, const OpenOptions& options);
    ~Repo();
    Repo(Repo&&) noexcept;
    Repo& operator=(Repo&&) noexcept;

    [[nodiscard]] const std::string& path() const;
    [[nodiscard]] const Config& config() const;
    /// Errors: repo_config (quota below what is used), repo_read_only.
    [[nodiscard]] Result<void> set_config(const Config& config);

    /// The CID that `text` stands for: written whole, in any multibase (and not looked up), or the
    /// beginning of its base58 text, at least codec::kMinCidPrefixChars of it, when one thing of
    /// that kind in the repo begins so. A few look-ups, however much is in the repo. Any thread.
    /// Errors: those of Cid::from_text(); cid_wrong_codec when it names no dataset where one is
    /// meant; cid_invalid when more than one begins so, naming them; dataset_not_found,
    /// block_not_found.
    [[nodiscard]] Result<Cid> named(std::string_view text, Named what) const;

    // --- blocks ---------------------------------------------------------------------------------
    /// The empty block is always present.
    [[nodiscard]] Result<bool> has(const Cid& cid) const;
    [[nodiscard]] Result<std::optional<BlockInfo>> stat(const Cid& cid) const;
    /// The verified bytes. Errors: block_not_found, block_corrupt; not_found, permission, io where
    /// the segment cannot be read.
    [[nodiscard]] Result<Bytes> get(const Cid& cid) const;
    /// Reads and verifies a batch (best: 16 or more of one size); each entry says how it went.
    /// Blocks that are damaged are marked so in the index: at once, or, on a read-only handle, when
    /// it is closed, where the folder may be written. Errors: those of the first block that is
    /// unreadable (not_found, permission, io).
    [[nodiscard]] Result<void> read(std::span<BlockRead> batch) const;
    /// The same, but an unreadable block is no error: for those who have other ways to its bytes.
    [[nodiscard]] Result<void> try_read(std::span<BlockRead> batch) const;
    /// A block with its bytes; the caller knows that `data` hashes to `cid`.
    struct Restored {
        Cid cid;
        BytesView data;
    };
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
    /// A writer for one new tree; see DatasetWriter.
    [[nodiscard]] Result<DatasetWriter> write_dataset();
    /// Errors: dataset_not_found.
    [[nodiscard]] Result<DatasetInfo> dataset(const Cid& manifest) const;
    /// In order of CID; no transaction is held while `visit` runs.
    [[nodiscard]] Result<void>
    for_each_dataset(const std::function<bool(const DatasetInfo&)>& visit) const;
    /// Takes the dataset away at once; blocks nobody else refers to are freed (in bounded
    /// transactions; a kill is finished by gc). Errors: dataset_not_found; not_found, permission,
    /// io when its tree cannot be read, before anything has changed.
    [[nodiscard]] Result<void> remove_dataset(const Cid& manifest);
    /// Sets (not only extends) the expiry. Errors: dataset_not_found.
    [[nodiscard]] Result<void> set_expiry(const Cid& manifest, std::uint64_t expiry);
    /// What the dataset is called in this repo: at most 255 bytes of UTF-8; empty takes the label
    /// away. It is in no CID. Errors: dataset_not_found, usage.
    [[nodiscard]] Result<void> set_label(const Cid& manifest, std::string_view label);
    /// Adds another manifest over a tree that is already here (a plain view of a protected dataset
    /// whose plain tree is stored, other names); `label` as set_label(), empty leaves the one that
    /// a dataset has. Errors: block_not_found when the tree is not here, usage.
    [[nodiscard]] Result<void> add_manifest(const Cid& manifest, BytesView manifest_bytes,
                                            std::uint64_t expiry, std::string_view label = {});

    // --- trees ----------------------------------------------------------------------------------
    /// Errors: block_not_found.
    [[nodiscard]] Result<StoredTree> tree(const Cid& tree) const;
    /// Writes a damaged tree anew; `leaves` must give the tree's root. Errors: merkle_invalid.
    [[nodiscard]] Result<void> restore_tree(const Cid& tree, std::span<const Digest> leaves);
    /// Stores Poseidon2 trees of slots, durable on return; tree() opens them by their CID. Their
    /// leaves are no references to blocks. They belong to the dataset tree they were computed from:
    /// when the last dataset over it goes, they go. Slots that are known already stay as they are.
    /// Errors: merkle_invalid when leaves do not give the CID, block_not_found when the dataset
    /// tree is not here, quota_exceeded before anything is written, no_space, repo_read_only.
    [[nodiscard]] Result<void> put_slot_trees(std::span<const SlotTree> trees);
    /// The CID of a stored slot tree, or nothing.
    [[nodiscard]] Result<std::optional<Cid>> find_slot_tree(const SlotKey& key) const;

    // --- the whole ------------------------------------------------------------------------------
    [[nodiscard]] Result<Space> space() const;
    /// Removes what has expired or was left behind, and gives space back; synced whatever
    /// OpenOptions::sync says, because what goes may be what others synced. A dry run needs no
    /// right to write, and reports what the same call without it would. Errors: repo_read_only, io.
    [[nodiscard]] Result<GcReport> gc(const GcOptions& options);
    /// Calls `report` for each problem as it is found, and goes on after what cannot be read.
    /// Marks the blocks that are damaged, as read() does.
    /// Other writers wait while the index is counted, not while data is read.
    [[nodiscard]] Result<VerifyReport>
    verify(const VerifyOptions& options, const std::function<void(const VerifyProblem&)>& report);

    /// Makes index.mdb anew from the segments alone, when it is lost or damaged; the old one is
    /// replaced when the new one is whole. Every record is verified. The notes beside the segments
    /// say what was removed, when what expires, and labels; in doubt nothing is lost: blocks of no
    /// dataset of which nothing is noted are kept for themselves. Nobody may have the repo open:
    /// waits so long for that. `progress` (may be nullptr) counts bytes of segment files. Errors:
    /// repo_missing, repo_locked, no_space, io.
    [[nodiscard]] static Result<RebuildReport>
    rebuild_index(const std::string& path, std::uint64_t lock_timeout_seconds = 10,
                  Progress* progress = nullptr);

private:
    friend class DatasetWriter;
    friend class StoredTree;
    struct Impl;
    explicit Repo(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

/// One block of a dataset being written.
struct LeafInput {
    std::uint64_t index = 0; ///< in the tree; any order, each once
    Cid cid;                 ///< codex-block; the empty block is stored nowhere
    BytesView data;          ///< hashed by the caller; empty: the block must be known to the repo
};

/// Writes one dataset: leaves, then the tree, then the manifest. Nothing is visible before
/// commit(); every block it named is pinned from then on against rm and gc of other processes.
/// A writer that dies leaves pins and bytes that gc removes. Move-only, one thread at a time.
class DatasetWriter {
public:
    ~DatasetWriter(); ///< without commit(): undoes the pins
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
    /// written then), no_space, manifest_invalid, usage.
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
