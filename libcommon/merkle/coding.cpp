#include "merkle/coding.hpp"

#include "base/hex.hpp"
#include "codec/protobuf.hpp"

#include <algorithm>

namespace codex::merkle {

namespace {

using codec::protobuf::Field;
using codec::protobuf::Reader;
using codec::protobuf::Writer;

// Field numbers (codex-tree(5), ENCODINGS). In both messages 1 is the hash codec.
constexpr std::uint32_t kHashField = 1;
constexpr std::uint32_t kTreeLeavesField = 2;
constexpr std::uint32_t kTreeNodeField = 3;
constexpr std::uint32_t kProofIndexField = 2;
constexpr std::uint32_t kProofLeavesField = 3;
constexpr std::uint32_t kProofNodeField = 4;
constexpr std::uint32_t kNodeDigestField = 1;

/// The submessage { 1: bytes } around a digest is always the same two bytes and the digest.
void write_node(Writer& to, std::uint32_t field, const Digest& digest) {
    std::array<std::uint8_t, 2 + sizeof(Digest)> node = {kNodeDigestField << 3 | 2, sizeof(Digest)};
    std::copy(digest.begin(), digest.end(), node.begin() + 2);
    to.bytes(field, node);
}

Result<Digest> read_node(BytesView message, std::size_t number) {
    BytesView found;
    Reader reader(message);
    while (true) {
        CODEX_TRY(field, reader.next());
        if (!field)
            break;
        if (field->is_bytes(kNodeDigestField))
            found = field->bytes;
    }
    Digest digest;
    if (found.size() != digest.size())
        return fail(Errc::merkle_invalid, "node {} has {} bytes instead of {}", number,
                    found.size(), digest.size());
    std::copy(found.begin(), found.end(), digest.begin());
    return digest;
}

} // namespace

Bytes encode_proof(const Proof& proof) {
    Writer out;
    out.varint(kHashField, static_cast<std::uint64_t>(proof.hash));
    out.varint(kProofIndexField, proof.index);
    out.varint(kProofLeavesField, proof.leaf_count);
    for (const Digest& node : proof.path)
        write_node(out, kProofNodeField, node);
    return out.take();
}

Result<Proof> decode_proof(BytesView bytes) {
    if (bytes.size() > kMaxProofBytes)
        return fail(Errc::limit_exceeded, "a proof of {} bytes is over the limit of {}",
                    bytes.size(), kMaxProofBytes);
    Proof proof{codec::HashCodec::identity, 0, 0, {}};
    Reader reader(bytes);
    while (true) {
        CODEX_TRY(field, reader.next());
        if (!field)
            break;
        if (field->is_varint(kHashField)) {
            proof.hash = static_cast<codec::HashCodec>(field->value);
        } else if (field->is_varint(kProofIndexField)) {
            proof.index = field->value;
        } else if (field->is_varint(kProofLeavesField)) {
            proof.leaf_count = field->value;
        } else if (field->is_bytes(kProofNodeField)) {
            CODEX_TRY(node, read_node(field->bytes, proof.path.size()));
            proof.path.push_back(node);
        }
    }
    if (proof.path.empty())
        return fail(Errc::merkle_invalid, "the proof has an empty path");
    return proof;
}

Bytes encode_tree_head(const TreeHash& hash, std::uint64_t leaf_count) {
    Writer out;
    out.varint(kHashField, static_cast<std::uint64_t>(hash.codec()));
    out.varint(kTreeLeavesField, leaf_count);
    return out.take();
}

Bytes encode_tree_nodes(std::span<const Digest> nodes) {
    Writer out;
    for (const Digest& node : nodes)
        write_node(out, kTreeNodeField, node);
    return out.take();
}

Bytes encode_tree(const Tree& tree) {
    Bytes out = encode_tree_head(tree.hash(), tree.leaf_count());
    append(out, encode_tree_nodes(tree.nodes()));
    return out;
}

Result<Tree> decode_tree(BytesView bytes, const TreeHash& hash) {
    if (bytes.size() > kMaxTreeBytes)
        return fail(Errc::limit_exceeded, "a tree of {} bytes is over the limit of {}",
                    bytes.size(), kMaxTreeBytes);
    std::uint64_t codec = 0;
    std::uint64_t leaf_count = 0;
    std::vector<Digest> nodes;
    Reader reader(bytes);
    while (true) {
        CODEX_TRY(field, reader.next());
        if (!field)
            break;
        if (field->is_varint(kHashField)) {
            codec = field->value;
        } else if (field->is_varint(kTreeLeavesField)) {
            leaf_count = field->value;
        } else if (field->is_bytes(kTreeNodeField)) {
            CODEX_TRY(node, read_node(field->bytes, nodes.size()));
            nodes.push_back(node);
        }
    }
    if (codec != static_cast<std::uint64_t>(hash.codec()))
        return fail(Errc::merkle_invalid, "the tree is over hash codec {:#x}, expected {:#x}",
                    codec, static_cast<std::uint64_t>(hash.codec()));
    // The first test bounds leaf_count, before any arithmetic on it.
    if (leaf_count == 0 || leaf_count > nodes.size() || node_count(leaf_count) != nodes.size())
        return fail(Errc::merkle_invalid, "{} nodes do not make a tree of {} leaves", nodes.size(),
                    leaf_count);
    CODEX_TRY(tree, Tree::build(std::span<const Digest>(nodes).first(leaf_count), hash));
    const auto wrong = std::mismatch(nodes.begin(), nodes.end(), tree.nodes().begin()).first;
    if (wrong != nodes.end())
        return fail(Errc::merkle_invalid, "node {} is {}, but does not follow from its children",
                    wrong - nodes.begin(), to_hex(*wrong));
    return tree;
}

} // namespace codex::merkle
