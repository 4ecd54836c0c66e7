// Whether what a peer has delivered is what was asked for (codex-exchange(7), CHECKING).
#pragma once

#include "codec/cid.hpp"
#include "merkle/tree.hpp"

namespace codex::exchange {

/// A delivery of a leaf, as it came: nothing of it is believed.
struct ArrivedLeaf {
    std::uint64_t index = 0; ///< that it was asked for
    Cid cid;
    BytesView data;
    BytesView proof;
};

/// Compares blocks of one dataset with its tree. Of a run of neighbours all but the first cost a
/// hash or two beside that of their data, for the upper part of their paths was found true before.
/// Threads: one at a time.
class LeafVerifier {
public:
    /// `tree` is a codex-root over SHA-256; blocks have up to `block_bytes`.
    LeafVerifier(const Cid& tree, std::uint64_t leaf_count, std::size_t block_bytes)
        : root_(tree.digest32()), leaf_count_(leaf_count), block_bytes_(block_bytes) {}

    /// For each leaf its proof, which was checked. Best: 16 or more blocks of one size. Errors, of
    /// a leaf: exchange_invalid, saying what is wrong.
    [[nodiscard]] std::vector<Result<merkle::Proof>> verify(std::span<const ArrivedLeaf> batch);

private:
    [[nodiscard]] Result<merkle::Proof> verify_one(const ArrivedLeaf& leaf, const Digest& digest);
    [[nodiscard]] Result<void> climb(const merkle::Proof& proof, const Digest& digest);

    Digest root_;
    std::uint64_t leaf_count_;
    std::size_t block_bytes_;
    merkle::Proof known_;       ///< the last that was true
    std::vector<Digest> nodes_; ///< on its way, from the leaf's parent to the root
};

/// Whether a block that was asked for by its CID is it. Errors: exchange_invalid, saying what is
/// wrong; unsupported, when nobody can tell with this CID.
[[nodiscard]] Result<void> verify_block(const Cid& wanted, const Cid& delivered, BytesView data);

} // namespace codex::exchange
