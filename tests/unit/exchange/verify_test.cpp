// Deliveries against the vectors, and every kind of wrong one.
#include "exchange/verify.hpp"

#include "crypto/hash/sha256.hpp"
#include "merkle/coding.hpp"
#include "must.hpp"
#include "vectors.hpp"

#include <gtest/gtest.h>
#include <random>

namespace codex::exchange {
namespace {

using codex::test::must;
using codex::test::must_fail;

/// A dataset: blocks of some bytes and their tree.
struct Dataset {
    explicit Dataset(std::size_t count) {
        std::vector<Digest> leaves;
        for (std::size_t i = 0; i < count; ++i) {
            const std::string text = "leaf-" + std::to_string(i);
            blocks.emplace_back(text.begin(), text.end());
            leaves.push_back(crypto::sha256(blocks.back()));
        }
        tree = must(merkle::Tree::build(leaves));
        for (std::size_t i = 0; i < count; ++i)
            proofs.push_back(merkle::encode_proof(must(tree->proof(i))));
    }
    [[nodiscard]] Cid cid() const {
        return Cid::sha256(codec::Multicodec::codex_root, tree->root());
    }
    [[nodiscard]] LeafVerifier verifier() const { return {cid(), blocks.size(), 64}; }
    [[nodiscard]] ArrivedLeaf leaf(std::size_t index) const {
        return {index, Cid::block(tree->leaves()[index]), blocks[index], proofs[index]};
    }

