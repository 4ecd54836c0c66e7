// Which cells a challenge asks for (spec 02 section 5).
#pragma once

#include "base/error.hpp"
#include "crypto/field/field.hpp"

#include <vector>

namespace codex::proof {

/// The field element of a contract challenge: its first 31 bytes, little-endian (5.1).
[[nodiscard]] crypto::Fr challenge_to_entropy(const Digest& challenge);

/// The cell indices of samples 1..count in a slot of `cells` (a power of two >= 2, else malformed):
/// low bits of sponge(entropy, slot root, counter). With replacement.
[[nodiscard]] Result<std::vector<std::uint64_t>> sample_cells(const crypto::Fr& entropy,
                                                              const crypto::Fr& slot_root,
                                                              std::uint64_t cells,
                                                              std::uint32_t count);

} // namespace codex::proof
