// Wire forms: round trips, truncation at every byte, foreign and damaged input.
#include "codec/protobuf.hpp"
#include "merkle/coding.hpp"
#include "merkle/trees.hpp"

namespace codex::merkle {
namespace {

using codec::protobuf::Writer;

template <class T> Errc code_of(const Result<T>& result) {
    return result ? Errc::internal : result.error().code();
}

Bytes node_of(std::size_t size) {
    Writer node;
    node.bytes(1, Bytes(size, 7));
    return node.take();
}

TEST(ProofCoding, RoundTripAndEveryTruncation) {
    const Tree tree = must(Tree::build(random_leaves(37, 1)));
    const Bytes encoded = encode_proof(must(tree.proof(36)));
    EXPECT_EQ(must(decode_proof(encoded)), must(tree.proof(36)));
    for (std::size_t size = 0; size < encoded.size(); ++size) {
        const auto cut = decode_proof(BytesView(encoded).first(size));
        // A cut between two path nodes is a shorter proof, which verification refuses.
        if (cut) {
            EXPECT_FALSE(verify(sha256_tree(), *cut, tree.leaves()[36], tree.root())) << size;
        }
    }
}

TEST(ProofCoding, ZeroFieldsAreWritten) {
    const Proof proof{codec::HashCodec::identity, 0, 1, {Digest{}}};
    const Bytes encoded = encode_proof(proof);
    const Bytes start = {0x08, 0x00, 0x10, 0x00, 0x18, 0x01, 0x22, 0x22, 0x0a, 0x20};
    EXPECT_TRUE(equal(BytesView(encoded).first(start.size()), start));
    EXPECT_EQ(must(decode_proof(encoded)), proof);
}

TEST(ProofCoding, UnknownFieldsAreSkippedAndTheLastScalarWins) {
    Writer out;
    out.bytes(9, as_bytes("from the future"));
    out.varint(1, 0x13);
    out.varint(2, 5);
    out.varint(1, 0x12);
    out.bytes(3, as_bytes("a leaf count with a wrong wire type"));
    out.varint(3, 6);
    out.bytes(4, node_of(32));
    const Proof proof = must(decode_proof(out.view()));
    EXPECT_EQ(proof.hash, codec::HashCodec::sha2_256);
    EXPECT_EQ(proof.index, 5U);
    EXPECT_EQ(proof.leaf_count, 6U);
    EXPECT_EQ(proof.path.size(), 1U);
}

TEST(ProofCoding, Refusals) {
    EXPECT_EQ(code_of(decode_proof({})), Errc::merkle_invalid);
    for (const std::size_t size : {0UL, 31UL, 33UL}) {
        Writer out;
        out.bytes(4, node_of(size));
        EXPECT_EQ(code_of(decode_proof(out.view())), Errc::merkle_invalid) << size;
    }
    Writer nothing_inside;
    nothing_inside.bytes(4, {});
    EXPECT_EQ(code_of(decode_proof(nothing_inside.view())), Errc::merkle_invalid);
    EXPECT_EQ(code_of(decode_proof(Bytes{0x22, 0x7f})), Errc::protobuf_invalid);
    EXPECT_EQ(code_of(decode_proof(Bytes(kMaxProofBytes + 1))), Errc::limit_exceeded);
}

TEST(TreeCoding, RoundTrip) {
    for (const std::size_t count : {1UL, 2UL, 3UL, 16UL, 33UL, 1000UL}) {
        const Tree tree = must(Tree::build(random_leaves(count, count)));
        const Tree decoded = must(decode_tree(encode_tree(tree)));
        EXPECT_EQ(decoded.leaf_count(), count);
        EXPECT_TRUE(std::ranges::equal(decoded.nodes(), tree.nodes()));
    }
}

TEST(TreeCoding, EveryTruncationIsRefused) {
    const Bytes encoded = encode_tree(must(Tree::build(random_leaves(6, 2))));
    for (std::size_t size = 0; size < encoded.size(); ++size)
        EXPECT_FALSE(decode_tree(BytesView(encoded).first(size))) << size;
}

TEST(TreeCoding, EveryFlippedBitIsRefused) {
    Bytes encoded = encode_tree(must(Tree::build(random_leaves(6, 3))));
    for (std::size_t bit = 0; bit < 8 * encoded.size(); ++bit) {
        const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
        encoded[bit / 8] ^= mask;
        EXPECT_FALSE(decode_tree(encoded)) << "bit " << bit;
        encoded[bit / 8] ^= mask;
    }
    EXPECT_TRUE(decode_tree(encoded));
}

TEST(TreeCoding, LeafCountsThatDoNotFit) {
    const Tree tree = must(Tree::build(random_leaves(5, 4)));
    for (const std::uint64_t count : {std::uint64_t{0}, std::uint64_t{4}, std::uint64_t{6},
                                      std::uint64_t{12}, UINT64_MAX, UINT64_MAX / 2 + 1}) {
        Writer out;
        out.varint(1, 0x12);
        out.varint(2, count);
        for (const Digest& node : tree.nodes()) {
            Writer inner;
            inner.bytes(1, node);
            out.message(3, inner);
        }
        EXPECT_EQ(code_of(decode_tree(out.view())), Errc::merkle_invalid) << count;
    }
    EXPECT_EQ(code_of(decode_tree(Bytes(kMaxTreeBytes + 1))), Errc::limit_exceeded);
}

TEST(TreeCoding, AnotherHashIsRefused) {
    Writer out;
    out.varint(1, 0x13);
    out.varint(2, 1);
    const Tree tree = must(Tree::build(random_leaves(1, 5)));
    for (const Digest& node : tree.nodes()) {
        Writer inner;
        inner.bytes(1, node);
        out.message(3, inner);
    }
    EXPECT_EQ(code_of(decode_tree(out.view())), Errc::merkle_invalid);
}

} // namespace
} // namespace codex::merkle
