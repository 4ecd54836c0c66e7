// Whole-dataset jobs over one repo: what the tools, and later the node, do with files.
//
// All of them stream: working memory is bounded by threads and block size, not by the dataset.
#pragma once

#include "base/index_set.hpp"
#include "base/job.hpp"
#include "base/stream.hpp"
#include "blocks/block_source.hpp"
#include "erasure/layout.hpp"
#include "repo/repo.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace codex::dataset {

/// What every job needs: a Job (base/job.hpp), and the repo it is about. Jobs over one repo may run
/// beside each other, in threads of their own, each with its own Progress. All of them end with
/// Errc::cancelled soon after that is cancelled, as are then the streams that they read and write,
/// and leave the repo as a kill would: what was committed is there, the rest is gc's, and the same
/// job again does what is left.
struct Job : codex::Job {
    Job(repo::Repo& about, const codex::Job& job) : Job(about, about, job) {}
    Job(repo::Repo& about, const BlockSource& from, const codex::Job& job)
        : codex::Job(job), repo(about), blocks(from) {}
    repo::Repo& repo;
    /// Where blocks are read: the repo itself, if nothing else was said. Manifests and trees are
    /// always the repo's, and so are blocks that are stored, restored and taken away.
    const BlockSource& blocks;
};

// --- put.cpp
// ----------------------------------------------------------------------------------------
struct PutOptions {
    std::uint32_t block_size_bytes = 65536;
    std::optional<std::string> filename = std::nullopt;
    std::optional<std::string> mimetype = std::nullopt;
    std::uint64_t expiry = 0;
    std::string label{}; ///< as Repo::set_label(); empty: none, or the one that it has
    codec::ManifestLayout layout = codec::ManifestLayout::classic;
};
struct PutResult {
    Cid manifest;
    Cid tree;
    std::uint64_t size_bytes = 0;
    std::uint64_t blocks = 0;
    std::uint64_t new_bytes = 0; ///< not in the repo before
    /// What the source said at first that it has; 0 where that is not known. A file that others
    /// write to meanwhile gives more, or fewer.
    std::uint64_t announced_bytes = 0;
};
/// Reads the source to its end and stores it as a plain dataset; durable on return. After an error
/// there is no new dataset, and the source may be cancelled. Errors: dataset_empty (no byte came),
/// the source's, the repo's.
[[nodiscard]] Result<PutResult> put(const Job& job, ByteSource& source, const PutOptions& options);
/// The same for one of a group of the repo: durable, and there, when that is committed.
[[nodiscard]] Result<PutResult> put(const Job& job, ByteSource& source, const PutOptions& options,
                                    repo::DatasetGroup& group);

// --- get.cpp
// ----------------------------------------------------------------------------------------
/// A half-open range of content bytes.
struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = UINT64_MAX;
};
/// The part of a range that content of so many bytes has. Errors: argument_invalid when it ends
/// before it begins; merkle_index when it begins where the content ends, or behind; that of 0 on is
/// of any content.
[[nodiscard]] Result<ByteRange> clamp(ByteRange range, std::uint64_t content_bytes);
/// The blocks with these bytes of a dataset's content, which has all of them: tree indices.
[[nodiscard]] IndexRange blocks_of(const codec::Manifest& manifest, ByteRange range);
struct GetResult {
    std::uint64_t bytes = 0;
    std::uint64_t reconstructed_blocks = 0; ///< missing or damaged, computed from parity
};
/// Writes the content of a plain or protected dataset to `sink`, and flushes it. Every block is
/// verified; of a protected dataset missing and damaged blocks are computed on the fly (the repo is
/// not changed). Errors: dataset_not_found; dataset_damaged naming the block, when parity does not
/// cover it; the sink's.
[[nodiscard]] Result<GetResult> get(const Job& job, const Cid& manifest, ByteRange range,
                                    ByteSink& sink);

// --- protect.cpp
// ------------------------------------------------------------------------------------
/// Plain dataset to protected dataset, with its label and, when none is given, its expiry; the
/// manifest CID. Errors: erasure_too_few; unsupported (protected already, or a block size that
/// cannot be coded); dataset_damaged when a data block is not there.
[[nodiscard]] Result<Cid> encode(const Job& job, const Cid& plain, const erasure::Shape& shape,
                                 std::optional<std::uint64_t> expiry = std::nullopt);

/// Protected dataset to its plain dataset: restores missing data blocks where needed, builds the
/// plain tree, stores the plain manifest, with the label. Its CID.
[[nodiscard]] Result<Cid> decode(const Job& job, const Cid& protected_dataset,
                                 std::optional<std::uint64_t> expiry);

