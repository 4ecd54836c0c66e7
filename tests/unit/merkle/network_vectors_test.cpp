// Known answers of tests/vectors/network.json: proofs as they travel, and the dataset they may be
// of.
#include "codec/manifest.hpp"
#include "crypto/hash/sha256.hpp"
#include "merkle/coding.hpp"
#include "merkle/trees.hpp"
#include "vectors.hpp"

namespace codex::merkle {
namespace {

const test::Json& network_vectors() {
    static const test::Json data = test::load_vectors("network.json");
    return data;
}

Digest proven_leaf(std::uint64_t index) {
    return crypto::sha256(as_bytes(fmt::format("leaf-{}", index)));
}

TEST(NetworkVectors, ProofsBothWaysAndVerified) {
    const auto& trees = network_vectors()["proofs"]["trees"];
    ASSERT_EQ(trees.size(), 5U);
    for (const auto& vector : trees) {
        std::vector<Digest> leaves;
        for (std::uint64_t i = 0; i < vector["nleaves"]; ++i)
            leaves.push_back(proven_leaf(i));
        const Tree tree = must(Tree::build(leaves));
        EXPECT_EQ(to_hex(tree.root()), vector["root"].get<std::string>());
        EXPECT_EQ(Cid::sha256(codec::Multicodec::codex_root, tree.root()).text(),
                  vector["tree_cid_text"].get<std::string>());
        for (const auto& entry : vector["proofs"]) {
            const Bytes encoded = test::unhex(entry["encoded"]);
            const Proof proof = must(decode_proof(encoded));
            EXPECT_EQ(proof, must(tree.proof(entry["index"])));
            EXPECT_EQ(encode_proof(proof), encoded);
            EXPECT_TRUE(verify(sha256_tree(), proof, proven_leaf(entry["index"]), tree.root()));
            EXPECT_FALSE(verify(sha256_tree(), proof, proven_leaf(99), tree.root()));
        }
    }
}

TEST(NetworkVectors, TheDatasetOfTheMessages) {
    const auto& vector = network_vectors()["dataset"];
    std::vector<Digest> leaves;
    for (const auto& block : vector["blocks"]) {
        leaves.push_back(crypto::sha256(test::unhex(block["data"])));
        EXPECT_EQ(Cid::block(leaves.back()).text(), block["cid_text"].get<std::string>());
    }
    const Cid root = Cid::sha256(codec::Multicodec::codex_root, must(Tree::build(leaves)).root());
    EXPECT_EQ(root.text(), vector["tree_cid_text"].get<std::string>());
    const Bytes manifest = test::unhex(vector["manifest"]);
    EXPECT_EQ(Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(manifest)).text(),
              vector["manifest_cid_text"].get<std::string>());
}

} // namespace
} // namespace codex::merkle
