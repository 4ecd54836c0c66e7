// The Poseidon2 compression for the generic tree: slots, blocks and datasets of verifiable
// manifests (spec 02 section 3.4). Digests are canonical little-endian field elements.
#pragma once

#include "merkle/tree.hpp"

namespace codex::merkle {

/// compress(left, right, key). Its wire codec is identity, as the reference writes it (spec 01
/// section 3.4).
[[nodiscard]] const TreeHash& poseidon2_tree();

} // namespace codex::merkle
