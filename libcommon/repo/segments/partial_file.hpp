// The tree of a partial dataset in its file REPO/writers/ID (codex-repo(5), PARTIAL DATASETS): as
// large as all its nodes, with holes where nothing is known. A node is only ever written with the
// one digest that the root proves, so that several processes may write at once, and a write that is
// cut off or lost does no harm before the index says that a leaf below it is held.
#pragma once

#include "base/fd.hpp"
#include "base/index_set.hpp"
#include "base/job.hpp"
#include "codec/cid.hpp"
#include "merkle/tree.hpp"
#include "repo/disk.hpp"

#include <optional>
#include <string>
#include <vector>

namespace codex::repo::detail {

/// What the file begins with: enough to make the index anew.
struct PartialHeader {
    std::uint64_t added = 0;
    Bytes manifest_bytes;
};
[[nodiscard]] Bytes encode_partial_header(const PartialHeader& header);

/// A node in the order of a tree record's payload.
struct PlacedNode {
    std::uint64_t at = 0;
    Digest digest{};
};

/// Threads: const calls from any thread, at once; write() beside them, one at a time.
class PartialFile {
public:
    /// Makes an empty file one of a tree with so many leaves; on the disk when `sync`. Errors:
    /// no_space, io.
    [[nodiscard]] static Result<void> make(const std::string& path, const PartialHeader& header,
                                           std::uint64_t leaf_count, Disk& disk, bool sync);
    /// Opens it with these flags; the header is not believed to be of a dataset that is wanted, but
    /// only read as far as it is whole. Errors: not_found, permission, repo_damaged, io.
    [[nodiscard]] static Result<PartialFile> open(const std::string& path, int flags, Disk& disk);
    PartialFile(PartialFile&&) noexcept = default;

    /// A writer's that was never a partial dataset's. A damaged one is not empty.
    [[nodiscard]] bool is_empty() const { return empty_; }
    /// Nothing was written at its beginning: who made it was killed before it was anything.
    [[nodiscard]] bool is_blank() const { return blank_; }
    /// Nothing when it is damaged.
    [[nodiscard]] const std::optional<PartialHeader>& header() const { return header_; }
    /// Nodes [first, first + out.size()); zeros where nothing is known. Errors: io.
    [[nodiscard]] Result<void> read(std::uint64_t first, std::span<Digest> out) const;
    /// Writes nodes that are proved; those it has written before are passed over. Errors: no_space,
    /// io.
    [[nodiscard]] Result<void> write(std::vector<PlacedNode> nodes);
    /// What was written is on the disk on return. Errors: no_space, io.
    [[nodiscard]] Result<void> sync() const;
    /// Forgets what it has written before: it may not be there any more.
    void distrust() { written_.clear(); }

private:
    PartialFile(std::string path, Fd fd, Disk& disk)
        : path_(std::move(path)), fd_(std::move(fd)), disk_(&disk) {}
    [[nodiscard]] Result<void> read_header();
    std::string path_;
    Fd fd_;
    Disk* disk_;
    bool empty_ = false;
    bool blank_ = false;
    std::optional<PartialHeader> header_;
    std::uint64_t nodes_at_ = 0;
    IndexSet written_;
};

/// The nodes of a tree as its record has them: where each layer begins.
class TreeShape {
public:
    explicit TreeShape(std::uint64_t leaf_count);
    [[nodiscard]] std::uint64_t at(std::size_t layer, std::uint64_t index) const {
        return starts_[layer] + index;
    }
    [[nodiscard]] const std::vector<std::uint64_t>& sizes() const { return sizes_; }

private:
    std::vector<std::uint64_t> sizes_;
    std::vector<std::uint64_t> starts_;
};

/// Appends all nodes that the proof of a leaf proves, if it does. Errors: proof_invalid.
[[nodiscard]] Result<void> add_proved(const TreeShape& shape, const Digest& root,
                                      const merkle::Proof& proof, const Digest& leaf,
                                      std::vector<PlacedNode>& nodes);

/// Those of the leaves that the nodes of the file do not prove. Sequential reads, O(n) hashes.
/// Errors: io, cancelled.
[[nodiscard]] Result<IndexSet> unproved_leaves(const PartialFile& file, const Digest& root,
                                               std::uint64_t leaf_count, const IndexSet& leaves,
                                               const Job& job);

} // namespace codex::repo::detail
