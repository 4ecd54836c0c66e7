#include "merkle/poseidon2_tree.hpp"

#include "crypto/field/text.hpp"
#include "crypto/poseidon2/poseidon2.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::merkle {
namespace {

using crypto::field_from_text;
using crypto::Fr;
using test::Json;
using test::must;
using test::proofs;

Digest digest(const Json& text) {
    return must(field_from_text<Fr>(text.get<std::string>())).to_bytes();
}

Digest root_of(const std::vector<Digest>& leaves) {
    return must(Tree::build(leaves, poseidon2_tree())).root();
}

TEST(Poseidon2Tree, RootsOverElements) {
    std::vector<Digest> leaves;
    const Json& roots = proofs().at("merkle_field").at("roots");
    for (std::size_t n = 1; n <= roots.size(); ++n) {
        leaves.push_back(Fr::from_u64(n).to_bytes());
        EXPECT_EQ(root_of(leaves), digest(roots.at(n - 1))) << n;
        StreamingRoot stream(poseidon2_tree());
        stream.add(leaves);
        EXPECT_EQ(must(stream.finish()), digest(roots.at(n - 1))) << n;
    }
}

TEST(Poseidon2Tree, RootsOverBytes) {
    const Json& roots = proofs().at("merkle_bytes").at("roots");
    Bytes bytes;
    for (std::size_t n = 0; n < roots.size(); ++n) {
        std::vector<Digest> leaves;
        for (const Fr& element : crypto::poseidon2::bytes_to_elements(bytes))
            leaves.push_back(element.to_bytes());
        EXPECT_EQ(root_of(leaves), digest(roots.at(n))) << n;
        bytes.push_back(static_cast<std::uint8_t>(n + 1));
    }
}

TEST(Poseidon2Tree, Proofs) {
    for (const Json& test : proofs().at("merkle_proofs").at("cases")) {
        Proof proof;
        proof.hash = codec::HashCodec::identity;
        proof.index = test.at("index").get<std::uint64_t>();
        proof.leaf_count = test.at("n").get<std::uint64_t>();
        for (const Json& node : test.at("path"))
            proof.path.push_back(digest(node));
        const auto leaf_of = [](const Json& leaf) {
            return leaf.is_number() ? Fr::from_u64(leaf.get<std::uint64_t>()).to_bytes()
                                    : digest(leaf);
        };
        const Digest leaf = leaf_of(test.at("leaf"));
        const Digest root = digest(test.at("root"));
        EXPECT_TRUE(verify(poseidon2_tree(), proof, leaf, root));
        proof.path.back()[0] ^= 1;
        EXPECT_FALSE(verify(poseidon2_tree(), proof, leaf, root));
    }
}

TEST(Poseidon2Tree, ZeroBlock) {
    const Digest cell = digest(proofs().at("zero_cell").at("hash"));
    EXPECT_EQ(to_hex(root_of(std::vector<Digest>(32, cell))),
              proofs().at("zero_block").at("root_le_hex").get<std::string>());
}

TEST(Poseidon2Tree, BigTree) {
    std::vector<Digest> leaves;
    for (std::uint64_t i = 1; i <= (1U << 12); ++i)
        leaves.push_back(Fr::from_u64(i).to_bytes());
    const Tree tree = must(Tree::build(leaves, poseidon2_tree()));
    for (const std::uint64_t index : {0UL, 1UL, 2047UL, 4095UL})
        EXPECT_TRUE(verify(poseidon2_tree(), must(tree.proof(index)), leaves[index], tree.root()));
}

} // namespace
} // namespace codex::merkle
