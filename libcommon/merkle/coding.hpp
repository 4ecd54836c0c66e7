// Wire forms of trees and proofs (codex-tree(5), ENCODINGS).
#pragma once

#include "merkle/tree.hpp"

namespace codex::merkle {

constexpr std::size_t kMaxTreeBytes = 100 * 1024 * 1024;
constexpr std::size_t kMaxProofBytes = 1024 * 1024;

[[nodiscard]] Bytes encode_proof(const Proof& proof);
/// Errors: limit_exceeded, protobuf_invalid, merkle_invalid (empty path, node not 32 bytes).
[[nodiscard]] Result<Proof> decode_proof(BytesView bytes);

[[nodiscard]] Bytes encode_tree(const Tree& tree);
/// What encode_tree() makes, in two parts: what comes before the nodes, and then each of them.
[[nodiscard]] Bytes encode_tree_head(const TreeHash& hash, std::uint64_t leaf_count);
[[nodiscard]] Bytes encode_tree_nodes(std::span<const Digest> nodes);
/// Every node is computed again and compared. Errors: as decode_proof, and merkle_invalid when a
/// node is wrong.
[[nodiscard]] Result<Tree> decode_tree(BytesView bytes, const TreeHash& hash = sha256_tree());

} // namespace codex::merkle