// --- health.cpp, repair.cpp
// -------------------------------------------------------------------------
/// State of every block of a dataset where blocks are read, by tree index.
struct Health {
    codec::Manifest manifest;
    std::uint64_t blocks = 0;
    std::vector<std::uint64_t> missing; ///< indices, ascending; padding is never missing
    /// Present, but the bytes do not match; without `data` those of which that is known already.
    std::vector<std::uint64_t> damaged;
    bool tree_damaged = false;
    /// Columns with more losses than m, ascending; of a plain dataset: always empty.
    std::vector<std::uint64_t> lost_columns;
    [[nodiscard]] bool whole() const { return missing.empty() && damaged.empty() && !tree_damaged; }
    /// Whole, or protected with every column within m losses.
    [[nodiscard]] bool repairable() const;
};
/// `data`: read and hash all blocks, instead of trusting the index that they are there and good.
[[nodiscard]] Result<Health> health(const Job& job, const Cid& manifest, bool data);

/// An error about a dataset that is not whole, with the way to have it back: a repair, what must
/// come from somewhere else, or, where nothing here protects it, the same data once more.
[[nodiscard]] Result<Error> way_back(const Job& job, const Health& health);

/// Columns beyond repair, and what must come from somewhere else, so that parity gives the rest.
struct Beyond {
    struct Column {
        std::uint64_t column = 0;
        std::uint64_t lost = 0; ///< how many of its blocks
    };
    std::vector<Column> columns; ///< ascending
    /// Tree indices, ascending: of a column that lost more than m, the first ones beyond m; of one
    /// whose parity does not fit its data, all that it lost.
    std::vector<std::uint64_t> needed;
};
/// `lost`: the lost blocks of such columns, tree indices, ascending.
[[nodiscard]] Beyond beyond_repair(const erasure::Layout& layout,
                                   std::span<const std::uint64_t> lost);

struct RepairReport {
    std::uint64_t restored_data = 0;
    std::uint64_t restored_parity = 0;
    bool tree_restored = false;
    std::vector<std::uint64_t> lost_columns; ///< could not be repaired, ascending
    std::vector<std::uint64_t> lost_blocks;  ///< their lost blocks, tree indices, ascending
    std::uint64_t unknown_blocks = 0;        ///< lost with the tree's record: not even their CIDs
};
/// Restores every missing and damaged block that parity allows, then checks the whole tree. A
/// damaged or cut-off tree record is rebuilt from the tree of the plain dataset, or of another one
/// that protects it, and from parity computed again; the root decides. Columns beyond repair are
/// reported, the others repaired all the same. A plain dataset is repaired by way of the datasets
/// in the repo that protect it. Errors: erasure_unrepairable for a plain dataset that is not whole
/// then; dataset_damaged when the tree record cannot be rebuilt.
[[nodiscard]] Result<RepairReport> repair(const Job& job, const Cid& manifest);

/// Makes a partial protected dataset whole, of each column of which k blocks are here: computes the
/// others. False, and nothing is added, when what is computed does not give the dataset's tree: who
/// made it has coded something else. Reads what is here twice, in constant memory. Errors:
/// manifest_invalid for a plain dataset; unsupported; erasure_unrepairable, naming the columns that
/// lack too much; no_space, quota_exceeded, io; cancelled.
[[nodiscard]] Result<bool> complete(const Job& job, repo::PartialDataset& dataset);

/// What complete_part() needs that is not here.
struct PartNeeds {
    IndexSet computed; ///< leaves that are to be computed: k blocks of each of their columns
    IndexSet proving;  ///< leaves of which the proofs of some show what is computed
    [[nodiscard]] bool none() const { return computed.empty() && proving.empty(); }
};
/// Computes what a partial protected dataset lacks of these leaves, from k blocks of each of their
/// columns. A block that is computed is proved by the proof of a leaf beside it; where nobody has
/// one, its neighbours are computed, too. `lost`: leaves that cannot be had. Gives what is needed
/// first; nothing when all is here. Two passes, in constant memory but for some bytes a block.
/// Errors: dataset_damaged, when what is computed is not the dataset's; those of complete().
[[nodiscard]] Result<PartNeeds> complete_part(const Job& job, repo::PartialDataset& dataset,
                                              const IndexSet& part, const IndexSet& lost);
