// Block digests: the leaves of slot trees, computed from stored blocks.
#pragma once

#include "blocks/block_source.hpp"
#include "proof/slots.hpp"

#include <atomic>
#include <mutex>

namespace codex::proof::detail {

/// Computes the digests of a dataset's blocks over the pool; reading, verifying and hashing of
/// different blocks overlap. Memory: a group of blocks a thread.
class BlockDigester {
public:
    /// Of a partial dataset, too: what is not here of it is missing. Errors: dataset_damaged when
    /// the tree is not the manifest's; block_not_found.
    [[nodiscard]] static Result<BlockDigester>
    open(const dataset::Job& job, const codec::Manifest& manifest, const SlotShape& shape);

    /// Digests of all blocks of the slots [first, first + count), slot after slot, with those of
    /// the pad blocks. Errors: dataset_damaged naming the blocks that are not there.
    [[nodiscard]] Result<std::vector<Digest>> slots(std::uint32_t first, std::uint32_t count) const;

    /// One block of the slot: its bytes, zeros for an empty or pad block.
    [[nodiscard]] Result<Bytes> block(std::uint32_t slot, std::uint64_t position) const;

private:
    BlockDigester(const dataset::Job& job, const SlotShape& shape, const Cid& tree,
                  repo::LeafReader leaves);
    struct Failures;
    struct Group {
        std::uint32_t slot = 0;
        std::uint64_t first = 0; ///< position of the first block
        std::span<Digest> out;
    };
    void digest_group(const Group& group, Failures& failures) const;
    [[nodiscard]] Result<void> leaves(const Group& group, std::span<Digest> out) const;
    void hash_blocks(std::span<const std::uint8_t* const> blocks, std::span<Digest> out) const;
    [[nodiscard]] Error missing(std::vector<std::uint64_t> indices, bool damaged,
                                std::optional<std::uint32_t> slot) const;

    dataset::Job job_;
    SlotShape shape_;
    Cid tree_;
    repo::LeafReader leaves_; ///< zeros where a leaf is not known
    Digest zero_root_{};
    bool partial_ = false; ///< only a part of the dataset is here
    std::size_t group_blocks_ = 1;
};

} // namespace codex::proof::detail
