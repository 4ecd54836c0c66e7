// Known answers of tests/vectors/data-model.json: groups "compress" and "codexTree".
#include "base/endian.hpp"
#include "base/hex.hpp"
#include "codec/cid.hpp"
#include "crypto/hash/sha256.hpp"
#include "merkle/coding.hpp"
#include "merkle/trees.hpp"
#include "vectors.hpp"

namespace codex::merkle {
namespace {

using codex::test::data_model;
using nlohmann::json;

Digest digest_of(const json& hex) {
    const Bytes bytes = must(from_hex(hex.get<std::string>()));
    Digest digest{};
    EXPECT_EQ(bytes.size(), digest.size());
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

/// Leaf i of n by the vector's rule: sha256("leaf" || u32be(n) || u32be(i)), or, in the reference's
/// own test tree, the decimal number i + 1 in 32 digits.
std::vector<Digest> leaves_of(const json& vector) {
    const auto count = vector["leaves"].get<std::uint32_t>();
    const bool hashed = vector["leafRule"].get<std::string>().starts_with("sha256(");
    std::vector<Digest> leaves(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (hashed) {
            Bytes message(12);
            std::memcpy(message.data(), "leaf", 4);
            store_be(message.data() + 4, count);
            store_be(message.data() + 8, i);
            leaves[i] = crypto::sha256(message);
        } else {
            const std::string digits = fmt::format("{:032}", i + 1);
            std::copy(digits.begin(), digits.end(), leaves[i].begin());
        }
    }
    return leaves;
}

TEST(MerkleVectors, Compress) {
    ASSERT_EQ(data_model()["compress"].size(), 4U);
    for (const json& vector : data_model()["compress"])
        EXPECT_EQ(to_hex(sha256_tree().pair(digest_of(vector["left"]), digest_of(vector["right"]),
                                            vector["key"].get<std::uint8_t>())),
                  vector["outHex"].get<std::string>());
}

TEST(MerkleVectors, Trees) {
    std::size_t proofs = 0;
    ASSERT_EQ(data_model()["codexTree"].size(), 13U);
    for (const json& vector : data_model()["codexTree"]) {
        const std::vector<Digest> leaves = leaves_of(vector);
        const Tree tree = must(Tree::build(leaves));
        EXPECT_EQ(to_hex(tree.root()), vector["rootHex"].get<std::string>());
        EXPECT_EQ(Cid::sha256(codec::Multicodec::codex_root, tree.root()).text(),
                  vector["rootCid"].get<std::string>());
        EXPECT_EQ(layer_sizes(leaves.size()),
                  vector["layerSizes"].get<std::vector<std::uint64_t>>());
        const Bytes encoded = encode_tree(tree);
        EXPECT_EQ(encoded.size(), vector["encodedTreeLen"].get<std::size_t>());
        EXPECT_EQ(to_hex(crypto::sha256(encoded)), vector["encodedTreeSha256"].get<std::string>());
        if (vector.contains("encodedTreeHex")) {
            EXPECT_EQ(to_hex(encoded), vector["encodedTreeHex"].get<std::string>());
        }
        const Tree decoded = must(decode_tree(encoded));
        EXPECT_TRUE(std::ranges::equal(decoded.nodes(), tree.nodes()));
        for (const json& expected : vector["proofs"]) {
            const auto index = expected["index"].get<std::uint64_t>();
            const Proof proof = must(tree.proof(index));
            const Bytes bytes = encode_proof(proof);
            EXPECT_EQ(to_hex(bytes), expected["encodedHex"].get<std::string>());
            EXPECT_EQ(must(decode_proof(bytes)), proof);
            EXPECT_TRUE(verify(sha256_tree(), proof, leaves[index], tree.root()));
            ++proofs;
        }
    }
    EXPECT_EQ(proofs, 34U);
}

} // namespace
} // namespace codex::merkle
