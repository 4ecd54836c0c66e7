// The order of a dataset's blocks when only the blocks and the tree's root are known.
//
// In general it cannot be found. It can, and the root proves it, when few orders are possible: one
// block; the same block all along (a file of zeros), with or without another one at the end; or so
// few blocks that all orders can be tried.
#pragma once

#include "codec/manifest.hpp"

#include <optional>
#include <span>
#include <vector>

namespace codex::dataset::detail {

/// Leaves that one block may stand for without being listed each time: a manifest of a few bytes
/// must not make us write an endless tree. 4 GiB of zeros at the usual block size, 4 MiB of tree.
constexpr std::uint64_t kMaxUnlistedLeaves = std::uint64_t{1} << 16;

/// A block that may be part of the dataset.
struct Candidate {
    Digest digest{};
    std::uint32_t size_bytes = 0;
    std::uint32_t used_bytes = 0; ///< without the zeros at its end
};

[[nodiscard]] Candidate candidate(const Digest& digest, BytesView data);

/// The leaves of a dataset. A run of one block is not written out: it may be millions long.
struct LeafOrder {
    std::uint64_t count = 0;
    std::vector<Digest> listed; ///< all leaves; or empty, and then they are
    Digest repeated{};          ///< this one, count - 1 times
    Digest last{};              ///< and this one at the end
    [[nodiscard]] const Digest& at(std::uint64_t index) const {
        if (!listed.empty())
            return listed[index];
        return index + 1 == count ? last : repeated;
    }
};

/// Leaves, in order, whose tree is `manifest.tree`, made of `candidates`; nothing when there is no
/// such order or too many to try (about four million hashes). `manifest` is that of a plain
/// dataset.
[[nodiscard]] std::optional<LeafOrder> find_leaf_order(const codec::Manifest& manifest,
                                                       std::span<const Candidate> candidates);

} // namespace codex::dataset::detail
