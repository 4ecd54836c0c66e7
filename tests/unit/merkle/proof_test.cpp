// What verification must refuse (codex-tree(5), PROOFS).
#include "merkle/coding.hpp"
#include "merkle/trees.hpp"

namespace codex::merkle {
namespace {

constexpr std::uint8_t kBit[8] = {1, 2, 4, 8, 16, 32, 64, 128};

bool accepted(const Proof& proof, const Digest& leaf, const Digest& root) {
    const auto verdict = verify(sha256_tree(), proof, leaf, root);
    if (!verdict) {
        EXPECT_EQ(verdict.error().code(), Errc::proof_invalid);
    }
    return verdict.has_value();
}

TEST(ProofCheck, EveryFlippedBitOfLeafRootAndPathIsRefused) {
    for (const std::size_t count : {1UL, 2UL, 3UL, 7UL, 9UL}) {
        const Tree tree = must(Tree::build(random_leaves(count, count)));
        for (std::uint64_t index = 0; index < count; ++index) {
            Proof proof = must(tree.proof(index));
            Digest leaf = tree.leaves()[index];
            Digest root = tree.root();
            const auto flip_all = [&](Digest& where, const char* what) {
                for (std::uint8_t& byte : where)
                    for (const std::uint8_t bit : kBit) {
                        byte ^= bit;
                        EXPECT_FALSE(accepted(proof, leaf, root))
                            << what << ", leaf " << index << " of " << count;
                        byte ^= bit;
                    }
            };
            flip_all(leaf, "leaf");
            flip_all(root, "root");
            for (Digest& node : proof.path)
                flip_all(node, "path");
            EXPECT_TRUE(accepted(proof, leaf, root));
        }
    }
}

// Two kinds of flips leave a true statement, and it must be about the same leaf: the leaf count is
// bound to the root only through the depth, the index range and the odd nodes on the way; and a tag
// that becomes an unknown field leaves its value at zero, where it may have been.
TEST(ProofCheck, EveryFlippedBitOfTheWireFormIsRefusedOrSaysTheSame) {
    for (const std::size_t count : {1UL, 2UL, 5UL, 8UL, 11UL}) {
        const Tree tree = must(Tree::build(random_leaves(count, 10 + count)));
        for (std::uint64_t index = 0; index < count; ++index) {
            const Proof proof = must(tree.proof(index));
            Bytes encoded = encode_proof(proof);
            for (std::uint8_t& byte : encoded)
                for (const std::uint8_t bit : kBit) {
                    byte ^= bit;
                    auto decoded = decode_proof(encoded);
                    if (decoded && accepted(*decoded, tree.leaves()[index], tree.root())) {
                        decoded->leaf_count = proof.leaf_count;
                        EXPECT_EQ(*decoded, proof);
                    }
                    byte ^= bit;
                }
        }
    }
}

TEST(ProofCheck, OtherIndexAndOtherLeafAreRefused) {
    const std::size_t count = 13;
    const Tree tree = must(Tree::build(random_leaves(count, 20)));
    for (std::uint64_t index = 0; index < count; ++index) {
        Proof proof = must(tree.proof(index));
        for (std::uint64_t other = 0; other < 40; ++other) {
            proof.index = other;
            EXPECT_EQ(accepted(proof, tree.leaves()[index], tree.root()), other == index)
                << index << " as " << other;
            if (other < count) {
                proof.index = index;
                EXPECT_EQ(accepted(proof, tree.leaves()[other], tree.root()), other == index);
            }
        }
    }
}

TEST(ProofCheck, IndexOutsideTheTree) {
    const Tree tree = must(Tree::build(random_leaves(4, 21)));
    Proof proof = must(tree.proof(3));
    for (const std::uint64_t index : {std::uint64_t{4}, std::uint64_t{7}, UINT64_MAX}) {
        // 7 has the same low bits as 3: without the range check the walk would be the same.
        proof.index = index;
        EXPECT_FALSE(accepted(proof, tree.leaves()[3], tree.root())) << index;
    }
    proof.index = 0;
    proof.leaf_count = 0;
    EXPECT_FALSE(accepted(proof, tree.leaves()[0], tree.root()));
}

TEST(ProofCheck, PathOfAnotherLength) {
    const Tree tree = must(Tree::build(random_leaves(8, 22)));
    const Proof proof = must(tree.proof(2));
    Proof longer = proof;
    longer.path.push_back(Digest{});
    EXPECT_FALSE(accepted(longer, tree.leaves()[2], tree.root()));
    // An inner node offered as a leaf: the missing first step makes the path too short.
    const Digest inner = sha256_tree().pair(tree.leaves()[2], tree.leaves()[3], kKeyBottom);
    Proof shorter = proof;
    shorter.path.erase(shorter.path.begin());
    shorter.index = 1;
    EXPECT_FALSE(accepted(shorter, inner, tree.root()));
    // With a leaf count to match it fails as well: the keys tell layers apart.
    shorter.leaf_count = 4;
    EXPECT_FALSE(accepted(shorter, inner, tree.root()));
    Proof none = proof;
    none.path.clear();
    EXPECT_FALSE(accepted(none, tree.root(), tree.root()));
    none.leaf_count = 1;
    none.index = 0;
    EXPECT_FALSE(accepted(none, tree.root(), tree.root()));
}

TEST(ProofCheck, MissingSiblingMustBeZero) {
    // A tree whose root was made with a value in the place of the missing sibling: a verifier that
    // does not look at the sibling would accept it.
    const Digest leaf = random_leaves(1, 23)[0];
    const Digest smuggled = random_leaves(1, 24)[0];
    const Digest root = sha256_tree().pair(leaf, smuggled, kKeyBottom | kKeyOdd);
    const Proof proof{codec::HashCodec::sha2_256, 0, 1, {smuggled}};
    const auto verdict = verify(sha256_tree(), proof, leaf, root);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code(), Errc::proof_invalid);
    EXPECT_THAT(verdict.error().text(), testing::HasSubstr("no sibling"));
}

TEST(ProofCheck, AnotherHashCodecIsRefused) {
    const Tree tree = must(Tree::build(random_leaves(3, 25)));
    Proof proof = must(tree.proof(1));
    proof.hash = codec::HashCodec::sha2_512;
    EXPECT_FALSE(accepted(proof, tree.leaves()[1], tree.root()));
}

TEST(ProofMaking, StoredTreeGivesTheSameProofsAndItsErrors) {
    const std::size_t count = 21;
    const Tree tree = must(Tree::build(random_leaves(count, 26)));
    const std::vector<std::uint64_t> sizes = layer_sizes(count);
    const NodeReader reader = [&](std::size_t layer, std::uint64_t index) -> Result<Digest> {
        EXPECT_LT(index, sizes[layer]);
        std::uint64_t at = index;
        for (std::size_t below = 0; below < layer; ++below)
            at += sizes[below];
        return tree.nodes()[at];
    };
    for (std::uint64_t index = 0; index < count; ++index)
        EXPECT_EQ(must(make_proof(codec::HashCodec::sha2_256, count, index, reader)),
                  must(tree.proof(index)));
    const auto broken = make_proof(
        codec::HashCodec::sha2_256, count, 0,
        [](std::size_t, std::uint64_t) -> Result<Digest> { return fail(Errc::io, "gone"); });
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code(), Errc::io);
    const auto beyond = make_proof(codec::HashCodec::sha2_256, count, count, reader);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code(), Errc::merkle_index);
}

} // namespace
} // namespace codex::merkle
