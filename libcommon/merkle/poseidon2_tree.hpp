// The Poseidon2 compression for the generic tree: slots, blocks and datasets of verifiable
// manifests (codex-slots(5), TREES). Digests are canonical little-endian field elements.
#pragma once

#include "merkle/tree.hpp"

namespace codex::merkle {

/// compress(left, right, key). Its wire codec is identity, as the reference writes it
/// (codex-tree(5), ENCODINGS).
[[nodiscard]] const TreeHash& poseidon2_tree();

} // namespace codex::merkle