    std::vector<Bytes> blocks;
    std::optional<merkle::Tree> tree;
    std::vector<Bytes> proofs;
};

Result<merkle::Proof> verify(LeafVerifier verifier, const ArrivedLeaf& leaf) {
    return std::move(verifier.verify({&leaf, 1}).front());
}

std::string refusal(const Result<merkle::Proof>& verdict) {
    if (verdict)
        return "taken";
    EXPECT_EQ(verdict.error().code(), Errc::exchange_invalid);
    return verdict.error().text();
}

TEST(Verify, TakesTheVectorsAndNothingThatDiffersInABit) {
    const codex::test::Json vectors = codex::test::load_vectors("network.json")["proofs"];
    ASSERT_FALSE(vectors["trees"].empty());
    for (const auto& tree : vectors["trees"]) {
        const Cid cid = must(Cid::from_bytes(codex::test::unhex(tree["tree_cid"])));
        const std::uint64_t count = tree["nleaves"];
        for (const auto& vector : tree["proofs"]) {
            const std::uint64_t index = vector["index"];
            const std::string data = "leaf-" + std::to_string(index);
            Bytes proof = codex::test::unhex(vector["encoded"]);
            const ArrivedLeaf leaf{index, Cid::block(crypto::sha256(as_bytes(data))),
                                   as_bytes(data), proof};
            const merkle::Proof read = must(verify({cid, count, 64}, leaf));
            EXPECT_EQ(read.index, index);
            EXPECT_EQ(read.path.size(), vector["path"].size());
            for (std::size_t byte = 0; byte < proof.size(); ++byte) {
                proof[byte] ^= 1;
                EXPECT_FALSE(verify({cid, count, 64}, leaf)) << count << ", byte " << byte;
                proof[byte] ^= 1;
            }
            EXPECT_FALSE(verify({cid, count + 1, 64}, leaf));
        }
    }
}

TEST(Verify, RefusesEveryKindOfWrongDelivery) {
    const Dataset data(5);
    const Dataset other(6);
    const ArrivedLeaf right = data.leaf(3);
    EXPECT_TRUE(verify(data.verifier(), right));

    ArrivedLeaf wrong = right;
    wrong.data = data.blocks[2];
    EXPECT_NE(refusal(verify(data.verifier(), wrong)).find("not that of the CID"),
              std::string::npos);
    wrong = data.leaf(2); // a whole other leaf, under this one's index
    wrong.index = 3;
    EXPECT_EQ(refusal(verify(data.verifier(), wrong)), "the proof is that of block 2");
    wrong = right;
    wrong.proof = {};
    EXPECT_EQ(refusal(verify(data.verifier(), wrong)), "no proof came with it");
    wrong.proof = as_bytes("nonsense");
    EXPECT_EQ(refusal(verify(data.verifier(), wrong)).find("the proof is none"), 0U);
    wrong.proof = other.proofs[3]; // of another tree, and right there
    EXPECT_EQ(refusal(verify(data.verifier(), wrong)),
              "the proof is of a tree of 6 blocks, not of 5");
    wrong = data.leaf(2); // another block with its digest, in this one's place
    wrong.index = 3;
    merkle::Proof proof = must(data.tree->proof(2));
    proof.index = 3;
    const Bytes renamed = merkle::encode_proof(proof);
    wrong.proof = renamed;
    EXPECT_EQ(refusal(verify(data.verifier(), wrong)).find("the proof leads to root"), 0U);
    wrong = right;
    wrong.cid = Cid::sha256(codec::Multicodec::raw, data.tree->leaves()[3]);
    EXPECT_NE(refusal(verify(data.verifier(), wrong)).find("not that of the CID"),
              std::string::npos);
    wrong = right;
    const Bytes large(65, 'x');
    wrong.data = large;
    EXPECT_EQ(refusal(verify(data.verifier(), wrong)),
              "65 bytes came for a block of 64 at the most");
}

TEST(Verify, RefusesProofsOfAnotherShape) {
    const Dataset data(5);
    const auto with = [&](std::size_t index, auto change) {
        merkle::Proof proof = must(data.tree->proof(index));
        change(proof);
        const Bytes bytes = merkle::encode_proof(proof);
        ArrivedLeaf leaf = data.leaf(index);
        leaf.proof = bytes;
        return refusal(verify(data.verifier(), leaf));
    };
    EXPECT_EQ(with(1, [](merkle::Proof&) {}), "taken");
    EXPECT_EQ(with(1, [](merkle::Proof& proof) { proof.path.pop_back(); }),
              "the proof has 2 nodes instead of 3");
    EXPECT_EQ(with(1, [](merkle::Proof& proof) { proof.path.push_back({}); }),
              "the proof has 4 nodes instead of 3");
    EXPECT_EQ(with(4, [](merkle::Proof& proof) { proof.path[0][5] = 1; }),
              "node 4 of a layer of 5 has no sibling, but the proof has one");
    EXPECT_EQ(with(1, [](merkle::Proof& proof) { proof.hash = codec::HashCodec::sha2_512; })
                  .find("the proof is over hash codec"),
              0U);
    // An index beyond the tree, said alike in the delivery and its proof.
    ArrivedLeaf beyond = data.leaf(4);
    merkle::Proof proof = must(data.tree->proof(4));
    proof.index = beyond.index = 5;
    const Bytes bytes = merkle::encode_proof(proof);
    beyond.proof = bytes;
    EXPECT_EQ(refusal(verify(data.verifier(), beyond)), "the tree has no more than 5 blocks");
}

TEST(Verify, TakesTheEmptyBlock) {
    const Digest nothing = crypto::sha256({});
    const merkle::Tree tree = must(merkle::Tree::build(std::vector<Digest>{nothing}));
    const Bytes proof = merkle::encode_proof(must(tree.proof(0)));
    const Cid cid = Cid::sha256(codec::Multicodec::codex_root, tree.root());
    const ArrivedLeaf leaf{0, Cid::empty_block(), {}, proof};
    EXPECT_TRUE(verify({cid, 1, 64}, leaf));
    // Its CID for other bytes is none.
    const Bytes data(1, 0);
    EXPECT_FALSE(verify({cid, 1, 64}, ArrivedLeaf{0, Cid::empty_block(), data, proof}));
}

TEST(Verify, WhatWasTrueBeforeIsNoHelpToWhatIsWrong) {
    // In any order and after any other, each leaf is taken, and each change of it is refused.
    const Dataset data(200);
    LeafVerifier verifier = data.verifier();
    std::mt19937_64 random(3);
    for (int round = 0; round < 3000; ++round) {
        const std::uint64_t index = random() % 200;
        ArrivedLeaf leaf = data.leaf(index);
        merkle::Proof proof = must(data.tree->proof(index));
        const bool change = random() % 2 == 0;
        if (change)
            proof.path[random() % proof.path.size()][random() % 32] ^= 1;
        const Bytes bytes = merkle::encode_proof(proof);
        leaf.proof = bytes;
        const auto verdict = std::move(verifier.verify({&leaf, 1}).front());
        ASSERT_EQ(verdict.has_value(), !change) << round;
        if (!change) {
            EXPECT_EQ(*verdict, proof);
        }
    }
}

TEST(Verify, JudgesEachLeafOfABatchAlone) {
    const Dataset data(40);
    std::vector<ArrivedLeaf> batch;
    for (std::size_t i = 0; i < 40; ++i) {
        batch.push_back(data.leaf(i));
        if (i % 7 == 3)
            batch.back().data = data.blocks[i - 1];
    }
    LeafVerifier verifier = data.verifier();
    const auto verdicts = verifier.verify(batch);
    ASSERT_EQ(verdicts.size(), batch.size());
    for (std::size_t i = 0; i < 40; ++i)
        EXPECT_EQ(verdicts[i].has_value(), i % 7 != 3) << i;
}

TEST(Verify, ComparesABlockWithTheCidItWasAskedBy) {
    const Bytes data = {1, 2, 3};
    const Cid cid = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(data));
    must(verify_block(cid, cid, data));
    EXPECT_EQ(must_fail(verify_block(cid, cid, BytesView(data).first(2))).code(),
              Errc::exchange_invalid);
    EXPECT_EQ(must_fail(verify_block(cid, Cid::block(crypto::sha256(data)), data)).code(),
              Errc::exchange_invalid);
    const Bytes longer(64, 1);
    const Cid other = Cid::make(codec::Multicodec::codex_block, codec::HashCodec::sha2_512, longer);
    EXPECT_EQ(must_fail(verify_block(other, other, data)).code(), Errc::unsupported);
}

} // namespace
} // namespace codex::exchange
