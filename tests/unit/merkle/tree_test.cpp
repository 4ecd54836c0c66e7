#include "merkle/tree.hpp"

#include "crypto/hash/sha256.hpp"
#include "merkle/trees.hpp"

#include <random>

namespace codex::merkle {
namespace {

/// The root by the words of codex-tree(5), CONSTRUCTION, one node at a time.
Digest root_by_the_book(std::vector<Digest> layer) {
    std::uint8_t key = 1;
    do {
        std::vector<Digest> next;
        for (std::size_t i = 0; i < layer.size(); i += 2) {
            const bool odd = i + 1 == layer.size();
            Bytes message(layer[i].begin(), layer[i].end());
            append(message, odd ? Digest{} : layer[i + 1]);
            message.push_back(static_cast<std::uint8_t>(key + (odd ? 2 : 0)));
            next.push_back(crypto::sha256(message));
        }
        layer = next;
        key = 0;
    } while (layer.size() > 1);
    return layer.front();
}

TEST(Tree, ShapeOfTheLayers) {
    using Sizes = std::vector<std::uint64_t>;
    EXPECT_EQ(layer_sizes(1), (Sizes{1, 1}));
    EXPECT_EQ(layer_sizes(2), (Sizes{2, 1}));
    EXPECT_EQ(layer_sizes(5), (Sizes{5, 3, 2, 1}));
    EXPECT_EQ(layer_sizes(16), (Sizes{16, 8, 4, 2, 1}));
    EXPECT_EQ(node_count(1), 2U);
    EXPECT_EQ(node_count(5), 11U);
    EXPECT_EQ(layer_sizes(std::uint64_t{1} << 40).size(), 41U);
}

TEST(Tree, NoLeavesIsAnError) {
    const auto tree = Tree::build({});
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().code(), Errc::merkle_empty);
    StreamingRoot stream;
    const auto root = stream.finish();
    ASSERT_FALSE(root);
    EXPECT_EQ(root.error().code(), Errc::merkle_empty);
}

TEST(Tree, StreamingAndBatchFollowTheBook) {
    const std::vector<Digest> all = random_leaves(2000, 1);
    std::mt19937_64 random(2);
    StreamingRoot stream;
    for (std::size_t count = 1; count <= all.size(); ++count) {
        const auto leaves = std::span(all).first(count);
        const Tree tree = must(Tree::build(leaves));
        if (count <= 300 || count % 97 == 0) {
            ASSERT_EQ(tree.root(), root_by_the_book({leaves.begin(), leaves.end()})) << count;
        }
        ASSERT_EQ(tree.nodes().size(), node_count(count));
        std::span<const Digest> rest = leaves;
        while (!rest.empty()) {
            const std::size_t piece = std::min<std::size_t>(1 + random() % 700, rest.size());
            stream.add(rest.first(piece));
            rest = rest.subspan(piece);
        }
        ASSERT_EQ(stream.leaf_count(), count);
        ASSERT_EQ(must(stream.finish()), tree.root()) << count;
    }
}

TEST(Tree, StreamingEqualsBatchAroundTheChunkBorders) {
    const std::vector<Digest> all = random_leaves(9 * 1024 + 2, 3);
    for (std::size_t chunks = 1; chunks <= 9; ++chunks)
        for (const std::size_t count :
             {1024 * chunks - 1, 1024 * chunks, 1024 * chunks + 1, 1024 * chunks + 2}) {
            const auto leaves = std::span(all).first(count);
            StreamingRoot stream;
            stream.add(leaves);
            EXPECT_EQ(must(stream.finish()), must(Tree::build(leaves)).root()) << count;
        }
}

TEST(Tree, EveryProofVerifies) {
    for (std::size_t count = 1; count <= 130; ++count) {
        const std::vector<Digest> leaves = random_leaves(count, count);
        const Tree tree = must(Tree::build(leaves));
        for (std::size_t index = 0; index < count; ++index) {
            const Proof proof = must(tree.proof(index));
            EXPECT_TRUE(verify(sha256_tree(), proof, leaves[index], tree.root()))
                << index << " of " << count;
        }
        const auto beyond = tree.proof(count);
        ASSERT_FALSE(beyond);
        EXPECT_EQ(beyond.error().code(), Errc::merkle_index);
    }
}

} // namespace
} // namespace codex::merkle
