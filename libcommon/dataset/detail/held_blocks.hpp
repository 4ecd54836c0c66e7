// Blocks of an archive that came before the manifest they may belong to.
//
// An archive is a set: other programs write its blocks in any order, and each once. As many as fit
// in a bounded memory are held back until a manifest comes, and the tree root then proves an order
// of them, if one of those tried is right.
#pragma once

#include "dataset/detail/leaf_order.hpp"
#include "repo/repo.hpp"

#include <functional>
#include <map>

namespace codex::dataset::detail {

class HeldBlocks {
public:
    /// Takes a copy of a block, in the order of the archive; false, and nothing done, when there is
    /// no room. The digest is the block's.
    [[nodiscard]] bool add(const Digest& digest, BytesView data);

    /// The leaves of this dataset: the latest blocks as they came or the other way round, or what
    /// find_leaf_order() finds; nothing when none of them has the manifest's root.
    [[nodiscard]] std::optional<LeafOrder> order_of(const codec::Manifest& manifest) const;

    /// The bytes of a block that order_of() named.
    [[nodiscard]] BytesView data(const Digest& digest) const { return blocks_.at(digest).data; }

    /// These leaves have been stored.
    void mark_stored(const LeafOrder& order);
    /// Forgets all, after giving what was not stored to `use`.
    [[nodiscard]] Result<void>
    drain(const std::function<Result<void>(std::span<const repo::Restored>)>& use);

private:
    struct Block {
        Bytes data;
        bool stored = false;
    };
    std::vector<Digest> arrivals_; // repeated ones, too
    std::map<Digest, Block> blocks_;
    std::size_t bytes_ = 0;
};

} // namespace codex::dataset::detail
