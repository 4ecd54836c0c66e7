#include "merkle/tree.hpp"

#include "base/checked.hpp"
#include "base/hex.hpp"
#include "crypto/hash/sha256.hpp"

#include <algorithm>
#include <bit>

namespace codex::merkle {

namespace {

constexpr Digest kZero{};

class Sha256Tree final : public TreeHash {
public:
    void pairs(std::span<const Digest> nodes, std::uint8_t key,
               std::span<Digest> parents) const override {
        crypto::sha256_pairs(nodes, key, parents);
    }
    [[nodiscard]] codec::HashCodec codec() const override { return codec::HashCodec::sha2_256; }
};

/// Layers above the leaves, and so the length of a path: 1 for one leaf, else ceil(log2 n).
std::size_t depth_of(std::uint64_t leaf_count) {
    return leaf_count <= 1 ? 1 : static_cast<std::size_t>(std::bit_width(leaf_count - 1));
}

} // namespace

Digest TreeHash::pair(const Digest& left, const Digest& right, std::uint8_t key) const {
    const std::array<Digest, 2> nodes = {left, right};
    Digest parent;
    pairs(nodes, key, {&parent, 1});
    return parent;
}

const TreeHash& sha256_tree() {
    static const Sha256Tree tree;
    return tree;
}

std::vector<std::uint64_t> layer_sizes(std::uint64_t leaf_count) {
    std::vector<std::uint64_t> sizes = {leaf_count};
    do
        sizes.push_back(div_up(sizes.back(), 2));
    while (sizes.back() > 1);
    return sizes;
}

std::uint64_t node_count(std::uint64_t leaf_count) {
    std::uint64_t count = 0;
    for (const std::uint64_t size : layer_sizes(leaf_count))
        count += size;
    return count;
}

void next_layer(const TreeHash& hash, std::span<const Digest> nodes, bool bottom,
                std::span<Digest> parents) {
    const std::size_t whole = nodes.size() / 2;
    CODEX_ASSERT(parents.size() == whole + nodes.size() % 2);
    const std::uint8_t key = bottom ? kKeyBottom : kKeyInner;
    hash.pairs(nodes.first(2 * whole), key, parents.first(whole));
    if (nodes.size() % 2 != 0)
        parents.back() = hash.pair(nodes.back(), kZero, key | kKeyOdd);
}

namespace {

/// `ancestors`: room for all nodes that are computed, or nullptr.
Result<void> climb(const TreeHash& hash, const Proof& proof, const Digest& leaf, const Digest& root,
                   std::vector<Digest>* ancestors) {
    if (proof.hash != hash.codec())
        return fail(Errc::proof_invalid, "the proof is over hash codec {:#x}, the tree over {:#x}",
                    static_cast<std::uint64_t>(proof.hash),
                    static_cast<std::uint64_t>(hash.codec()));
    if (proof.index >= proof.leaf_count)
        return fail(Errc::proof_invalid, "index {} is outside the tree's {} leaves", proof.index,
                    proof.leaf_count);
    if (proof.path.size() != depth_of(proof.leaf_count))
        return fail(Errc::proof_invalid, "the path has {} nodes, a tree of {} leaves needs {}",
                    proof.path.size(), proof.leaf_count, depth_of(proof.leaf_count));
    std::uint64_t index = proof.index;
    std::uint64_t count = proof.leaf_count;
    std::uint8_t key = kKeyBottom;
    // Two children, and two of the layer above: a parent is computed where it will be read, for the
    // copies would be a sixth of the time.
    std::array<std::array<Digest, 2>, 2> nodes;
    nodes[0][index % 2] = leaf;
    std::size_t layer = 0;
    for (const Digest& sibling : proof.path) {
        const bool odd = index == count - 1 && index % 2 == 0;
        if (odd && sibling != kZero)
            return fail(Errc::proof_invalid,
                        "node {} of a layer of {} has no sibling, but the path carries one", index,
                        count);
        std::array<Digest, 2>& children = nodes[layer++ % 2];
        children[1 - index % 2] = sibling;
        index /= 2;
        count = div_up(count, 2);
        hash.pairs(children, odd ? key | kKeyOdd : key, {&nodes[layer % 2][index % 2], 1});
        if (ancestors != nullptr)
            ancestors->push_back(nodes[layer % 2][index % 2]);
        key = kKeyInner;
    }
    const Digest& node = nodes[layer % 2][0];
    if (node != root)
        return fail(Errc::proof_invalid, "the path leads to root {}, not to {}", to_hex(node),
                    to_hex(root));
    return {};
}

} // namespace

Result<void> verify(const TreeHash& hash, const Proof& proof, const Digest& leaf,
                    const Digest& root) {
    return climb(hash, proof, leaf, root, nullptr);
}

Result<std::vector<Digest>> verified_ancestors(const TreeHash& hash, const Proof& proof,
                                               const Digest& leaf, const Digest& root) {
    std::vector<Digest> ancestors;
    ancestors.reserve(proof.path.size());
    CODEX_CHECK(climb(hash, proof, leaf, root, &ancestors));
    return ancestors;
}

Result<Tree> Tree::build(std::span<const Digest> leaves, const TreeHash& hash) {
    if (leaves.empty())
        return fail(Errc::merkle_empty, "a tree needs at least one leaf");
    Tree tree;
    tree.hash_ = &hash;
    tree.leaf_count_ = leaves.size();
    tree.nodes_.resize(node_count(leaves.size()));
    std::copy(leaves.begin(), leaves.end(), tree.nodes_.begin());
    std::span<Digest> rest = tree.nodes_;
    std::size_t size = leaves.size();
    do {
        const std::size_t next = (size + 1) / 2;
        next_layer(hash, rest.first(size), size == leaves.size(), rest.subspan(size, next));
        rest = rest.subspan(size);
        size = next;
    } while (size > 1);
    return tree;
}

std::span<const Digest> Tree::leaves() const {
    return std::span<const Digest>(nodes_).first(leaf_count_);
}

Result<Proof> Tree::proof(std::uint64_t index) const {
    std::vector<std::size_t> begin_of_layer = {0};
    for (const std::uint64_t size : layer_sizes(leaf_count_))
        begin_of_layer.push_back(begin_of_layer.back() + size);
    return make_proof(hash_->codec(), leaf_count_, index,
                      [&](std::size_t layer, std::uint64_t node) -> Result<Digest> {
                          return nodes_[begin_of_layer[layer] + node];
                      });
}

Result<Proof> make_proof(codec::HashCodec hash, std::uint64_t leaf_count, std::uint64_t index,
                         const NodeReader& read_node) {
    if (index >= leaf_count)
        return fail(Error(Errc::merkle_index,
                          fmt::format("leaf {} is outside the tree's {} leaves", index, leaf_count))
                        .hint(fmt::format("leaves count from 0; the last one is {}",
                                          leaf_count - std::min<std::uint64_t>(1, leaf_count))));
    Proof proof{hash, index, leaf_count, {}};
    std::uint64_t node = index;
    std::uint64_t count = leaf_count;
    const std::size_t depth = depth_of(leaf_count);
    for (std::size_t layer = 0; layer < depth; ++layer) {
        const std::uint64_t sibling = node ^ 1;
        if (sibling < count) {
            CODEX_TRY(digest, read_node(layer, sibling));
            proof.path.push_back(digest);
        } else {
            proof.path.push_back(kZero);
        }
        node /= 2;
        count = div_up(count, 2);
    }
    return proof;
}

Result<std::vector<std::optional<ProvedLeaf>>>
proved_leaves(const TreeHash& hash, const Digest& root, std::uint64_t leaf_count,
              std::uint64_t first, std::size_t count, const NodesReader& read_nodes) {
    if (first > leaf_count || count > leaf_count - first)
        return fail(Errc::merkle_index, "leaves {} to {} of a tree of {}", first, first + count,
                    leaf_count);
    std::vector<std::optional<ProvedLeaf>> leaves;
    if (count == 0)
        return leaves;
    struct Layer {
        std::uint64_t first;
        std::vector<Digest> nodes;
    };
    std::vector<Layer> layers; // those above the leaves, and beside them
    const std::vector<std::uint64_t> sizes = layer_sizes(leaf_count);
    for (std::size_t layer = 0; layer + 1 < sizes.size(); ++layer) {
        const std::uint64_t from = first >> layer & ~std::uint64_t{1};
        const std::uint64_t last = (first + count - 1) >> layer | 1;
        const std::uint64_t to = std::min(sizes[layer], last + 1);
        layers.push_back({from, std::vector<Digest>(static_cast<std::size_t>(to - from))});
        CODEX_CHECK(read_nodes(layer, from, layers.back().nodes));
    }
    const auto node = [&](std::size_t layer, std::uint64_t at) -> Result<Digest> {
        return layers[layer].nodes[static_cast<std::size_t>(at - layers[layer].first)];
    };
    for (std::uint64_t index = first; index < first + count; ++index) {
        CODEX_TRY(digest, node(0, index));
        CODEX_TRY(proof, make_proof(hash.codec(), leaf_count, index, node));
        auto& leaf = leaves.emplace_back();
        if (verify(hash, proof, digest, root))
            leaf = ProvedLeaf{digest, std::move(proof)};
    }
    return leaves;
}

} // namespace codex::merkle