/// A leaf that is the empty block in any dataset of this shape; false, where it is plain.
[[nodiscard]] bool is_padding(const codec::Manifest& manifest, std::uint64_t index);

/// The error for a repair that could not restore all: unrepairable(), or what is needed to have the
/// tree back.
[[nodiscard]] Error unrepaired(const codec::Manifest& manifest, const erasure::Layout& layout,
                               const RepairReport& report);

/// As many columns, and blocks, as a message names.
constexpr std::size_t kMostNamed = 24;

/// The error for columns beyond repair: `lost` are their lost blocks (tree indices, ascending).
/// Names up to kMostNamed columns, and says how many blocks are needed. The caller puts the
/// dataset's CID before it.
[[nodiscard]] Error unrepairable(const erasure::Layout& layout,
                                 std::span<const std::uint64_t> lost);

/// What verify() found.
struct Verification {
    Health health;                           ///< with the bytes of every block read
    std::vector<std::uint64_t> wrong_parity; ///< indices of parity that the data does not give
    bool original_tree_matches = true;       ///< the data leaves give the manifest's original tree
    [[nodiscard]] bool right() const {
        return health.whole() && wrong_parity.empty() && original_tree_matches;
    }
};
/// Reads every block, codes the data again and compares the parity with the tree: shows that a
/// protected dataset, whoever made it, is what its manifest says. Columns that lack data blocks
/// are not coded. Of a plain dataset: health() with the data.
[[nodiscard]] Result<Verification> verify(const Job& job, const Cid& manifest);

/// Fault injection: takes the bytes of these tree indices away. Gives how many were there. Blocks
/// with the same bytes are one, and padding is none.
[[nodiscard]] Result<std::uint64_t> erase(const Job& job, const Cid& manifest,
                                          std::span<const std::uint64_t> indices);
/// How many erase() would find there.
[[nodiscard]] Result<std::uint64_t> erasable(const Job& job, const Cid& manifest,
                                             std::span<const std::uint64_t> indices);

// --- archive.cpp, import_car.cpp: CAR v1 (ipld.io/specs/transport/car/carv1)
// ----------------------------------------
/// Writes one CAR to `sink`, and flushes it, with the datasets' manifests as roots: for each
/// dataset its manifest, then its blocks in tree order (a repeated block each time: order is what
/// the importer rebuilds the tree from). Errors: dataset_damaged when a block is not there.
[[nodiscard]] Result<void> export_car(const Job& job, std::span<const Cid> manifests,
                                      ByteSink& sink, bool zstd);
struct ImportReport {
    std::vector<Cid> datasets; ///< manifests committed, in file order
    std::uint64_t blocks = 0;
    std::uint64_t loose_blocks = 0; ///< kept for themselves: part of no manifest in the file
    std::vector<Cid> unordered;  ///< import_nim: manifests whose leaves could not be put in order
    std::vector<Error> problems; ///< import_nim: files that were skipped, each with its reason
};
/// Reads a CAR (zstd is recognised by its magic). Every block is checked against its CID and every
/// tree against its manifest. `on_dataset` is called when one is durable. Blocks that come before
/// their manifest are put in order where the tree proves it (see detail/held_blocks.hpp); blocks of
/// no dataset are kept for themselves, with `expiry`, too.
/// After an error the source may be cancelled.
/// Errors: input_empty without a byte; car_invalid with the byte offset, block_corrupt; the
/// source's.
[[nodiscard]] Result<ImportReport> import_car(const Job& job, ByteSource& source,
                                              std::uint64_t expiry,
                                              const std::function<void(const Cid&)>& on_dataset);

// --- nim_layout.cpp: the reference node's data directory (codex-repo(5), FOLDERS OF THE REFERENCE)
/// Imports DIR/repo/manifests and DIR/repo/blocks; a dataset whose leaves cannot be put in order
/// (its order is in the node's LevelDB, which we do not read) keeps its blocks as loose ones,
/// unless its tree is already known here.
[[nodiscard]] Result<ImportReport> import_nim(const Job& job, const std::string& directory,
                                              std::uint64_t expiry,
                                              const std::function<void(const Cid&)>& on_dataset);
/// Writes the files of these datasets, manifests too, each atomically. Gives how many. Calls
/// `on_unordered` with those that import_nim() could not put in order, were they alone in the
/// folder. Errors: dataset_damaged when a block is not there.
[[nodiscard]] Result<std::uint64_t>
export_nim(const Job& job, std::span<const Cid> manifests, const std::string& directory,
           const std::function<void(const Cid&)>& on_unordered = {});

} // namespace codex::dataset
