// The codex Merkle tree (codex-tree(5)), over any 32-byte digest with a keyed compression:
// SHA-256 for datasets, Poseidon2 for slots.
//
// Leaves are not hashed again. Layer 0 is the leaves; each layer has ceil(n/2) nodes; there is
// always at least one compression, so one leaf gives layers [1, 1].
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "codec/multicodec.hpp"

#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace codex::merkle {

/// Keys of a compression (codex-tree(5), KEYS): bit 0 "children are leaves", bit 1 "no right
/// child".
constexpr std::uint8_t kKeyInner = 0;
constexpr std::uint8_t kKeyBottom = 1;
constexpr std::uint8_t kKeyOdd = 2;

/// The compression a tree is over. Stateless; compares by identity.
/// Threads: all calls from any thread, at once.
class TreeHash {
public:
    virtual ~TreeHash() = default;
    /// parents[i] = H(nodes[2i], nodes[2i+1], key); in place allowed.
    virtual void pairs(std::span<const Digest> nodes, std::uint8_t key,
                       std::span<Digest> parents) const = 0;
    /// The multihash code that proofs and trees over this hash carry on the wire.
    [[nodiscard]] virtual codec::HashCodec codec() const = 0;

    [[nodiscard]] Digest pair(const Digest& left, const Digest& right, std::uint8_t key) const;
};

/// SHA-256(left | right | key).
[[nodiscard]] const TreeHash& sha256_tree();

/// Node counts of the layers, leaves first: {5, 3, 2, 1}, {1, 1}. leaf_count >= 1.
[[nodiscard]] std::vector<std::uint64_t> layer_sizes(std::uint64_t leaf_count);
/// The sum of layer_sizes().
[[nodiscard]] std::uint64_t node_count(std::uint64_t leaf_count);

/// `parents` (ceil(n/2) nodes) of one whole layer; `bottom` when `nodes` are leaves. Handles the
/// odd last node. In place allowed.
void next_layer(const TreeHash& hash, std::span<const Digest> nodes, bool bottom,
                std::span<Digest> parents);

/// The root of leaves that arrive one after another, in O(log n) memory.
/// Threads: one at a time.
class StreamingRoot {
public:
    explicit StreamingRoot(const TreeHash& hash = sha256_tree());
    void add(std::span<const Digest> leaves);
    [[nodiscard]] std::uint64_t leaf_count() const { return count_; }
    /// Errors: merkle_empty without leaves.
    [[nodiscard]] Result<Digest> finish();

private:
    void fold_chunk();
    const TreeHash* hash_;
    std::vector<Digest> chunk_;                // leaves not folded yet, at most kChunk
    std::vector<std::optional<Digest>> peaks_; // complete subtrees, by height over the chunk's
    std::uint64_t count_ = 0;
};

/// A proof that a leaf is at an index (codex-tree(5), PROOFS).
struct Proof {
    codec::HashCodec hash = codec::HashCodec::sha2_256;
    std::uint64_t index = 0;
    std::uint64_t leaf_count = 0;
    std::vector<Digest> path; ///< bottom-up; 32 zero bytes where the sibling is missing

    friend bool operator==(const Proof&, const Proof&) = default;
};

/// Hardened (codex-tree(5), PROOFS): index < leaf_count, path length = depth, zero sibling in the
/// odd case, and the proof's hash codec is the tree's. Errors: proof_invalid with the reason.
[[nodiscard]] Result<void> verify(const TreeHash& hash, const Proof& proof, const Digest& leaf,
                                  const Digest& root);
/// The same, and gives the nodes that were computed: of the layer above the leaves first, the root
/// last.
[[nodiscard]] Result<std::vector<Digest>> verified_ancestors(const TreeHash& hash,
                                                             const Proof& proof, const Digest& leaf,
                                                             const Digest& root);

/// A whole tree in memory: all layers, concatenated, leaves first.
/// Threads: const calls from any thread, at once.
class Tree {
public:
    /// Errors: merkle_empty.
    [[nodiscard]] static Result<Tree> build(std::span<const Digest> leaves,
                                            const TreeHash& hash = sha256_tree());
    [[nodiscard]] std::uint64_t leaf_count() const { return leaf_count_; }
    [[nodiscard]] const Digest& root() const { return nodes_.back(); }
    [[nodiscard]] std::span<const Digest> leaves() const;
    /// All nodes: layers bottom-up, root last (the order of ENCODINGS).
    [[nodiscard]] std::span<const Digest> nodes() const { return nodes_; }
    /// Errors: merkle_index.
    [[nodiscard]] Result<Proof> proof(std::uint64_t index) const;
    [[nodiscard]] const TreeHash& hash() const { return *hash_; }

private:
    Tree() = default;
    const TreeHash* hash_ = nullptr;
    std::uint64_t leaf_count_ = 0;
    std::vector<Digest> nodes_;
};

/// Reads node `index` of layer `layer`; how a stored tree is seen by proof making.
using NodeReader = std::function<Result<Digest>(std::size_t layer, std::uint64_t index)>;
/// The proof for one leaf of a tree that is somewhere else. Errors: merkle_index, the reader's.
[[nodiscard]] Result<Proof> make_proof(codec::HashCodec hash, std::uint64_t leaf_count,
                                       std::uint64_t index, const NodeReader& read_node);

/// A leaf, and the proof that it is where it is.
struct ProvedLeaf {
    Digest digest;
    Proof proof;
};
/// Reads nodes [first, first + out.size()) of layer `layer`.
using NodesReader =
    std::function<Result<void>(std::size_t layer, std::uint64_t first, std::span<Digest> out)>;
/// Leaves [first, first + count) of a tree that is somewhere else, of which each layer is read
/// once. Nothing for a leaf that the nodes do not prove to be under `root`. Errors: merkle_index,
/// the reader's.
[[nodiscard]] Result<std::vector<std::optional<ProvedLeaf>>>
proved_leaves(const TreeHash& hash, const Digest& root, std::uint64_t leaf_count,
              std::uint64_t first, std::size_t count, const NodesReader& read_nodes);

} // namespace codex::merkle
