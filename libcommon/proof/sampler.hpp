// Which cells a challenge asks for (codex-slots(5), SAMPLING).
#pragma once

#include "base/error.hpp"
#include "crypto/field/field.hpp"

#include <vector>

namespace codex::proof {

/// The field element of a contract challenge: its first 31 bytes, little-endian.
[[nodiscard]] crypto::Fr challenge_to_entropy(const Digest& challenge);

/// The cells that a challenge asks for, one after another and without end; the k-th is the low bits
/// of sponge(entropy, slot root, k).
/// Threads: one at a time.
class CellSampler {
public:
    /// Errors: malformed unless `cells` is a power of two from 2 on.
    [[nodiscard]] static Result<CellSampler> of(const crypto::Fr& entropy,
                                                const crypto::Fr& slot_root, std::uint64_t cells);
    [[nodiscard]] std::uint64_t next();

private:
    CellSampler(const crypto::Fr& entropy, const crypto::Fr& slot_root, std::uint64_t cells)
        : entropy_(entropy), slot_root_(slot_root), cells_(cells) {}
    crypto::Fr entropy_, slot_root_;
    std::uint64_t cells_;
    std::uint64_t counter_ = 0;
};

/// The cell indices of samples 1..count in a slot of `cells` (a power of two >= 2, else malformed):
/// low bits of sponge(entropy, slot root, counter). With replacement.
[[nodiscard]] Result<std::vector<std::uint64_t>> sample_cells(const crypto::Fr& entropy,
                                                              const crypto::Fr& slot_root,
                                                              std::uint64_t cells,
                                                              std::uint32_t count);

} // namespace codex::proof
